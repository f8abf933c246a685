"""What the office tells people by telephone: tasks come from the nation, an officer closes them with a note."""

from kernel.db import Tx
from kernel.errors import Conflict, FieldProblem, Invalid, NotFound, Text
from province_backend import store
from province_backend.model.case import AskKind, Case
from province_backend.model.steps import Actor
from province_backend.model.tasks import Task, TaskDone, restart_time
from province_backend.usecases.books import Books, get_case, write

NOTE_LENGTH = 500


async def receive_task(*, books: Books, task: Task) -> None:
    """Keep a task of the nation's; the same one again changes nothing. Until it is closed no ask of its case lapses."""
    async with books.database.begin() as tx:
        await store.add_task(tx, task)
        tx.after_commit(books.wake)


async def tasks_of(*, books: Books, code: str) -> list[Task]:
    """Return the open tasks of one case, oldest first."""
    async with books.database.read() as tx:
        return await store.open_tasks(tx, code)


async def close_tasks(*, books: Books, code: str, actor: Actor, note: str) -> Case:
    """Close every open task of a case with one note for the citizen; the time of asks they waited for begins now.

    Raises ``NotFound``, ``Conflict`` ``no_task`` when a colleague was first, ``Invalid`` without a note.
    """
    note = note.strip()
    if not note or len(note) > NOTE_LENGTH:
        text = Text(
            "Ghi bạn đã báo cho ai, lúc nào. Người dân đọc được. Nhiều nhất 500 ký tự.",
            "Write whom you told and when. The citizen can read it. At most 500 characters.",
        )
        raise Invalid("invalid_form", text, [FieldProblem("note", "required", text)])
    async with books.database.begin() as tx:
        case = await get_case(tx, code)
        if case.stale:
            raise NotFound("dossier_unknown", Text("Hồ sơ đã chuyển sang cơ quan khác.", "Another office has it now."))
        done = await store.close_tasks(tx, code, books.clock.now())
        if not done:
            raise Conflict("no_task", Text("Việc này đã có người làm xong.", "Somebody has done this already."))
        for task in done:
            tx.emit(TaskDone(code, task.about, note, actor.office, actor.handler, books.clock.now()))
        return await _restart(tx, books, case, done, actor)


async def _restart(tx: Tx, books: Books, case: Case, done: list[Task], actor: Actor) -> Case:
    days = {
        AskKind.PAPERS: books.settings.papers_days,
        AskKind.MONEY: books.settings.money_days,
        AskKind.CONFIRM: books.settings.confirm_days,
    }
    waited = {task.ask_no for task in done}
    asks = {ask.ask_no: books.working_days(days[ask.kind]) for ask in case.asks if ask.ask_no in waited}
    moved = restart_time(case, asks, actor=actor, now=books.clock.now())
    if moved is None:
        await write(tx, books, case)
        return case
    await write(tx, books, *moved)
    return moved[0]
