"""A dossier comes to another lane: the old lane's items are work no more, files follow, nothing waits for ever."""

from pathlib import Path

import grpc
import pytest
from sqlalchemy import select

from exchange import usecases
from exchange.store import FORMER_LANE, HELD_ITEM, LANE_ITEM
from proto.events.v1 import dossier_pb2
from proto.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from tests.exchange.country import Country, country, message, until
from tests.exchange.office import Office, file_ref, pdf, state_digest

pytestmark = pytest.mark.usefixtures("database_engine")

CODE, OLD, NEW = "H26-261121-0001", "H26", "H29"


async def hand_on(
    land: Country, lane: str, *, epoch: int, files: list[exchange_pb2.FileRef] | None = None, code: str = CODE
) -> None:
    """Do what the nation does in one transaction: the event, the notice on the old lane, the snapshot on the new."""
    before, former = land.nation.states[code], land.nation.lanes[code]
    name = exchange_pb2.State.Name(before.state)
    after = exchange_pb2.Report(epoch=epoch, version=before.version, state=before.state)
    after.digest = state_digest(code, epoch, before.version, name)
    land.nation.states[code], land.nation.lanes[code] = after, lane
    land.nation.events[code] += 1
    number = land.nation.events[code]
    changed = dossier_pb2.DossierChanged(
        code=code, event_no=number, lane=lane, epoch=epoch, version=after.version, state=name.lower(),
        state_digest=after.digest, former_lane=former,
    )  # fmt: skip
    told = exchange_pb2.Delivery(
        subject=code, subject_kind="dossier", lane=former, epoch=epoch - 1,
        report_refused=exchange_pb2.ReportRefused(code="STALE_OWNER", text="Đã chuyển."),
    )  # fmt: skip
    whole = exchange_pb2.Delivery(
        subject=code, subject_kind="dossier", lane=lane, epoch=epoch,
        snapshot=exchange_pb2.Snapshot(state=after, files=files or ()),
    )  # fmt: skip
    deliveries = [message("province.deliveries.v1", code, "d", 1, each.SerializeToString()) for each in (told, whole)]
    event = message("dossier.events.v1", code, "owner_changed", number, changed.SerializeToString())
    await land.log.append([event, *deliveries])


async def on_lane(land: Country, lane: str) -> list[tuple[str, str]]:
    """Return (kind, state) of the lane's items in order."""
    async with land.exchange.database.read() as tx:
        rows = await tx.all(select(LANE_ITEM).where(LANE_ITEM.c.lane == lane).order_by(LANE_ITEM.c.seq))
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    return [(row.kind, row.state) for row in rows]


