"""Life events, guides and questions on the log: said once, said again when they differ or when a copy is built."""

from dataclasses import replace

from sqlalchemy import select

from kernel.db import Database
from proto.events.v1 import catalog_pb2 as pb
from services_catalog import usecases
from services_catalog.model.information import Information
from services_catalog.settings import HERE
from services_catalog.store import OUTBOX
from services_catalog.store.information import read_information
from services_catalog.usecases.information import announce_information

INFORMATION = read_information(HERE / "information")
ALL = len(INFORMATION.events) + len(INFORMATION.guides) + len(INFORMATION.questions)


async def told(database: Database) -> list[pb.InformationPublished]:
    async with database.read() as tx:
        rows = await tx.all(select(OUTBOX).order_by(OUTBOX.c.id))
    return [pb.InformationPublished.FromString(row.body) for row in rows if row.type == "information_published"]


async def announce(database: Database, information: Information) -> int:
    return await announce_information(database=database, information=information)


async def test_what_did_not_change_is_said_once(database: Database) -> None:
    assert await announce(database, INFORMATION) == ALL
    assert await announce(database, INFORMATION) == 0
    events = {one.id: one for one in await told(database) if one.kind == "life_event"}
    assert "1.001193" in events["child"].procedures and events["child"].address == "/life-events/child"
    assert {one.version for one in await told(database)} == {1}


async def test_what_is_gone_is_withdrawn_and_may_come_back(database: Database) -> None:
    await announce(database, INFORMATION)
    fewer = replace(INFORMATION, guides=INFORMATION.guides[1:])
    assert [await announce(database, one) for one in (fewer, fewer, INFORMATION)] == [1, 0, 1]
    gone, back = (await told(database))[-2:]
    assert (gone.version, gone.withdrawn, gone.title) == (2, True, INFORMATION.guides[0].title.vi)
    assert (back.version, back.withdrawn, back.id) == (3, False, gone.id)


async def test_republishing_says_everything_again_in_the_same_version(database: Database) -> None:
    await announce(database, INFORMATION)
    first = {one.id: one.SerializeToString() for one in await told(database)}
    await usecases.republish(database=database)
    again = await told(database)
    assert len(again) == 2 * ALL
    assert {one.id: one.SerializeToString() for one in again[ALL:]} == first
