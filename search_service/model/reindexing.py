"""How far the building of a whole new index is."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reindexing:
    """Requests are numbered: ``asked`` is the last one made, ``answered`` the last one done or refused.

    ``said`` is why the last one was refused, "" when it was done.
    """

    asked: int
    answered: int
    done: int
    total: int
    said: str

    @property
    def waiting(self) -> bool:
        """Somebody waits for a new index."""
        return self.asked > self.answered
