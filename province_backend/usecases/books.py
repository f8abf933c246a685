"""One office at work: its books and what it needs beside them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kernel.clock import Clock
from kernel.db import Database, Tx
from kernel.errors import Conflict, NotFound, Text
from kernel.files import Files
from kernel.workdays import Calendar, Term, Unit
from province_backend import store
from province_backend.clients.printer import Printer
from province_backend.model.case import Case, Due, Reported
from province_backend.model.robot import next_move
from province_backend.model.steps import Actor, Moved
from province_backend.settings import OfficeSettings

OFFICER = "officer"
ROBOT = "Bộ phận một cửa (tự động, demo)"


@dataclass(frozen=True, slots=True)
class Books:
    """The office ``participant`` (H26). ``pace`` is the demo robot's wait before each step; None = by hand."""

    participant: str
    name: str
    database: Database
    changes: store.Changes
    files: Files
    printer: Printer
    clock: Clock
    calendar: Calendar
    settings: OfficeSettings
    pace: timedelta | None
    wake: Callable[[], None]

    def appoint(self, start: datetime, case: Case) -> Due | None:
        """Return the appointment that starts at ``start``, or None when no term is published."""
        if case.filing.term is None:
            return None
        amount, unit = case.filing.term
        due = self.calendar.due(start, Term(amount, unit))
        return Due(due.at, due.start, due.amount, due.unit, due.calendar, due.skipped)

    def later(self, case: Case, more: int) -> Due | None:
        """Return the appointment of ``case`` with ``more`` of its own unit added; None when it has none."""
        if case.due is None:
            return None
        due = self.calendar.due(case.due.start, Term(case.due.amount + more, case.due.unit))
        return Due(due.at, due.start, due.amount, due.unit, due.calendar, due.skipped)

    def working_days(self, amount: int) -> datetime:
        """Return when ``amount`` working days from now are over."""
        return self.calendar.due(self.clock.now(), Term(amount, Unit.WORKING_DAYS)).at

    def robot(self, case: Case) -> Actor:
        """Return the actor of automatic steps."""
        return Actor("system", case.filing.office or self.participant, ROBOT)

    @property
    def hands_on(self) -> timedelta:
        """How long the robot leaves a case to the officer who has it; an office at pace 0 has no officers."""
        return timedelta(minutes=self.settings.hands_on_minutes) if self.pace else timedelta()

    def key(self, subject: str, sha256: str) -> str:
        """Return where a file of a dossier lies in the store."""
        return f"{self.participant}/files/{subject}/{sha256}"


async def write(tx: Tx, books: Books, case: Case, *reports: Reported) -> None:
    """Save ``case`` and report the steps that led to it, in one transaction."""
    next_at = None
    if books.pace is not None and next_move(case) is not None:
        by_hand = any(report.step.role == OFFICER for report in reports)
        next_at = books.clock.now() + (max(books.pace, books.hands_on) if by_hand else books.pace)
    due = case.due or books.appoint(case.filing.submitted_at, case)
    await store.save_case(tx, case, next_at=next_at, due_at=due.at if due else None)
    for report in reports:
        tx.emit(report)
    tx.after_commit(books.wake)


async def get_case(tx: Tx, code: str) -> Case:
    """Return a case; raises ``NotFound`` ``dossier_unknown``."""
    case = await store.find_case(tx, code)
    if case is None:
        raise NotFound("dossier_unknown", Text("Không có hồ sơ này.", "There is no such dossier."))
    return case


async def take_step(*, books: Books, code: str, seen_version: int | None, step: Callable[[Case], Moved | None]) -> Case:
    """Let one step happen. ``seen_version`` is the version the officer was looking at.

    Raises ``Conflict`` ``case_moved`` when somebody stepped in between: nobody decides twice; ``handed_on`` when the
    dossier belongs to another office by now.
    """
    async with books.database.begin() as tx:
        case = await get_case(tx, code)
        if case.stale:
            raise Conflict(
                "handed_on",
                Text(
                    "Hồ sơ đã chuyển sang cơ quan khác. Bạn chỉ xem được.",
                    "This dossier has moved to another office. You can only read it.",
                ),
            )
        if seen_version is not None and seen_version != case.version:
            last = case.history[-1].step.handler if case.history else ""
            raise Conflict(
                "case_moved",
                Text(
                    f"Hồ sơ vừa được người khác xử lý: {last}. Xem lại rồi làm tiếp.",
                    f"Somebody else has just handled this dossier: {last}. Look at it again.",
                ),
            )
        moved = step(case)
        if moved is None:
            return case
        await write(tx, books, *moved)
        return moved[0]
