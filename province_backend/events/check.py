"""The promises of one office's books, checked row by row (``motcua check`` runs it)."""

from collections import defaultdict
from datetime import UTC
from itertools import pairwise

from kernel.db import Database
from proto.exchange.v1 import exchange_pb2 as pb
from province_backend import store
from province_backend.events import wire
from province_backend.model.case import NEXT, Case, State, Verdict, state_digest

BATCH = 500


async def check_invariants(participant: str, database: Database) -> list[str]:
    """Return every broken promise of the books, each one line; empty when all hold.

    Change numbers dense; versions dense per dossier and epoch; digests as recomputed; every step legal; every
    request answered at most once, and exactly once when its dossier is over; the books' state is the last report's.
    """
    broken: list[str] = []
    reports: dict[str, list[pb.Report]] = defaultdict(list)
    async with database.read() as tx:
        floor, after = await store.floor(tx), 0
        while rows := await store.changes_after(tx, after, BATCH):
            for row in rows:
                if row.change_no != after + 1 and row.change_no != floor + 1:
                    broken.append(f"{participant}: change {row.change_no} follows {after}")
                after = row.change_no
                upward = pb.Upward.FromString(row.body)
                if upward.WhichOneof("body") == "report":
                    reports[row.subject].append(upward.report)
        for code, *_ in await store.every_state(tx):
            case = await store.find_case(tx, code)
            if case is not None:
                broken += [f"{participant} {code}: {what}" for what in _case(case, reports.get(code, []))]
    return broken


def _case(case: Case, reports: list[pb.Report]) -> list[str]:
    broken = [what for report in reports for what in _report(case, report)]
    if not case.adopted:
        broken += _order(reports)
    given: dict[int, int] = defaultdict(int)
    filed = {request.request_no: request.filed_at for request in case.requests}
    for report in reports:
        for answer in report.answers:
            # A nation that was restored gives a lost request's number again; what came before it answered that one.
            at = filed.get(answer.request_no)
            given[answer.request_no] += at is None or report.occurred_at.ToDatetime(UTC) >= at
    for request in case.requests:
        # After a RESYNC the nation may have asked again for an answer it never got.
        if given[request.request_no] > 1 and not case.adopted:
            broken.append(f"request {request.request_no} was answered {given[request.request_no]} times")
        if case.ended and request.verdict is Verdict.OPEN:
            broken.append(f"request {request.request_no} has no answer though the dossier is over")
    broken += [f"an answer to request {number}, which nobody filed" for number in set(given) - set(filed)]
    if case.history and case.history[-1].digest != case.digest:
        broken.append("its state does not have the digest of its last step")
    if [row.version for row in case.history] != list(range(1, case.version + 1)) and not case.adopted:
        broken.append("its history has a gap")
    return broken


def _report(case: Case, report: pb.Report) -> list[str]:
    asks, results = wire.asks_of(report), wire.results_of(report)
    state, due = wire.state_of(report), wire.due_of(report)
    digest = state_digest(case.code, report.epoch, report.version, state, asks, due, results)
    return [] if digest == report.digest else [f"report {report.version} has another digest than its content"]


def _order(reports: list[pb.Report]) -> list[str]:
    broken = []
    for before, after in pairwise(reports):
        if before.epoch != after.epoch:
            continue
        if after.version != before.version + 1:
            broken.append(f"report {after.version} follows report {before.version}")
        was, now = wire.state_of(before), wire.state_of(after)
        if was is not now and now not in NEXT[was]:
            broken.append(f"{was.value} became {now.value}")
    if reports and reports[0].version == 2 and wire.state_of(reports[0]) is State.DECIDED:
        broken.append("decided at once")
    return broken
