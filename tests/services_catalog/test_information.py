"""Life events, guides, questions, offices, essential services and planned stops, asked through the REST door."""

import csv
import json
import re
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI

from kernel.auth import Principal, signed_in
from kernel.clock import VIETNAM, Clock
from kernel.db import Database
from kernel.errors import Text
from kernel.web import AsgiUpstream
from kernel.workdays import Calendar
from services_catalog import usecases
from services_catalog.api import make_api
from services_catalog.model.information import Within, last_day
from services_catalog.model.procedures import CODE
from services_catalog.model.stops import earliest_start
from services_catalog.settings import HERE
from services_catalog.store.information import read_information
from tests.services_catalog.conftest import PROCEDURES, SEED

ROOT = "/api/catalog/v1"
INFORMATION = read_information(HERE / "information")
CALENDAR = Calendar.load()
RULE = Text("Luật", "Law")


async def get(api: FastAPI, path: str, **query: str | int) -> tuple[int, Any]:
    reply = await AsgiUpstream(api).request("GET", f"{ROOT}{path}{'?' + urlencode(query) if query else ''}", {})
    return reply.status, json.loads(reply.body)


async def send(api: FastAPI, method: str, path: str, body: object, key: str = "") -> tuple[int, Any]:
    headers = {"content-type": "application/json", **({"idempotency-key": key} if key else {})}
    reply = await AsgiUpstream(api).request(method, ROOT + path, headers, json.dumps(body).encode())
    return reply.status, json.loads(reply.body)


def codes_in_the_catalogue() -> set[str]:
    with (SEED / "procedures.csv").open(encoding="utf-8-sig", newline="") as file:
        return {row["code"] for row in csv.DictReader(file) if CODE.fullmatch(row["code"])}


def texts() -> list[Text]:
    """Return every text of information."""
    found: list[Text] = []

    def walk(value: object) -> None:
        if isinstance(value, Text):
            found.append(value)
        elif isinstance(value, tuple):
            for one in value:
                walk(one)
        elif hasattr(value, "__dataclass_fields__"):
            for name in value.__dataclass_fields__:
                walk(getattr(value, name))

    walk(INFORMATION)
    return found


def test_every_code_that_information_names_is_in_the_catalogue() -> None:
    named = {step.procedure for event in INFORMATION.events for step in event.steps}
    named |= {one.procedure for one in INFORMATION.questions}
    named |= {code for one in INFORMATION.essential for code in one.codes}
    assert len(named) > 60
    assert named - {""} - codes_in_the_catalogue() == set()


def test_every_text_of_information_is_in_both_languages_and_short() -> None:
    assert len(texts()) > 300
    for one in texts():
        assert one.vi.strip() and one.en.strip()
        for sentence in re.split(r"[.;:?!]\s", one.vi):
            assert len(sentence.split()) <= 24, sentence


def test_there_are_forty_questions_and_each_cites_a_procedure_or_a_law() -> None:
    assert len(INFORMATION.questions) >= 40
    assert all(one.procedure or one.law for one in INFORMATION.questions)
    assert {one.topic for one in INFORMATION.questions} == {one.id for one in INFORMATION.topics}


def test_every_deadline_cites_its_article_and_every_step_stands_after_those_that_come_first() -> None:
    assert {one.id for one in INFORMATION.events} >= {"child", "death", "marriage", "moving", "lost"}
    for event in INFORMATION.events:
        place = {step.id: number for number, step in enumerate(event.steps)}
        assert len(place) == len(event.steps)
        for step in event.steps:
            assert all(place[first] < place[step.id] for first in step.after), (event.id, step.id)
            if step.within:
                assert "Điều" in step.within.rule.vi and "Article" in step.within.rule.en


@pytest.mark.parametrize(
    ("day", "within", "expected", "moved"),
    [
        # 60 days after 21/9/2026 is Friday 20/11/2026
        (date(2026, 9, 21), Within(60, "days", RULE), date(2026, 11, 20), None),
        # 60 days after 25/9/2026 is Tuesday 24/11/2026, a holiday: the next working day
        (date(2026, 9, 25), Within(60, "days", RULE), date(2026, 11, 25), date(2026, 11, 24)),
        # 15 days after 6/11/2026 is Saturday 21/11/2026: Monday
        (date(2026, 11, 6), Within(15, "days", RULE), date(2026, 11, 23), date(2026, 11, 21)),
        # a month without that day ends with the month
        (date(2024, 2, 29), Within(12, "months", RULE), date(2025, 2, 28), None),
        (date(2026, 10, 31), Within(1, "months", RULE), date(2026, 11, 30), None),
    ],
)
def test_a_term_ends_on_a_working_day(day: date, within: Within, expected: date, moved: date | None) -> None:
    by = last_day(day, within, CALENDAR)
    assert by is not None
    assert (by.day, by.moved_from) == (expected, moved)


