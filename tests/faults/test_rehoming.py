"""Fault test 11: open dossiers change their owner while the old one works and citizens go on, with a kill between."""

import json
import random
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from dossier_service.store.tables import DOSSIER, FORMER_OWNER, HISTORY, QUARANTINE
from kernel.digest import digest_bytes
from tests.exchange.office import pdf
from tests.faults.losing import rows
from tests.running import Portal, until

pytestmark = pytest.mark.slow  # more than a minute on either pair of engines

OLD, NEW = "H26", "H29"
PLACE = "00004"
PROCEDURE = "1.004873"
ENDS = {"returned", "withdrawn", "stopped"}
PATIENCE = 150.0


class Traffic:
    """Citizens who file, supplement with a file, or withdraw, and insist until they are answered."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.filed: list[str] = []
        self.files: list[tuple[str, str]] = []
        for person in ("citizen-1", "citizen-2"):
            portal.token(person)

    def person(self, seed: int) -> str:
        return f"citizen-{seed % 2 + 1}"

    def go(self, seed: int) -> str:
        """File a dossier and see it to its end; return its code."""
        dice = random.Random(seed)
        code = self.file(seed, asks=seed % 3 != 2)
        time.sleep(dice.uniform(0.0, 6.0))
        self.finish(seed, code)
        return code

    def file(self, seed: int, *, asks: bool) -> str:
        def file(client: httpx.Client) -> str:
            try:
                return self.portal.file_dossier(client, PROCEDURE, place=PLACE, asks_papers=asks)
            except AssertionError as broken:  # a draft that was filed by the call whose answer was lost
                raise httpx.ReadError(str(broken)) from None

        code: str = self._insist(seed, file)
        self.filed.append(code)
        return code

    def finish(self, seed: int, code: str) -> None:
        """Supplement what is asked for, or withdraw; wait for the end."""
        if seed % 3 == 0:
            self._insist(seed, lambda client: self._supplement(client, seed, code))
        elif seed % 3 == 1:
            wish = {"kind": "withdrawal", "text": "Tôi rút hồ sơ."}
            self._insist(seed, lambda client: self._ask(client, code, wish, f"withdraw-{code}"))
        self._insist(seed, lambda client: self._ended(client, code))

    def _supplement(self, client: httpx.Client, seed: int, code: str) -> bool:
        dossier = self.portal.dossier(client, code)
        asks = [ask for ask in dossier["asks"] if ask["state"] == "open"]
        if not asks:
            return bool(dossier["requests"]) or dossier["state"] in ENDS
        data = pdf(3000 + seed)
        stored = client.post(f"/api/dossiers/v1/dossiers/{code}/files", files={"file": ("giay.pdf", data)})
        if stored.status_code != 201:
            return False
        sha256 = str(stored.json()["sha256"])
        wish = {"kind": "supplement", "ask_no": asks[0]["ask_no"], "files": [sha256], "text": "Tôi bổ sung."}
        if not self._ask(client, code, wish, f"supplement-{code}"):
            return False
        self.files.append((code, sha256))
        return True

    def _ask(self, client: httpx.Client, code: str, wish: dict[str, Any], key: str) -> bool:
        path = f"/api/dossiers/v1/dossiers/{code}/requests"
        return client.post(path, json=wish, headers={"Idempotency-Key": key}).status_code in (201, 409)

    def _ended(self, client: httpx.Client, code: str) -> bool:
        dossier = self.portal.dossier(client, code)
        waiting = [request for request in dossier["requests"] if request["state"] == "open"]
        return dossier["state"] in ENDS and not waiting

    def _insist(self, seed: int, act: Callable[[httpx.Client], Any]) -> Any:
        end, said = time.monotonic() + PATIENCE, ""
        while time.monotonic() < end:
            try:
                with self.portal.client(self.person(seed)) as client:
                    if done := act(client):
                        return done
            except (httpx.HTTPError, AssertionError) as error:
                said = str(error)
            time.sleep(0.1)
        raise AssertionError(f"{act} got no answer in {PATIENCE} s: {said[:300]}")


def rehome(portal: Portal, source: str, target: str, *words: str) -> int:
    done = portal.command("province", "rehome", "--from", source, "--to", target, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return int(done.stdout.split()[0])


def finished(portal: Portal, futures: list[Future[str]]) -> None:
    for future in futures:
        future.result()
    with portal.client("operator-1") as operator:

        def arrived() -> bool:
            lanes = operator.get("/api/exchange/v1/lanes").json()["results"]
            return not any(row["undelivered"] for row in lanes if row["lane"] in (OLD, NEW))

        until(arrived, what="all arrived")


def test_every_dossier_has_one_owner_an_epoch_and_every_request_one_answer(
    new_portal: Callable[..., Portal], divisor: int
) -> None:
    count = max(500 // divisor, 30)
    portal = new_portal(pace="1", offices=f"{OLD},{NEW}").start()
    traffic = Traffic(portal)
    with ThreadPoolExecutor(12) as pool:
        there, back = traffic.file(0, asks=True), traffic.file(3, asks=True)
        futures = [pool.submit(traffic.go, seed) for seed in range(count)]
        until(lambda: len(traffic.filed) > count // 3, seconds=PATIENCE, what="a third is filed")
        moved = rehome(portal, OLD, NEW, "--share", "0.5")
        for code in (there, back):
            rehome(portal, OLD, NEW, "--subject", code)
            assert rehome(portal, OLD, NEW, "--subject", code) == 0, "safe to repeat"
        until(lambda: len(traffic.filed) > count // 2, seconds=PATIENCE, what="half is filed")
        portal.kill()
        moved += rehome(portal, OLD, NEW, "--share", "0.5")
        portal.start()
        until(lambda: len(traffic.filed) > count * 2 // 3, seconds=PATIENCE, what="two thirds are filed")
        assert rehome(portal, NEW, OLD, "--subject", back) == 1
        moved += rehome(portal, OLD, NEW, "--share", "0.5")
        traffic.finish(0, there)
        traffic.finish(3, back)
        finished(portal, futures)
    assert moved > 0
    portal.check(seconds=90)
    owners = owners_of(portal)
    assert (owners[there], owners[back]) == ([OLD, NEW], [OLD, NEW, OLD])
    nothing_of_a_former_owner_was_applied(portal, owners)
    the_new_owner_has_every_file(portal, traffic, owners)
    late = rows(portal, "dossiers", select(QUARANTINE.c.id).where(QUARANTINE.c.reason == "STALE_OWNER"))
    print(
        f"{len(owners)} dossiers, {sum(len(each) > 1 for each in owners.values())} handed on, {len(late)} late reports"
    )


def owners_of(portal: Portal) -> dict[str, list[str]]:
    """Return each dossier's owners, epoch by epoch."""
    owners: dict[str, list[str]] = {}
    for code, _, lane in rows(
        portal, "dossiers", select(FORMER_OWNER.c.code, FORMER_OWNER.c.epoch, FORMER_OWNER.c.lane)
    ):
        owners.setdefault(code, []).append(lane)
    for code, epoch, lane in rows(portal, "dossiers", select(DOSSIER.c.code, DOSSIER.c.epoch, DOSSIER.c.lane)):
        owners.setdefault(code, []).append(lane)
        assert len(owners[code]) == epoch, f"{code}: {owners[code]} in {epoch} epochs"
    return owners


def nothing_of_a_former_owner_was_applied(portal: Portal, owners: dict[str, list[str]]) -> None:
    """Every reported step was taken by an office of the lane that owned the dossier in the step's epoch."""
    steps = select(HISTORY.c.code, HISTORY.c.n, HISTORY.c.epoch, HISTORY.c.content).where(
        HISTORY.c.kind.in_(("state_reported", "due_changed", "request_answered", "dossier_delivered"))
    )
    for code, n, epoch, content in rows(portal, "dossiers", steps):
        office = json.loads(content)["office"].partition(".")[0]
        assert office == owners[code][epoch - 1], f"{code}: entry {n} of epoch {epoch} is by {office}"


def the_new_owner_has_every_file(portal: Portal, traffic: Traffic, owners: dict[str, list[str]]) -> None:
    """What citizens brought lies whole in the books of whoever answered it in the end."""
    for code, sha256 in traffic.files:
        path = portal.data / "provinces" / owners[code][-1] / "files" / code / sha256
        assert path.exists(), f"{code}: {owners[code][-1]} never got {sha256}"
        assert digest_bytes(path.read_bytes()) == sha256
