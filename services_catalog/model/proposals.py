"""A working copy of a procedure: what an editor writes before it is published as the next revision."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from kernel.errors import Conflict, PreconditionFailed, Text


@dataclass(frozen=True, slots=True)
class Proposal:
    """One working copy a code. ``base`` = the revision it began from; ``version`` steps at each save, made ``by``."""

    code: str
    base: int
    version: int
    written: Mapping[str, Any]
    by: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to look at before publishing. ``path`` leads into what is written, ``place`` says the same in words."""

    path: str
    text: Text
    place: Text


@dataclass(frozen=True, slots=True)
class Tried:
    """A test case and what the form says of it; no faults = accepted."""

    id: str
    title: Text
    faults: tuple[Fault, ...]


def save(proposal: Proposal, *, written: Mapping[str, Any], seen: int, by: str, at: datetime) -> Proposal:
    """Return the working copy after ``by`` saved ``written`` over version ``seen``. Raises ``PreconditionFailed``."""
    check_seen(proposal, seen)
    return replace(proposal, version=proposal.version + 1, written=written, by=by, saved_at=at)


def check_seen(proposal: Proposal, seen: int) -> None:
    """Raise ``PreconditionFailed`` when somebody saved after version ``seen``."""
    if seen != proposal.version:
        raise PreconditionFailed(
            "saved_meanwhile",
            Text(
                "Người khác vừa lưu bản soạn này. Bạn mở lại để xem, rồi sửa tiếp.",
                "Somebody else saved this working copy meanwhile. Open it again, then go on.",
            ),
        )


def check_base(proposal: Proposal, in_force: int) -> None:
    """Raise ``Conflict`` when another revision came into force since the working copy began."""
    if proposal.base != in_force:
        raise Conflict(
            "revision_moved",
            Text(
                f"Bản {in_force} đã có hiệu lực sau khi bạn bắt đầu từ bản {proposal.base}."
                " Bạn so lại rồi bắt đầu bản mới.",
                f"Revision {in_force} came into force after you began from revision {proposal.base}."
                " Compare them and begin again.",
            ),
        )
