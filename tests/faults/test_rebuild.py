"""Fault test 12: copies are lost while people go on filing; their owners say them again, and nobody is told twice."""

import contextlib
import csv
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from email import policy
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Table, func, select

from citizen_service.store import ACCESS, NOTICE
from citizen_service.store import OUTBOX as CITIZEN_OUTBOX
from dossier_service.store.tables import HEAD as HEAD_COPY
from dossier_service.store.tables import PARTICIPANT, PLACE, REVISION
from exchange.store import DOSSIER as COMPARED
from exchange.store import LANE_ITEM
from exchange.store import OUTBOX as EXCHANGE_OUTBOX
from search_service.store.rows import HEAD
from search_service.store.rows import REVISION as SEARCHED
from tests.faults.losing import lose, rows
from tests.running import ROOT, Portal, until

pytestmark = pytest.mark.slow  # more than a minute on either pair of engines

CODE = "1.004873"
PLACES = {"H26": "00004", "H17": "20242"}
UNPLUGGED = "26704"  # of an office that is not connected at first
COPIES = ("revision", "procedure_head", "place", "participant")


def of(table: Table, *, without: tuple[str, ...] = ()) -> Any:
    """Return the query of every column but some."""
    return select(*(column for column in table.columns if column.name not in without))


def content(portal: Portal, codes: list[str]) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the copies, those of dossiers for ``codes`` alone; numbers given by a table aside."""
    about = {table: table.c["dossier"].in_(codes) for table in (NOTICE, ACCESS)}
    times = ("changed_at", "wanted_at")
    return {
        "notices": rows(portal, "citizen", of(NOTICE, without=("id", "send_after")).where(about[NOTICE])),
        "accesses": rows(portal, "citizen", of(ACCESS, without=("id",)).where(about[ACCESS])),
        "compared": rows(portal, "exchange", of(COMPARED, without=times).where(COMPARED.c.code.in_(codes))),
        "searched": rows(portal, "search", of(SEARCHED)),
        "heads": rows(portal, "search", of(HEAD)),
        **{table.name: rows(portal, "dossiers", of(table)) for table in (REVISION, HEAD_COPY, PLACE, PARTICIPANT)},
    }


def mails(data: Path) -> Counter[str]:
    """Return how often each message left, by its Message-ID."""
    parser = BytesHeaderParser(policy=policy.default)
    return Counter(str(parser.parsebytes(path.read_bytes())["Message-ID"]) for path in (data / "outbox").glob("*.eml"))


def other_title(into: Path) -> Path:
    """Write a catalogue file that gives the procedure another title: its next revision."""
    with (ROOT / "services_catalog/seed/procedures.csv").open(newline="") as source:
        found = [row for row in csv.DictReader(source) if row["code"] == CODE]
    with into.open("w", newline="") as out:
        writer = csv.DictWriter(out, found[0].keys())
        writer.writeheader()
        writer.writerow(found[0] | {"name": found[0]["name"] + " (sửa đổi)"})
    return into


@contextlib.contextmanager
def people_filing(portal: Portal, filed: list[str]) -> Iterator[None]:
    """File dossiers all the while; a portal that is down is asked again."""
    ended = threading.Event()
    wrong: list[BaseException] = []

    def work() -> None:
        number = 0
        with portal.client("citizen-2") as client:
            while not ended.is_set():
                place = list(PLACES.values())[number % len(PLACES)]
                try:
                    filed.append(portal.file_dossier(client, CODE, place=place))
                except (httpx.HTTPError, AssertionError) as error:
                    wrong.append(error)  # down, or its catalogue's copy is just lost
                number += 1
                ended.wait(0.2)

    portal.token("citizen-2")
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(60)


def count(portal: Portal, service: str, table: Table) -> int:
    """Return how many rows a table has."""
    return int(rows(portal, service, select(func.count()).select_from(table))[0][0])


def settled(portal: Portal, codes: list[str]) -> bool:
    """Tell whether all mail left and nothing waits to be published."""
    unsent = select(NOTICE.c.id).where(NOTICE.c.channel == "mail", NOTICE.c.sent_at.is_(None))
    told = {row[0] for row in rows(portal, "citizen", select(NOTICE.c.dossier).distinct())}
    waiting = count(portal, "citizen", CITIZEN_OUTBOX) + count(portal, "exchange", EXCHANGE_OUTBOX)
    return set(codes) <= told and not rows(portal, "citizen", unsent) and not waiting


def republish(portal: Portal, owner: str) -> None:
    done = portal.command("republish", owner)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "events say its state again" in done.stdout


def test_lost_copies_are_rebuilt_while_people_file_and_nobody_is_told_twice(
    new_portal: Callable[..., Portal], divisor: int
) -> None:
    portal = new_portal(pace="0", offices=",".join(PLACES)).start()
    with portal.client("citizen-1") as client:
        portal.to_daytime(client)
        old_draft = client.post("/api/dossiers/v1/drafts", json={"procedure": CODE, "place": PLACES["H26"]}).json()
        answers = portal.example(client, CODE)["answers"]
        codes = [
            portal.file_dossier(client, CODE, place=place)
            for place in PLACES.values()
            for _ in range(max(2, 40 // divisor))
        ]
        away = portal.file_dossier(client, CODE, place=UNPLUGGED)
        lane = portal.dossier(client, away)["lane"]
        assert lane not in PLACES
        wished = client.post(f"/api/dossiers/v1/dossiers/{away}/requests", json={"kind": "withdrawal"})
        assert wished.status_code == 201, wished.text
        for code in codes:
            portal.until_status(client, code, 10, seconds=60)
        notices = client.get("/api/me/v1/notices").json()["results"]
        assert client.post(f"/api/me/v1/notices/{notices[0]['id']}/read").status_code == 200
    assert portal.command("catalog", "import", str(other_title(portal.data.parent / "c.csv"))).returncode == 0
    until(lambda: len(rows(portal, "dossiers", of(REVISION).where(REVISION.c.code == CODE))) == 2, what="revision 2")
    until(lambda: settled(portal, [*codes, away]), seconds=60, what="all is told and published")
    until(lambda: all(row[5] == row[1] for row in rows(portal, "search", of(HEAD))), what="indexed")
    before, sent = content(portal, [*codes, away]), mails(portal.data)
    assert before["notices"] and sent

    filed: list[str] = []
    portal.kill()
    with people_filing(portal, filed):
        for service in ("citizen", "search", "exchange"):
            lose(portal, service)
        portal.start()
        lose(portal, "dossiers", COPIES)
        for _ in range(2):
            republish(portal, "all")
        until(lambda: len(filed) >= 3, seconds=90, what="people file")
    assert filed
    until(lambda: settled(portal, [*codes, away, *filed]), seconds=90, what="all is told and published again")
    with contextlib.suppress(AssertionError):
        until(lambda: content(portal, [*codes, away]) == before, seconds=60)
    after = content(portal, [*codes, away])
    differing = {name: (set(after[name]) ^ set(before[name])) for name in before if after[name] != before[name]}
    assert not differing
    left = mails(portal.data)
    assert sent.keys() <= left.keys() and set(left.values()) == {1}, "somebody was told twice"
    on_the_lane = rows(portal, "exchange", select(LANE_ITEM.c.kind).where(LANE_ITEM.c.subject == away))
    assert {("handover",), ("request_filed",)} <= set(on_the_lane) or ("snapshot",) in on_the_lane

    with portal.client("citizen-1") as client:
        assert old_draft["revision"] == 1
        draft = f"/api/dossiers/v1/drafts/{old_draft['id']}"
        assert client.patch(draft, json={"answers": answers}).status_code == 200, "its form is still there"
        old = client.post(f"{draft}/submit", json={})
        assert old.status_code == 201 and old.json()["revision"] == 1, old.text
        codes.append(old.json()["code"])
    portal.kill()
    portal.offices += f",{lane}"
    portal.start()
    with portal.client("citizen-1") as client:
        portal.until_status(client, codes[-1], 10, seconds=90)
        # The office takes the dossier in before it reads the request: either may come first, each has one end.
        end = portal.until_dossier(client, away, lambda shown: shown["status"] in (7, 10), seconds=90)
        answered = {"withdrawn": "accepted", "returned": "declined"}[end["state"]]
        assert [each["state"] for each in end["requests"]] == [answered]
    portal.check(seconds=90)
