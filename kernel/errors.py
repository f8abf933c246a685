"""Errors carry a meaning; the doors (HTTP, gRPC, log) carry the numbers.

Every error has a stable ``code``, a text in both languages and, for validation, all the fields at once.

    Problem
    ├── Invalid            the request cannot be understood or breaks a rule of the form
    ├── Unauthenticated    nobody is signed in, or the token is not good
    ├── Forbidden          signed in, but not allowed
    ├── NotFound           does not exist, or the caller may not know that it does
    ├── Conflict           right in itself, wrong at this state
    ├── PreconditionFailed the caller's copy is old (If-Match)
    ├── TooLarge           body or file over the limit
    ├── TooMany            over a rate limit; ``retry_after`` seconds
    └── Unavailable        a part that is needed is away; ``retry_after`` seconds
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence in both languages of the portal."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        """Return the sentence in ``language`` (``en``, anything else is Vietnamese)."""
        return self.en if language == "en" else self.vi


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One wrong field: its dotted ``path`` in the body, a stable ``code`` and what to do."""

    path: str
    code: str
    text: Text


@dataclass(eq=False)
class Problem(Exception):
    """An anticipated error. ``code`` is stable and snake_case; ``extra`` holds further public members."""

    code: str
    text: Text
    fields: Sequence[FieldProblem] = ()
    extra: Mapping[str, object] = field(default_factory=dict)
    retry_after: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.text.en}"


class Invalid(Problem):
    """The request cannot be understood or breaks a rule of the form."""


class Unauthenticated(Problem):
    """Nobody is signed in, or the token is not good."""


class Forbidden(Problem):
    """Signed in, but not allowed."""


class NotFound(Problem):
    """Does not exist, or the caller may not know that it does."""


class Conflict(Problem):
    """Right in itself, wrong at this state."""


class PreconditionFailed(Problem):
    """The caller's copy is old."""


class TooLarge(Problem):
    """Body or file over the limit."""


class TooMany(Problem):
    """Over a rate limit."""


class Unavailable(Problem):
    """A part that is needed is away; nothing was lost."""


class Reject(Exception):
    """Raised by a consumer's handler: this message can never be applied; quarantine it with the reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
