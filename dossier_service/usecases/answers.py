"""Checking answers against the revision's form: every wrong field at once, in the form's own words."""

import re
from calendar import month_name, monthrange
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import jsonschema_rs
import orjson

from kernel.errors import FieldProblem, Invalid, Text

FORMS = 256
DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")

WRONG = Text("Một vài mục chưa đúng. Bạn xem và sửa từng mục.", "Some answers are not right yet. See each one.")
DEFAULTS = {
    "required": Text("Bạn điền mục này.", "Fill this in."),
    "unknown_field": Text("Mẫu đơn không có mục này.", "The form has no such field."),
    "not_applicable": Text("Mục này không cần trong trường hợp của bạn.", "This does not apply in your case."),
    "enum": Text("Bạn chọn một trong các ý đã cho.", "Choose one of the options."),
    "type": Text("Nội dung này không đúng kiểu.", "This is not of the right kind."),
    "minLength": Text("Nội dung này ngắn quá.", "This is too short."),
    "maxLength": Text("Nội dung này dài quá.", "This is too long."),
    "minimum": Text("Số này nhỏ quá.", "This number is too small."),
    "maximum": Text("Số này lớn quá.", "This number is too large."),
    "date": Text("Bạn ghi đủ năm, tháng, ngày.", "Give year, month and day."),
    "month": Text("Tháng chỉ từ 1 đến 12.", "A month is from 1 to 12."),
    "not_after": Text("Ngày này chưa tới. Bạn xem lại.", "This day has not come yet. Check it."),
    "unknown_file": Text("Hệ thống chưa có tệp này. Bạn tải lên lại.", "This file is not here. Upload it again."),
    "unknown_place": Text("Chưa nhận ra nơi này. Bạn tìm lại và chọn.", "This place is not known. Find it again."),
    "file_type": Text("Mục này không nhận loại tệp này.", "This kind of file is not taken here."),
    "maxItems": Text("Nhiều quá. Bạn bớt đi.", "Too many. Remove some."),
    "invalid": Text("Nội dung này chưa đúng.", "This is not right yet."),
}


@dataclass(frozen=True)
class Form:
    """A revision's form, compiled once."""

    fields: Mapping[str, Mapping[str, Any]]
    whole: Any
    each: Any

    def widget(self, name: str) -> str:
        """Return the widget of a field."""
        return str(self.fields.get(name, {}).get("widget", ""))


_compiled: OrderedDict[str, Form] = OrderedDict()


def compiled(form_digest: str, form_json: str) -> Form:
    """Return the compiled form; the last few hundred are kept."""
    form = _compiled.get(form_digest)
    if form is None:
        source = orjson.loads(form_json)
        schema = source["schema"]
        each = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": schema.get("properties", {}),
            "additionalProperties": False,
            **({"$defs": schema["$defs"]} if "$defs" in schema else {}),
        }
        form = Form(
            source.get("fields", {}),
            jsonschema_rs.validator_for(schema, validate_formats=True),
            jsonschema_rs.validator_for(each, validate_formats=True),
        )
        _compiled[form_digest] = form
        while len(_compiled) > FORMS:
            _compiled.popitem(last=False)
    return form


def check_some(
    form: Form, answers: Mapping[str, object], uploads: Mapping[str, str], today: date, places: Collection[str]
) -> None:
    """Check single answers as they are saved: nothing is required yet.

    ``uploads`` = MIME type by digest of the files that are here; ``today`` in Viet Nam; ``places`` = those of the named
    wards that exist. Raises ``Invalid`` (``invalid_answers``) with every wrong field.
    """
    problems = _problems(form, form.each, answers, uploads, today)
    for path, _, value in _wards(form, answers):
        if value not in places:
            _put(form, problems, path, "unknown_place", None)
    _raise(problems)


def ward_codes(form: Form, answers: Mapping[str, object]) -> set[str]:
    """Return the codes of the wards that the answers name."""
    return {value for _, _, value in _wards(form, answers) if isinstance(value, str)}


def _wards(form: Form, answers: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], object]]:
    return (given for given in _given(form.fields, answers) if given[1].get("widget") == "ward")


def check_whole(form: Form, answers: Mapping[str, object], uploads: Mapping[str, str], today: date) -> None:
    """Check a complete set of answers. Raises ``Invalid`` (``invalid_answers``) with every wrong field."""
    _raise(_problems(form, form.whole, answers, uploads, today))


def file_digests(form: Form, answers: Mapping[str, object]) -> list[str]:
    """Return the digests of the files that the answers name, each once, in order."""
    found: dict[str, None] = {}
    for _, field, value in _given(form.fields, answers):
        if field.get("widget") == "files" and isinstance(value, list):
            found |= dict.fromkeys(item for item in value if isinstance(item, str))
    return list(found)


