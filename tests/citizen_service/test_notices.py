"""One fact is told once per channel, in plain words, at a decent hour."""

import random
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizen_service import store, usecases
from citizen_service.events import CHANGES, read_change
from citizen_service.model import Kind, say, send_after
from citizen_service.model.notices import STARTED_BY_PERSON, kind_of
from kernel.errors import Reject
from tests.citizen_service.conftest import CODE, NOON, Failing, Room, profile, record, stamp

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def parsed(path: Path) -> EmailMessage:
    found = BytesParser(EmailMessage, policy=policy.default).parsebytes(path.read_bytes())
    assert isinstance(found, EmailMessage)
    return found


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


STORY: list[tuple[str, dict[str, Any]]] = [
    ("dossier_submitted", {"version": 1, "step": "submitted", "state": "submitted", "status": 1, "due_expected": True}),
    ("dossier_delivered", {"version": 1, "step": "delivered", "state": "submitted", "status": 1}),
    ("state_reported", {"version": 2, "step": "papers_asked", "state": "submitted", "status": 5, "ask_no": 1}),
    ("request_filed", {"version": 2, "step": "supplement_filed", "state": "submitted", "status": 5, "request_no": 1}),
    ("state_reported", {"version": 3, "step": "accepted", "state": "accepted", "status": 2}),
    (
        "request_answered",
        {"version": 3, "step": "supplement_accepted", "state": "accepted", "status": 2, "request_no": 1},
    ),
    ("state_reported", {"version": 4, "step": "processing_started", "state": "processing", "status": 4}),
    ("state_reported", {"version": 5, "step": "draft_sent", "state": "processing", "status": 4, "ask_no": 2}),
    ("state_reported", {"version": 6, "step": "decided", "state": "decided", "status": 9}),
    ("state_reported", {"version": 7, "step": "result_attached", "state": "decided", "status": 9}),
    ("state_reported", {"version": 8, "step": "result_returned", "state": "returned", "status": 10}),
]
TOLD = [
    (1, "submitted"),
    (3, "papers_asked"),
    (4, "supplement_filed"),
    (5, "accepted"),
    (6, "request_accepted"),
    (8, "draft_sent"),
    (9, "decided"),
    (11, "returned"),
]


async def test_a_dossiers_story_becomes_one_notice_a_fact(room: Room) -> None:
    await room.apply(*(record(kind, n, **values) for n, (kind, values) in enumerate(STORY, 1)))
    assert await room.inbox() == TOLD
    assert await room.send() == len(TOLD) - 1, "accepting the supplement and the dossier was one change"
    assert len(room.mails()) == len(TOLD) - 1
    assert await room.send() == 0


async def test_one_report_that_moves_the_dossier_and_answers_a_request_is_one_message(room: Room) -> None:
    moved = {"state": "accepted", "status": 2, "version": 3}
    answered = record("request_answered", 6, step="supplement_accepted", **moved)
    await room.apply(record("state_reported", 5, step="accepted", **moved), answered)
    await room.apply(answered)
    assert await room.inbox() == [(5, "accepted"), (6, "request_accepted")]
    assert await room.send() == 1
    await room.apply(record("request_answered", 7, step="confirmation_accepted", **(moved | {"version": 4})))
    assert await room.send() == 1, "an answer alone is told"
    await room.apply(record("request_answered", 8, step="withdrawal_declined", **moved))
    assert await room.send() == 1, "a refusal is always told"


async def test_duplicates_and_any_order_change_nothing(room: Room) -> None:
    records = [record(kind, n, **values) for n, (kind, values) in enumerate(STORY, 1)] * 3
    random.Random(7).shuffle(records)
    while records:
        batch, records = records[:5], records[5:]
        await room.apply(*batch)
        await room.send()
    assert sorted(await room.inbox()) == TOLD
    assert len(room.mails()) in (len(TOLD) - 1, len(TOLD)), "in order an answered request needs no message of its own"