async def test_what_the_old_owner_never_got_reaches_it_as_a_notice(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file(OLD, [CODE, "H26-261121-0002"])
        request = exchange_pb2.Request(request_no=1, kind=exchange_pb2.WITHDRAWAL)
        await land.log.append([land.nation.delivery(CODE, request_filed=request)])
        await until(lambda: _count(land, OLD, 3))
        await hand_on(land, NEW, epoch=2)
        await until(lambda: _count(land, NEW, 1))
        old, new = land.office(OLD), land.office(NEW)
        async with land.adapter(OLD, old), land.adapter(NEW, new):
            await until(lambda: len(new.delivered()) == 1)
            await until(lambda: len(old.delivered()) >= 3)
            await until(lambda: _all_acked(land))
            mine = [(one.subject, one.WhichOneof("body"), one.epoch) for one in old.bodies()]
            assert mine.count(("H26-261121-0002", "handover", 1)) == 1
            assert all(kind == "report_refused" and epoch == 1 for code, kind, epoch in mine if code == CODE)
            assert old.version(CODE) == 0
            assert (new.version(CODE), new.bodies()[0].epoch) == (1, 2)
        old.close()
        new.close()


async def _count(land: Country, lane: str, count: int) -> bool:
    return len(await on_lane(land, lane)) == count


async def _all_acked(land: Country) -> bool:
    both = await on_lane(land, OLD) + await on_lane(land, NEW)
    return all(state == "acked" for _, state in both)


async def test_files_follow_the_dossier_and_the_old_owner_waits_for_none(tmp_path: Path) -> None:
    """The old owner has the hand-over in its journal, and a report whose file the nation takes no more."""
    async with country(tmp_path) as land:
        old, new = land.office(OLD), land.office(NEW, working=False)
        paper, other = pdf(5000), "H26-261121-0002"
        ref = file_ref(paper, "paper.pdf")
        async with land.adapter(OLD, old):
            await land.nation.file(OLD, [CODE], files=[ref])
            await land.nation.file(OLD, [other])
            await until(lambda: len(land.nation.reports) == 1)
            assert land.nation.reports[0].subject == other
            await hand_on(land, NEW, epoch=2, files=[ref])
            await hand_on(land, NEW, epoch=2, code=other)
            await until(lambda: _former(land, 2))
            await land.files.put(f"dossier/{CODE}/{ref.sha256}", paper)
            await until(lambda: any(one.WhichOneof("body") == "report_refused" for one in _of(old, CODE)))
            assert old.version(CODE) == 0, "what was in its journal is no work of its any more"
            old.results[other] = pdf(9000)
            old.work(other)
            await until(lambda: len(land.nation.reports) == 2)
            late = land.nation.reports[1]
            assert (late.subject, late.report.epoch, len(late.report.results)) == (other, 1, 1)
            assert not await land.files.size(f"dossier/{other}/{late.report.results[0].sha256}")
        async with land.adapter(NEW, new):
            await until(lambda: new.version(other) > 0 and new.version(CODE) > 0)
            assert new.kept(CODE, ref.sha256) == paper
            assert await land.exchange.compare_lane(NEW) == 0
        old.close()
        new.close()


def _of(office: Office, code: str) -> list[exchange_pb2.Delivery]:
    return [one for one in office.bodies() if one.subject == code]


async def _former(land: Country, count: int) -> bool:
    async with land.exchange.database.read() as tx:
        return len(await tx.all(select(FORMER_LANE))) == count


async def test_a_dossier_that_came_back_is_its_first_owners_again(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        old, new = land.office(OLD, working=False), land.office(NEW, working=False)
        paper = pdf(4000)
        ref = file_ref(paper)
        await land.files.put(f"dossier/{CODE}/{ref.sha256}", paper)
        async with land.adapter(OLD, old), land.adapter(NEW, new):
            await land.nation.file(OLD, [CODE], files=[ref])
            await until(lambda: old.version(CODE) == 1)
            await hand_on(land, NEW, epoch=2, files=[ref])
            await until(lambda: new.version(CODE) == 1)
            await hand_on(land, OLD, epoch=3, files=[ref])
            await until(lambda: any(one.epoch == 3 for one in _of(old, CODE)))
            target = land.authority.participant_certificate(NEW).channel_credentials()
            async with grpc.aio.secure_channel(land.target, target) as channel:
                stub = exchange_pb2_grpc.ExchangeStub(channel)  # type: ignore[no-untyped-call]  # generated
                asked = exchange_pb2.FetchFileRequest(subject=CODE, sha256=ref.sha256)
                with pytest.raises(grpc.aio.AioRpcError) as refused:
                    async for _ in stub.FetchFile(asked):
                        raise AssertionError("a former owner fetches nothing")
            assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
            said: list[object] = list(refused.value.trailing_metadata())
            assert ("epoch", "3") in said
        old.close()
        new.close()


async def test_an_item_that_could_not_be_read_comes_again_as_a_notice(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file(OLD, [CODE])
        await until(lambda: _count(land, OLD, 1))
        async with land.exchange.database.begin() as tx:
            await tx.execute(LANE_ITEM.update().values(digest="damaged"))
        old = land.office(OLD)
        async with land.adapter(OLD, old):
            await until(lambda: _states(land, "quarantined"))
            request = exchange_pb2.Request(request_no=1, kind=exchange_pb2.WITHDRAWAL)
            await land.log.append([land.nation.delivery(CODE, request_filed=request)])
            await hand_on(land, NEW, epoch=2)
            await until(lambda: _count(land, NEW, 1))
            async with land.exchange.database.read() as tx:
                held = await tx.all(select(HELD_ITEM.c.kind))
            assert {row.kind for row in held} == {"report_refused"}
            await usecases.release_quarantined(database=land.exchange.database, lane=OLD, subject=CODE, by="op")
            await until(lambda: len(_of(old, CODE)) >= 1)
            assert {one.WhichOneof("body") for one in _of(old, CODE)} == {"report_refused"}
        old.close()


async def _states(land: Country, state: str) -> bool:
    return any(each == state for _, each in await on_lane(land, OLD))
