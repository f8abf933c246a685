"""Procedures, their immutable revisions, and what an import changes.

A revision never changes. A new one is made only when the content differs, and the head record says which one is in
force. What a source does not say (an .xlsx export has no levels, applicants or decision) is kept as it was.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from kernel.digest import digest_of
from kernel.errors import Text

SHOWN = 10
CODE = re.compile(r"[1-6]\.\d{6}")
LEVELS = ("ministry", "province", "commune", "other")

# One ministry is published under two names, another with other capitals. The title of record stays as it is.
AGENCIES = {
    "Bộ xây dựng (Giao thông vận tải cũ)": "Bộ Xây dựng",
    "Bộ Công thương": "Bộ Công Thương",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a catalogue file. ``None`` = the file has no such column; empty = the file says nothing."""

    number: int
    code: str
    title: str
    issuer: str
    executors: tuple[str, ...]
    field: str
    levels: tuple[str, ...] | None = None
    applicants: tuple[str, ...] | None = None
    decision: str | None = None


@dataclass(frozen=True, slots=True)
class Editorial:
    """What we wrote for a code: everyday names and words, and for a full procedure its guide, form and examples."""

    plain_title: str = ""
    plain_title_en: str = ""
    everyday: tuple[str, ...] = ()
    competent_level: str = ""
    term: Mapping[str, Any] | None = None
    guide: Mapping[str, Any] | None = None
    form: Mapping[str, Any] | None = None
    examples: tuple[Mapping[str, Any], ...] = ()


NOTHING_WRITTEN = Editorial()


@dataclass(frozen=True, slots=True)
class Content:
    """Everything a revision says, except its number."""

    code: str
    title: str
    issuer: str
    executors: tuple[str, ...]
    field: str
    levels: tuple[str, ...]
    applicants: tuple[str, ...]
    decision: str
    editorial: Editorial = NOTHING_WRITTEN

    @property
    def fileable(self) -> bool:
        """Only a procedure with a full form can be filed."""
        return self.editorial.form is not None

    def digest(self) -> str:
        """Return the digest of the canonical content (the revision's number is not part of it)."""
        written = self.editorial
        return digest_of(
            {
                "v": 1,
                "code": self.code,
                "title": self.title,
                "issuer": self.issuer,
                "executors": list(self.executors),
                "field": self.field,
                "levels": list(self.levels),
                "applicants": list(self.applicants),
                "decision": self.decision,
                "plain_title": written.plain_title,
                "plain_title_en": written.plain_title_en,
                "everyday": list(written.everyday),
                "competent_level": written.competent_level,
                "term": written.term,
                "guide": written.guide,
                "form": written.form,
                "examples": list(written.examples),
            }
        )


@dataclass(frozen=True, slots=True)
class Head:
    """Which revision of a code is in force. ``version`` steps at each move. ``successor`` empty = not published."""

    code: str
    version: int
    revision: int
    digest: str
    withdrawn: bool
    successor: str
    valid_from: datetime


@dataclass(frozen=True, slots=True)
class ProcedureRevisionPublished:
    """A revision exists from now on and for ever. ``form`` is complete, ``form_digest`` is of exactly that."""

    content: Content
    revision: int
    digest: str
    form: Mapping[str, Any] | None
    form_digest: str


@dataclass(frozen=True, slots=True)
class ProcedureHeadMoved:
    """The head of a code: the revision in force, or withdrawn."""

    head: Head


@dataclass(frozen=True, slots=True)
class Rejected:
    """One row that was not taken: its number in the file, its code as written, why."""

    row: int
    code: str
    reason: str
    text: Text


@dataclass(slots=True)
class ImportReport:
    """What an import did. Codes; ``rejected`` has the rows that were not taken."""

    rows: int = 0
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: int = 0
    withdrawn: list[str] = field(default_factory=list)
    restored: list[str] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    @property
    def changes(self) -> int:
        """How many codes are not what they were."""
        return len(self.added) + len(self.changed) + len(self.withdrawn) + len(self.restored)

    def lines(self) -> Iterator[str]:
        """Yield the report for a terminal: the sums, the codes that moved (few of each), every rejected row."""
        kinds = {
            "added": self.added,
            "changed": self.changed,
            "withdrawn": self.withdrawn,
            "in force again": self.restored,
        }
        sums = [f"{len(codes)} {kind}" for kind, codes in kinds.items()]
        yield f"{self.rows} rows: {', '.join(sums)}, {self.unchanged} unchanged, {len(self.rejected)} rejected"
        for kind, codes in kinds.items():
            if codes:
                more = f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
                yield f"{kind}: {', '.join(codes[:SHOWN])}{more}"
        for fault in self.rejected:
            yield f"row {fault.row}, code {fault.code or '-'}: {fault.reason}. {fault.text.vi} {fault.text.en}"


