"""What owners report, from the wire into the model. Nonsense raises ``Reject``: it is quarantined with the reason."""

import re
from datetime import UTC, date, datetime
from typing import TypeVar

from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp

from dossier_service.events.words import ASK_KIND_OF, ASK_STATE_OF, STATE_OF, UNIT_OF, VERDICT_OF
from dossier_service.model.dossier import (
    Answer,
    Appointment,
    Ask,
    AskItem,
    FileRef,
    PastStep,
    Report,
    Snapshot,
    Step,
    from_fields,
)
from dossier_service.model.states import RequestState
from kernel.errors import Reject
from proto.exchange.v1 import exchange_pb2 as wire

DIGEST = re.compile(r"[0-9a-f]{64}")
EARLIEST, LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
MOST_VND = 10**15
MOST_VERSION = 10**6
T = TypeVar("T")


def upward_of(body: bytes) -> wire.Upward:
    """Return the message in ``body``. Raises ``Reject``."""
    try:
        return wire.Upward.FromString(body)
    except DecodeError as error:
        raise Reject("BAD_SCHEMA: not an Upward message") from error


def report_of(message: wire.Report) -> Report:
    """Return a report. Raises ``Reject`` for unknown enum values and values that mean nothing."""
    _refuse_nul(message)
    return from_fields(
        Report,
        {
            "epoch": _positive(message.epoch, "epoch"),
            "version": _version(message.version),
            "state": _known(STATE_OF, message.state, "state"),
            "occurred_at": _instant(message.occurred_at, "occurred_at"),
            "digest": message.digest,
            "step": _step(message.step),
            "asks": tuple(map(_ask, message.asks)),
            "due": _due(message.due) if message.HasField("due") else None,
            "results": tuple(map(_file, message.results)),
            "draft_result": _file(message.draft_result) if message.HasField("draft_result") else None,
            "answers": tuple(map(_answer, message.answers)),
            "reason": message.reason,
            "reason_rule": message.reason_rule,
        },
    )


def snapshot_of(message: wire.Snapshot) -> Snapshot:
    """Return a snapshot. Raises ``Reject`` like ``report_of``."""
    _refuse_nul(message)
    return Snapshot(
        state=report_of(message.state),
        history=tuple(
            PastStep(
                _version(row.version),
                _step(row.step),
                _instant(row.occurred_at, "occurred_at"),
                _known(STATE_OF, row.state, "state"),
            )
            for row in message.history
        ),
        requests={request.request_no: _request_state(request.state) for request in message.requests},
    )


def instant_of(stamp: Timestamp, name: str) -> datetime:
    """Return an aware UTC time. Raises ``Reject`` when it is missing or out of range."""
    return _instant(stamp, name)


def _request_state(text: str) -> RequestState:
    try:
        return RequestState(text or "open")
    except ValueError:
        raise Reject("BAD_SCHEMA: unknown request state") from None


def _answer(one: wire.Answer) -> Answer:
    number = _positive(one.request_no, "request_no")
    return Answer(number, _known(VERDICT_OF, one.verdict, "verdict"), one.code, one.text)


def _ask(ask: wire.Ask) -> Ask:
    if not 0 <= ask.amount_vnd <= MOST_VND:
        raise Reject("BAD_SCHEMA: an amount of money is out of range")
    return Ask(
        ask_no=_positive(ask.ask_no, "ask_no"),
        kind=_known(ASK_KIND_OF, ask.kind, "ask kind"),
        state=_known(ASK_STATE_OF, ask.state, "ask state"),
        items=tuple(AskItem(item.field, item.text, item.reason, item.rule) for item in ask.items),
        due=_instant(ask.due, "ask due") if ask.HasField("due") else None,
        amount_vnd=ask.amount_vnd,
    )


def _due(due: wire.Due) -> Appointment:
    try:
        skipped = tuple(date.fromisoformat(day) for day in due.skipped)
    except ValueError:
        raise Reject("BAD_SCHEMA: a skipped day is no date") from None
    return Appointment(
        at=_instant(due.at, "due"),
        start=_instant(due.start, "due start") if due.HasField("start") else None,
        amount=due.amount,
        unit=UNIT_OF.get(due.unit, ""),
        calendar=due.calendar,
        skipped=skipped,
    )


def _file(ref: wire.FileRef) -> FileRef:
    if not DIGEST.fullmatch(ref.sha256) or ref.size < 0:
        raise Reject("BAD_SCHEMA: a file without digest or size")
    return FileRef(ref.sha256, ref.size, ref.type, ref.name)


def _step(step: wire.HistoryStep) -> Step:
    return Step(step.type, step.actor_role, step.office, step.handler, step.note)


def _instant(stamp: Timestamp, name: str) -> datetime:
    if stamp.seconds <= 0:
        raise Reject(f"BAD_SCHEMA: {name} is missing")
    try:
        at = stamp.ToDatetime(UTC)
    except (ValueError, OverflowError):
        raise Reject(f"BAD_SCHEMA: {name} is no time") from None
    if not EARLIEST <= at < LATEST:  # a sum of days from there would leave the calendar
        raise Reject(f"BAD_SCHEMA: {name} is no time of our days")
    return at


def _refuse_nul(message: Message) -> None:
    """No text column of PostgreSQL holds NUL, so such a report would be tried again for ever."""
    if b"\0" in message.SerializeToString():  # hardly ever, so that hardly any message is walked through
        _find_nul(message)


def _find_nul(message: Message) -> None:
    for field, value in message.ListFields():
        for item in value if field.is_repeated else (value,):
            if isinstance(item, Message):
                _find_nul(item)
            elif isinstance(item, str) and "\0" in item:
                raise Reject(f"BAD_SCHEMA: {field.name} has a NUL character")


def _version(number: int) -> int:
    if number > MOST_VERSION:  # no dossier has as many steps; one more than int32 could not be answered
        raise Reject("BAD_SCHEMA: version is out of range")
    return _positive(number, "version")


def _positive(number: int, name: str) -> int:
    if number <= 0:
        raise Reject(f"BAD_SCHEMA: {name} is not positive")
    return number


def _known(words: dict[int, T], number: int, name: str) -> T:
    if number not in words:
        raise Reject(f"BAD_SCHEMA: unknown {name} {number}")
    return words[number]
