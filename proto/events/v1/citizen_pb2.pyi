import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NoticeSettled(_message.Message):
    __slots__ = ("dossier", "event_no", "channel", "at")
    DOSSIER_FIELD_NUMBER: _ClassVar[int]
    EVENT_NO_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    dossier: str
    event_no: int
    channel: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, dossier: _Optional[str] = ..., event_no: _Optional[int] = ..., channel: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class PersonUnreached(_message.Message):
    __slots__ = ("dossier", "event_no", "what", "by_teller", "at")
    DOSSIER_FIELD_NUMBER: _ClassVar[int]
    EVENT_NO_FIELD_NUMBER: _ClassVar[int]
    WHAT_FIELD_NUMBER: _ClassVar[int]
    BY_TELLER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    dossier: str
    event_no: int
    what: str
    by_teller: bool
    at: _timestamp_pb2.Timestamp
    def __init__(self, dossier: _Optional[str] = ..., event_no: _Optional[int] = ..., what: _Optional[str] = ..., by_teller: _Optional[bool] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
