"""Fault test 2: a province comes back from yesterday's back-up."""

import shutil
from collections.abc import Callable

from tests.running import Portal, until

LANE = "H26"
PLACE = "00004"


def test_a_province_restored_from_yesterday_takes_the_nations_state(
    new_portal: Callable[..., Portal], divisor: int
) -> None:
    after_the_backup = max(3, 200 // 5 // divisor)  # five reports a dossier
    portal = new_portal(pace="0", offices=LANE).start()
    books = portal.data / "provinces" / LANE
    with portal.client("citizen-1") as client:
        old = [portal.file_dossier(client, "1.004873", place=PLACE) for _ in range(3)]
        for code in old:
            portal.until_status(client, code, 10)
    portal.kill()
    backup = portal.data.parent / "backup"
    shutil.copytree(books, backup)
    portal.start()
    with portal.client("citizen-1") as client:
        later = [portal.file_dossier(client, "1.004873", place=PLACE) for _ in range(after_the_backup)]
        before = {code: portal.until_status(client, code, 10)["version"] for code in later}
    portal.kill()
    shutil.rmtree(books)
    shutil.copytree(backup, books)
    portal.start()
    with portal.client("operator-1") as operator:

        def lane() -> dict[str, object]:
            lanes = operator.get("/api/exchange/v1/lanes").json()["results"]
            return dict(next(row for row in lanes if row["lane"] == LANE))

        until(lambda: lane()["connected"] and not lane()["resync"], seconds=60, what="the resync is done")
        assert lane()["resyncs"], "the nation noticed that the journal is older than what it holds"
    with portal.client("citizen-1") as client:
        new = portal.file_dossier(client, "1.004873", place=PLACE)
        portal.until_status(client, new, 10, seconds=60)
        for code, version in before.items():
            shown = portal.dossier(client, code)
            assert (shown["status"], shown["version"]) == (10, version), "no decision may vanish"
    portal.check()
