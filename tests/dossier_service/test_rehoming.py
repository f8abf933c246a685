"""A dossier changes its owner: one owner an epoch, nothing of the former owner applied, nothing lost (road.md 3.2)."""

from pathlib import Path

import pytest

from dossier_service.model.dossier import Answer, FileRef
from dossier_service.model.states import AskKind, RequestKind, RequestState, State
from dossier_service.store.files import key_of
from dossier_service.usecases.exchange import Access, note_accesses
from dossier_service.usecases.invariants import check_invariants
from dossier_service.usecases.reading import View, look_up, read_accesses, read_dossier, read_timeline
from dossier_service.usecases.rehoming import is_chosen, rehome_dossiers
from dossier_service.usecases.republish import republish
from dossier_service.usecases.requests import request_of_citizen
from kernel.digest import digest_bytes
from kernel.errors import Invalid
from proto.events.v1 import catalog_pb2, dossier_pb2
from proto.events.v1 import exchange_pb2 as said
from proto.exchange.v1 import exchange_pb2 as wire
from tests.dossier_service.world import CITIZEN, PDF, Owner, World, stamp, world

pytestmark = pytest.mark.usefixtures("database_engine")

TOPIC = "province.reports.v1"


async def know(here: World, lane: str = "H29", name: str = "Trung tâm TP.HCM") -> None:
    told = catalog_pb2.ParticipantPublished(id=lane, name=name, lanes=[lane], version=1)
    await here.feed("catalog.v1", ("participant_published", f"participant/{lane}", told.SerializeToString()))


async def rehome(here: World, source: str = "H26", target: str = "H29", **options: object) -> int:
    database, clock = here.desk.database, here.desk.clock
    return await rehome_dossiers(database=database, clock=clock, source=source, target=target, **options)  # type: ignore[arg-type]


async def shown(here: World, code: str) -> View:
    return await read_dossier(desk=here.desk, principal=CITIZEN, code=code)


async def broken(here: World, *, settled: bool = False) -> list[str]:
    async with here.desk.database.read() as tx:
        return await check_invariants(tx, settled=settled)


async def refused(here: World) -> list[tuple[str, str, int, int]]:
    return [
        (one.lane, one.report_refused.code, one.epoch, one.report_refused.version)
        for one in await here.deliveries()
        if one.WhichOneof("body") == "report_refused"
    ]


async def withdraw(here: World, code: str) -> int:
    async with here.desk.database.begin() as tx:
        filed = await request_of_citizen(
            tx=tx,
            desk=here.desk,
            principal=CITIZEN,
            code=code,
            kind=RequestKind.WITHDRAWAL,
            ask_no=None,
            answers={},
            digests=[],
            text="Tôi rút.",
        )
    return filed.request_no


def heir_of(owner: Owner, epoch: int, lane: str = "H29") -> Owner:
    """Return the books of the new owner, as the snapshot brought them."""
    return Owner(owner.code, owner.at, lane, owner.version, epoch, owner.state, owner.asks, owner.due, owner.results)


