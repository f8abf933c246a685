import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STATE_UNSPECIFIED: _ClassVar[State]
    SUBMITTED: _ClassVar[State]
    ACCEPTED: _ClassVar[State]
    PROCESSING: _ClassVar[State]
    DECIDED: _ClassVar[State]
    RETURNED: _ClassVar[State]
    REFUSED: _ClassVar[State]
    WITHDRAWN: _ClassVar[State]
    STOPPED: _ClassVar[State]

class AskKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASK_KIND_UNSPECIFIED: _ClassVar[AskKind]
    PAPERS: _ClassVar[AskKind]
    MONEY: _ClassVar[AskKind]
    CONFIRM: _ClassVar[AskKind]

class AskState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ASK_STATE_UNSPECIFIED: _ClassVar[AskState]
    OPEN: _ClassVar[AskState]
    MET: _ClassVar[AskState]
    LAPSED: _ClassVar[AskState]
    DROPPED: _ClassVar[AskState]

class RequestKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REQUEST_KIND_UNSPECIFIED: _ClassVar[RequestKind]
    SUPPLEMENT: _ClassVar[RequestKind]
    PAYMENT: _ClassVar[RequestKind]
    CONFIRMATION: _ClassVar[RequestKind]
    WITHDRAWAL: _ClassVar[RequestKind]

class Verdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_UNSPECIFIED: _ClassVar[Verdict]
    VERDICT_ACCEPTED: _ClassVar[Verdict]
    VERDICT_DECLINED: _ClassVar[Verdict]
    VERDICT_CLOSED: _ClassVar[Verdict]

