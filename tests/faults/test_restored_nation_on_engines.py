"""The drill on PostgreSQL and Kafka: both are lost; the back-up, new topics and a republish give the same state."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from motcua.cluster.engines import Kafka, Postgres
from motcua.migrate import upgrade
from motcua.topics import create_and_check
from tests.engines.shared import fresh_database, or_skip
from tests.ports import free_port
from tests.running import Portal, until

pytestmark = pytest.mark.slow

LANE, PLACE, BIRTH = "H26", "00004", "1.004873"


@pytest.fixture
def second_url(postgres: Postgres) -> Iterator[str]:
    """Another database of its own."""
    with fresh_database(postgres) as url:
        yield url


def portal_on(data: Path, url: str, broker: Kafka) -> Portal:
    """Return a nation over these two, tables and topics made."""
    upgrade(url)
    create_and_check(f"127.0.0.1:{broker.port}", replicas=1, wait=30)
    told = {
        "MOTCUA_DATABASE": f"{url}?options=-csearch_path%3D{{schema}}",
        "MOTCUA_OWNER": url,
        "MOTCUA_KAFKA": f"127.0.0.1:{broker.port}",
        "MOTCUA_SINGLE_BROKER": "1",
    }
    data.mkdir(exist_ok=True)
    return Portal(data, pace="0", offices=LANE, env=told)


def run(portal: Portal, *words: str) -> str:
    done = portal.command(*words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_nation_on_postgres_and_kafka_is_put_back(tmp_path: Path, postgres_url: str, second_url: str) -> None:
    backup = tmp_path / "backup"
    with or_skip():
        first = Kafka(tmp_path / "first", free_port())
        second = Kafka(tmp_path / "second", free_port())
        first.start()
    try:
        portal = portal_on(tmp_path / "data", postgres_url, first).start()
        with portal.client("citizen-1") as client:
            kept = [portal.file_dossier(client, BIRTH, place=PLACE) for _ in range(3)]
            for code in kept:
                portal.until_status(client, code, 10, seconds=60)
            underway = [portal.file_dossier(client, BIRTH, place=PLACE) for _ in range(5)]
            run(portal, "backup", "--to", str(backup))
            for code in underway:
                portal.until_status(client, code, 10, seconds=60)
            lost = portal.file_dossier(client, BIRTH, place=PLACE)
            portal.until_status(client, lost, 10, seconds=60)
        assert portal.stop() == 0
        first.kill()
        second.start()
        again = portal_on(tmp_path / "again", second_url, second)
        run(again, "restore", "--from", str(backup), "--no-provinces")
        shutil.copytree(portal.data / "provinces", again.data / "provinces")
        again.start()
        run(again, "republish", "all")
        for service in ("search", "dossiers", "citizen", "exchange"):
            again.command("log", "restart-lost", "--service", service)
        with again.client("citizen-1") as client:
            for code in (*kept, *underway):
                again.until_status(client, code, 10, seconds=90)
            fresh = again.file_dossier(client, BIRTH, place=PLACE)
            assert fresh != lost
            again.until_status(client, fresh, 10, seconds=60)
        named = f"{lost}: in the books of {LANE}, and the nation does not know it"
        until(lambda: again.command("check", "--settle", "0").stdout.splitlines()[:-1] == [named], seconds=90)
    finally:
        for each in (locals().get("portal"), locals().get("again")):
            if isinstance(each, Portal):
                each.kill()
        first.kill()
        second.kill()
