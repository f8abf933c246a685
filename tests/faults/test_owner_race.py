"""Fault test 1: the citizen withdraws while the office decides, at random moments, with a kill in between."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.running import Portal

PLACE = "00004"
ENDS = {"returned", "withdrawn"}


def _race(portal: Portal, seed: int) -> str:
    """File, wait a little, withdraw; return the dossier's code. Insists while the process is down."""
    dice = random.Random(seed)
    with portal.client("citizen-1" if seed % 2 else "citizen-2") as client:
        end = time.monotonic() + 90
        while True:
            try:
                code = portal.file_dossier(client, "1.004873", place=PLACE)
                break
            except (httpx.HTTPError, AssertionError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.3)
        time.sleep(dice.uniform(0.0, 1.2))
        end, said = time.monotonic() + 90, "nothing"
        while time.monotonic() < end:
            try:
                asked = client.post(
                    f"/api/dossiers/v1/dossiers/{code}/requests",
                    json={"kind": "withdrawal", "text": "Tôi rút hồ sơ."},
                    headers={"Idempotency-Key": f"race-{seed}"},
                )
            except httpx.HTTPError:
                time.sleep(0.2)
                continue
            if asked.status_code in (201, 409):
                return code
            said = asked.text
            time.sleep(0.2)
    raise AssertionError(f"the withdrawal got no answer but {said}")


def test_withdrawal_against_decision_has_exactly_one_end(new_portal: Callable[..., Portal], divisor: int) -> None:
    interleavings = 500 // divisor
    portal = new_portal(pace="0.1", offices="H26").start()
    for person in ("citizen-1", "citizen-2"):
        portal.token(person)
    with ThreadPoolExecutor(6) as pool:
        racing = [pool.submit(_race, portal, seed) for seed in range(interleavings)]
        time.sleep(3)
        portal.kill()
        portal.start()
        codes = [future.result() for future in racing]
    assert len(set(codes)) == interleavings
    ends: dict[str, int] = {}
    for code in codes:
        owner = next(p for p in ("citizen-1", "citizen-2") if _is_owner(portal, p, code))
        with portal.client(owner) as client:
            done = portal.until_dossier(client, code, lambda found: found["state"] in ENDS, seconds=60)
            states = [request["state"] for request in done["requests"]]
            assert "open" not in states
            if done["state"] == "withdrawn":
                assert states == ["accepted"]
            ends[done["state"]] = ends.get(done["state"], 0) + 1
    print(f"ends: {ends}")
    portal.check()


def _is_owner(portal: Portal, person: str, code: str) -> bool:
    with portal.client(person) as client:
        return client.get(f"/api/dossiers/v1/dossiers/{code}").status_code == 200
