"""Fault test 3: the process kills itself at each commit boundary, again and again; nothing is lost or doubled."""

import contextlib
import os
from collections.abc import Callable

import httpx
import pytest

from tests.running import Portal, until

LANE, PLACE = "H26", "00004"

FAILPOINTS = (
    "log_appended",  # inside the log's transaction, before it commits
    "outbox_published",  # after the log's ack, before the rows are deleted
    "delivery_drained",  # after the lane's item commits, before anything is sent
    "delivery_journaled",  # after the adapter's journal, before the ack
    "delivery_acked",  # after the exchange stored the ack
    "delivery_applied",  # after the office took it, before the journal says so
    "report_journaled",  # after the adapter's journal, before the report is sent
    "report_stored",  # after the exchange stored the report, before the receipt
)


# `make test` takes one for each side of the road and one for the log; the slow drills take all of them on embedded
# engines and these on the real ones, and every one at a greater length.
QUICK = ("outbox_published", "delivery_journaled", "report_stored")
CASES = [
    pytest.param(engines, name, marks=[] if engines == "embedded" and name in QUICK else [pytest.mark.slow])
    for engines in ("embedded", "postgres+kafka")
    for name in FAILPOINTS
    if engines == "embedded" or name in QUICK or os.environ.get("MOTCUA_LENGTH", "short") != "short"
]


@pytest.mark.parametrize(("new_portal", "failpoint"), CASES, indirect=["new_portal"])
def test_a_kill_at_a_commit_boundary_changes_nothing(
    new_portal: Callable[..., Portal], failpoint: str, divisor: int
) -> None:
    rounds = {20: 1, 5: 2, 1: 10}[divisor]
    portal = new_portal(pace="0", offices=LANE)
    armed = portal.data.parent / "armed"
    codes: list[str] = []
    for _ in range(rounds):
        portal.start(MOTCUA_FAILPOINT=f"{failpoint}:1@{armed}")
        armed.touch()
        with portal.client("citizen-1") as client, contextlib.suppress(httpx.HTTPError):
            codes.append(portal.file_dossier(client, "1.004873", place=PLACE))
        until(lambda: portal.process is not None and portal.process.poll() == -9, what=f"{failpoint} fired")
        armed.unlink()
    portal.start()
    with portal.client("citizen-1") as client:
        codes.append(portal.file_dossier(client, "1.004873", place=PLACE))
        for code in codes:
            portal.until_status(client, code, 10)
    portal.check()