async def test_a_mail_that_left_just_before_a_crash_is_the_same_message_again(room: Room) -> None:
    await room.apply(record("dossier_submitted", 1, step="submitted", state="submitted", status=1))
    async with room.database.read() as tx:
        rows = await store.unsent(tx, now=room.clock.now(), real_now=datetime.now(UTC), limit=10)
    mail = usecases.compose(
        store.as_notice(rows[0]), to="a@example.invalid", language="vi", public_url="https://x.example"
    )
    await room.transport.send(mail)
    await room.transport.send(mail)
    assert len(room.mails()) == 1
    assert parsed(room.mails()[0])["Message-ID"].endswith("@motcua.example.invalid>")


async def test_subjects_name_no_person_no_code_and_no_procedure(room: Room) -> None:
    for n, (kind, values) in enumerate(STORY, 1):
        await room.apply(record(kind, n, **values))
    await room.send()
    for path in room.mails():
        message = parsed(path)
        assert str(message["Subject"]) in {"Một Cửa: bạn có việc cần làm", "Một Cửa: hồ sơ của bạn có tin mới"}
        everything = path.read_text() + text_of(message)
        assert "Ánh" not in everything
        assert "099194000017" not in everything
        assert "3.000333" not in everything
        assert CODE not in str(message["Subject"])
        assert CODE not in path.name
        assert text_of(message).count("https://") == 1
        assert f"https://motcua.example/dossiers/{CODE}" in text_of(message)


async def test_the_first_line_says_what_to_do_and_the_date_is_in_words(room: Room) -> None:
    due = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
    await room.apply(
        record("state_reported", 1, step="accepted", state="accepted", status=2, due=due),
        record("state_reported", 2, step="papers_asked", state="accepted", status=5, ask_no=1),
        record("state_reported", 4, step="papers_asked", state="accepted", status=5, ask_no=2, ask_due_at=stamp(due)),
        record("state_reported", 3, step="accepted", state="accepted", status=2, due=due, owner="d2", code="X-2"),
    )
    await room.send()
    texts = [text_of(parsed(path)) for path in room.mails()]
    accepted = next(text for text in texts if "đã được tiếp nhận" in text)
    assert accepted.splitlines()[0] == f"Bạn chưa phải làm gì. Hồ sơ {CODE} đã được tiếp nhận."
    assert "Hẹn trả kết quả: 17:00 Thứ Hai, 30/11/2026." in accepted
    asked = [text.splitlines()[0] for text in texts if text.startswith("Bạn cần bổ sung giấy tờ")]
    assert sorted(asked) == [
        f"Bạn cần bổ sung giấy tờ cho hồ sơ {CODE} trước 17:00 Thứ Hai, 30/11/2026.",
        f"Bạn cần bổ sung giấy tờ cho hồ sơ {CODE}. Hạn ghi ở trang hồ sơ.",
    ]
    assert any("Result due: 17:00, Monday, 30 November 2026." in text for text in texts), "English for who prefers it"


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_has_short_plain_words_in_both_languages(kind: Kind) -> None:
    for language in ("vi", "en"):
        words = say(kind, code=CODE, due="17:00 Thứ Hai, 30/11/2026", expected=True, language=language)
        assert CODE in words.first
        assert CODE not in words.subject
        for sentence in (words.first + " " + " ".join(words.rest)).replace(CODE, "X").split(". "):
            assert len(sentence.split()) <= 20, sentence


async def test_at_night_only_what_the_person_started_is_sent(room: Room) -> None:
    room.clock.at = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)  # 23:30 in Viet Nam
    await room.apply(
        record("dossier_submitted", 1, step="submitted", state="submitted", status=1),
        record("state_reported", 2, step="accepted", state="accepted", status=2),
    )
    assert await room.send() == 1
    assert len(await room.inbox()) == 2, "the inbox makes no noise"
    room.clock.at = datetime(2026, 11, 20, 22, 59, tzinfo=UTC)  # 5:59
    assert await room.send() == 0
    room.clock.at = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)  # 6:00
    assert await room.send() == 1
    assert {parsed(path)["Date"].datetime.astimezone(VIETNAM).hour for path in room.mails()} == {23, 6}


