"""The demo's windows: sent messages and the clock."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from citizen_service.clients import EmlFolder, Mail, ReportFolder
from kernel.clock import VIETNAM, Clock
from kernel.errors import Invalid
from kernel.workdays import Calendar
from motcua import dev
from motcua.dev.clock import step_of

PAGE = {"accept": "text/html"}
CALENDAR = Calendar.load()


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = dev.build(data=tmp_path, clock=Clock(tmp_path / "clock.json"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        yield client


async def test_messages_are_listed_newest_first_and_shown_as_text(client: httpx.AsyncClient, tmp_path: Path) -> None:
    assert "Chưa có tin nhắn nào" in (await client.get("/dev/outbox", headers=PAGE)).text
    out = EmlFolder(tmp_path / "outbox", "Một Cửa <n@m.example>")
    for day in (1, 2):
        at = datetime(2026, 11, day, 3, 0, tzinfo=UTC)
        await out.send(Mail(f"k{day}", "a@example.invalid", f"Tin {day} <b>", "Chào <script>x</script>\n", "vi", at))
    rows = (await client.get("/dev/outbox")).json()["results"]
    assert [row["subject"] for row in rows] == ["Tin 2 <b>", "Tin 1 <b>"]
    listed = await client.get("/dev/outbox", headers=PAGE)
    assert "Tin 2 &lt;b&gt;" in listed.text
    shown = await client.get(f"/dev/outbox/{rows[0]['name']}", headers=PAGE)
    assert "Chào &lt;script&gt;" in shown.text
    raw = await client.get(f"/dev/outbox/{rows[0]['name']}/raw")
    assert raw.headers["content-type"] == "message/rfc822"
    assert raw.content == (tmp_path / "outbox" / rows[0]["name"]).read_bytes()


@pytest.mark.parametrize("name", ["x.eml", "..%2fclock.json", "%2e%2e%2fclock.json", ".eml", "clock.json", "a%00.eml"])
async def test_only_messages_can_be_opened(client: httpx.AsyncClient, tmp_path: Path, name: str) -> None:
    (tmp_path / "clock.json").write_text('{"offset_seconds": 0}')
    (tmp_path / "outbox").mkdir()
    for address in (f"/dev/outbox/{name}", f"/dev/outbox/{name}/raw"):
        assert (await client.get(address)).status_code == 404


async def test_the_clock_answers_when_every_scheduler_is_done(tmp_path: Path) -> None:
    clock = Clock(tmp_path / "clock.json")
    woken: list[datetime] = []

    async def wake(now: datetime) -> None:
        await asyncio.sleep(0)
        woken.append(now)

    clock.on_advance(wake)
    app = dev.build(data=tmp_path, clock=clock)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        before = (await client.get("/dev/clock")).json()
        after = (await client.post("/dev/clock", json={"hours": 2, "days": 1})).json()
        assert len(woken) == 1
        assert after["offset_seconds"] - before["offset_seconds"] == 26 * 3600
        by_form = await client.post("/dev/clock", data={"days": "1"}, headers=PAGE)
        assert (by_form.status_code, by_form.headers["location"]) == (303, "/dev/clock")
        assert len(woken) == 2
        assert "Bây giờ là" in (await client.get("/dev/clock", headers=PAGE)).text
    assert Clock(tmp_path / "clock.json").offset == timedelta(hours=50)


@pytest.mark.parametrize(
    "wanted",
    [{}, {"hours": 0}, {"hours": -1}, {"days": 1.5}, {"days": "1"}, {"days": True}, {"years": 1}, {"days": 10**9}],
)
async def test_the_clock_refuses_nonsense_and_never_goes_back(
    client: httpx.AsyncClient, wanted: dict[str, object]
) -> None:
    answer = await client.post("/dev/clock", json=wanted)
    assert answer.status_code == 422
    assert (await client.get("/dev/clock")).json()["offset_seconds"] == 0


@pytest.mark.parametrize("body", [b"", b"\xff", b"[1]", b"{", b"days=" + b"9" * 5000, b"&" * 900, b"days=1&x=2"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
async def test_broken_bodies_are_a_clear_refusal(client: httpx.AsyncClient, body: bytes, kind: str) -> None:
    for headers in ({"content-type": kind}, {"content-type": kind, **PAGE}):
        assert (await client.post("/dev/clock", content=body, headers=headers)).status_code == 422


async def test_the_clock_stays_where_calendars_reach(client: httpx.AsyncClient) -> None:
    statuses = [(await client.post("/dev/clock", json={"days": 366})).status_code for _ in range(10)]
    assert statuses == [200] * 8 + [422] * 2


def test_a_working_day_skips_weekends_and_holidays() -> None:
    friday = datetime(2026, 11, 20, 10, 0, tzinfo=VIETNAM)
    assert step_of({"working_days": 1}, now=friday, calendar=CALENDAR) == timedelta(days=3)
    monday = datetime(2026, 11, 23, 10, 0, tzinfo=VIETNAM)
    assert step_of({"working_days": 1}, now=monday, calendar=CALENDAR) == timedelta(days=2), "24 November is a holiday"
    with pytest.raises(Invalid) as refused:
        step_of({"hours": -1, "weeks": 2}, now=friday, calendar=CALENDAR)
    assert [problem.path for problem in refused.value.fields] == ["hours", "weeks"]


async def test_the_gateway_can_be_told_what_does_not_arrive(client: httpx.AsyncClient, tmp_path: Path) -> None:
    out = EmlFolder(tmp_path / "outbox", "Một Cửa <n@m.example>")
    reports = ReportFolder(tmp_path / "outbox" / "reports")

    async def send(token: str, to: str) -> None:
        await out.send(Mail(token, to, "Tin", "Chào\n", "vi", datetime(2026, 11, 1, 3, 0, tzinfo=UTC)))

    form = {"channel": ["sms", "pigeon"], "addresses": "b@example.invalid\n\n"}
    assert (await client.post("/dev/outbox/bounces", data=form, headers=PAGE)).status_code == 303
    page = (await client.get("/dev/outbox", headers=PAGE)).text
    assert 'value="sms" id="c-sms" checked' in page and ">b@example.invalid</textarea>" in page
    await send("one", "+84912345678@sms.example.invalid")
    await send("two", "b@example.invalid")
    await send("three", "c@example.invalid")
    assert {(one.token, one.failed) for one in await reports.waiting()} == {("one", True), ("two", True)}
    name = next(row["name"] for row in (await client.get("/dev/outbox")).json()["results"] if "three" in row["name"])
    assert (await client.post(f"/dev/outbox/{name}/bounce")).status_code == 202
    assert (await client.post("/dev/outbox/nothing.eml/bounce")).status_code == 404
    assert len(await reports.waiting()) == 3
    told = await client.post("/dev/outbox/bounces", json={"channels": [], "addresses": []})
    assert told.json() == {"channels": [], "addresses": []}
    assert (await client.post("/dev/outbox/bounces", json={"channels": "sms"})).status_code == 422
