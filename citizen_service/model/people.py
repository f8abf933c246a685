"""What the State holds about a person, and who looked at it."""

from dataclasses import dataclass
from datetime import date, datetime

from kernel.errors import Text


@dataclass(frozen=True, slots=True)
class Profile:
    """One person as a registry gave it: ``source`` and ``as_of`` (a day) stand beside every value that is shown.

    ``owner`` is the opaque subject; ``phone`` E.164; ``ward`` a five-digit code; ``language`` vi or en.
    """

    owner: str
    name: str
    birth_date: date
    gender: str
    id_number: str
    nationality: str
    ward: str
    address: str
    phone: str | None
    email: str | None
    org: str | None
    org_name: str | None
    language: str
    source: Text
    as_of: date


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody of an office opened the person's dossier; ``no`` numbers the accesses of one dossier."""

    owner: str
    dossier: str
    no: int
    role: str
    office: str
    why: str
    at: datetime