async def test_the_new_owner_goes_on_and_the_former_one_is_told(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        former = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, former.message(former.step("accepted", state=State.ACCEPTED)))
        number = await withdraw(here, code)
        before = (await shown(here, code)).dossier
        assert await rehome(here) == 1
        heir = heir_of(former, 2)
        after = (await shown(here, code)).dossier
        assert (after.epoch, after.version, after.lane, after.office) == (2, 2, "H29", "H29")
        assert after.office_name == "Trung tâm TP.HCM"
        assert after.event_no == before.event_no + 1
        assert after.delivered_at is None
        snapshot = (await here.deliveries())[-1]
        assert (snapshot.lane, snapshot.epoch, snapshot.WhichOneof("body")) == ("H29", 2, "snapshot")
        assert snapshot.snapshot.state.digest == after.state_digest != before.state_digest
        assert [(one.request_no, one.state) for one in snapshot.snapshot.requests] == [(number, "open")]
        assert snapshot.snapshot.handover.answers_json
        late = former.message(former.step("withdrawn", Answer(number, RequestState.ACCEPTED), state=State.WITHDRAWN))
        await here.feed(TOPIC, late)
        assert await refused(here) == [("H26", "STALE_OWNER", 1, 0), ("H26", "STALE_OWNER", 1, 3)]
        assert (await shown(here, code)).requests[0].state is RequestState.OPEN
        answer = Answer(number, RequestState.ACCEPTED)
        await here.feed(TOPIC, heir.message(heir.step("withdrawn", answer, state=State.WITHDRAWN)))
        done = await shown(here, code)
        assert (done.dossier.state, done.dossier.version) == (State.WITHDRAWN, 3)
        assert done.requests[0].state is RequestState.ACCEPTED
        assert await broken(here, settled=True) == []
        assert (await look_up(desk=here.desk, code=code))[1] == 100
        types = [row.type for row in await read_timeline(desk=here.desk, principal=CITIZEN, code=code)]
        assert types.count("owner_changed") == 1


