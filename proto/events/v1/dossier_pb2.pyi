import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DossierChanged(_message.Message):
    __slots__ = ("code", "event_no", "owner", "procedure", "revision", "lane", "office", "epoch", "version", "state", "status", "state_digest", "request_no", "ask_no", "step", "due_at", "due_expected", "occurred_at", "received_at", "received_by", "helper", "late", "request_count", "ask_due_at", "former_lane")
    CODE_FIELD_NUMBER: _ClassVar[int]
    EVENT_NO_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    STATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REQUEST_NO_FIELD_NUMBER: _ClassVar[int]
    ASK_NO_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    DUE_AT_FIELD_NUMBER: _ClassVar[int]
    DUE_EXPECTED_FIELD_NUMBER: _ClassVar[int]
    OCCURRED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_AT_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_BY_FIELD_NUMBER: _ClassVar[int]
    HELPER_FIELD_NUMBER: _ClassVar[int]
    LATE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_COUNT_FIELD_NUMBER: _ClassVar[int]
    ASK_DUE_AT_FIELD_NUMBER: _ClassVar[int]
    FORMER_LANE_FIELD_NUMBER: _ClassVar[int]
    code: str
    event_no: int
    owner: str
    procedure: str
    revision: int
    lane: str
    office: str
    epoch: int
    version: int
    state: str
    status: int
    state_digest: str
    request_no: int
    ask_no: int
    step: str
    due_at: _timestamp_pb2.Timestamp
    due_expected: bool
    occurred_at: _timestamp_pb2.Timestamp
    received_at: _timestamp_pb2.Timestamp
    received_by: str
    helper: str
    late: bool
    request_count: int
    ask_due_at: _timestamp_pb2.Timestamp
    former_lane: str
    def __init__(self, code: _Optional[str] = ..., event_no: _Optional[int] = ..., owner: _Optional[str] = ..., procedure: _Optional[str] = ..., revision: _Optional[int] = ..., lane: _Optional[str] = ..., office: _Optional[str] = ..., epoch: _Optional[int] = ..., version: _Optional[int] = ..., state: _Optional[str] = ..., status: _Optional[int] = ..., state_digest: _Optional[str] = ..., request_no: _Optional[int] = ..., ask_no: _Optional[int] = ..., step: _Optional[str] = ..., due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., due_expected: _Optional[bool] = ..., occurred_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., received_by: _Optional[str] = ..., helper: _Optional[str] = ..., late: _Optional[bool] = ..., request_count: _Optional[int] = ..., ask_due_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., former_lane: _Optional[str] = ...) -> None: ...

class AccessRecorded(_message.Message):
    __slots__ = ("code", "owner", "role", "office", "why", "at")
    CODE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    ROLE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    code: str
    owner: str
    role: str
    office: str
    why: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, code: _Optional[str] = ..., owner: _Optional[str] = ..., role: _Optional[str] = ..., office: _Optional[str] = ..., why: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DailyRootSealed(_message.Message):
    __slots__ = ("date", "count", "root", "prev_root")
    DATE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    PREV_ROOT_FIELD_NUMBER: _ClassVar[int]
    date: str
    count: int
    root: str
    prev_root: str
    def __init__(self, date: _Optional[str] = ..., count: _Optional[int] = ..., root: _Optional[str] = ..., prev_root: _Optional[str] = ...) -> None: ...

class RatingGiven(_message.Message):
    __slots__ = ("id", "change_no", "procedure", "lane", "office", "score", "reasons", "helped", "day")
    ID_FIELD_NUMBER: _ClassVar[int]
    CHANGE_NO_FIELD_NUMBER: _ClassVar[int]
    PROCEDURE_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    HELPED_FIELD_NUMBER: _ClassVar[int]
    DAY_FIELD_NUMBER: _ClassVar[int]
    id: str
    change_no: int
    procedure: str
    lane: str
    office: str
    score: int
    reasons: _containers.RepeatedScalarFieldContainer[str]
    helped: bool
    day: str
    def __init__(self, id: _Optional[str] = ..., change_no: _Optional[int] = ..., procedure: _Optional[str] = ..., lane: _Optional[str] = ..., office: _Optional[str] = ..., score: _Optional[int] = ..., reasons: _Optional[_Iterable[str]] = ..., helped: _Optional[bool] = ..., day: _Optional[str] = ...) -> None: ...