def test_a_term_in_hours_of_the_clock_has_no_day() -> None:
    assert last_day(date(2026, 11, 6), Within(48, "hours", RULE), CALENDAR) is None


async def test_the_day_of_birth_turns_the_checklist_into_dates(api: FastAPI) -> None:
    status, plain = await get(api, "/life-events/child")
    assert status == 200 and plain["counted_from"] is None
    assert all(step["by"] is None for step in plain["steps"])
    _, dated = await get(api, "/life-events/sinh-con", day="2026-09-25")
    birth = next(step for step in dated["steps"] if step["id"] == "birth")
    assert birth["by"] == {"day": "2026-11-25", "moved_from": "2026-11-24", "unconfirmed": False}
    assert birth["procedure"]["code"] == "1.001193" and birth["procedure"]["plain_title"] == "Đăng ký khai sinh"
    assert birth["within"]["rule"]["vi"] == "Luật Hộ tịch 2014, Điều 15 khoản 1"
    assert dated["calendar"].startswith("vn-")


@pytest.mark.parametrize("day", ["1999-01-01", "2035-01-01", "9999-12-31", "0001-01-01", "2026-02-30", "x"])
async def test_a_day_outside_the_calendar_is_refused_with_words(api: FastAPI, day: str) -> None:
    status, problem = await get(api, "/life-events/child", day=day)
    assert status == 422 and problem["trace_id"]


async def test_all_checklists_guides_and_lines_are_listed_and_each_opens(api: FastAPI) -> None:
    for path in ("/life-events", "/guides"):
        _, listed = await get(api, path)
        assert len(listed["results"]) >= 7
        for one in listed["results"]:
            status, shown = await get(api, f"{path}/{one['id']}")
            assert status == 200 and shown["steps"] and shown["checked_on"]
        assert (await get(api, f"{path}/none"))[0] == 404
    _, lines = await get(api, "/lines")
    assert {"18001096", "113", "114", "115"} <= {one["phone"] for one in lines["results"]}
    assert lines["checked_on"]


