"""Who may hold a lane, the newest link wins, and nothing that is said on the link stops it for others."""

import uuid
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import grpc
import pytest
from sqlalchemy import update

from exchange import usecases
from exchange.model import MAX_BODY
from exchange.store import LANE_ITEM
from motcua.pki import Authority
from proto.exchange.v1 import exchange_pb2, exchange_pb2_grpc
from tests.exchange.country import country, until
from tests.exchange.raw import raw
from tests.exchange.test_lanes import codes, has_delivered
from tests.proxy import Proxy

pytestmark = pytest.mark.usefixtures("database_engine")


def report(subject: str, version: int = 2) -> exchange_pb2.Upward:
    body = exchange_pb2.Report(epoch=1, version=version, state=exchange_pb2.ACCEPTED)
    return exchange_pb2.Upward(subject=subject, subject_kind="dossier", report=body)


async def test_a_certificate_holds_only_its_own_lane(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        async with raw(land, "H27") as link:
            await link.call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(journal_id="a", lane="H26", protocol_max=1)))
            assert "foreign_lane" in await link.ended()
        async with raw(land, "H27") as link:
            assert list((await link.hello()).lanes) == ["H27"]


async def test_a_lane_goes_to_whom_the_registry_names(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        merged = usecases.Participant("H27", ("H26", "H27"), 2, datetime(2026, 7, 1, tzinfo=UTC))
        async with land.exchange.database.begin() as tx:
            await usecases.hold_lanes(tx, participants=[merged])
        async with raw(land, "H27") as link:
            assert list((await link.hello(lane="H26")).lanes) == ["H26", "H27"]
        async with raw(land, "H26") as link:
            await link.call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(journal_id="a", protocol_max=1)))
            assert "foreign_lane" in await link.ended()


async def test_a_stranger_without_our_certificate_gets_nowhere(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        other = Authority.open(tmp_path / "other")
        own, foreign = land.authority.participant_certificate("H26"), other.participant_certificate("H26")
        credentials = grpc.ssl_channel_credentials(own.authority, foreign.key, foreign.certificate)
        async with grpc.aio.secure_channel(land.target, credentials) as channel:
            call = exchange_pb2_grpc.ExchangeStub(channel).Link()  # type: ignore[no-untyped-call]  # generated
            with pytest.raises((grpc.aio.AioRpcError, grpc.aio.UsageError)):
                await call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(journal_id="a")))
                assert not isinstance(await call.read(), exchange_pb2.Down)
                await call.write(exchange_pb2.Up())


async def test_a_second_journal_is_refused_while_the_known_one_was_alive(tmp_path: Path) -> None:
    async with country(tmp_path, exchange_journal_grace=1.5) as land:
        async with raw(land) as known:
            await known.hello(journal_id="known")
            async with raw(land) as second:
                await second.call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(journal_id="other", protocol_max=1)))
                assert "other_journal" in await second.ended()
        async with raw(land) as again:
            assert not (await again.hello(journal_id="known")).resync

        async def admitted() -> bool:
            async with raw(land) as third:
                await third.call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(journal_id="other", protocol_max=1)))
                frame = await third.call.read()
                return isinstance(frame, exchange_pb2.Down) and frame.welcome.resync

        await until(lambda: refused_or(admitted), seconds=30, what="the new journal comes in, into RESYNC")


async def refused_or(attempt: object) -> bool:
    try:
        return bool(await attempt())  # type: ignore[operator]
    except grpc.aio.AioRpcError:
        return False


