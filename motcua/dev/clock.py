"""Moving business time forwards: by hours, days or working days."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from kernel.clock import VIETNAM, Clock
from kernel.errors import FieldProblem, Invalid, Text
from kernel.workdays import Calendar

UNITS = ("hours", "days", "working_days")
MOST = {"hours": 24 * 366, "days": 366, "working_days": 250}
FURTHEST = timedelta(days=366 * 8)

WRONG = Text("Bạn cần một số nguyên dương không quá lớn.", "A whole number above zero, not too large, is needed.")
TOO_FAR = Text(
    "Đồng hồ đã đi quá xa. Bạn dùng thư mục dữ liệu mới.", "The clock is too far ahead. Use a new data folder."
)


def step_of(wanted: Mapping[str, object], *, now: datetime, calendar: Calendar) -> timedelta:
    """Return how far to move from ``now``; ``wanted`` has any of hours, days, working_days (whole numbers).

    A working day ends at the same hour of the next working day. Raises ``Invalid`` naming every wrong member.
    """
    amounts, problems = {}, []
    for name, value in wanted.items():
        if name not in UNITS:
            problems.append(FieldProblem(name[:50], "unknown_field", WRONG))
        elif isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST[name]:
            problems.append(FieldProblem(name, "out_of_range", WRONG))
        else:
            amounts[name] = value
    if problems or not sum(amounts.values()):
        raise Invalid("invalid_step", WRONG, problems)
    local = now.astimezone(VIETNAM) + timedelta(hours=amounts.get("hours", 0), days=amounts.get("days", 0))
    day = local.date()
    for _ in range(amounts.get("working_days", 0)):
        day = calendar.next_workday(day)
    return datetime.combine(day, local.timetz()) - now


async def advance(clock: Clock, calendar: Calendar, wanted: Mapping[str, object]) -> datetime:
    """Move the clock and return the new time once every scheduler is done.

    Raises ``Invalid``; it never goes further than eight years ahead, where calendars end.
    """
    step = step_of(wanted, now=clock.now(), calendar=calendar)
    if clock.offset + step > FURTHEST:
        raise Invalid("too_far", TOO_FAR)
    return await clock.advance(step)
