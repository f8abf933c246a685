"""The contract of the event log, for every engine."""

import asyncio
from datetime import timedelta

import pytest

from kernel.clock import real_now
from kernel.log import MAX_BODY, BodyTooLarge, Log, Partition, PositionLost, Record, partition_of
from tests.kernel.engines import ALL_EVENTS, CATALOGUE, EVENTS, SHORT, LogEngine, drain, message, run_child


async def read_all(log: Log, topic: str) -> list[Record]:
    reader = log.reader()
    starts, ends = await log.starts(topic), await log.ends(topic)
    await reader.assign(starts)
    records = await drain(reader, sum(ends.values()) - sum(starts.values()))
    await reader.close()
    return records


class TestOrder:
    async def test_each_partition_keeps_the_order_of_appending(self, log: Log) -> None:
        for start in range(0, 300, 50):
            await log.append([message(f"S{n % 7}", n) for n in range(start, start + 50)])
        records = await read_all(log, EVENTS.name)
        assert len(records) == 300
        for place in ALL_EVENTS:
            mine = [r for r in records if r.partition == place]
            assert [r.offset for r in mine] == list(range(len(mine)))
            assert [int(r.body) for r in mine] == sorted(int(r.body) for r in mine)

    async def test_a_key_always_goes_to_the_same_partition(self, log: Log) -> None:
        await log.append([message(key, n) for n in range(20) for key in ("a", "b", "H26-261121-0001")])
        for record in await read_all(log, EVENTS.name):
            assert record.partition.number == partition_of(record.key, EVENTS.partitions)

    async def test_what_was_appended_comes_back_whole(self, log: Log) -> None:
        sent = message("Đơn-1", 7, body=bytes(range(256)))
        await log.append([sent])
        [found] = await read_all(log, EVENTS.name)
        assert (found.key, found.body, dict(found.headers)) == (sent.key, sent.body, dict(sent.headers))
        assert found.subject == "Đơn-1"
        assert abs(found.appended_at - real_now()) < timedelta(minutes=1)

    async def test_appending_nothing_changes_nothing(self, log: Log) -> None:
        await log.append([])
        assert set((await log.ends(EVENTS.name)).values()) == {0}


class TestTwoAppenders:
    async def test_two_appenders_in_one_process_never_share_an_offset(self, engine: LogEngine) -> None:
        one, two = await engine.open(), await engine.open()

        async def append(log: Log, name: str) -> None:
            for n in range(40):
                await log.append([message(name, n), message("both", n)])

        await asyncio.gather(append(one, "one"), append(two, "two"))
        records = await read_all(one, EVENTS.name)
        assert len(records) == len({(r.partition, r.offset) for r in records}) == 160

    async def test_two_appenders_in_two_processes_never_share_an_offset(self, engine: LogEngine) -> None:
        log = await engine.open()
        codes = await asyncio.gather(*(run_child("append", engine.address, key, "60") for key in ("left", "right")))
        assert codes == [0, 0]
        records = await read_all(log, EVENTS.name)
        assert len(records) == len({(r.partition, r.offset) for r in records}) == 120
        for key in ("left", "right"):
            assert [int(r.body) for r in records if r.key == key] == list(range(60))


class TestKill:
    async def test_a_kill_between_append_and_commit_leaves_no_trace(self, engine: LogEngine) -> None:
        log = await engine.open()
        await log.append([message("k", 0)])
        code = await run_child("append", engine.address, "k", "10", failpoint="log_appended:4")
        assert code == -9
        records = await read_all(log, EVENTS.name)
        assert [int(r.body) for r in records] == [0, 0, 1, 2]
        await log.append([message("k", 9)])
        offsets = [r.offset for r in await read_all(log, EVENTS.name)]
        assert offsets == [0, 1, 2, 3, 4]


class TestSize:
    async def test_a_body_of_one_mebibyte_passes(self, log: Log) -> None:
        body = b"\xff" * MAX_BODY
        await log.append([message("k", 1, body=body)])
        [found] = await read_all(log, EVENTS.name)
        assert found.body == body

    async def test_a_larger_body_is_refused_and_nothing_of_its_batch_stays(self, log: Log) -> None:
        with pytest.raises(BodyTooLarge):
            await log.append([message("k", 1), message("k", 2, body=b"x" * (MAX_BODY + 1))])
        assert await read_all(log, EVENTS.name) == []


