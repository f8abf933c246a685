"""What an office does by itself: asks lapse when their time is over, and the demo robot takes its steps."""

import asyncio
from datetime import datetime, timedelta

import structlog

from kernel.db import Tx
from kernel.errors import Problem
from province_backend import store
from province_backend.model import requests, steps
from province_backend.model.case import Case, FileRef, Reported, RequestKind
from province_backend.model.robot import Move, next_move
from province_backend.model.steps import Moved
from province_backend.usecases.books import Books, write
from province_backend.usecases.deciding import make_paper

BATCH = 50
LATER = timedelta(seconds=30)

logger = structlog.get_logger()


async def lapse_asks(*, books: Books) -> int:
    """Let every ask lapse whose time is over; return how many cases stepped."""
    now = books.clock.now()
    async with books.database.begin() as tx:
        stepped = 0
        for code in await store.due_to_lapse(tx, now, BATCH):
            case = await store.find_case(tx, code)
            moved = steps.lapse(case, actor=books.robot(case), now=now) if case else None
            if moved is not None:
                await write(tx, books, *moved)
                stepped += 1
        return stepped


async def work_off(*, books: Books) -> int:
    """Take the demo robot's due steps, many cases in one transaction; return how many cases were due.

    Papers are made before the transaction. At pace 0 a case goes as far as it can without another paper.
    """
    now = books.clock.now()
    async with books.database.read() as tx:
        codes = await store.due_for_robot(tx, now, BATCH)
        cases = [case for code in codes if (case := await store.find_case(tx, code))]
    if not cases:
        return 0
    papers = await _papers_for(books, cases)
    async with books.database.begin() as tx:
        for case in cases:
            try:
                async with tx.savepoint():
                    await _walk(tx, books, case.code, papers.get(case.code), now)
            except Problem as problem:
                logger.warning("robot_step_refused", dossier=case.code, code=problem.code)
                await store.put_off(tx, case.code, now + LATER)
    return len(cases)


async def next_wake(*, books: Books) -> datetime | None:
    """Return the business time of the office's next automatic act, or None."""
    async with books.database.read() as tx:
        return await store.next_wake(tx, robot=books.pace is not None)


async def plan_all(*, books: Books) -> None:
    """At start: give the robot the cases that were left to officers when there was none."""
    if books.pace is not None:
        async with books.database.begin() as tx:
            await store.plan_all(tx, books.clock.now())


async def _papers_for(books: Books, cases: list[Case]) -> dict[str, FileRef]:
    moves = {Move.ATTACH: False, Move.DRAFT: True}
    wanted = [(case, moves[move]) for case in cases if (move := next_move(case)) in moves]
    made = await asyncio.gather(
        *(make_paper(books=books, case=case, draft=draft) for case, draft in wanted), return_exceptions=True
    )
    papers: dict[str, FileRef] = {}
    for (case, _), paper in zip(wanted, made, strict=True):
        if isinstance(paper, FileRef):
            papers[case.code] = paper
        elif isinstance(paper, Exception):
            logger.warning("paper_failed", dossier=case.code, error=type(paper).__name__)
        else:
            raise paper
    return papers


async def _walk(tx: Tx, books: Books, code: str, paper: FileRef | None, now: datetime) -> None:
    case = await store.find_case(tx, code)
    if case is None:
        return
    if paper is None and next_move(case) in (Move.ATTACH, Move.DRAFT):
        await store.put_off(tx, code, now + LATER)
        return
    reports: list[Reported] = []
    while (move := next_move(case)) is not None:
        moved = _step(books, case, move, paper, now)
        if moved is None:
            break
        paper = None if move in (Move.ATTACH, Move.DRAFT) else paper
        case = moved[0]
        reports.append(moved[1])
        if books.pace:
            break
    await write(tx, books, case, *reports)


def _step(books: Books, case: Case, move: Move, paper: FileRef | None, now: datetime) -> Moved | None:
    actor = books.robot(case)
    match move:
        case Move.ANSWER:
            waiting = min(case.waiting, key=lambda request: request.kind is not RequestKind.WITHDRAWAL)
            number = waiting.request_no
            return requests.accept_request(case, number, actor=actor, now=now, appoint=books.appoint)
        case Move.ACCEPT:
            return steps.accept(case, actor=actor, now=now, appoint=books.appoint)
        case Move.ASK:
            due = books.working_days(books.settings.papers_days)
            return steps.ask_for_papers(case, actor=actor, now=now, items=case.filing.demo_asks, due=due)
        case Move.START:
            return steps.start(case, actor=actor, now=now)
        case Move.DECIDE:
            return steps.decide(case, actor=actor, now=now)
        case Move.RETURN:
            return steps.return_result(case, actor=actor, now=now)
        case Move.DRAFT if paper is not None:
            due = books.working_days(books.settings.confirm_days)
            return steps.send_draft(case, actor=actor, now=now, draft=paper, due=due)
        case Move.ATTACH if paper is not None:
            return steps.attach_result(case, actor=actor, now=now, result=paper)
    return None