@given(st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)), st.sampled_from(list(Kind)))
def test_nothing_leaves_in_quiet_hours_and_nothing_waits_longer_than_the_night(naive: datetime, kind: Kind) -> None:
    now = naive.replace(tzinfo=UTC)
    at = send_after(kind, now)
    assert now <= at <= now + timedelta(hours=8)
    if kind in STARTED_BY_PERSON:
        assert at == now
    else:
        assert 6 <= at.astimezone(VIETNAM).hour < 22


async def test_a_mailbox_that_fails_keeps_no_other_back(room: Room) -> None:
    room.transport = Failing("d1@motcua.example.invalid")
    submitted = {"step": "submitted", "state": "submitted", "status": 1}
    await room.apply(
        record("dossier_submitted", 1, **submitted),
        record("dossier_submitted", 1, owner="d2", code="X-2", **submitted),
    )
    assert await room.send() == 1
    assert [mail.to for mail in room.transport.sent] == ["d2@motcua.example.invalid"]
    assert await room.send() == 0, "it waits before the next try"


async def test_who_has_no_address_or_no_profile_gets_the_inbox_alone(room: Room) -> None:
    await usecases.seed_profiles(database=room.database, profiles=[profile("d3", email=None)])
    for owner in ("d3", "d4"):
        await room.apply(
            record(
                "dossier_submitted", 1, owner=owner, code=f"X-{owner}", step="submitted", state="submitted", status=1
            )
        )
        assert await room.inbox(owner) == [(1, "submitted")]
    assert await room.send() == 0


@pytest.mark.parametrize(
    ("kind", "values", "told"),
    [
        ("state_reported", {"step": "ho_so_bi_tu_choi", "state": "refused", "status": 3}, ["refused"]),
        ("state_reported", {"step": "yeu_cau", "state": "accepted", "status": 5, "ask_no": 2}, ["papers_asked"]),
        ("state_reported", {"step": "phi", "state": "accepted", "status": 6, "ask_no": 2}, ["money_asked"]),
        ("state_reported", {"step": "khac", "state": "processing", "status": 4}, []),
        ("state_reported", {"step": "withdrawn", "state": "withdrawn", "status": 7}, ["withdrawn"]),
        ("request_answered", {"step": "withdrawal_accepted", "state": "withdrawn", "status": 7}, []),
        ("request_answered", {"step": "withdrawal_declined", "state": "accepted", "status": 2}, ["request_declined"]),
        ("request_answered", {"step": "", "state": "accepted", "status": 2}, []),
        ("due_changed", {"step": "due_changed", "state": "accepted", "status": 2}, ["due_changed"]),
        ("owner_changed", {"step": "owner_changed", "state": "accepted", "status": 2}, ["owner_changed"]),
        ("something_newer", {"step": "accepted", "state": "accepted", "status": 2}, []),
    ],
)
async def test_offices_may_name_their_steps_as_they_like(
    room: Room, kind: str, values: dict[str, Any], told: list[str]
) -> None:
    await room.apply(record(kind, 5, **values))
    assert [name for _, name in await room.inbox()] == told


@pytest.mark.parametrize("body", [b"\xff\xff", b""])
async def test_what_cannot_be_read_is_rejected_with_a_reason(room: Room, body: bytes) -> None:
    with pytest.raises(Reject):
        await room.apply(record("state_reported", 1, body=body))


def test_noon_is_noon() -> None:
    assert NOON.astimezone(VIETNAM).hour == 12


@pytest.mark.parametrize("step", ["exemption_granted", "exemption_refused", "exemption_to_prove"])
def test_what_became_of_an_exemption_is_told(step: str) -> None:
    assert step in CHANGES
    told = kind_of(read_change(record(step, 2, version=1, step=step, state="submitted", status=1)))
    assert told is Kind(step)
    assert "lệ phí" in say(told, code="H26-261121-0001", due=None, expected=False, language="vi").first


def test_a_refund_is_told() -> None:
    assert "payment_refunded" in CHANGES
    told = kind_of(read_change(record("payment_refunded", 2, version=1, step="payment_refunded", state="stopped")))
    assert told is Kind.PAYMENT_REFUNDED
    said = say(told, code="H26-261121-0001", due=None, expected=False, language="vi")
    assert "hoàn lại" in said.first and said.first.startswith("Bạn không phải làm gì")