class TestPositions:
    async def test_seek_reads_from_the_position(self, log: Log) -> None:
        await log.append([message("k", n) for n in range(10)])
        place = Partition(EVENTS.name, partition_of("k", EVENTS.partitions))
        reader = log.reader()
        await reader.assign({place: 7})
        assert [r.offset for r in await drain(reader, 3)] == [7, 8, 9]
        await reader.assign({place: 2})
        assert [r.offset for r in await reader.poll(limit=3)] == [2, 3, 4]
        await reader.close()

    async def test_only_assigned_partitions_are_read(self, log: Log) -> None:
        await log.append([message(f"k{n}", n) for n in range(60)])
        reader = log.reader()
        await reader.assign({ALL_EVENTS[0]: 0})
        want = (await log.ends(EVENTS.name))[ALL_EVENTS[0]]
        assert {r.partition for r in await drain(reader, want)} == {ALL_EVENTS[0]}
        await reader.close()

    async def test_a_busy_partition_does_not_starve_another(self, log: Log) -> None:
        keys = {partition_of(f"k{n}", EVENTS.partitions): f"k{n}" for n in range(50)}
        await log.append([message(keys[0], n) for n in range(900)] + [message(keys[2], 1)])
        reader = log.reader()
        await reader.assign(dict.fromkeys(ALL_EVENTS, 0))
        seen = {r.partition.number for _ in range(3) for r in await reader.poll(limit=100)}
        assert 2 in seen
        await reader.close()

    async def test_a_position_past_the_end_is_lost(self, log: Log) -> None:
        await log.append([message("k", 1)])
        place = Partition(EVENTS.name, partition_of("k", EVENTS.partitions))
        reader = log.reader()
        await reader.assign({place: 5})
        with pytest.raises(PositionLost) as lost:
            await drain(reader, 1)
        assert lost.value.partition == place
        await reader.close()

    async def test_the_end_itself_is_a_good_position(self, log: Log) -> None:
        await log.append([message("k", 1)])
        reader = log.reader()
        await reader.assign(await log.ends(EVENTS.name))
        assert await reader.poll(timeout=0.1) == []
        await log.append([message("k", 2)])
        assert [r.body for r in await drain(reader, 1)] == [b"2"]
        await reader.close()

    async def test_a_poll_wakes_when_something_is_appended(self, log: Log) -> None:
        reader = log.reader()
        await reader.assign(await log.ends(EVENTS.name))
        await reader.poll(timeout=0.05)
        polling = asyncio.create_task(reader.poll(timeout=60.0))
        await log.append([message("k", 1)])
        async with asyncio.timeout(30):
            found = await polling
        while not found:
            found = await reader.poll(timeout=1.0)
        assert [r.body for r in found] == [b"1"]
        await reader.close()


class TestTail:
    async def test_tail_gives_only_what_comes_afterwards(self, log: Log) -> None:
        await log.append([message("k", n) for n in range(5)])
        tail = log.tail([EVENTS.name])
        first = asyncio.ensure_future(anext(tail))
        n = 100
        while not first.done():
            await log.append([message("k", n)])
            n += 1
            await asyncio.wait([first], timeout=0.05)
        assert int(first.result().body) >= 100
        await tail.aclose()  # type: ignore[attr-defined]


class TestRetention:
    async def test_offsets_are_never_used_again_after_retention(self, engine: LogEngine, log: Log) -> None:
        await log.append([message("k", n, SHORT.name) for n in range(2500)])
        await engine.sweep(log, real_now() + timedelta(minutes=5))
        place = Partition(SHORT.name, 0)
        assert await log.starts(SHORT.name) == await log.ends(SHORT.name) == {place: 2500}
        await log.append([message("k", 1, SHORT.name)])
        assert [r.offset for r in await read_all(log, SHORT.name)] == [2500]

    async def test_what_is_young_stays(self, engine: LogEngine, log: Log) -> None:
        await log.append([message("k", n, SHORT.name) for n in range(5)])
        await engine.sweep(log, real_now() + timedelta(seconds=50))
        assert len(await read_all(log, SHORT.name)) == 5

    async def test_retention_cuts_exactly_at_the_age(self, engine: LogEngine, log: Log) -> None:
        await log.append([message("k", n, SHORT.name) for n in range(7)])
        await asyncio.sleep(0.01)
        between = real_now()
        await asyncio.sleep(0.01)
        await log.append([message("k", n, SHORT.name) for n in range(7, 10)])
        await engine.sweep(log, between + SHORT.kept)
        assert [int(r.body) for r in await read_all(log, SHORT.name)] == [7, 8, 9]

    async def test_a_position_that_retention_has_passed_is_lost_not_moved(self, engine: LogEngine, log: Log) -> None:
        await log.append([message("k", n, SHORT.name) for n in range(5)])
        await engine.sweep(log, real_now() + timedelta(minutes=5))
        reader = log.reader()
        await reader.assign({Partition(SHORT.name, 0): 0})
        with pytest.raises(PositionLost):
            await drain(reader, 1)
        await reader.close()

    async def test_compaction_keeps_the_last_record_of_each_key_for_ever(self, engine: LogEngine, log: Log) -> None:
        await log.append([message(f"k{n % 4}", n, CATALOGUE.name) for n in range(20)])
        await engine.sweep(log, real_now() + timedelta(days=400))
        records = await read_all(log, CATALOGUE.name)
        assert sorted((r.key, int(r.body)) for r in records) == [("k0", 16), ("k1", 17), ("k2", 18), ("k3", 19)]
        await log.append([message("k0", 99, CATALOGUE.name)])
        newest = [r for r in await read_all(log, CATALOGUE.name) if r.key == "k0"][-1]
        assert newest.offset >= 10 and newest.body == b"99"

    async def test_a_reader_passes_over_the_holes_of_compaction(self, engine: LogEngine, log: Log) -> None:
        await log.append([message("k", n, CATALOGUE.name) for n in range(20)])
        await engine.sweep(log, real_now())
        reader = log.reader()
        await reader.assign({Partition(CATALOGUE.name, partition_of("k", 2)): 3})
        assert [int(r.body) for r in await drain(reader, 1)] == [19]
        await reader.close()


class TestIdentity:
    async def test_a_topic_keeps_its_identity_over_restarts(self, engine: LogEngine, log: Log) -> None:
        assert await (await engine.open()).topic_id(EVENTS.name) == await log.topic_id(EVENTS.name)
        assert await log.topic_id(EVENTS.name) != await log.topic_id(SHORT.name)

    async def test_a_topic_that_was_made_anew_has_another_identity(self, engine: LogEngine) -> None:
        before = await (await engine.open()).topic_id(EVENTS.name)
        await engine.recreate()
        assert await (await engine.open()).topic_id(EVENTS.name) != before
