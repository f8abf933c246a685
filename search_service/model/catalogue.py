"""What this service keeps of the catalogue: a revision's searchable facts and which revision is shown.

A life event, guide or question is kept as a code ``kind/id`` whose revision is its version.
"""

import json
from dataclasses import asdict, dataclass
from typing import Any

from search_service.model.documents import PROCEDURE, Document

_LISTS = ("executors", "levels", "applicants", "everyday", "leads")


@dataclass(frozen=True, slots=True)
class Head:
    """Which revision of ``code`` is in force; applied only if ``version`` is greater than what is known."""

    code: str
    version: int
    revision: int
    withdrawn: bool
    successor: str


@dataclass(frozen=True, slots=True)
class Revision:
    """The searchable facts of one immutable ``code@revision``."""

    code: str
    revision: int
    title: str
    plain_title: str = ""
    plain_title_en: str = ""
    field: str = ""
    issuer: str = ""
    executors: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    applicants: tuple[str, ...] = ()
    everyday: tuple[str, ...] = ()
    fileable: bool = False
    type: str = PROCEDURE
    text: str = ""
    text_en: str = ""
    address: str = ""
    leads: tuple[str, ...] = ()
    competent_level: str = ""
    term_amount: int = 0
    term_unit: str = ""
    term: str = ""
    term_en: str = ""
    fee: str = ""
    fee_en: str = ""

    def to_json(self) -> str:
        """Return the text that ``from_json`` reads."""
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Revision":
        """Return the revision that ``to_json`` wrote."""
        body: dict[str, Any] = json.loads(text)
        for name in _LISTS:
            body[name] = tuple(body.get(name, ()))
        return cls(**body)

    def document(self, head: Head) -> Document:
        """Return what is searched while ``head`` shows this revision."""
        return Document(
            id=self.code,
            version=head.version,
            type=self.type,
            title=self.title,
            plain_title=self.plain_title,
            plain_title_en=self.plain_title_en,
            field=self.field,
            issuer=self.issuer,
            executors=self.executors,
            levels=self.levels,
            applicants=self.applicants,
            everyday=self.everyday,
            fileable=self.fileable and not head.withdrawn,
            withdrawn=head.withdrawn,
            successor=head.successor,
            text=self.text,
            text_en=self.text_en,
            address=self.address,
            leads=self.leads,
            competent_level=self.competent_level,
            term_amount=self.term_amount,
            term_unit=self.term_unit,
            term=self.term,
            term_en=self.term_en,
            fee=self.fee,
            fee_en=self.fee_en,
        )
