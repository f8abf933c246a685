import asyncio
import json
import time
from datetime import timedelta
from pathlib import Path

from joserfc.jwk import KeySet

from kernel.auth import Verifier
from kernel.clock import Clock
from kernel.log import SqliteLog, Topic
from proto.events.v1 import catalog_pb2 as pb
from services_catalog import main
from services_catalog.model.announced import announced
from services_catalog.settings import CatalogSettings
from services_catalog.store.information import read_information


async def no_keys() -> dict[str, object]:
    return dict(KeySet([]).as_dict())


async def test_the_service_seeds_itself_and_publishes_everything_once(tmp_path: Path) -> None:
    topic = Topic("catalog.v1", partitions=12, compact=True)
    log = await SqliteLog.open(f"sqlite+aiosqlite:///{tmp_path / 'log.db'}", [topic])
    verifier = Verifier(issuer="http://127.0.0.1/id", keys=no_keys)
    running = await main.build(CatalogSettings(data=tmp_path), log=log, clock=Clock(), verifier=verifier)
    assert await running.ready() == {"database": True, "catalogue": True}
    loops: list[asyncio.Future[None]] = [asyncio.ensure_future(loop()) for loop in running.loops]
    reader = log.reader()
    await reader.assign(dict.fromkeys(await log.ends("catalog.v1"), 0))
    bodies: dict[str, tuple[str, bytes]] = {}
    deadline = time.monotonic() + 60
    told = len(list(announced(read_information(CatalogSettings(data=tmp_path).information))))
    expected = 2 * 5606 + 3321 + 63 + told
    while len(bodies) < expected and time.monotonic() < deadline:
        for record in await reader.poll(limit=500, timeout=0.5):
            assert record.key == record.headers["subject"]
            bodies[record.key] = (record.headers["ce_type"], record.body)
    assert len(bodies) == expected
    kind, body = bodies["1.001193@1"]
    revision = pb.ProcedureRevisionPublished.FromString(body)
    assert kind == "procedure_revision_published"
    assert revision.fileable and revision.competent_level == "commune"
    assert len(json.loads(revision.content_json)["examples"]) >= 3
    assert json.loads(revision.form_json)["procedure"] == "1.001193"
    place = pb.PlacePublished.FromString(bodies["place/00004"][1])
    assert (place.lane, place.office) == ("H26", "H26.00004")
    kind, body = bodies["information/question/marry-age"]
    question = pb.InformationPublished.FromString(body)
    assert (kind, list(question.procedures)) == ("information_published", ["1.000894"])
    assert question.address == "/questions?topic=family#marry-age"
    assert pb.ParticipantPublished.FromString(bodies["participant/H26"][1]).lanes == ["H26"]
    for task in loops:
        task.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await reader.close()
    await running.close()
    await log.close()


async def test_seeding_is_quick_tells_its_progress_and_can_be_repeated(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    began = time.perf_counter()
    settings = CatalogSettings(data=tmp_path)
    report = await main.seed(settings, clock=Clock(), progress=lambda *step: told.append(step))
    assert timedelta(seconds=time.perf_counter() - began) < timedelta(seconds=15)
    assert told[0] == ("places", 3321, 3321) and told[-1] == ("procedures", 5606, 5606)
    assert len(report.catalogue.added) == 5606
    again = await main.seed(settings, clock=Clock())
    assert (again.catalogue.changes, again.places.changed) == (0, 0)
    imported = await main.import_file(settings, settings.seed / "procedures.csv", clock=Clock())
    assert imported.changes == 0
    lines = list(report.catalogue.lines())
    assert lines[0].startswith("5608 rows: 5606 added") and "row 2516" in lines[2]
