"""Ratings by the people who filed: one a dossier, one to five, with the six causes of the ministry's survey.

Published figures count whole tens of settled ratings, oldest first: no figure rests on fewer than ten people, and the
difference of two figures tells about ten people at least.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

TEN = 10
SETTLED_AFTER = timedelta(hours=1)
UNHAPPY = 2


class Cause(StrEnum):
    """Why somebody was not content: the six causes of the ministry's survey."""

    PORTAL_ERROR = "portal_error"
    COMPLICATED = "complicated"
    PAYMENT = "payment"
    NETWORK = "network"
    DEVICE = "device"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Rating:
    """One rating. ``id`` is drawn and names it in events, so that no reader can tell whose it is.

    ``change_no`` counts how often it was given. ``call_back``: the person was not content and wants to be called.
    ``helped``: the dossier was filed by a helper; counted apart.
    """

    id: str
    code: str
    procedure: str
    lane: str
    office: str
    helped: bool
    score: int
    reasons: tuple[Cause, ...]
    call_back: bool
    change_no: int
    given_at: datetime


@dataclass(frozen=True, slots=True)
class RatingGiven:
    """Somebody rated: what and where, on which day; neither who nor about which dossier."""

    id: str
    change_no: int
    procedure: str
    lane: str
    office: str
    score: int
    reasons: tuple[Cause, ...]
    helped: bool
    day: date


@dataclass(frozen=True, slots=True)
class Figure:
    """What is published of ``count`` ratings. The groups are None unless both have ten people at least."""

    count: int
    helped: int
    scores: Counter[int]
    reasons: Counter[Cause]
    scores_alone: Counter[int] | None
    scores_helped: Counter[int] | None


def settled(given_at: datetime, now: datetime) -> bool:
    """Tell whether a rating can no longer be changed."""
    return given_at + SETTLED_AFTER <= now


def publishable(count: int) -> int:
    """Return how many of ``count`` settled ratings may be shown: whole tens."""
    return count - count % TEN


def figure_of(ratings: Sequence[tuple[int, bool, Iterable[Cause]]]) -> Figure:
    """Return the figure over (score, helped, reasons)."""
    alone = Counter(score for score, helped, _ in ratings if not helped)
    by_help = Counter(score for score, helped, _ in ratings if helped)
    apart = alone.total() >= TEN and by_help.total() >= TEN
    return Figure(
        count=len(ratings),
        helped=by_help.total(),
        scores=alone + by_help,
        reasons=Counter(cause for _, _, causes in ratings for cause in causes),
        scores_alone=alone if apart else None,
        scores_helped=by_help if apart else None,
    )