async def test_what_has_ended_is_elsewhere_or_was_handed_on_already_stays(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        ended, running = await here.file(), await here.file()
        owner = Owner(ended, here.desk.clock.now())
        await here.feed(TOPIC, owner.message(owner.step("refused", state=State.REFUSED, reason="không đủ")))
        assert await rehome(here, step=1) == 1
        assert await rehome(here) == 0
        assert await rehome(here, subject=running) == 0
        assert await rehome(here, source="H29", target="H26", subject=ended) == 0
        assert [(await shown(here, code)).dossier.epoch for code in (ended, running)] == [1, 2]
        for source, target in (("H26", "H99"), ("H99", "H26"), ("H26", "H26")):
            with pytest.raises(Invalid):
                await rehome(here, source=source, target=target)


async def test_a_dossier_goes_there_and_back_in_a_third_epoch(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        first = Owner(code, here.desk.clock.now())
        await here.feed(TOPIC, first.message(first.step("accepted", state=State.ACCEPTED)))
        kept = first.message(first.step("processing_started", state=State.PROCESSING))
        assert await rehome(here) == 1
        second = Owner(code, first.at, "H29", 2, 2, State.ACCEPTED)
        await here.feed(TOPIC, second.message(second.step("papers_asked", asks=second.ask(AskKind.PAPERS))))
        await here.feed(TOPIC, kept)
        assert await rehome(here, source="H29", target="H26") == 1
        back = (await shown(here, code)).dossier
        assert (back.epoch, back.version, back.lane, back.office) == (3, 3, "H26", "H26.00004")
        third = Owner(code, second.at, "H26", 3, 3, State.ACCEPTED, second.asks)
        moved = third.message(third.step("processing_started", state=State.PROCESSING))
        await here.feed(TOPIC, kept, second.message(second.step("decided", state=State.DECIDED)), moved, moved)
        end = (await shown(here, code)).dossier
        assert (end.epoch, end.version, end.state) == (3, 4, State.PROCESSING)
        stale = [one for one in await refused(here) if one[3]]
        assert stale == [("H26", "STALE_OWNER", 1, 3), ("H26", "STALE_OWNER", 1, 3), ("H29", "STALE_OWNER", 2, 4)]
        assert await broken(here) == []


async def test_reports_that_waited_get_their_verdict_and_never_come_back(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        former = Owner(code, here.desk.clock.now())
        lost = former.step("accepted", state=State.ACCEPTED)
        await here.feed(TOPIC, former.message(former.step("processing_started", state=State.PROCESSING)))
        assert await rehome(here) == 1
        assert await refused(here) == [("H26", "STALE_OWNER", 1, 3), ("H26", "STALE_OWNER", 1, 0)]
        heir = Owner(code, former.at, "H29", 1, 2)
        await here.feed(TOPIC, heir.message(heir.step("accepted", state=State.ACCEPTED)), former.message(lost))
        end = (await shown(here, code)).dossier
        assert (end.version, end.state) == (2, State.ACCEPTED)
        assert await broken(here) == []


async def test_a_strangers_report_is_unknown_and_a_former_owners_nonsense_is_stale(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        assert await rehome(here) == 1
        stranger = Owner(code, here.desk.clock.now(), "H40", 1, 2)
        await here.feed(TOPIC, stranger.message(stranger.step("accepted", state=State.ACCEPTED)))
        former = Owner(code, here.desk.clock.now())
        upward = wire.Upward.FromString(former.message(former.step("accepted", state=State.ACCEPTED))[2])
        upward.report.state = 99  # type: ignore[assignment]  # a number this version does not know
        await here.feed(TOPIC, ("report", code, upward.SerializeToString()))
        assert [one[:2] for one in await refused(here)][1:] == [("H40", "UNKNOWN"), ("H26", "STALE_OWNER")]


async def test_acknowledgements_and_accesses_of_the_former_owner(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        assert await rehome(here) == 1
        at = here.desk.clock.now()
        for lane, delivered in (("H26", False), ("H29", True)):
            acked = said.DeliveryAcked(participant=lane, subject=code, kind="snapshot", seq=1, at=stamp(at))
            await here.feed("exchange.events.v1", ("delivery_acked", code, acked.SerializeToString()))
            assert ((await shown(here, code)).dossier.delivered_at is not None) is delivered
        async with here.desk.database.begin() as tx:
            seen = [Access(code, lane, "officer", lane, "Xử lý", at) for lane in ("H26", "H29", "H40")]
            await note_accesses(tx=tx, events=seen)
        rows = await read_accesses(desk=here.desk, principal=CITIZEN, code=code, size=9, before=None)
        assert {row.office for row in rows} == {"H26", "H29"}


async def test_results_stay_and_the_snapshot_names_them(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        ref = FileRef(digest_bytes(PDF), len(PDF), "application/pdf", "ket-qua.pdf")
        await here.desk.files.put(key_of(code, ref.sha256), PDF)
        former = Owner(code, here.desk.clock.now())
        steps = [former.step(state.value, state=state) for state in (State.ACCEPTED, State.PROCESSING, State.DECIDED)]
        steps.append(former.step("result_attached", results=(ref,)))
        await here.feed(TOPIC, *(former.message(step) for step in steps))
        assert await rehome(here) == 1
        snapshot = (await here.deliveries())[-1].snapshot
        assert [one.sha256 for one in snapshot.state.results] == [ref.sha256]
        heir = heir_of(former, 2)
        await here.feed(TOPIC, heir.message(heir.step("result_returned", state=State.RETURNED)))
        assert [one.sha256 for one in (await shown(here, code)).dossier.results] == [ref.sha256]
        assert await broken(here, settled=True) == []


async def test_a_republish_tells_each_epoch_with_its_own_lane(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await know(here)
        code = await here.file()
        assert await rehome(here) == 1
        first = [row for row in await here.sent() if row.topic == "dossier.events.v1"]
        await republish(database=here.desk.database, subject=code, lanes=False)
        again = [row for row in await here.sent() if row.topic == "dossier.events.v1"][len(first) :]
        assert [(row.type, row.body) for row in again] == [(row.type, row.body) for row in first]
        lanes = [dossier_pb2.DossierChanged.FromString(row.body) for row in again]
        assert [(one.epoch, one.lane, one.former_lane) for one in lanes] == [(1, "H26", ""), (2, "H29", "H26")]


def test_a_greater_share_contains_a_smaller_one() -> None:
    codes = [f"H26-261121-{number:04}" for number in range(1, 2001)]
    half, most = ({code for code in codes if is_chosen(code, share)} for share in (0.5, 0.9))
    assert half < most
    assert 900 < len(half) < 1100
    assert not any(is_chosen(code, 0.0) for code in codes)
    assert all(is_chosen(code, 1.0) for code in codes)
