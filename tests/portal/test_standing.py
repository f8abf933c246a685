"""The plain sentence on top: right for every state, everything asked, every clock, in both languages."""

from datetime import datetime
from typing import Any

import pytest

from kernel.clock import VIETNAM
from kernel.workdays import Calendar
from portal.i18n import Words
from portal.pages.standing import ahead, choices, standing, steps, time_left
from tests.portal.samples import DUE, TIMELINE, dossier

CALENDAR = Calendar.load()
VI, EN = Words("vi"), Words("en")
OFFICE = "Ủy ban nhân dân Phường Ba Đình"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=VIETNAM)  # Thursday; due Monday 30/11 at 17:00: two working days
ASK = {"ask_no": 1, "state": "open", "items": [], "due": "2026-11-27T17:00:00+07:00", "amount_vnd": None}
UNTIL = {"vi": "Bạn trả lời trước 17:00 Thứ Sáu, 27/11/2026.", "en": f"Answer by {EN.day_time(str(ASK['due']))}."}
NOBODY = [{**row, "handler": None} for row in TIMELINE]


def case(status: int, state: str, **more: Any) -> dict[str, Any]:
    return dossier(1, status, state, **more)


def asked(kind: str, status: int, *, held_by: str, waiting: bool = False) -> dict[str, Any]:
    request = {"request_no": 1, "kind": "supplement", "ask_no": 1, "state": "open"}
    return case(
        status, "processing", asks=[{**ASK, "kind": kind}], requests=[request] if waiting else [], held_by=held_by
    )


SENTENCES: list[tuple[str, dict[str, Any], str, str]] = [
    (
        "sent",
        case(1, "submitted", delivered_at=None, due=None),
        f"Đã gửi đến {OFFICE}, nơi này chưa nhận.",
        f"Sent to {OFFICE}, not yet received there.",
    ),
    (
        "arrived",
        case(1, "submitted"),
        f"Hồ sơ đã đến {OFFICE}, đang chờ tiếp nhận. Còn 2 ngày làm việc.",
        f"The dossier is at {OFFICE}, waiting to be accepted. 2 working days left.",
    ),
    (
        "accepted",
        case(2, "accepted"),
        f"{OFFICE} đã tiếp nhận hồ sơ. Còn 2 ngày làm việc.",
        f"{OFFICE} has accepted the dossier. 2 working days left.",
    ),
    (
        "refused",
        case(3, "refused", held_by="none"),
        f"{OFFICE} không tiếp nhận hồ sơ này.",
        f"{OFFICE} did not accept this dossier.",
    ),
    (
        "processing",
        case(4, "processing"),
        f"Hồ sơ đang được xử lý ở {OFFICE}. Bạn không phải làm gì. Còn 2 ngày làm việc.",
        f"{OFFICE} is working on it. You need not do anything. 2 working days left.",
    ),
    (
        "preview",
        asked("confirm", 4, held_by="authority"),
        f"Bản nháp kết quả đang chờ bạn xem. {UNTIL['vi']}",
        f"The draft result waits for you to check it. {UNTIL['en']}",
    ),
    (
        "papers",
        asked("papers", 5, held_by="citizen"),
        f"Hồ sơ đang chờ bạn bổ sung. {UNTIL['vi']}",
        f"The dossier waits for your supplement. {UNTIL['en']}",
    ),
    (
        "checking",
        asked("papers", 5, held_by="authority", waiting=True),
        f"{OFFICE} đang kiểm tra phần bạn vừa gửi. Còn 2 ngày làm việc.",
        f"{OFFICE} is checking what you sent. 2 working days left.",
    ),
    (
        "money",
        asked("money", 6, held_by="citizen"),
        f"Hồ sơ đang chờ bạn nộp tiền. {UNTIL['vi']}",
        f"The dossier waits for your payment. {UNTIL['en']}",
    ),
    ("withdrawn", case(7, "withdrawn", held_by="none"), "Bạn đã rút hồ sơ này.", "You withdrew this dossier."),
    (
        "stopped",
        case(8, "stopped", held_by="none"),
        f"{OFFICE} đã dừng xử lý hồ sơ.",
        f"{OFFICE} stopped the dossier.",
    ),
    (
        "decided",
        case(9, "decided"),
        f"Đã có kết quả. {OFFICE} đang trả cho bạn.",
        f"The result is ready. {OFFICE} is delivering it.",
    ),
    (
        "returned",
        case(10, "returned", held_by="none"),
        "Đã trả kết quả cho bạn.",
        "The result has been delivered to you.",
    ),
]


