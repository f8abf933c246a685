"""Ordering what was found: the index's score, corrected by what people need first."""

from search_service.model.documents import Mark

COMMON = 0.13
FOREIGN = 0.55
LOCAL = 0.8
INTERNAL = 0.7
FILEABLE = 1.04
RELEVANT = 0.3
NAMED = 1.5
SHARP = 3.0
NEAR = 0.45
MEANT = 0.9
OTHERS = 0.3
BESIDE = 0.5
LED = 0.38


def factor(marks: Mark, weight: int, *, foreign: bool) -> float:
    """Return what a document's score is multiplied with. ``foreign``: the question speaks of matters abroad.

    Withdrawn documents are put behind all others instead; their score stays.
    """
    found = 1 + COMMON * weight
    if Mark.FOREIGN in marks and not foreign:
        found *= FOREIGN
    if Mark.LOCAL in marks:
        found *= LOCAL
    if Mark.INTERNAL in marks:
        found *= INTERNAL
    if Mark.FILEABLE in marks:
        found *= FILEABLE
    return found