def applicant_name(form: Form, answers: Mapping[str, object]) -> str:
    """Return the filer's name: the answer that comes from the profile's name, else the first name given."""
    names = [name for name in form.fields if form.widget(name) == "name"]
    names.sort(key=lambda name: form.fields[name].get("source") != "profile.name")
    for name in names:
        value = answers.get(name)
        if isinstance(value, str) and value:
            return value
    return ""


def _problems(
    form: Form, validator: Any, answers: Mapping[str, object], uploads: Mapping[str, str], today: date
) -> dict[str, FieldProblem]:
    """Return what is wrong by path: ``answers.phone``, inside a repeated group ``answers.members.0.birth_date``."""
    problems: dict[str, FieldProblem] = {}
    for path, field, value in _given(form.fields, answers):
        if field.get("widget") == "date" and isinstance(value, str):
            wrong = date_problem(value, partial=bool(field.get("partial")))
            if wrong is None and field.get("not_after") == "today" and value > today.isoformat():
                wrong = "not_after", None
            if wrong is not None:
                code, text = wrong
                _put(form, problems, path, code, text)
        elif field.get("widget") == "files" and isinstance(value, list):
            code = _file_fault(field, value, uploads)
            if code:
                _put(form, problems, path, code, None)
    for error in validator.iter_errors(dict(answers)):
        for path, keyword in _named(error):
            _put(form, problems, path, keyword, None)
    return problems


def _given(
    fields: Mapping[str, Mapping[str, Any]], answers: Mapping[str, object], above: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Mapping[str, Any], object]]:
    """Yield (path, field, value) of every answer to a field of the form, those inside repeated groups included."""
    for name, value in answers.items():
        field = fields.get(name)
        if field is None:
            continue
        yield (*above, name), field, value
        if field.get("widget") == "group" and isinstance(value, list):
            for at, item in enumerate(value):
                if isinstance(item, dict):
                    yield from _given(field["fields"], item, (*above, name, str(at)))


def _named(error: Any) -> Iterable[tuple[tuple[str, ...], str]]:
    kind, path = error.kind, tuple(str(part) for part in error.instance_path)
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        yield (*path, str(kind.property)), "required"
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        for name in kind.unexpected:
            yield (*path, str(name)), "unknown_field"
    elif not path:
        yield path, "invalid"
    elif isinstance(kind, jsonschema_rs.ValidationErrorKind.FalseSchema):
        yield path, "not_applicable"
    else:
        words = [part for part in error.schema_path if isinstance(part, str)]
        yield path, words[-1] if words else "invalid"


def _field_at(form: Form, path: tuple[str, ...]) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """Return the field that a path leads to and its own path: deeper steps are inside its value."""
    fields, at = form.fields, 0
    field: Mapping[str, Any] = {}
    while at < len(path) and path[at] in fields:
        field = fields[path[at]]
        at += 1
        if field.get("widget") != "group" or at + 1 >= len(path):
            break
        fields, at = field["fields"], at + 1
    return path[:at] if field else path[:1], field


def _put(form: Form, problems: dict[str, FieldProblem], path: tuple[str, ...], code: str, text: Text | None) -> None:
    short, field = _field_at(form, path)
    if code == "unknown_field":
        short, field = path, {}
    shown = ".".join(("answers", *short))
    if shown in problems:
        return
    own = field.get("errors", {}).get(code)
    if text is None and own:
        text = Text(own["vi"], own["en"])
    problems[shown] = FieldProblem(shown[:200], code, text or DEFAULTS.get(code, DEFAULTS["invalid"]))


def date_problem(value: str, *, partial: bool) -> tuple[str, Text | None] | None:
    """Return (code, text) for what is no date (a year or a month alone only when ``partial``), or None."""
    found = DATE.match(value)
    if found is None or (not partial and found.group(3) is None):
        return "date", None
    year = int(found.group(1))
    if not year >= 1:
        return "date", None
    if found.group(2) is None:
        return None
    month = int(found.group(2))
    if not 1 <= month <= 12:
        return "date", DEFAULTS["month"]
    if found.group(3) is None:
        return None
    last = monthrange(year, month)[1]
    if not 1 <= int(found.group(3)) <= last:
        return "date", Text(
            f"Tháng {month} năm {year} chỉ có {last} ngày.", f"{month_name[month]} {year} has only {last} days."
        )
    return None


def _file_fault(field: Mapping[str, Any], value: list[object], uploads: Mapping[str, str]) -> str:
    if len(value) > int(field.get("max_files") or 20):
        return "maxItems"
    accepted = field.get("accept") or ()
    for item in value:
        if not isinstance(item, str) or item not in uploads:
            return "unknown_file"
        if accepted and uploads[item] not in accepted:
            return "file_type"
    return ""


def _raise(problems: Mapping[str, FieldProblem]) -> None:
    if problems:
        raise Invalid("invalid_answers", WRONG, list(problems.values()))
