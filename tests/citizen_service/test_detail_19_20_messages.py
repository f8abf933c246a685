"""Details 19 and 20, whole: what a message says, and when and how often it is sent."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from citizen_service import usecases
from citizen_service.model import Channel, Kind, Notice
from citizen_service.model.notices import STARTED_BY_PERSON, TO_DO
from citizen_service.model.preferences import SMS_MARKED, SMS_PLAIN, short_text
from tests.citizen_service.conftest import CODE, NOON, Room, record
from tests.citizen_service.test_bounces import HELPED, choose, helped, keep, refuse, tasks, until_quiet

PUBLIC = "https://motcua.example"
DUE = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
DECIDED = {"step": "decided", "state": "decided", "status": 9}


def notice(kind: Kind, channel: str, due: datetime | None) -> Notice:
    return Notice("d1", CODE, 7, 2, channel, kind, due, False, NOON, NOON)


def every() -> Iterator[tuple[Kind, Channel, str, datetime | None, bool]]:
    yield from product(Kind, Channel, ("vi", "en"), (None, DUE), (False, True))


def test_detail_19_every_message_says_what_to_do_with_one_official_link_and_asks_for_nothing() -> None:
    for kind, channel, language, due, was_helped in every():
        mail = usecases.compose(
            notice(kind, channel, due), to="a@b.example", language=language, public_url=PUBLIC, helped=was_helped
        )
        assert CODE not in mail.subject and "1.0" not in mail.subject and len(mail.subject) <= 60
        assert "\n" not in mail.subject and mail.subject.startswith("Một Cửa: ")
        links = [word for word in mail.body.split() if "://" in word]
        assert len(links) == (0 if channel is Channel.VOICE else 1), "a recorded voice reads no address out"
        assert all(link.startswith(f"{PUBLIC}/") for link in links)
        first = mail.body.splitlines()[0]
        assert CODE in first, "the first line tells which dossier and what to do"
        lower = mail.body.lower()
        asks = ("nhập mã otp", "gửi mã", "chuyển khoản", "enter the code", "send money", "gọi ngay")
        assert not [bad for bad in asks if bad in lower]
        if channel is not Channel.SMS:
            assert ("không bao giờ hỏi" if language == "vi" else "never asks") in mail.body


def test_detail_19_what_is_asked_stands_first_with_its_last_moment() -> None:
    for kind in (Kind.PAPERS_ASKED, Kind.MONEY_ASKED, Kind.DRAFT_SENT):
        assert kind in TO_DO
        for language, when in (("vi", "trước 17:00 Thứ Hai, 30/11/2026"), ("en", "before 17:00, Monday")):
            mail = usecases.compose(notice(kind, "mail", DUE), to="a@b.example", language=language, public_url=PUBLIC)
            assert when in mail.body.splitlines()[0]


def test_detail_19_both_forms_of_a_text_message_fit_one_part() -> None:
    forms = set()
    for kind, due, public in product(Kind, (None, DUE), (PUBLIC, "https://m.vn")):
        for language in ("vi", "en"):
            mail = usecases.compose(notice(kind, "sms", due), to="+84", language=language, public_url=public)
            text = mail.body.strip()
            assert len(text) <= (SMS_PLAIN if text.isascii() else SMS_MARKED), text
            forms.add(text.isascii())
    assert len(short_text("Bạn có việc cần làm.", "https://m.vn/dossiers/H26-261121-0001")) <= SMS_MARKED
    assert short_text("Bạn có việc cần làm.", "https://m.vn/x") == "Bạn có việc cần làm. https://m.vn/x"
    assert short_text("Bạn cần " + "việc " * 20, "https://m.vn/x").isascii()
    assert True in forms


@pytest.mark.parametrize("kind", sorted(STARTED_BY_PERSON))
async def test_detail_20_the_night_is_quiet_except_for_what_the_person_started(room: Room, kind: Kind) -> None:
    room.clock.at = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 22:00 in Viet Nam
    if kind is Kind.SUBMITTED:
        started = record("dossier_submitted", 1, step="submitted", state="submitted", status=1)
    else:
        started = record("request_filed", 1, step=kind.value, state="accepted", status=2, request_no=1)
    await room.apply(started, record("state_reported", 2, version=2, **DECIDED))
    assert await room.send() == 1
    room.clock.at += timedelta(hours=8)  # 6:00
    assert await room.send() == 1


async def test_detail_20_a_change_is_one_message_then_a_text_then_a_task_and_never_two(room: Room) -> None:
    await choose(room, channels=(Channel.MAIL,))
    refuse(room, "mail", "sms")
    change = record("state_reported", 1, version=2, **DECIDED)
    answered = record("request_answered", 2, version=2, step="supplement_accepted", state="decided", status=9)
    for _ in range(3):
        await room.apply(change, answered)
        await until_quiet(room)
    assert len(room.mails()) == 2, "the mail, and the text message after it came back"
    assert await tasks(room) == [(1, "decided", False)], "one report of the office is one task"
    assert [event for event, _ in await room.inbox()] == [1, 2]


async def test_detail_20_a_rating_is_asked_by_one_message_with_its_own_link_and_is_nobodys_task(room: Room) -> None:
    asked = record("rating_asked", 5, version=4, step="rating_asked", state="returned", status=10)
    returned = record("state_reported", 4, version=4, step="result_returned", state="returned", status=10)
    await room.apply(returned, asked)
    assert await room.send() == 2
    texts = [path.read_bytes().decode() for path in room.mails()]
    assert sum(f"/dossiers/{CODE}/rating" in text.replace("=\r\n", "") for text in texts) == 1
    refuse(room, "mail", "sms")
    await choose(room, channels=(Channel.MAIL,))
    await room.apply(record("rating_asked", 6, version=4, step="rating_asked", state="returned", status=10))
    await until_quiet(room)
    assert await tasks(room) == [], "nobody is rung up to rate"


async def test_detail_20_a_helped_person_whose_relative_cannot_be_reached_is_the_offices_task(room: Room) -> None:
    await keep(room)
    refuse(room, "sms")
    await room.apply(helped(1))
    await until_quiet(room)
    assert await tasks(room) == [(1, "decided", False)] and await room.inbox(HELPED) == [(1, "decided")]
