from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class ProcedureRevisionPublished(_message.Message):
    __slots__ = ("code", "revision", "title", "plain_title", "plain_title_en", "issuer", "executors", "field", "levels", "applicants", "decision", "fileable", "content_json", "form_json", "form_digest", "digest", "competent_level", "term_json", "everyday")
    CODE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    PLAIN_TITLE_FIELD_NUMBER: _ClassVar[int]
    PLAIN_TITLE_EN_FIELD_NUMBER: _ClassVar[int]
    ISSUER_FIELD_NUMBER: _ClassVar[int]
    EXECUTORS_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    APPLICANTS_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    FILEABLE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_JSON_FIELD_NUMBER: _ClassVar[int]
    FORM_JSON_FIELD_NUMBER: _ClassVar[int]
    FORM_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    COMPETENT_LEVEL_FIELD_NUMBER: _ClassVar[int]
    TERM_JSON_FIELD_NUMBER: _ClassVar[int]
    EVERYDAY_FIELD_NUMBER: _ClassVar[int]
    code: str
    revision: int
    title: str
    plain_title: str
    plain_title_en: str
    issuer: str
    executors: _containers.RepeatedScalarFieldContainer[str]
    field: str
    levels: _containers.RepeatedScalarFieldContainer[str]
    applicants: _containers.RepeatedScalarFieldContainer[str]
    decision: str
    fileable: bool
    content_json: str
    form_json: str
    form_digest: str
    digest: str
    competent_level: str
    term_json: str
    everyday: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, code: _Optional[str] = ..., revision: _Optional[int] = ..., title: _Optional[str] = ..., plain_title: _Optional[str] = ..., plain_title_en: _Optional[str] = ..., issuer: _Optional[str] = ..., executors: _Optional[_Iterable[str]] = ..., field: _Optional[str] = ..., levels: _Optional[_Iterable[str]] = ..., applicants: _Optional[_Iterable[str]] = ..., decision: _Optional[str] = ..., fileable: _Optional[bool] = ..., content_json: _Optional[str] = ..., form_json: _Optional[str] = ..., form_digest: _Optional[str] = ..., digest: _Optional[str] = ..., competent_level: _Optional[str] = ..., term_json: _Optional[str] = ..., everyday: _Optional[_Iterable[str]] = ...) -> None: ...

class ProcedureHeadMoved(_message.Message):
    __slots__ = ("code", "version", "revision", "withdrawn", "successor")
    CODE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    SUCCESSOR_FIELD_NUMBER: _ClassVar[int]
    code: str
    version: int
    revision: int
    withdrawn: bool
    successor: str
    def __init__(self, code: _Optional[str] = ..., version: _Optional[int] = ..., revision: _Optional[int] = ..., withdrawn: _Optional[bool] = ..., successor: _Optional[str] = ...) -> None: ...

class PlacePublished(_message.Message):
    __slots__ = ("ward", "name", "province", "province_name", "lane", "former_province", "office", "office_name", "former_names", "version", "centre_name")
    WARD_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_FIELD_NUMBER: _ClassVar[int]
    PROVINCE_NAME_FIELD_NUMBER: _ClassVar[int]
    LANE_FIELD_NUMBER: _ClassVar[int]
    FORMER_PROVINCE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_FIELD_NUMBER: _ClassVar[int]
    OFFICE_NAME_FIELD_NUMBER: _ClassVar[int]
    FORMER_NAMES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CENTRE_NAME_FIELD_NUMBER: _ClassVar[int]
    ward: str
    name: str
    province: str
    province_name: str
    lane: str
    former_province: str
    office: str
    office_name: str
    former_names: _containers.RepeatedScalarFieldContainer[str]
    version: int
    centre_name: str
    def __init__(self, ward: _Optional[str] = ..., name: _Optional[str] = ..., province: _Optional[str] = ..., province_name: _Optional[str] = ..., lane: _Optional[str] = ..., former_province: _Optional[str] = ..., office: _Optional[str] = ..., office_name: _Optional[str] = ..., former_names: _Optional[_Iterable[str]] = ..., version: _Optional[int] = ..., centre_name: _Optional[str] = ...) -> None: ...

class ParticipantPublished(_message.Message):
    __slots__ = ("id", "name", "kind", "successor_province", "successor_name", "lanes", "version")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SUCCESSOR_PROVINCE_FIELD_NUMBER: _ClassVar[int]
    SUCCESSOR_NAME_FIELD_NUMBER: _ClassVar[int]
    LANES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    id: str
    name: str
    kind: str
    successor_province: str
    successor_name: str
    lanes: _containers.RepeatedScalarFieldContainer[str]
    version: int
    def __init__(self, id: _Optional[str] = ..., name: _Optional[str] = ..., kind: _Optional[str] = ..., successor_province: _Optional[str] = ..., successor_name: _Optional[str] = ..., lanes: _Optional[_Iterable[str]] = ..., version: _Optional[int] = ...) -> None: ...

class InformationPublished(_message.Message):
    __slots__ = ("kind", "id", "version", "title", "title_en", "text", "text_en", "address", "procedures", "everyday", "withdrawn")
    KIND_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    TITLE_EN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    TEXT_EN_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    PROCEDURES_FIELD_NUMBER: _ClassVar[int]
    EVERYDAY_FIELD_NUMBER: _ClassVar[int]
    WITHDRAWN_FIELD_NUMBER: _ClassVar[int]
    kind: str
    id: str
    version: int
    title: str
    title_en: str
    text: str
    text_en: str
    address: str
    procedures: _containers.RepeatedScalarFieldContainer[str]
    everyday: _containers.RepeatedScalarFieldContainer[str]
    withdrawn: bool
    def __init__(self, kind: _Optional[str] = ..., id: _Optional[str] = ..., version: _Optional[int] = ..., title: _Optional[str] = ..., title_en: _Optional[str] = ..., text: _Optional[str] = ..., text_en: _Optional[str] = ..., address: _Optional[str] = ..., procedures: _Optional[_Iterable[str]] = ..., everyday: _Optional[_Iterable[str]] = ..., withdrawn: _Optional[bool] = ...) -> None: ...
