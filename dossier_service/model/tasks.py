"""Tasks for the office: tell a person whom no message reaches, or call who wants to be called back.

A task is named by the change it is about (its ``event_no``; 0 = the wish to be called), so it is opened once however
often it is asked for. It is no part of the owner's state: an office may close it after the dossier has ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dossier_service.model.dossier import Dossier
from dossier_service.model.states import AskKind

OPENED, CLOSED = "task_opened", "task_closed"
CONTACT_ENDED, RATING_ASKED, ASK_REMINDED = "contact_ended", "rating_asked", "ask_reminded"
REMINDED_BEFORE = timedelta(days=1)
NOTE_LENGTH = 500
REMIND = "remind/"


class TaskKind(StrEnum):
    """Why the office is asked: nothing arrived, somebody was named to tell them, or they want to be called."""

    UNREACHED = "unreached"
    TELL = "tell"
    CALL_BACK = "call_back"


class Later(StrEnum):
    """What is done an hour after it happened: the person may rate; the office learns that they want to be called."""

    ASK_TO_RATE = "ask_to_rate"
    CALL_BACK = "call_back"


NOTES = {
    TaskKind.UNREACHED: "Tin nhắn không tới được bạn. Cơ quan được nhờ gọi cho bạn.",
    TaskKind.TELL: "Cơ quan được nhờ báo tin qua người mà bạn đã chọn.",
    TaskKind.CALL_BACK: "Bạn muốn được gọi lại. Cơ quan đã nhận lời nhắn.",
}
REMINDER_NOTE = "Đã nhắc bạn: sắp hết hạn trả lời cơ quan."
RATING_NOTE = "Đã mời bạn đánh giá. Việc này không bắt buộc."
CONTACT_NOTE = "Đã dừng báo tin qua điện thoại hoặc người được chọn khi nộp hộ."
ASKED_BY = {"papers_asked": AskKind.PAPERS, "money_asked": AskKind.MONEY, "draft_sent": AskKind.CONFIRM}


@dataclass(frozen=True, slots=True)
class Task:
    """What the office is asked. ``what`` is to be told; ``ask_no`` the ask whose time waits for it, 0 = none."""

    code: str
    about: int
    kind: TaskKind
    what: str
    ask_no: int
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class TaskQueued:
    """The task goes on the owner's lane. ``contact`` tells who passes the news on, or a helped person's telephone."""

    dossier: Dossier
    task: Task
    contact: str


def reminders(before: Dossier, after: Dossier, now: datetime) -> list[tuple[str, str, datetime]]:
    """Return (code, what, at) of the reminders that newly opened asks need: a day before the person's time is over."""
    fresh = [ask for ask in after.open_asks if ask.ask_no > len(before.asks) and ask.due is not None]
    planned = [(f"{REMIND}{ask.ask_no}", ask.due - REMINDED_BEFORE) for ask in fresh if ask.due is not None]
    return [(after.code, what, at) for what, at in planned if at > now]


def ask_of(dossier: Dossier, what: str) -> int:
    """Return the number of the open ask that was announced by ``what``, or 0."""
    kind = ASKED_BY.get(what)
    return next((ask.ask_no for ask in dossier.open_asks if ask.kind is kind), 0)