async def test_the_newest_link_wins_and_the_thawed_one_changes_nothing(tmp_path: Path) -> None:
    async with country(tmp_path) as land, Proxy("127.0.0.1", land.port) as proxy:
        await land.nation.file("H26", codes("H26", 30))
        async with raw(land, target=proxy.address) as old:
            await old.hello(journal_id="j")
            items = [(await old.frame()).item for _ in range(30)]
            assert [item.seq for item in items] == list(range(1, 31))
            proxy.stall()
            await old.call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=5)))
            async with raw(land) as new:
                welcome = await new.hello(journal_id="j", last_seq=20, link_epoch=1)
                assert (welcome.acked_seq, welcome.link_epoch) == (20, 2)
                assert [(await new.frame()).item.seq for _ in range(10)] == list(range(21, 31))
                await new.call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=30)))
                await until(lambda: len(land.nation.kinds("delivery_acked")) == 30)
                proxy.thaw()
                assert "newer link" in await old.ended()
                numbers = await usecases.last_numbers(database=land.exchange.database, lanes=["H26"])
                assert numbers["H26"] == (2, 30)
                assert (await usecases.list_lanes(database=land.exchange.database))[0].acked_seq == 30


async def test_a_stalled_adapter_reconnects_and_skips_or_doubles_nothing(tmp_path: Path) -> None:
    async with country(tmp_path) as land, Proxy("127.0.0.1", land.port) as proxy:
        office = land.office("H26")
        async with land.adapter("H26", office, target=proxy.address):
            for part in range(4):
                await land.nation.file("H26", codes("H26", 50 * (part + 1))[50 * part :])
                await until(partial(has_delivered, office, 50 * part + 6))
                proxy.stall()
                await until(lambda: bool(land.exchange.hub.links))
                proxy.cut() if part % 2 else proxy.thaw()
            await until(lambda: len({u.subject for u in land.nation.reports}) == 200, seconds=40)
        assert sorted(s for s, _ in office.delivered()) == codes("H26", 200)
        assert len(land.nation.reports) == 200
        office.close()


