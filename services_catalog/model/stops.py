"""Planned stops: announced at least seven working days before they begin (Decree 224/2026/NĐ-CP, Art. 13).

The day of the announcement is not counted. The seventh working day after it must be over (17:00, when desks close)
before the stop begins. Force majeure needs no such time, but a reason that everybody can read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from kernel.errors import FieldProblem, Invalid, Text
from kernel.workdays import CLOSE, Calendar

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
NOTICE = 7
LONGEST = timedelta(days=31)


class Part(StrEnum):
    """What stops."""

    PORTAL = "portal"
    FILING = "filing"
    SEARCH = "search"
    PAYMENT = "payment"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class Stop:
    """A planned stop. Times are aware. ``reason`` empty = announced in time; else why it could not be."""

    id: int
    part: Part
    lane: str
    starts_at: datetime
    ends_at: datetime
    text: Text
    reason: Text | None
    announced_at: datetime
    cancelled_at: datetime | None = None


def earliest_start(announced_at: datetime, calendar: Calendar) -> datetime:
    """Return when a stop announced at ``announced_at`` (aware) may begin at the earliest, Viet Nam's time."""
    day = announced_at.astimezone(VIETNAM).date()
    for _ in range(NOTICE):
        day = calendar.next_workday(day)
    return datetime.combine(day, CLOSE, VIETNAM)


def check(stop: Stop, calendar: Calendar) -> None:
    """Raise ``Invalid`` (``bad_stop``, ``notice_too_short``) unless ``stop`` may be announced."""
    wrong = _wrong(stop)
    if wrong:
        raise Invalid("bad_stop", Text("Thông báo chưa đúng. Bạn sửa các ô dưới đây.", "Correct these fields."), wrong)
    earliest = earliest_start(stop.announced_at, calendar)
    if stop.reason is None and stop.starts_at < earliest:
        text = Text(
            f"Phải báo trước ít nhất {NOTICE} ngày làm việc. Sớm nhất là {earliest:%H:%M %d/%m/%Y}. "
            "Nếu bất khả kháng, hãy ghi lý do.",
            f"Announce at least {NOTICE} working days before: {earliest:%H:%M on %d/%m/%Y} at the earliest. "
            "In force majeure give the reason.",
        )
        field = FieldProblem("starts_at", "notice_too_short", text)
        raise Invalid("notice_too_short", text, [field], extra={"earliest": earliest.isoformat()})


def _wrong(stop: Stop) -> list[FieldProblem]:
    wrong = []
    if not stop.starts_at < stop.ends_at <= stop.starts_at + LONGEST:
        text = Text("Giờ xong phải sau giờ bắt đầu, nhiều nhất 31 ngày.", "It ends after it begins, within 31 days.")
        wrong.append(FieldProblem("ends_at", "bad_end", text))
    if stop.ends_at <= stop.announced_at:
        text = Text("Lần dừng này đã qua. Chọn giờ ở phía trước.", "This stop is over. Choose a time ahead.")
        wrong.append(FieldProblem("starts_at", "in_the_past", text))
    if (stop.part is Part.PROVINCE) != bool(stop.lane):
        text = Text(
            "Dừng ở tỉnh thì ghi mã tỉnh; dừng khác thì để trống.", "Name the lane of a province, and only then."
        )
        wrong.append(FieldProblem("lane", "bad_lane", text))
    return wrong
