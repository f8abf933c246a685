"""The drill: the nation is backed up while people file, lost, and put back; the provinces have gone on meanwhile."""

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.running import Portal, until

LANE = "H26"
PLACE = "00004"
BIRTH = "1.004873"


def backed_up(portal: Portal, into: Path) -> None:
    done = portal.command("backup", "--to", str(into))
    assert done.returncode == 0, done.stdout + done.stderr


def restored(portal: Portal, source: Path, *words: str) -> Portal:
    """Return a portal over a new folder into which the back-up was put."""
    elsewhere = Portal(portal.data.parent / f"{portal.data.name}-again", pace="0", offices=LANE, env=portal.env)
    done = elsewhere.command("restore", "--from", str(source), *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return elsewhere


def file_until(portal: Portal, stop: threading.Event, filed: list[str]) -> None:
    with portal.client("citizen-1") as client:
        while not stop.is_set():
            filed.append(portal.file_dossier(client, BIRTH, place=PLACE))


def lane_of(client: httpx.Client) -> dict[str, object]:
    lanes = client.get("/api/exchange/v1/lanes").json()["results"]
    return dict(next(row for row in lanes if row["lane"] == LANE))


@pytest.mark.slow
def test_everything_acknowledged_before_the_backup_is_there_again(new_embedded: Callable[..., Portal]) -> None:
    portal = new_embedded(pace="0", offices=LANE).start()
    backup, stop, filed = portal.data.parent / "backup", threading.Event(), list[str]()
    with portal.client("citizen-1") as client:
        kept = [portal.file_dossier(client, BIRTH, place=PLACE) for _ in range(3)]
        portal.until_status(client, kept[0], 10)
    filing = threading.Thread(target=file_until, args=(portal, stop, filed))
    filing.start()
    until(lambda: len(filed) > 2, what="people file")
    before = list(filed)
    backed_up(portal, backup)
    count = len(filed)
    until(lambda: len(filed) > count + 2, what="people file on")
    stop.set()
    filing.join()
    assert portal.stop() == 0
    again = restored(portal, backup)
    try:
        again.start()
        with again.client("citizen-1") as client:
            for code in [*kept, *before]:
                again.until_status(client, code, 10, seconds=60)
            fresh = again.file_dossier(client, BIRTH, place=PLACE)
            assert fresh not in filed, "a code that a lost dossier had is never given again"
            again.until_status(client, fresh, 10)
        again.check(seconds=60)
    finally:
        again.kill()


def test_a_nation_restored_from_yesterday_takes_what_the_provinces_did_since(
    new_embedded: Callable[..., Portal],
) -> None:
    portal = new_embedded(pace="0", offices=LANE).start()
    backup = portal.data.parent / "backup"
    with portal.client("citizen-1") as client:
        done = portal.file_dossier(client, BIRTH, place=PLACE)
        portal.until_status(client, done, 10)
        asked = portal.file_dossier(client, BIRTH, place=PLACE, asks_papers=True)
        waiting = portal.until_dossier(client, asked, lambda found: bool(found["asks"]))
        backed_up(portal, backup)
        request = {"kind": "withdrawal", "text": "Tôi rút hồ sơ."}
        sent = client.post(f"/api/dossiers/v1/dossiers/{asked}/requests", json=request)
        assert sent.status_code == 201, sent.text
        ended = portal.until_dossier(client, asked, lambda found: found["version"] > waiting["version"])
        lost = [portal.file_dossier(client, BIRTH, place=PLACE) for _ in range(3)]
        for code in lost:
            portal.until_status(client, code, 10)
    assert portal.stop() == 0
    again = restored(portal, backup, "--no-provinces")
    shutil.copytree(portal.data / "provinces", again.data / "provinces")
    try:
        again.start()
        with again.client("operator-1") as operator:
            ready = lambda: lane_of(operator)["connected"] and not lane_of(operator)["resync"]  # noqa: E731
            until(ready, seconds=60, what="both sides are equal")
        with again.client("citizen-1") as client:
            assert again.dossier(client, done)["status"] == 10
            fresh = [again.file_dossier(client, BIRTH, place=PLACE) for _ in range(4)]
            assert not set(fresh) & set(lost)
            for code in fresh:
                again.until_status(client, code, 10, seconds=60)
            again.until_dossier(client, asked, lambda found: found["version"] >= ended["version"], seconds=60)
            assert again.dossier(client, asked)["state"] == ended["state"] == "withdrawn"
        told = again.command("check", "--settle", "0").stdout
        for code in lost:
            assert f"{code}: in the books of {LANE}, and the nation does not know it" in told
        assert len(told.strip().splitlines()) == len(lost) + 1, told
    finally:
        again.kill()


def test_a_damaged_or_unfinished_backup_and_a_full_folder_are_refused(new_embedded: Callable[..., Portal]) -> None:
    portal = new_embedded(pace="0", offices=LANE)
    backup = portal.data.parent / "backup"
    backed_up(portal, backup)
    full = portal.command("restore", "--from", str(backup))
    assert (full.returncode, "holds a portal already" in full.stderr) == (1, True)
    assert portal.command("backup", "--to", str(backup)).returncode == 1
    empty = Portal(portal.data.parent / "empty", env=portal.env)
    noted = json.loads((backup / "manifest.json").read_text())
    name = next(part["path"] for part in noted["parts"] if part["path"] == "services/dossiers.db")
    with (backup / name).open("r+b") as file:
        file.seek(5000)
        file.write(b"damaged")
    refused = empty.command("restore", "--from", str(backup))
    assert (refused.returncode, "services/dossiers.db is damaged" in refused.stderr) == (1, True)
    (backup / "manifest.json").unlink()
    assert "no finished back-up" in empty.command("restore", "--from", str(backup)).stderr
    assert not (empty.data / "services").exists()