class TermUnit(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TERM_UNIT_UNSPECIFIED: _ClassVar[TermUnit]
    WORKING_DAYS: _ClassVar[TermUnit]
    DAYS: _ClassVar[TermUnit]
    HOURS: _ClassVar[TermUnit]
STATE_UNSPECIFIED: State
SUBMITTED: State
ACCEPTED: State
PROCESSING: State
DECIDED: State
RETURNED: State
REFUSED: State
WITHDRAWN: State
STOPPED: State
ASK_KIND_UNSPECIFIED: AskKind
PAPERS: AskKind
MONEY: AskKind
CONFIRM: AskKind
ASK_STATE_UNSPECIFIED: AskState
OPEN: AskState
MET: AskState
LAPSED: AskState
DROPPED: AskState
REQUEST_KIND_UNSPECIFIED: RequestKind
SUPPLEMENT: RequestKind
PAYMENT: RequestKind
CONFIRMATION: RequestKind
WITHDRAWAL: RequestKind
VERDICT_UNSPECIFIED: Verdict
VERDICT_ACCEPTED: Verdict
VERDICT_DECLINED: Verdict
VERDICT_CLOSED: Verdict
TERM_UNIT_UNSPECIFIED: TermUnit
WORKING_DAYS: TermUnit
DAYS: TermUnit
HOURS: TermUnit

class AskItem(_message.Message):
    __slots__ = ("field", "text", "reason", "rule")
    FIELD_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    field: str
    text: str
    reason: str
    rule: str
    def __init__(self, field: _Optional[str] = ..., text: _Optional[str] = ..., reason: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class Ask(_message.Message):
    __slots__ = ("ask_no", "kind", "state", "items", "due", "amount_vnd")
    ASK_NO_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_VND_FIELD_NUMBER: _ClassVar[int]
    ask_no: int
    kind: AskKind
    state: AskState
    items: _containers.RepeatedCompositeFieldContainer[AskItem]
    due: _timestamp_pb2.Timestamp
    amount_vnd: int
    def __init__(self, ask_no: _Optional[int] = ..., kind: _Optional[_Union[AskKind, str]] = ..., state: _Optional[_Union[AskState, str]] = ..., items: _Optional[_Iterable[_Union[AskItem, _Mapping]]] = ..., due: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount_vnd: _Optional[int] = ...) -> None: ...

class Due(_message.Message):
    __slots__ = ("at", "start", "amount", "unit", "calendar", "skipped")
    AT_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    AMOUNT_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_FIELD_NUMBER: _ClassVar[int]
    at: _timestamp_pb2.Timestamp
    start: _timestamp_pb2.Timestamp
    amount: int
    unit: TermUnit
    calendar: str
    skipped: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., amount: _Optional[int] = ..., unit: _Optional[_Union[TermUnit, str]] = ..., calendar: _Optional[str] = ..., skipped: _Optional[_Iterable[str]] = ...) -> None: ...

class FileRef(_message.Message):
    __slots__ = ("sha256", "size", "type", "name")
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    sha256: str
    size: int
    type: str
    name: str
    def __init__(self, sha256: _Optional[str] = ..., size: _Optional[int] = ..., type: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class Answer(_message.Message):
    __slots__ = ("request_no", "verdict", "code", "text")
    REQUEST_NO_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    request_no: int
    verdict: Verdict
    code: str
    text: str
    def __init__(self, request_no: _Optional[int] = ..., verdict: _Optional[_Union[Verdict, str]] = ..., code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class HistoryStep(_message.Message):
    __slots__ = ("type", "actor_role", "office", "handler", "note")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTOR_ROLE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    type: str
    actor_role: str
    office: str
    handler: str
    note: str
    def __init__(self, type: _Optional[str] = ..., actor_role: _Optional[str] = ..., office: _Optional[str] = ..., handler: _Optional[str] = ..., note: _Optional[str] = ...) -> None: ...

class Report(_message.Message):
    __slots__ = ("epoch", "version", "state", "asks", "due", "results", "draft_result", "answers", "step", "occurred_at", "digest", "reason", "reason_rule")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    ASKS_FIELD_NUMBER: _ClassVar[int]
    DUE_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    DRAFT_RESULT_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REASON_RULE_FIELD_NUMBER: _ClassVar[int]
    epoch: int
    version: int
    state: State
    asks: _containers.RepeatedCompositeFieldContainer[Ask]
    due: Due
    results: _containers.RepeatedCompositeFieldContainer[FileRef]
    draft_result: FileRef
    answers: _containers.RepeatedCompositeFieldContainer[Answer]
    step: HistoryStep
    occurred_at: _timestamp_pb2.Timestamp
    digest: str
    reason: str
    reason_rule: str
    def __init__(self, epoch: _Optional[int] = ..., version: _Optional[int] = ..., state: _Optional[_Union[State, str]] = ..., asks: _Optional[_Iterable[_Union[Ask, _Mapping]]] = ..., due: _Optional[_Union[Due, _Mapping]] = ..., results: _Optional[_Iterable[_Union[FileRef, _Mapping]]] = ..., draft_result: _Optional[_Union[FileRef, _Mapping]] = ..., answers: _Optional[_Iterable[_Union[Answer, _Mapping]]] = ..., step: _Optional[_Union[HistoryStep, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., digest: _Optional[str] = ..., reason: _Optional[str] = ..., reason_rule: _Optional[str] = ...) -> None: ...

class Request(_message.Message):
    __slots__ = ("request_no", "kind", "ask_no", "filed_at", "by", "answers_json", "files", "text", "state")
    REQUEST_NO_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ASK_NO_FIELD_NUMBER: _ClassVar[int]
    FILED_AT_FIELD_NUMBER: _ClassVar[int]
    BY_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_JSON_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    request_no: int
    kind: RequestKind
    ask_no: int
    filed_at: _timestamp_pb2.Timestamp
    by: str
    answers_json: str
    files: _containers.RepeatedCompositeFieldContainer[FileRef]
    text: str
    state: str
    def __init__(self, request_no: _Optional[int] = ..., kind: _Optional[_Union[RequestKind, str]] = ..., ask_no: _Optional[int] = ..., filed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., by: _Optional[str] = ..., answers_json: _Optional[str] = ..., files: _Optional[_Iterable[_Union[FileRef, _Mapping]]] = ..., text: _Optional[str] = ..., state: _Optional[str] = ...) -> None: ...

class Handover(_message.Message):
    __slots__ = ("procedure", "revision", "form_digest", "answers_json", "files", "submitted_at", "received_by", "office", "result_at", "applicant_name", "procedure_title", "term_amount", "term_unit", "wants_draft", "demo_asks_json", "paper_code", "corrects", "wrong")
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    FORM_DIGEST_FIELD_NUMBER: _ClassVar[int]
    ANSWERS_JSON_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    SUBMITTED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_BY_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    RESULT_AT_FIELD_NUMBER: _ClassVar[int]
    APPLICANT_NAME_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_TITLE_FIELD_NUMBER: _ClassVar[int]
    TERM_AMOUNT_FIELD_NUMBER: _ClassVar[int]
    TERM_UNIT_FIELD_NUMBER: _ClassVar[int]
    WANTS_DRAFT_FIELD_NUMBER: _ClassVar[int]
    DEMO_ASKS_JSON_FIELD_NUMBER: _ClassVar[int]
    PAPER_CODE_FIELD_NUMBER: _ClassVar[int]
    CORRECTS_FIELD_NUMBER: _ClassVar[int]
    WRONG_FIELD_NUMBER: _ClassVar[int]
    procedure: str
    revision: int
    form_digest: str
    answers_json: str
    files: _containers.RepeatedCompositeFieldContainer[FileRef]
    submitted_at: _timestamp_pb2.Timestamp
    received_by: str
    office: str
    result_at: str
    applicant_name: str
    procedure_title: str
    term_amount: int
    term_unit: TermUnit
    wants_draft: bool
    demo_asks_json: str
    paper_code: str
    corrects: str
    wrong: str
    def __init__(self, procedure: _Optional[str] = ..., revision: _Optional[int] = ..., form_digest: _Optional[str] = ..., answers_json: _Optional[str] = ..., files: _Optional[_Iterable[_Union[FileRef, _Mapping]]] = ..., submitted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_by: _Optional[str] = ..., office: _Optional[str] = ..., result_at: _Optional[str] = ..., applicant_name: _Optional[str] = ..., procedure_title: _Optional[str] = ..., term_amount: _Optional[int] = ..., term_unit: _Optional[_Union[TermUnit, str]] = ..., wants_draft: _Optional[bool] = ..., demo_asks_json: _Optional[str] = ..., paper_code: _Optional[str] = ..., corrects: _Optional[str] = ..., wrong: _Optional[str] = ...) -> None: ...

class ReportRefused(_message.Message):
    __slots__ = ("version", "code", "text")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    version: int
    code: str
    text: str
    def __init__(self, version: _Optional[int] = ..., code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class SendSnapshot(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HistoryRow(_message.Message):
    __slots__ = ("version", "step", "occurred_at", "state")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    version: int
    step: HistoryStep
    occurred_at: _timestamp_pb2.Timestamp
    state: State
    def __init__(self, version: _Optional[int] = ..., step: _Optional[_Union[HistoryStep, _Mapping]] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[_Union[State, str]] = ...) -> None: ...

class Snapshot(_message.Message):
    __slots__ = ("state", "history", "requests", "files", "handover")
    STATE_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    HANDOVER_FIELD_NUMBER: _ClassVar[int]
    state: Report
    history: _containers.RepeatedCompositeFieldContainer[HistoryRow]
    requests: _containers.RepeatedCompositeFieldContainer[Request]
    files: _containers.RepeatedCompositeFieldContainer[FileRef]
    handover: Handover
    def __init__(self, state: _Optional[_Union[Report, _Mapping]] = ..., history: _Optional[_Iterable[_Union[HistoryRow, _Mapping]]] = ..., requests: _Optional[_Iterable[_Union[Request, _Mapping]]] = ..., files: _Optional[_Iterable[_Union[FileRef, _Mapping]]] = ..., handover: _Optional[_Union[Handover, _Mapping]] = ...) -> None: ...

class AccessNoted(_message.Message):
    __slots__ = ("role", "office", "why", "at")
    ROLE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    role: str
    office: str
    why: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, role: _Optional[str] = ..., office: _Optional[str] = ..., why: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class TaskOpened(_message.Message):
    __slots__ = ("dossier", "about", "kind", "what", "ask_no", "opened_at", "contact")
    DOSSIER_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    ASK_NO_FIELD_NUMBER: _ClassVar[int]
    OPENED_AT_FIELD_NUMBER: _ClassVar[int]
    CONTACT_FIELD_NUMBER: _ClassVar[int]
    dossier: str
    about: int
    kind: str
    what: str
    ask_no: int
    opened_at: _timestamp_pb2.Timestamp
    contact: str
    def __init__(self, dossier: _Optional[str] = ..., about: _Optional[int] = ..., kind: _Optional[str] = ..., what: _Optional[str] = ..., ask_no: _Optional[int] = ..., opened_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., contact: _Optional[str] = ...) -> None: ...

class TaskClosed(_message.Message):
    __slots__ = ("dossier", "about", "note", "office", "handler", "at")
    DOSSIER_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    NOTE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    HANDLER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    dossier: str
    about: int
    note: str
    office: str
    handler: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, dossier: _Optional[str] = ..., about: _Optional[int] = ..., note: _Optional[str] = ..., office: _Optional[str] = ..., handler: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Delivery(_message.Message):
    __slots__ = ("subject", "subject_kind", "lane", "epoch", "handover", "request_filed", "report_refused", "send_snapshot", "snapshot", "task_opened")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KIND_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    HANDOVER_FIELD_NUMBER: _ClassVar[int]
    REQUEST_FILED_FIELD_NUMBER: _ClassVar[int]
    REPORT_REFUSED_FIELD_NUMBER: _ClassVar[int]
    SEND_SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    TASK_OPENED_FIELD_NUMBER: _ClassVar[int]
    subject: str
    subject_kind: str
    lane: str
    epoch: int
    handover: Handover
    request_filed: Request
    report_refused: ReportRefused
    send_snapshot: SendSnapshot
    snapshot: Snapshot
    task_opened: TaskOpened
    def __init__(self, subject: _Optional[str] = ..., subject_kind: _Optional[str] = ..., lane: _Optional[str] = ..., epoch: _Optional[int] = ..., handover: _Optional[_Union[Handover, _Mapping]] = ..., request_filed: _Optional[_Union[Request, _Mapping]] = ..., report_refused: _Optional[_Union[ReportRefused, _Mapping]] = ..., send_snapshot: _Optional[_Union[SendSnapshot, _Mapping]] = ..., snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., task_opened: _Optional[_Union[TaskOpened, _Mapping]] = ...) -> None: ...

class Upward(_message.Message):
    __slots__ = ("subject", "subject_kind", "participant", "received_at", "report", "snapshot", "access_noted", "task_closed")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_KIND_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    SNAPSHOT_FIELD_NUMBER: _ClassVar[int]
    ACCESS_NOTED_FIELD_NUMBER: _ClassVar[int]
    TASK_CLOSED_FIELD_NUMBER: _ClassVar[int]
    subject: str
    subject_kind: str
    participant: str
    received_at: _timestamp_pb2.Timestamp
    report: Report
    snapshot: Snapshot
    access_noted: AccessNoted
    task_closed: TaskClosed
    def __init__(self, subject: _Optional[str] = ..., subject_kind: _Optional[str] = ..., participant: _Optional[str] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., report: _Optional[_Union[Report, _Mapping]] = ..., snapshot: _Optional[_Union[Snapshot, _Mapping]] = ..., access_noted: _Optional[_Union[AccessNoted, _Mapping]] = ..., task_closed: _Optional[_Union[TaskClosed, _Mapping]] = ...) -> None: ...

class Up(_message.Message):
    __slots__ = ("hello", "ack", "item", "bad_frame", "compare_result")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    BAD_FRAME_FIELD_NUMBER: _ClassVar[int]
    COMPARE_RESULT_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    ack: Ack
    item: UpItem
    bad_frame: BadFrame
    compare_result: CompareResult
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., item: _Optional[_Union[UpItem, _Mapping]] = ..., bad_frame: _Optional[_Union[BadFrame, _Mapping]] = ..., compare_result: _Optional[_Union[CompareResult, _Mapping]] = ...) -> None: ...

class Down(_message.Message):
    __slots__ = ("welcome", "item", "receipt", "compare")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ITEM_FIELD_NUMBER: _ClassVar[int]
    RECEIPT_FIELD_NUMBER: _ClassVar[int]
    COMPARE_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    item: DownItem
    receipt: Receipt
    compare: Compare
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., item: _Optional[_Union[DownItem, _Mapping]] = ..., receipt: _Optional[_Union[Receipt, _Mapping]] = ..., compare: _Optional[_Union[Compare, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("journal_id", "last_report_seq", "last_seq", "link_epoch", "protocol_min", "protocol_max", "kinds", "now", "software", "lane", "books_restored", "window_items", "window_bytes")
    JOURNAL_ID_FIELD_NUMBER: _ClassVar[int]
    LAST_REPORT_SEQ_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQ_FIELD_NUMBER: _ClassVar[int]
    LINK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_MIN_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_MAX_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    SOFTWARE_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    BOOKS_RESTORED_FIELD_NUMBER: _ClassVar[int]
    WINDOW_ITEMS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    journal_id: str
    last_report_seq: int
    last_seq: int
    link_epoch: int
    protocol_min: int
    protocol_max: int
    kinds: _containers.RepeatedScalarFieldContainer[str]
    now: _timestamp_pb2.Timestamp
    software: str
    lane: str
    books_restored: bool
    window_items: int
    window_bytes: int
    def __init__(self, journal_id: _Optional[str] = ..., last_report_seq: _Optional[int] = ..., last_seq: _Optional[int] = ..., link_epoch: _Optional[int] = ..., protocol_min: _Optional[int] = ..., protocol_max: _Optional[int] = ..., kinds: _Optional[_Iterable[str]] = ..., now: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., software: _Optional[str] = ..., lane: _Optional[str] = ..., books_restored: _Optional[bool] = ..., window_items: _Optional[int] = ..., window_bytes: _Optional[int] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("participant", "lanes", "link_epoch", "last_report_seq", "acked_seq", "resync", "now", "calendar", "protocol", "window_items", "window_bytes")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    LINK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    LAST_REPORT_SEQ_FIELD_NUMBER: _ClassVar[int]
    ACKED_SEQ_FIELD_NUMBER: _ClassVar[int]
    RESYNC_FIELD_NUMBER: _ClassVar[int]
    NOW_FIELD_NUMBER: _ClassVar[int]
    CALENDAR_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    WINDOW_ITEMS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_BYTES_FIELD_NUMBER: _ClassVar[int]
    participant: str
    lanes: _containers.RepeatedScalarFieldContainer[str]
    link_epoch: int
    last_report_seq: int
    acked_seq: int
    resync: bool
    now: _timestamp_pb2.Timestamp
    calendar: str
    protocol: int
    window_items: int
    window_bytes: int
    def __init__(self, participant: _Optional[str] = ..., lanes: _Optional[_Iterable[str]] = ..., link_epoch: _Optional[int] = ..., last_report_seq: _Optional[int] = ..., acked_seq: _Optional[int] = ..., resync: _Optional[bool] = ..., now: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., calendar: _Optional[str] = ..., protocol: _Optional[int] = ..., window_items: _Optional[int] = ..., window_bytes: _Optional[int] = ...) -> None: ...

class DownItem(_message.Message):
    __slots__ = ("seq", "link_epoch", "body", "digest", "subject", "replaces")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    LINK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    seq: int
    link_epoch: int
    body: bytes
    digest: str
    subject: str
    replaces: int
    def __init__(self, seq: _Optional[int] = ..., link_epoch: _Optional[int] = ..., body: _Optional[bytes] = ..., digest: _Optional[str] = ..., subject: _Optional[str] = ..., replaces: _Optional[int] = ...) -> None: ...

class UpItem(_message.Message):
    __slots__ = ("report_seq", "body", "digest")
    REPORT_SEQ_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    report_seq: int
    body: bytes
    digest: str
    def __init__(self, report_seq: _Optional[int] = ..., body: _Optional[bytes] = ..., digest: _Optional[str] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("seq",)
    SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    def __init__(self, seq: _Optional[int] = ...) -> None: ...

class Receipt(_message.Message):
    __slots__ = ("report_seq",)
    REPORT_SEQ_FIELD_NUMBER: _ClassVar[int]
    report_seq: int
    def __init__(self, report_seq: _Optional[int] = ...) -> None: ...

class BadFrame(_message.Message):
    __slots__ = ("seq", "subject", "reason")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    seq: int
    subject: str
    reason: str
    def __init__(self, seq: _Optional[int] = ..., subject: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class Compare(_message.Message):
    __slots__ = ("compare_id", "buckets", "done", "settle_seconds")
    COMPARE_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKETS_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    SETTLE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    compare_id: int
    buckets: _containers.RepeatedScalarFieldContainer[int]
    done: bool
    settle_seconds: int
    def __init__(self, compare_id: _Optional[int] = ..., buckets: _Optional[_Iterable[int]] = ..., done: _Optional[bool] = ..., settle_seconds: _Optional[int] = ...) -> None: ...

class CompareRow(_message.Message):
    __slots__ = ("subject", "epoch", "version", "digest")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    subject: str
    epoch: int
    version: int
    digest: str
    def __init__(self, subject: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., digest: _Optional[str] = ...) -> None: ...

class CompareResult(_message.Message):
    __slots__ = ("compare_id", "bucket_digests", "rows", "last", "unsettled")
    COMPARE_ID_FIELD_NUMBER: _ClassVar[int]
    BUCKET_DIGESTS_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    UNSETTLED_FIELD_NUMBER: _ClassVar[int]
    compare_id: int
    bucket_digests: _containers.RepeatedScalarFieldContainer[str]
    rows: _containers.RepeatedCompositeFieldContainer[CompareRow]
    last: bool
    unsettled: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, compare_id: _Optional[int] = ..., bucket_digests: _Optional[_Iterable[str]] = ..., rows: _Optional[_Iterable[_Union[CompareRow, _Mapping]]] = ..., last: _Optional[bool] = ..., unsettled: _Optional[_Iterable[str]] = ...) -> None: ...

class FetchFileRequest(_message.Message):
    __slots__ = ("subject", "sha256", "offset")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    subject: str
    sha256: str
    offset: int
    def __init__(self, subject: _Optional[str] = ..., sha256: _Optional[str] = ..., offset: _Optional[int] = ...) -> None: ...

class FileChunk(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class PutFileRequest(_message.Message):
    __slots__ = ("header", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: PutFileHeader
    data: bytes
    def __init__(self, header: _Optional[_Union[PutFileHeader, _Mapping]] = ..., data: _Optional[bytes] = ...) -> None: ...

class PutFileHeader(_message.Message):
    __slots__ = ("subject", "file", "offset")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    subject: str
    file: FileRef
    offset: int
    def __init__(self, subject: _Optional[str] = ..., file: _Optional[_Union[FileRef, _Mapping]] = ..., offset: _Optional[int] = ...) -> None: ...

class PutFileReply(_message.Message):
    __slots__ = ("stored", "complete")
    STORED_FIELD_NUMBER: _ClassVar[int]
    COMPLETE_FIELD_NUMBER: _ClassVar[int]
    stored: int
    complete: bool
    def __init__(self, stored: _Optional[int] = ..., complete: _Optional[bool] = ...) -> None: ...

class RenewRequest(_message.Message):
    __slots__ = ("certificate_request",)
    CERTIFICATE_REQUEST_FIELD_NUMBER: _ClassVar[int]
    certificate_request: bytes
    def __init__(self, certificate_request: _Optional[bytes] = ...) -> None: ...

class RenewReply(_message.Message):
    __slots__ = ("certificate_chain",)
    CERTIFICATE_CHAIN_FIELD_NUMBER: _ClassVar[int]
    certificate_chain: bytes
    def __init__(self, certificate_chain: _Optional[bytes] = ...) -> None: ...