@pytest.mark.parametrize(("one", "vi", "en"), [row[1:] for row in SENTENCES], ids=[row[0] for row in SENTENCES])
def test_the_sentence_says_who_has_it_and_how_long_is_left(one: dict[str, Any], vi: str, en: str) -> None:
    for words, wanted in ((VI, vi), (EN, en)):
        told = standing(one, NOBODY, NOW, CALENDAR, words)
        assert told.text == wanted and not told.late


def test_every_state_has_a_sentence() -> None:
    assert {row[1]["status"] for row in SENTENCES} == set(range(1, 11))


@pytest.mark.parametrize(
    ("status", "state", "vi", "en"),
    [
        (2, "accepted", "Người tiếp nhận: Lê Demo.", "Accepted by Lê Demo."),
        (4, "processing", f"ở {OFFICE}, người làm: Lê Demo.", f"Lê Demo is working on it at {OFFICE}."),
        (9, "decided", "người làm: Lê Demo.", "handled by Lê Demo."),
    ],
)
def test_the_sentence_names_who_handles_it_where_the_office_says_so(status: int, state: str, vi: str, en: str) -> None:
    assert vi in standing(case(status, state), TIMELINE, NOW, CALENDAR, VI).where
    assert en in standing(case(status, state), TIMELINE, NOW, CALENDAR, EN).where


def test_a_handler_of_another_office_is_not_named() -> None:
    elsewhere = [{**row, "office": "H26.00008"} for row in TIMELINE]
    assert "Demo" not in standing(case(4, "processing"), elsewhere, NOW, CALENDAR, VI).text


@pytest.mark.parametrize(
    ("now", "vi", "en"),
    [
        ("2026-12-01T09:00", "Quá hạn 1 ngày.", "1 day late."),
        ("2026-12-04T09:00", "Quá hạn 4 ngày.", "4 days late."),
        ("2026-11-30T17:30", "Quá hạn từ 17:00 hôm nay.", "Late since 17:00 today."),
        ("2026-11-30T08:00", "Hẹn trả hôm nay.", "Due today."),
        ("2026-11-29T08:00", "Còn 1 ngày làm việc.", "1 working day left."),
    ],
)
def test_what_is_late_says_by_how_much(now: str, vi: str, en: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=VIETNAM)
    told = standing(case(4, "processing"), NOBODY, at, CALENDAR, VI)
    assert told.clock == vi and told.late is vi.startswith("Quá hạn")
    assert standing(case(4, "processing"), NOBODY, at, CALENDAR, EN).clock == en


def test_nothing_is_late_while_the_person_has_it_or_the_result_is_there() -> None:
    after = datetime(2026, 12, 4, 9, 0, tzinfo=VIETNAM)
    for one in (asked("papers", 5, held_by="citizen"), case(9, "decided"), case(10, "returned", held_by="none")):
        assert not standing(one, NOBODY, after, CALENDAR, VI).late
    passed = standing(asked("papers", 5, held_by="citizen"), NOBODY, after, CALENDAR, VI)
    assert passed.clock.startswith("Hạn trả lời 17:00 Thứ Sáu, 27/11/2026 đã qua.")


def test_the_choices_of_a_late_dossier_are_those_that_exist() -> None:
    assert choices(case(4, "processing")) == ("ask", "complain", "withdraw")
    assert choices(case(4, "processing", can=[])) == ("ask", "complain")


def test_detail_07_the_three_units_of_time_are_told_apart() -> None:
    due = {**DUE, "at": "2026-11-30T17:00:00+07:00"}
    told = {
        unit: (
            time_left(case(4, "processing", due={**due, "unit": unit}), NOW, CALENDAR, VI),
            VI.term({"amount": 1, "unit": unit}),
        )
        for unit in ("working_days", "days", "hours")
    }
    assert told["working_days"] == ("Còn 2 ngày làm việc.", "1 ngày làm việc")
    assert told["days"] == ("Còn 4 ngày.", "1 ngày")
    assert told["hours"][0].startswith("Còn ") and told["hours"][0].endswith(" giờ làm việc.")
    assert "giờ" in told["hours"][1]
    assert len(set(told.values())) == 3


def test_a_step_that_the_portal_learned_late_says_when_and_an_unnamed_officer_is_not_hidden() -> None:
    row = {**TIMELINE[2], "handler": None, "received_at": "2026-11-21T14:00:00+07:00"}
    told = steps(case(4, "processing"), [TIMELINE[0], TIMELINE[1], row], VI, {})
    assert [step["told_late"] for step in told] == [False, False, True]
    assert [step["unnamed"] for step in told][2] is True


def test_what_comes_next_is_told_until_the_end() -> None:
    assert ahead(case(1, "submitted"))[-1] == "returned"
    assert ahead(case(1, "submitted", wants_draft=True))[-2:] == ("preview", "returned")
    assert ahead(case(10, "returned")) == ()