async def test_questions_are_found_without_diacritics_by_topic_and_by_procedure_page_by_page(api: FastAPI) -> None:
    _, found = await get(api, "/questions", q="khai sinh bao lau")
    assert found["results"][0]["id"] == "birth-when"
    assert found["results"][0]["procedure"]["code"] == "1.001193"
    _, topic = await get(api, "/questions", topic="death")
    assert {one["topic"] for one in topic["results"]} == {"death"} and topic["total"] == len(topic["results"])
    _, cited = await get(api, "/questions", procedure="1.000894")
    assert len(cited["results"]) >= 3
    assert (await get(api, "/questions", q="zzzz"))[1]["results"] == []
    seen: list[str] = []
    query: dict[str, str | int] = {"page_size": 20}
    while True:
        _, page = await get(api, "/questions", **query)
        seen += [one["id"] for one in page["results"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == [one.id for one in INFORMATION.questions]


async def test_the_25_essential_services_say_which_have_no_code(api: FastAPI) -> None:
    _, listed = await get(api, "/essential-services")
    assert [one["no"] for one in listed["results"]] == list(range(1, 26))
    without = [one["no"] for one in listed["results"] if not one["procedures"]]
    assert without == [8, 10, 16, 17] and listed["without_code"] == 4
    assert listed["results"][16]["own"]["code"] == "bhyt-ho-gia-dinh"
    assert listed["results"][23]["procedures"][0]["code"] == "3.000001"


async def test_offices_without_contact_are_listed_and_counted(api: FastAPI) -> None:
    _, listed = await get(api, "/offices", missing="contact", page_size=100)
    assert listed["total"] == 3321 + 63
    assert [one["id"] for one in listed["results"][:2]] == ["H01", "H02"]
    assert all(one["contact"] is None for one in listed["results"])
    _, agencies = await get(api, "/agencies", missing="contact")
    assert agencies["total"] == len(agencies["results"]) > 20


async def test_both_views_of_the_provinces_count_the_same_offices(api: FastAPI) -> None:
    views = {view: (await get(api, "/provinces", view=view))[1]["results"] for view in ("34", "63")}
    assert [len(rows) for rows in views.values()] == [34, 63]
    for rows in views.values():
        assert sum(row["wards"] for row in rows) == 3321
        assert sum(row["without_contact"] for row in rows) == 3321 + 63
    assert (await get(api, "/provinces", view="64"))[0] == 422


async def test_the_offices_of_a_province_are_walked_through_once(api: FastAPI) -> None:
    seen: list[str] = []
    query: dict[str, str | int] = {"province": "01", "page_size": 50}
    while True:
        _, page = await get(api, "/offices", **query)
        seen += [one["id"] for one in page["results"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == page["total"]
    assert seen[0] == "H26" and "H26.00004" in seen
    status, one = await get(api, "/offices/H26.00004")
    assert status == 200 and one["ward_name"] == "Phường Ba Đình" and one["contact"] is None
    assert (await get(api, "/offices/H99"))[1]["code"] == "office_not_found"


async def test_what_changed_last_is_listed_newest_first(api: FastAPI) -> None:
    _, first = await get(api, "/changes", page_size=5)
    _, second = await get(api, "/changes", page_size=5, cursor=first["next_cursor"])
    codes = [one["code"] for one in first["results"] + second["results"]]
    assert len(set(codes)) == 10
    assert {one["change"] for one in first["results"]} == {"published"}


async def test_every_code_is_given_in_one_answer_for_machines_that_copy_the_list(api: FastAPI) -> None:
    _, listed = await get(api, "/codes")
    codes = [code for code, _ in listed["results"]]
    assert codes == sorted(set(codes)) and set(codes) >= codes_in_the_catalogue()
    assert all(datetime.fromisoformat(at).tzinfo for _, at in listed["results"])


async def test_information_that_a_client_has_is_not_sent_again(api: FastAPI) -> None:
    for path in ("/life-events", "/life-events/child", "/guides", "/questions", "/essential-services", "/offices"):
        first = await AsgiUpstream(api).request("GET", ROOT + path, {})
        again = await AsgiUpstream(api).request("GET", ROOT + path, {"if-none-match": first.headers["etag"]})
        assert (first.status, again.status) == (200, 304), path


@pytest.fixture
async def desk(database: Database) -> AsyncIterator[FastAPI]:
    """An empty catalogue of its own, where the operator is signed in."""
    app = make_api(database=database, procedures=PROCEDURES, seed=SEED, demo=True)
    sign_in(app, "operator")
    yield app


@pytest.fixture
async def offices(desk: FastAPI, database: Database) -> FastAPI:
    """The same with every place."""
    await usecases.seed_places(database=database, seed=SEED)
    return desk


def sign_in(app: FastAPI, *roles: str, participant: str | None = None) -> None:
    app.dependency_overrides[signed_in] = lambda: Principal("someone", frozenset(roles), participant=participant)


def stop(start: datetime, **more: Any) -> dict[str, Any]:
    text = {"vi": "Cổng nghỉ để nâng cấp.", "en": "The portal rests to be upgraded."}
    times = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=4)).isoformat()}
    return {"part": "portal", "text": text, **times, **more}


@pytest.mark.parametrize(
    ("announced", "earliest"),
    [
        # Monday 2/11/2026: the seventh working day after it is Wednesday 11/11
        (datetime(2026, 11, 2, 9, tzinfo=VIETNAM), datetime(2026, 11, 11, 17, tzinfo=VIETNAM)),
        # Monday 16/11/2026: Tuesday 24/11 is a holiday, so the seventh is Thursday 26/11
        (datetime(2026, 11, 16, 9, tzinfo=VIETNAM), datetime(2026, 11, 26, 17, tzinfo=VIETNAM)),
        # Saturday counts as no day
        (datetime(2026, 11, 7, 23, tzinfo=VIETNAM), datetime(2026, 11, 17, 17, tzinfo=VIETNAM)),
    ],
)
def test_seven_working_days_are_counted_exactly(announced: datetime, earliest: datetime) -> None:
    assert earliest_start(announced, CALENDAR) == earliest


async def test_a_stop_is_refused_with_less_than_seven_working_days_of_notice(desk: FastAPI) -> None:
    earliest = earliest_start(Clock().now(), CALENDAR)
    status, problem = await send(desk, "POST", "/stops", stop(earliest - timedelta(minutes=1)), key="early")
    assert (status, problem["code"]) == (422, "notice_too_short")
    assert datetime.fromisoformat(problem["earliest"]) == earliest
    assert "7 ngày làm việc" in problem["detail"]
    assert (await get(desk, "/stops"))[1]["results"] == []
    status, shown = await send(desk, "POST", "/stops", stop(earliest), key="in-time")
    assert (status, shown["reason"], shown["id"]) == (201, None, 1)


async def test_force_majeure_needs_a_reason_that_everybody_reads(desk: FastAPI) -> None:
    soon = Clock().now() + timedelta(hours=3)
    why = {"vi": "Bão làm mất điện trung tâm dữ liệu.", "en": "A storm cut the power of the data centre."}
    status, shown = await send(desk, "POST", "/stops", stop(soon, reason=why), key="storm")
    assert (status, shown["reason"]) == (201, why)
    _, listed = await get(desk, "/stops")
    assert [one["reason"] for one in listed["results"]] == [why]


async def test_a_stop_is_announced_once_however_often_it_is_sent(desk: FastAPI) -> None:
    body = stop(earliest_start(Clock().now(), CALENDAR))
    first, again = [await send(desk, "POST", "/stops", body, key="same") for _ in range(2)]
    assert first == again
    assert len((await get(desk, "/stops"))[1]["results"]) == 1
    changed = {**body, "part": "search"}
    assert (await send(desk, "POST", "/stops", changed, key="same"))[1]["code"] == "idempotency_key_reused"
    assert (await send(desk, "POST", "/stops", body))[0] == 422


async def test_a_stop_that_is_called_off_is_no_longer_shown(desk: FastAPI) -> None:
    await send(desk, "POST", "/stops", stop(earliest_start(Clock().now(), CALENDAR)), key="one")
    for _ in range(2):
        status, shown = await send(desk, "POST", "/stops/1/cancellation", {})
        assert status == 200 and shown["cancelled_at"]
    assert (await get(desk, "/stops"))[1]["results"] == []
    assert len((await get(desk, "/stops", past="true"))[1]["results"]) == 1
    assert (await send(desk, "POST", "/stops/77/cancellation", {}))[0] == 404


async def test_a_stop_that_cannot_be_names_every_wrong_field(desk: FastAPI) -> None:
    past = stop(Clock().now() - timedelta(days=2), lane="H26")
    status, problem = await send(desk, "POST", "/stops", past, key="past")
    assert (status, problem["code"]) == (422, "bad_stop")
    assert {one["path"] for one in problem["errors"]} == {"starts_at", "lane"}


async def test_only_operators_announce_stops(desk: FastAPI) -> None:
    sign_in(desk, "citizen", "officer", "province_admin")
    body = stop(earliest_start(Clock().now(), CALENDAR))
    assert (await send(desk, "POST", "/stops", body, key="no"))[0] == 403
    assert (await send(desk, "POST", "/stops/1/cancellation", {}))[0] == 403
    desk.dependency_overrides.clear()
    assert (await send(desk, "POST", "/stops", body, key="no"))[0] == 401


CONTACT = {"telephone": "000 000 000", "source": "Bản thử nghiệm", "verified_on": "2026-11-20"}


async def test_a_contact_that_is_entered_in_a_demonstration_says_so_and_leaves_the_missing(offices: FastAPI) -> None:
    status, shown = await send(offices, "PUT", "/offices/H26.00004/contact", CONTACT)
    assert status == 200 and shown["contact"]["demo"] is True and shown["contact"]["address"] is None
    assert (await get(offices, "/offices/H26.00004"))[1] == shown
    assert (await get(offices, "/offices", missing="contact"))[1]["total"] == 3321 + 63 - 1
    await send(offices, "PUT", "/offices/H26/contact", CONTACT)
    for view in ("34", "63"):
        _, areas = await get(offices, "/provinces", view=view)
        assert sum(one["without_contact"] for one in areas["results"]) == 3321 + 63 - 2


async def test_a_contact_names_its_source_and_a_day_that_was(offices: FastAPI) -> None:
    wrong = {"telephone": "gọi tôi", "source": " ", "verified_on": "2199-01-01", "email": "x"}
    status, problem = await send(offices, "PUT", "/offices/H26/contact", wrong)
    assert status == 422
    assert {one["path"] for one in problem["errors"]} == {"telephone", "source", "verified_on", "email"}


async def test_a_provinces_administrator_speaks_for_its_own_offices_alone(offices: FastAPI) -> None:
    sign_in(offices, "province_admin", participant="H26")
    assert (await send(offices, "PUT", "/offices/H26.00004/contact", CONTACT))[0] == 200
    assert (await send(offices, "PUT", "/offices/H01/contact", CONTACT))[1]["code"] == "not_your_office"
    sign_in(offices, "citizen")
    assert (await send(offices, "PUT", "/offices/H26.00004/contact", CONTACT))[0] == 403
