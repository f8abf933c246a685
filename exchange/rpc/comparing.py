"""CompareState over a live link: bucket digests, then the rows of the buckets that differ, then what to do."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from exchange import usecases
from exchange.model import BUCKETS, Difference, Held, bucket_digests, bucket_of, differences
from exchange.rpc.link import Link
from exchange.settings import ExchangeSettings
from kernel.db import Database
from proto.exchange.v1 import exchange_pb2

Settled = Callable[[], Awaitable[None]]

logger = structlog.get_logger()
_numbers = itertools.count(1)


async def compare(link: Link, *, database: Database, settings: ExchangeSettings, settle: timedelta) -> Difference:
    """Compare the lane of ``link``; what changed within ``settle`` on either side is left out.

    Raises ``TimeoutError`` when the participant does not answer.
    """
    ours = await usecases.load_comparison(database=database, lane=link.lane, settle=settle)
    number = next(_numbers)
    seconds = round(settle.total_seconds())
    link.send(exchange_pb2.Down(compare=exchange_pb2.Compare(compare_id=number, settle_seconds=seconds)))
    first = await _answer(link, number, settings.exchange_compare_timeout)
    theirs = list(first[0].bucket_digests)
    mine = bucket_digests(ours.rows)
    buckets = [n for n in range(BUCKETS) if len(theirs) != BUCKETS or theirs[n] != mine[n]]
    if not buckets:
        return Difference((), ())
    asked = exchange_pb2.Compare(compare_id=number, buckets=buckets, settle_seconds=seconds)
    link.send(exchange_pb2.Down(compare=asked))
    answers = await _answer(link, number, settings.exchange_compare_timeout)
    rows = [Held(r.subject, r.epoch, r.version, r.digest) for answer in answers for r in answer.rows]
    unsettled = ours.unsettled | {subject for answer in answers for subject in answer.unsettled}
    wanted = set(buckets)
    return differences([r for r in ours.rows if bucket_of(r.subject) in wanted], rows, unsettled=frozenset(unsettled))


async def _answer(link: Link, number: int, timeout: float) -> list[exchange_pb2.CompareResult]:
    answers: list[exchange_pb2.CompareResult] = []
    async with asyncio.timeout(timeout):
        while not answers or not answers[-1].last:
            result = await link.compared.get()
            if result.compare_id == number:
                answers.append(result)
    return answers


async def compare_lane(
    link: Link, *, database: Database, settings: ExchangeSettings, settle: timedelta | None = None
) -> Difference:
    """Compare once and ask for what differs to be delivered again."""
    waited = timedelta(seconds=settings.exchange_compare_settle) if settle is None else settle
    found = await compare(link, database=database, settings=settings, settle=waited)
    await usecases.note_comparison(database=database, lane=link.lane, differing=len(found.differing))
    await usecases.want_redelivery(
        database=database,
        lane=link.lane,
        subjects=found.differing,
        reason="differs",
        repeat=timedelta(seconds=settings.exchange_redelivery_repeat),
    )
    if found.differing or found.foreign:
        logger.warning("lane_differs", lane=link.lane, differing=len(found.differing), foreign=len(found.foreign))
    return found


async def resync(link: Link, *, database: Database, settings: ExchangeSettings, settled: Settled) -> None:
    """Bring a restored participant to the nation's state, then take its reports again.

    ``settled`` waits until every report that the nation has stored was published. Ends when nothing
    differs; what the participant alone knows of is told in the log and does not hold it up.
    """
    logger.warning("resync_begun", lane=link.lane, link_epoch=link.link_epoch)
    await settled()
    await asyncio.sleep(settings.exchange_resync_settle)
    repeat = timedelta(seconds=settings.exchange_redelivery_repeat)
    asked = await usecases.lost_subjects(database=database, lane=link.lane)
    await usecases.want_redelivery(
        database=database, lane=link.lane, subjects=sorted(asked), reason="journal_restored", repeat=repeat
    )
    while not link.ended:
        found = await compare_lane(link, database=database, settings=settings, settle=timedelta(0))
        asked |= frozenset(found.differing)
        coming = await usecases.load_coming(database=database, lane=link.lane, since=repeat)
        if not found.differing and not asked & coming:
            break
        await asyncio.sleep(settings.exchange_resync_every)
    if not link.ended and await usecases.end_resync(database=database, lane=link.lane, link_epoch=link.link_epoch):
        link.resynced(exchange_pb2.Compare(compare_id=next(_numbers), done=True))
        logger.warning("resync_done", lane=link.lane, link_epoch=link.link_epoch, redelivered=len(asked))