def clean(text: object) -> str:
    """Return ``text`` as NFC with single spaces and no edges; nothing else is rewritten."""
    if text is None:
        return ""
    return " ".join(unicodedata.normalize("NFC", str(text)).split())


def clean_lines(text: object, separators: str) -> tuple[str, ...]:
    """Return the distinct, cleaned parts of a cell that holds several values, in their order."""
    if text is None:
        return ()
    parts = (clean(part) for part in re.split(separators, str(text)))
    return tuple(dict.fromkeys(part for part in parts if part))


def agency_of(issuer: str) -> str:
    """Return the agency shown for a title of record."""
    return AGENCIES.get(issuer, issuer)


REASONS = {
    "empty_code": Text("Dòng này không có mã thủ tục.", "This row has no procedure code."),
    "bad_code": Text(
        "Mã thủ tục phải có dạng một chữ số 1-6, dấu chấm và sáu chữ số, ví dụ 1.001193.",
        "A procedure code is a digit 1-6, a dot and six digits, for example 1.001193.",
    ),
    "empty_name": Text("Dòng này không có tên thủ tục.", "This row has no procedure name."),
    "duplicate_code": Text(
        "Mã này đã có ở một dòng trước với nội dung khác. Dòng trước được giữ.",
        "An earlier row has this code with other content. The earlier row is kept.",
    ),
    "bad_level": Text(
        "Cấp thực hiện phải là ministry, province, commune hoặc other.",
        "A level is ministry, province, commune or other.",
    ),
}


def sift(rows: Iterable[Row]) -> tuple[dict[str, Row], list[Rejected], int]:
    """Return the rows to take by code, the rejected ones with reasons, and how many were read.

    A repeated row with the same content is taken once and is no fault.
    """
    taken: dict[str, Row] = {}
    rejected: list[Rejected] = []
    count = 0
    for row in rows:
        count += 1
        reason = _fault(row, taken)
        if reason is None:
            taken.setdefault(row.code, row)
        else:
            rejected.append(Rejected(row.number, row.code, reason, REASONS[reason]))
    return taken, rejected, count


def _fault(row: Row, taken: Mapping[str, Row]) -> str | None:
    if not row.code:
        return "empty_code"
    if CODE.fullmatch(row.code) is None:
        return "bad_code"
    if not row.title:
        return "empty_name"
    if row.levels and not set(row.levels) <= set(LEVELS):
        return "bad_level"
    earlier = taken.get(row.code)
    if earlier is not None and replace(earlier, number=row.number) != row:
        return "duplicate_code"
    return None


def merge(row: Row, before: Content | None, editorial: Editorial) -> Content:
    """Return the content that ``row`` makes of ``before``: what the file does not have stays."""
    return Content(
        code=row.code,
        title=row.title,
        issuer=row.issuer,
        executors=row.executors,
        field=row.field,
        levels=_kept(row.levels, before.levels if before else ()),
        applicants=_kept(row.applicants, before.applicants if before else ()),
        decision=row.decision if row.decision is not None else (before.decision if before else ""),
        editorial=editorial,
    )


def _kept(new: Sequence[str] | None, old: Sequence[str]) -> tuple[str, ...]:
    return tuple(old if new is None else new)


def advance(head: Head | None, content: Content, at: datetime) -> Head | None:
    """Return the head after ``content`` was published at ``at``, or None when nothing changes.

    A code that was withdrawn and is published again is in force again, on its revision or the next.
    """
    digest = content.digest()
    if head is None:
        return Head(content.code, 1, 1, digest, False, "", at)
    if head.digest == digest:
        if not head.withdrawn:
            return None
        return replace(head, version=head.version + 1, withdrawn=False, successor="", valid_from=at)
    return Head(content.code, head.version + 1, head.revision + 1, digest, False, "", at)


def withdraw(head: Head, successor: str) -> Head:
    """Return the head of a withdrawn code. It keeps its revision and keeps answering."""
    return replace(head, version=head.version + 1, withdrawn=True, successor=successor)


def revision_event(content: Content, head: Head) -> ProcedureRevisionPublished:
    """Return the event of the revision that ``head`` points to."""
    form = complete_form(content, head.revision)
    return ProcedureRevisionPublished(content, head.revision, head.digest, form, digest_of(form) if form else "")


def complete_form(content: Content, revision: int) -> dict[str, Any] | None:
    """Return the form with the procedure and revision it belongs to; ``form_digest`` is the digest of this."""
    if content.editorial.form is None:
        return None
    return {"procedure": content.code, "revision": revision, **content.editorial.form}


def moves(
    contents: Iterable[Content], heads: Mapping[str, Head], at: datetime
) -> Iterator[tuple[Content, Head | None, Head | None]]:
    """Yield (content, head before, head after) for each content; after is None where nothing changes."""
    for content in contents:
        before = heads.get(content.code)
        yield content, before, advance(before, content, at)
