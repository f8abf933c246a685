"""Not paying a fee: what a person asks, what a list of the State says, and what an officer decides.

Kept of it are the ground, the result, its time and its source. Nobody pays while it is not decided, so nothing is paid
first and claimed back. What a person sent for the officer to see is deleted with the decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from dossier_service.model.dossier import FileRef
from dossier_service.model.ratings import TEN, publishable
from kernel.errors import Conflict, Text

GRANTED, REFUSED, TO_PROVE = "exemption_granted", "exemption_refused", "exemption_to_prove"


class Outcome(StrEnum):
    """What a list said: the person is on it, is not, or it could not be asked."""

    YES = "yes"
    NOT_FOUND = "not_found"
    AWAY = "away"


class Standing(StrEnum):
    """Where it stands. ``waiting``: to be looked up when the person signs in; ``provisional``: looked up later."""

    DECLINED = "declined"
    WAITING = "waiting"
    EXEMPT = "exempt"
    PROVISIONAL = "provisional"
    TO_DECIDE = "to_decide"
    REFUSED = "refused"


class DecidedBy(StrEnum):
    """Who said so."""

    NOBODY = ""
    LIST = "list"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class GroundRule:
    """A ground on which a revision lets people off the fee; ``resolution`` None = not published."""

    ground: str
    text: Text
    basis: Text
    resolution: Text | None


@dataclass(frozen=True, slots=True)
class Looked:
    """The answer of a list: nothing but yes, no or away, which list, and the day it was current."""

    outcome: Outcome
    source: Text | None = None
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """One person's wish for one dossier. ``consented_at`` None: no list may be asked. ``note`` and ``photo`` are the
    proof that the person sent; both are gone once it is decided.
    """

    draft: str
    procedure: str
    revision: int
    ground: str
    standing: Standing
    asked_at: datetime
    code: str | None = None
    consented_at: datetime | None = None
    by: DecidedBy = DecidedBy.NOBODY
    source: Text | None = None
    as_of: str = ""
    decided_at: datetime | None = None
    reason: str = ""
    rule: str = ""
    note: str = ""
    photo: FileRef | None = None

    @property
    def pays(self) -> bool:
        """Tell whether the fee is due: only once a wish was refused, or where there was none."""
        return self.standing in (Standing.REFUSED, Standing.DECLINED)

    @property
    def open(self) -> bool:
        """Tell whether it is not decided yet."""
        return self.standing in (Standing.WAITING, Standing.PROVISIONAL, Standing.TO_DECIDE)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is published: wishes and granted ones in whole tens by lane. None = fewer than ten are meant."""

    by_lane: Mapping[str, tuple[int, int | None]]
    asked: int
    granted: int


def looked_up(exemption: Exemption, looked: Looked, *, at: datetime) -> Exemption:
    """Return the exemption after a list was asked at ``at`` (business time, aware).

    Away keeps it provisional. Not found is no refusal: an officer decides.
    """
    match looked.outcome:
        case Outcome.AWAY:
            return replace(exemption, standing=Standing.PROVISIONAL)
        case Outcome.NOT_FOUND:
            return replace(exemption, standing=Standing.TO_DECIDE, source=looked.source, as_of=looked.as_of)
        case Outcome.YES:
            found = replace(exemption, standing=Standing.EXEMPT, by=DecidedBy.LIST, decided_at=at)
            return replace(found, source=looked.source, as_of=looked.as_of)


def proven(exemption: Exemption, *, note: str, photo: FileRef | None) -> Exemption:
    """Return the exemption with what the person sent. Raises ``Conflict`` (``nothing_to_prove``)."""
    if exemption.standing is not Standing.TO_DECIDE:
        text = Text("Việc miễn lệ phí này không chờ bạn gửi gì.", "This exemption waits for nothing from you.")
        raise Conflict("nothing_to_prove", text)
    return replace(exemption, note=note, photo=photo or exemption.photo)


def decided(exemption: Exemption, *, granted: bool, reason: str, rule: str, at: datetime) -> Exemption:
    """Return the exemption as an officer decided it; the proof is dropped. The same decision again changes nothing.

    Raises ``Conflict`` (``already_decided``, ``not_to_decide``).
    """
    standing = Standing.EXEMPT if granted else Standing.REFUSED
    same = (exemption.standing, exemption.reason, exemption.rule) == (standing, reason, rule)
    if exemption.by is DecidedBy.OFFICER and same:
        return exemption
    if exemption.decided_at is not None:
        raise Conflict("already_decided", Text("Việc này đã được quyết định.", "This has been decided already."))
    if exemption.standing is not Standing.TO_DECIDE:
        raise Conflict("not_to_decide", Text("Việc này đang chờ tra cứu.", "This still waits for a look at the list."))
    return replace(
        exemption,
        standing=standing,
        by=DecidedBy.OFFICER,
        decided_at=at,
        reason=reason,
        rule=rule,
        note="",
        photo=None,
    )


def change_of(exemption: Exemption) -> tuple[str, str] | None:
    """Return (what happened, the line of the history) for a change the person is told, or None."""
    match exemption.standing:
        case Standing.EXEMPT:
            return GRANTED, "Bạn được miễn lệ phí của hồ sơ này."
        case Standing.REFUSED:
            return REFUSED, exemption.reason
        case Standing.TO_DECIDE:
            return TO_PROVE, "Chưa thấy bạn trong danh sách. Cán bộ sẽ xem; bạn có thể gửi một ảnh giấy tờ."
    return None


def figures_of(rows: Mapping[str, Sequence[bool]]) -> Figures:
    """Return what may be published of wishes by lane, oldest first, each told whether it was granted.

    Only whole tens are counted, so that the difference of two days is about ten people at least. Granted wishes are
    told where both they and the others are none, or ten at least; sums are those of what is told, so that no small
    number can be worked out from them.
    """
    told: dict[str, tuple[int, int | None]] = {}
    for lane in sorted(rows):
        size = publishable(len(rows[lane]))
        if size:
            granted = sum(rows[lane][:size])
            told[lane] = (size, granted if _large(granted) and _large(size - granted) else None)
    return Figures(told, sum(asked for asked, _ in told.values()), sum(granted or 0 for _, granted in told.values()))


def _large(count: int) -> bool:
    return count == 0 or count >= TEN


def grounds_in(guide: Any) -> list[GroundRule]:
    """Return the grounds that a guide names for people to ask for; what has another shape is passed over."""
    fee = guide.get("fee") if isinstance(guide, Mapping) else None
    exempt = fee.get("exempt") if isinstance(fee, Mapping) else None
    found: dict[str, GroundRule] = {}
    for item in exempt if isinstance(exempt, list) else ():
        if not isinstance(item, Mapping):
            continue
        ground, text, basis = item.get("ground"), _text(item.get("text")), _text(item.get("note"))
        if isinstance(ground, str) and text is not None and basis is not None:
            found.setdefault(ground, GroundRule(ground, text, basis, _text(item.get("resolution"))))
    return list(found.values())


def _text(value: Any) -> Text | None:
    if not isinstance(value, Mapping) or not value.get("vi"):
        return None
    return Text(str(value["vi"]), str(value.get("en") or value["vi"]))
