"""A journal from yesterday, a journal that is new: RESYNC until both sides are equal, then on as before."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from exchange import usecases
from tests.exchange.country import Country, country, until
from tests.exchange.office import Office
from tests.exchange.test_lanes import codes

pytestmark = pytest.mark.usefixtures("database_engine")


async def resynced(land: Country) -> bool:
    rows = await usecases.list_lanes(database=land.exchange.database, only=["H26"])
    return bool(rows) and rows[0].resyncs > 0 and not rows[0].resync and rows[0].connected


async def equal(land: Country, office: Office) -> bool:
    theirs = {subject: (epoch, version, digest) for subject, epoch, version, digest in await office.states()}
    ours = {code: (s.epoch, s.version, s.digest) for code, s in land.nation.states.items()}
    return theirs == ours


async def test_a_province_restored_from_yesterday_takes_the_nations_state(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 20))
            await until(lambda: len(land.nation.reports) == 20)
        office.close()
        home = tmp_path / "provinces" / "H26"
        shutil.copytree(home, tmp_path / "backup")
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 40)[20:])
            await until(lambda: len(land.nation.reports) == 40)
            for code in codes("H26", 40)[::2]:
                office.work(code)
            await until(lambda: len(land.nation.reports) == 60)
        office.close()
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "backup", home)
        office = land.office("H26")
        assert not await equal(land, office)
        diverged = codes("H26", 4)[3]
        office.work(diverged, "REFUSED")
        async with land.adapter("H26", office):
            await until(lambda: resynced(land), seconds=30, what="resync")
            await until(lambda: equal(land, office), what="both sides are equal")
            before = len(land.nation.reports)
            version = office.work(codes("H26", 1)[0], "DECIDED")
            await until(lambda: len(land.nation.reports) > before)
            assert land.nation.reports[-1].report.version == version
            await until(lambda: equal(land, office))
        office.close()


async def test_restored_books_beside_a_whole_journal_are_noticed(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        home = tmp_path / "provinces" / "H26"
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 5))
            await until(lambda: len(land.nation.reports) == 5)
        office.close()
        shutil.copytree(home, tmp_path / "backup")
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 10)[5:])
            await until(lambda: len(land.nation.reports) == 10)
        office.close()
        for name in ("office.db", "office.db-wal", "office.db-shm"):
            (home / name).unlink(missing_ok=True)
            if (tmp_path / "backup" / name).exists():
                shutil.copy(tmp_path / "backup" / name, home / name)
        office = land.office("H26")
        async with land.adapter("H26", office):
            await until(lambda: resynced(land), seconds=30, what="resync")
            await until(lambda: equal(land, office), what="both sides are equal")
            office.work(codes("H26", 10)[9])
            await until(lambda: len(land.nation.reports) == 11)
            await until(lambda: equal(land, office))
        office.close()


async def test_a_new_journal_beside_whole_books_reports_nothing_twice(tmp_path: Path) -> None:
    async with country(tmp_path) as land:
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 10))
            await until(lambda: len(land.nation.reports) == 10)
        async with land.adapter("H26", office, home=tmp_path / "elsewhere"):
            await until(lambda: resynced(land), seconds=30, what="resync of the new journal")
            office.work(codes("H26", 1)[0])
            await until(lambda: len(land.nation.reports) >= 11)
            assert len(land.nation.reports) == 11
            assert await equal(land, office)
        office.close()


async def test_comparing_finds_a_damaged_book_and_heals_it(tmp_path: Path) -> None:
    async with country(tmp_path, exchange_compare_settle=0) as land:
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 10))
            await until(lambda: len(land.nation.reports) == 10)

            database = land.exchange.database

            async def copied() -> bool:
                ours = await usecases.load_comparison(database=database, lane="H26", settle=timedelta(0))
                return not ours.unsettled and {row.version for row in ours.rows} == {2}

            async def all_equal() -> bool:
                return await land.exchange.compare_lane("H26") == 0

            await until(copied)
            await until(all_equal)
            office.damage(codes("H26", 3)[2])
            assert await land.exchange.compare_lane("H26") == 1
            await until(lambda: equal(land, office))
            await until(all_equal)
            wanted = land.nation.kinds("redelivery_wanted")
            assert [record.subject for record in wanted] == [codes("H26", 3)[2]]
        office.close()


async def test_what_just_changed_is_not_taken_for_damage(tmp_path: Path) -> None:
    async with country(tmp_path, exchange_compare_settle=300) as land:
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 3))
            await until(lambda: len(land.nation.reports) == 3)
            office.damage(codes("H26", 1)[0])
            assert await land.exchange.compare_lane("H26") == 0
        office.close()
