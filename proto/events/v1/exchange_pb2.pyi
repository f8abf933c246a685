import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LinkConnected(_message.Message):
    __slots__ = ("participant", "link_epoch", "at")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    LINK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    participant: str
    link_epoch: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, participant: _Optional[str] = ..., link_epoch: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class LinkLost(_message.Message):
    __slots__ = ("participant", "link_epoch", "at")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    LINK_EPOCH_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    participant: str
    link_epoch: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, participant: _Optional[str] = ..., link_epoch: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DeliveryAcked(_message.Message):
    __slots__ = ("participant", "subject", "kind", "seq", "request_no", "at")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    REQUEST_NO_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    participant: str
    subject: str
    kind: str
    seq: int
    request_no: int
    at: _timestamp_pb2.Timestamp
    def __init__(self, participant: _Optional[str] = ..., subject: _Optional[str] = ..., kind: _Optional[str] = ..., seq: _Optional[int] = ..., request_no: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RedeliveryWanted(_message.Message):
    __slots__ = ("participant", "subject", "reason")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    participant: str
    subject: str
    reason: str
    def __init__(self, participant: _Optional[str] = ..., subject: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ItemQuarantined(_message.Message):
    __slots__ = ("participant", "subject", "seq", "reason")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    participant: str
    subject: str
    seq: int
    reason: str
    def __init__(self, participant: _Optional[str] = ..., subject: _Optional[str] = ..., seq: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...

class FileStored(_message.Message):
    __slots__ = ("participant", "subject", "sha256", "size")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    participant: str
    subject: str
    sha256: str
    size: int
    def __init__(self, participant: _Optional[str] = ..., subject: _Optional[str] = ..., sha256: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...
