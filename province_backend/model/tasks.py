"""Tasks of the office: tell a person whom no message reaches, or call who wants to be called back."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from province_backend.model.case import AskState, Case
from province_backend.model.steps import Actor, Moved, advance


class TaskKind(StrEnum):
    """Why: no message arrived, somebody is to pass the news on, or the person wants to be called back."""

    UNREACHED = "unreached"
    TELL = "tell"
    CALL_BACK = "call_back"


@dataclass(frozen=True, slots=True)
class Task:
    """One task. ``about`` names the change to be told, ``what`` it was; ``ask_no`` the ask whose time waits, 0 = none.

    ``contact`` is who passes the news on, or a helped person's telephone; else it stands in what was filed.
    """

    code: str
    about: int
    kind: TaskKind
    what: str
    ask_no: int
    contact: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class TaskDone:
    """Event: the office closed a task; the citizen reads the note."""

    code: str
    about: int
    note: str
    office: str
    handler: str
    at: datetime


def restart_time(case: Case, asks: dict[int, datetime], *, actor: Actor, now: datetime) -> Moved | None:
    """Let the time of these open asks begin now that the person knows of them: ``asks`` gives each its new last moment.

    Time is only given, never taken. Returns None when nothing changes.
    """
    if case.ended or case.stale:
        return None
    later = tuple(
        replace(ask, due=asks[ask.ask_no])
        if ask.ask_no in asks and ask.state is AskState.OPEN and ask.due and ask.due < asks[ask.ask_no]
        else ask
        for ask in case.asks
    )
    if later == case.asks:
        return None
    return advance(case, actor=actor, now=now, step="time_restarted", asks=later)
