"""The contract of transactions, for every database engine."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from kernel.db import Database, UtcDateTime
from tests.engines.schemas import make_tables
from tests.kernel.engines import NOTE, TABLES, Noted, OpenDatabase, encode, run_child

OUTBOX = TABLES.tables["outbox"]


async def numbers(database: Database, subject: str) -> list[int]:
    async with database.read() as tx:
        return [row.n for row in await tx.all(select(NOTE.c.n).where(NOTE.c.subject == subject).order_by(NOTE.c.n))]


async def outgoing(database: Database) -> list[int]:
    async with database.read() as tx:
        return [row.version for row in await tx.all(select(OUTBOX.c.version).order_by(OUTBOX.c.id))]


class TestBegin:
    async def test_reading_and_then_writing_works_while_two_processes_compete(
        self, database: Database, database_url: str
    ) -> None:
        codes = await asyncio.gather(*(run_child("add_numbers", database_url, "S", "60") for _ in range(2)))
        assert codes == [0, 0]
        assert await numbers(database, "S") == list(range(1, 121))

    async def test_many_tasks_write_one_after_the_other(self, database: Database) -> None:
        async def add() -> None:
            async with database.begin() as tx:
                row = await tx.first(select(func.max(NOTE.c.n)).where(NOTE.c.subject == "S"))
                await asyncio.sleep(0)
                await tx.execute(insert(NOTE).values(subject="S", n=(row[0] or 0 if row else 0) + 1))

        await asyncio.gather(*(add() for _ in range(40)))
        assert await numbers(database, "S") == list(range(1, 41))

    async def test_an_exception_undoes_everything_and_its_outbox_rows(self, database: Database) -> None:
        with pytest.raises(LookupError):
            async with database.begin() as tx:
                await tx.execute(insert(NOTE).values(subject="S", n=1))
                tx.emit(Noted("S", 1))
                raise LookupError
        assert await numbers(database, "S") == []
        assert await outgoing(database) == []

    async def test_an_event_that_cannot_be_encoded_undoes_the_transaction(self, database: Database) -> None:
        with pytest.raises(TypeError):
            async with database.begin() as tx:
                await tx.execute(insert(NOTE).values(subject="S", n=1))
                tx.emit(object())
        assert await numbers(database, "S") == []
        async with database.begin() as tx:
            tx.emit(Noted("S", 1))
        assert await outgoing(database) == [1]

    async def test_events_are_written_in_the_order_of_emitting(self, database: Database) -> None:
        async with database.begin() as tx:
            for n in (3, 1, 2):
                tx.emit(Noted("S", n))
        assert await outgoing(database) == [3, 1, 2]

    async def test_a_database_without_outbox_refuses_events(self, open_database: OpenDatabase) -> None:
        database = await open_database()
        with pytest.raises(RuntimeError):
            async with database.begin() as tx:
                tx.emit(Noted("S", 1))

    async def test_callbacks_run_after_the_commit_and_never_after_a_rollback(self, database: Database) -> None:
        called: list[str] = []
        async with database.begin() as tx:
            tx.after_commit(lambda: called.append("kept"))
            assert called == []
        with pytest.raises(LookupError):
            async with database.begin() as tx:
                tx.after_commit(lambda: called.append("lost"))
                raise LookupError
        assert called == ["kept"]


class TestCancellation:
    async def test_a_cancelled_transaction_leaves_nothing_and_blocks_nobody(self, database: Database) -> None:
        inside = asyncio.Event()

        async def work() -> None:
            async with database.begin() as tx:
                await tx.execute(insert(NOTE).values(subject="S", n=1))
                inside.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(work())
        await inside.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await numbers(database, "S") == []
        async with database.begin() as tx:
            await tx.execute(insert(NOTE).values(subject="S", n=1))

    async def test_cancelling_at_any_moment_is_all_or_nothing_and_tells_what_was_committed(
        self, database: Database
    ) -> None:
        told: list[int] = []

        async def work(n: int) -> None:
            async with database.begin() as tx:
                await tx.execute(insert(NOTE).values(subject="S", n=n))
                tx.emit(Noted("S", n))
                tx.after_commit(lambda: told.append(n))

        for n in range(60):
            task = asyncio.create_task(work(n))
            await asyncio.wait([task], timeout=n * 0.00015)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await numbers(database, "S") == sorted(told) == sorted(await outgoing(database))

    async def test_cancelled_readers_leave_the_pool_whole(self, database: Database) -> None:
        async def look() -> None:
            async with database.read() as tx:
                await tx.all(select(NOTE))

        for n in range(40):
            tasks = [asyncio.create_task(look()) for _ in range(6)]
            await asyncio.wait(tasks, timeout=n * 0.0002)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(30):
            await asyncio.gather(*(look() for _ in range(10)))


class TestSavepoint:
    async def test_a_failed_savepoint_drops_its_rows_events_and_callbacks_alone(self, database: Database) -> None:
        called: list[int] = []
        async with database.begin() as tx:
            for n in range(1, 5):
                try:
                    async with tx.savepoint():
                        await tx.execute(insert(NOTE).values(subject="S", n=n))
                        tx.emit(Noted("S", n))
                        tx.after_commit(lambda n=n: called.append(n))  # type: ignore[misc]
                        if n == 2:
                            raise LookupError
                except LookupError:
                    pass
        assert await numbers(database, "S") == await outgoing(database) == called == [1, 3, 4]

    async def test_an_event_that_cannot_be_encoded_undoes_its_savepoint_alone(self, database: Database) -> None:
        async with database.begin() as tx:
            tx.emit(Noted("S", 1))
            with pytest.raises(TypeError):
                async with tx.savepoint():
                    await tx.execute(insert(NOTE).values(subject="S", n=2))
                    tx.emit(Noted("S", 2))
                    tx.emit(object())
            tx.emit(Noted("S", 3))
        assert await outgoing(database) == [1, 3]
        assert await numbers(database, "S") == []

    async def test_the_transaction_goes_on_after_a_violated_constraint(self, database: Database) -> None:
        async with database.begin() as tx:
            await tx.execute(insert(NOTE).values(subject="S", n=1))
            with pytest.raises(IntegrityError):
                async with tx.savepoint():
                    await tx.execute(insert(NOTE).values(subject="S", n=1))
            await tx.execute(insert(NOTE).values(subject="S", n=2))
        assert await numbers(database, "S") == [1, 2]


class TestRead:
    async def test_a_view_stays_as_it_was_while_others_write(self, database: Database) -> None:
        async with database.read() as view:
            assert await view.all(select(NOTE)) == []
            async with database.begin() as tx:
                await tx.execute(insert(NOTE).values(subject="S", n=1))
            assert await view.all(select(NOTE)) == []
        assert await numbers(database, "S") == [1]

    async def test_a_view_cannot_write(self, database: Database) -> None:
        with pytest.raises(Exception, match="read"):
            async with database.read() as tx:
                await tx.execute(insert(NOTE).values(subject="S", n=1))

    @pytest.mark.parametrize("readers", [0, 1, 4])
    async def test_any_number_of_readers_serves_many_tasks(self, open_database: OpenDatabase, readers: int) -> None:
        database = await open_database(readers=readers)

        async def both(n: int) -> None:
            async with database.begin() as tx:
                await tx.execute(insert(NOTE).values(subject=f"S{n}", n=n))
            async with database.read() as tx:
                assert len(await tx.all(select(NOTE).where(NOTE.c.subject == f"S{n}"))) == 1

        await asyncio.gather(*(both(n) for n in range(30)))

    async def test_a_closed_database_refuses(self, open_database: OpenDatabase) -> None:
        database = await open_database()
        await database.close()
        with pytest.raises(RuntimeError):
            async with database.read():
                pass


class TestTimes:
    async def test_times_come_back_aware_and_in_utc(self, database_url: str) -> None:
        metadata = MetaData()
        table = Table("moment", metadata, Column("id", Integer, primary_key=True), Column("at", UtcDateTime))
        make_tables(database_url, metadata)
        database = await Database.open(database_url, metadata)
        at = datetime(2026, 11, 16, 15, 20, 1, 5, timezone(timedelta(hours=7)))
        async with database.begin() as tx:
            await tx.execute(insert(table).values(id=1, at=at))
            await tx.execute(insert(table).values(id=2, at=None))
            found = [row.at for row in await tx.all(select(table).order_by(table.c.id))]
        assert found == [at, None]
        assert found[0].tzinfo is UTC
        with pytest.raises(Exception, match="without zone"):
            async with database.begin() as tx:
                await tx.execute(insert(table).values(id=3, at=datetime(2026, 1, 1)))
        await database.close()


def test_the_encoder_of_the_suite_names_its_subject() -> None:
    assert encode(Noted("S", 3)).subject == "S"