async def test_a_gap_in_reports_ends_the_stream_and_a_repeat_is_receipted(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        async with raw(land) as link:
            await link.hello(journal_id="j")
            await link.report(1, report("H26-261121-0001"))
            assert (await link.frame()).receipt.report_seq == 1
            await link.report(1, report("H26-261121-0001"))
            assert (await link.frame()).receipt.report_seq == 1
            await link.report(3, report("H26-261121-0001", 4))
            assert "2 was expected" in await link.ended()
        async with raw(land) as link:
            assert (await link.hello(journal_id="j", last_report_seq=3)).last_report_seq == 1
        await until(lambda: len(land.nation.reports) == 1)
        stored = land.nation.reports[0]
        assert stored.participant == "H26" and stored.HasField("received_at")


async def test_nonsense_is_kept_answered_and_does_not_stop_the_lane(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        async with raw(land) as link:
            await link.hello(journal_id="j")
            await link.report(1, b"\xff\xff\xff")
            await link.report(2, exchange_pb2.Upward(subject="../../etc/passwd"))
            await link.report(3, exchange_pb2.Upward(subject="H26-261121-0007"))
            await link.report(4, report("H26-261121-0001"))
            refused, receipt = None, 0
            while refused is None or receipt < 4:
                frame = await link.frame()
                receipt = max(receipt, frame.receipt.report_seq)
                if frame.HasField("item"):
                    refused = exchange_pb2.Delivery.FromString(frame.item.body)
            assert refused.subject == "H26-261121-0007" and refused.report_refused.code == "BAD_SCHEMA"
            long = report("H26-261121-0008")
            long.report.step.note = "x" * (MAX_BODY + 1)
            await link.report(5, long)
            while refused.subject != "H26-261121-0008":
                frame = await link.frame()
                if frame.HasField("item"):
                    refused = exchange_pb2.Delivery.FromString(frame.item.body)
            assert "KB" in refused.report_refused.text
        await until(lambda: [u.subject for u in land.nation.reports] == ["H26-261121-0001"])


@pytest.mark.parametrize(
    "frame",
    [
        exchange_pb2.Up(),
        exchange_pb2.Up(ack=exchange_pb2.Ack(seq=99)),
        exchange_pb2.Up(hello=exchange_pb2.Hello(journal_id="again")),
        exchange_pb2.Up(item=exchange_pb2.UpItem(report_seq=1, body=b"x", digest="wrong")),
    ],
)
async def test_a_frame_that_breaks_the_rules_ends_only_its_stream(tmp_path: Path, frame: exchange_pb2.Up) -> None:
    async with country(tmp_path) as land, raw(land) as link, raw(land, "H27") as other:
        await link.hello()
        await other.hello()
        await link.call.write(frame)
        assert await link.ended()
        await other.report(1, report("H27-261121-0001"))
        assert (await other.frame()).receipt.report_seq == 1


@pytest.mark.parametrize(
    "hello",
    [
        {"journal_id": ""},
        {"journal_id": "x" * 65},
        {"last_seq": -1},
        {"link_epoch": 2**63 - 1},
        {"protocol_min": 9, "protocol_max": 9},
    ],
)
async def test_a_hello_that_makes_no_sense_is_refused(tmp_path: Path, hello: dict[str, object]) -> None:
    async with country(tmp_path) as land, raw(land) as link:
        values: dict[str, object] = {"journal_id": uuid.uuid4().hex, "protocol_max": 1} | hello
        await link.call.write(exchange_pb2.Up(hello=exchange_pb2.Hello(**values)))  # type: ignore[arg-type]
        assert await link.ended()


async def test_a_bad_frame_quarantines_its_dossier_and_the_others_go_on(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        bad, good = codes("H26", 2)
        await land.nation.file("H26", [bad, good])
        await until(lambda: on_lane(land, 2))
        async with land.exchange.database.begin() as tx:
            await tx.execute(update(LANE_ITEM).where(LANE_ITEM.c.subject == bad).values(digest="0" * 64))
        async with land.adapter("H26", office):
            await until(lambda: land.nation.kinds("item_quarantined"))
            request = exchange_pb2.Request(request_no=1, kind=exchange_pb2.WITHDRAWAL)
            await land.log.append([land.nation.delivery(code, request_filed=request) for code in (bad, good)])
            await until(lambda: (good, "request_filed") in office.delivered())
            figures = (await usecases.list_lanes(database=land.exchange.database))[0]
            assert (figures.quarantined, figures.held) == (1, 1)
            assert bad not in {subject for subject, _ in office.delivered()}
            released = await usecases.release_quarantined(
                database=land.exchange.database, lane="H26", subject=bad, by="operator-1"
            )
            assert released == 2
            await until(lambda: (bad, "request_filed") in office.delivered())
            kinds = [kind for subject, kind in office.delivered() if subject == bad]
            assert kinds == ["handover", "request_filed"], "order is kept over the quarantine"
        office.close()


async def on_lane(land: object, count: int) -> bool:
    rows = await usecases.list_lanes(database=land.exchange.database)  # type: ignore[attr-defined]
    return bool(rows) and rows[0].undelivered == count


async def test_a_participant_that_never_acks_holds_a_window_and_no_other_lane(tmp_path: Path) -> None:
    async with country(tmp_path, exchange_window_items=16) as land:
        office = land.office("H27")
        await land.nation.file("H26", codes("H26", 100))
        async with raw(land) as silent, land.adapter("H27", office):
            await silent.hello()
            await land.nation.file("H27", codes("H27", 100))
            await until(lambda: len(land.nation.reports) == 100)
            assert land.exchange.hub.links["H26"].sent == 16
            for number in range(1, 101):
                assert (await silent.frame()).item.seq == number
                await silent.call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=number)))
        office.close()


async def test_a_kind_that_was_not_declared_is_held_and_never_sent(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        await land.nation.file("H26", codes("H26", 1))
        asked = land.nation.delivery(codes("H26", 1)[0], send_snapshot=exchange_pb2.SendSnapshot())
        async with raw(land) as old:
            await old.hello(kinds=["handover"])
            assert (await old.frame()).item.body
            await land.log.append([asked])
            item = (await old.frame()).item
            assert (item.seq, item.body) == (2, b"")
            await old.call.write(exchange_pb2.Up(bad_frame=exchange_pb2.BadFrame(seq=2, reason="kind")))
            await old.call.write(exchange_pb2.Up(ack=exchange_pb2.Ack(seq=2)))
            await until(lambda: land.nation.kinds("item_quarantined"))
