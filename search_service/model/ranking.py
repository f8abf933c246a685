"""Ordering what was found: the index's score, corrected by what people need first."""

from search_service.model.documents import Mark

COMMON = 0.13
FOREIGN = 0.55
LOCAL = 0.8
INTERNAL = 0.7
FILEABLE = 1.04
WITHDRAWN = 0.01
RELEVANT = 0.35


def corrected(score: float, marks: Mark, weight: int, *, foreign: bool) -> float:
    """Return ``score`` corrected. ``foreign``: the question itself speaks of matters abroad."""
    score *= 1 + COMMON * weight
    if marks & Mark.FOREIGN and not foreign:
        score *= FOREIGN
    if marks & Mark.LOCAL:
        score *= LOCAL
    if marks & Mark.INTERNAL:
        score *= INTERNAL
    if marks & Mark.FILEABLE:
        score *= FILEABLE
    if marks & Mark.WITHDRAWN:
        score *= WITHDRAWN
    return score
