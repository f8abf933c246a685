"""Fault test 3: the process kills itself at each commit boundary, again and again; nothing is lost or doubled."""

from collections.abc import Callable

import pytest

from tests.running import Portal, until

FAILPOINTS = (
    "outbox_published",  # after the log's ack, before the rows are deleted
    "delivery_drained",  # after lane_item commits, before anything is sent
    "delivery_journaled",  # after the journal, before the ack
    "delivery_acked",  # after the ack is stored by the exchange
    "report_journaled",  # after the adapter's journal, before the report is sent
    "report_stored",  # after the exchange stores the report, before the receipt
    "reports_applied",  # after the dossier and the position commit
)


@pytest.mark.parametrize("failpoint", FAILPOINTS)
def test_a_kill_at_a_commit_boundary_changes_nothing(
    new_portal: Callable[..., Portal], failpoint: str, divisor: int
) -> None:
    rounds = {20: 1, 5: 2, 1: 10}[divisor]
    portal = new_portal(pace="0", env={"MOTCUA_LIMITS": "off"})
    codes = []
    for number in range(rounds):
        portal.start(MOTCUA_FAILPOINT=f"{failpoint}:{number * 2 + 1}")
        with portal.client("citizen-1") as client:
            try:
                codes.append(portal.file_dossier(client, "1.004873"))
            except Exception as error:  # the process may die under the call: then nothing was acknowledged
                assert "dossier" not in type(error).__name__.lower()
        until(lambda: portal.process is not None and portal.process.poll() is not None, what=f"{failpoint} fired")
    portal.start()
    with portal.client("citizen-1") as client:
        codes.append(portal.file_dossier(client, "1.004873"))
        for code in codes:
            portal.until_status(client, code, 10)
    portal.check()
