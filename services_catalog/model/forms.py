"""From the form as we write it to the form as it is published: one JSON Schema and its layout, which cannot disagree.

A written form is pages of fields; a text is ``[vi, en]``. A field is asked when its own condition and its page's hold,
where an answer counts only while its own question is asked. That one condition goes to the layout (``when``) and,
compiled, to the schema (``if``/``then``), so an answer left over on a page no longer asked changes nothing.

``source`` names the fact of the profile a field can be filled from; ``sources`` do so each under its own condition.

A field of widget ``ward`` gets a companion ``{name}_before`` of widget ``former``: the old name as papers print it,
kept when the ward was found by it. It is asked with its ward and has no box of its own.

A page that is answered several times, once for each person or thing, says ``repeat``; all its fields are an item's::

    {"id": "members", "title": ["Thành viên", "Members"],
     "repeat": {"name": "members", "min": 1, "max": 10, "item": ["Thành viên", "Member"]},
     "fields": [{"name": "member_name", "widget": "name", ...}, ...]}

It is published as one field of widget ``group`` (named as ``repeat`` says, its label the page's title) with ``min``,
``max``, ``item``, its own ``fields`` by name and their ``order``. The answer is an array of objects, in the schema
under ``items``. A condition inside an item names fields of the same item; the page's own ``when`` decides about all of
them. Names of fields are used once in a form, those of items included. ``min`` 0: the group may stay unanswered. What
names an item in a list of items is the first field's answer.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from services_catalog.model.form_texts import ERRORS, FORMER, PARTIAL_TEXT

Cond = Mapping[str, Any]
Written = Mapping[str, Any]
Options = Mapping[str, Sequence[Sequence[str]]]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DAY = r"(0[1-9]|[12]\d|3[01])"
MONTH = r"(0[1-9]|1[0-2])"
YEAR = r"(18|19|20)\d\d"
FULL_DATE = f"^{YEAR}-{MONTH}-{DAY}$"
PARTIAL_DATE = f"^{YEAR}(-{MONTH}(-{DAY})?)?$"
NAME = r"^\p{L}[\p{L}\p{M}'’‘ʼ.\- ]*$"
SHA256 = "^[0-9a-f]{64}$"
PHOTOS = ("image/jpeg", "image/png", "image/heic", "application/pdf")


def compile_form(written: Written, options: Options) -> dict[str, Any]:
    """Return the published form of ``written``; ``options`` are the shared lists by name.

    Raises ``ValueError`` with the field's name when the written form contradicts itself.
    """
    fields = {f["name"]: (page, f) for page in written["pages"] for f in _asked(page)}
    names = [
        f["name"] for page in written["pages"] for f in (*_asked(page), *(page["fields"] if _repeats(page) else ()))
    ]
    if len(names) != len(set(names)):
        raise ValueError("a field is asked twice")
    pages = [
        {
            "id": page["id"],
            "title": text(page["title"]),
            "hint": text(page.get("hint")),
            "when": _page_when(page, fields),
            "fields": [f["name"] for f in _asked(page)],
        }
        for page in written["pages"]
    ]
    schema, made = _compiled(fields, options)
    return {
        "schema": {"$schema": DIALECT, **schema},
        "pages": pages,
        "fields": made,
        "declaration": text(written["declaration"]),
    }


def _repeats(page: Written) -> bool:
    return "repeat" in page


def _asked(page: Written) -> Sequence[Written]:
    """Return the fields of a page; a page that repeats is one field, the group."""
    if not _repeats(page):
        return _with_former(page["fields"])
    repeat = page["repeat"]
    if not 0 <= repeat["min"] <= repeat["max"] or not repeat["max"] or not page["fields"]:
        raise ValueError(f"{repeat['name']}: a repeat needs fields, and min <= max")
    heading = {"label": page["title"], "hint": page.get("hint"), "required": repeat["min"] > 0}
    return (
        {
            **heading,
            **repeat,
            "widget": "group",
            "fields": _with_former(page["fields"]),
            "errors": page.get("errors", {}),
        },
    )


def _with_former(fields: Sequence[Written]) -> list[Written]:
    """Return the fields, each ward followed by its companion."""
    listed: list[Written] = []
    for field in fields:
        listed.append(field)
        if field["widget"] == "ward":
            before = {"name": f"{field['name']}_before", "widget": "former", "label": FORMER, "required": False}
            listed.append({**before, **({"when": field["when"]} if "when" in field else {})})
    return listed


def _compiled(
    fields: Mapping[str, tuple[Written, Written]], options: Options
) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the schema of one object and its published fields."""
    whens = {name: _effective(name, fields, ()) for name in fields}
    properties, made = {}, {}
    for name, (_, field) in fields.items():
        if field["widget"] == "group":
            items, inner = _compiled({f["name"]: ({}, f) for f in field["fields"]}, options)
            properties[name] = {"type": "array", "minItems": field["min"], "maxItems": field["max"], "items": items}
            made[name] = _field(field, whens[name], properties[name], options) | {
                "min": field["min"],
                "max": field["max"],
                "item": text(field["item"]),
                "fields": inner,
                "order": list(inner),
            }
        else:
            properties[name] = _property(field, options)
            made[name] = _field(field, whens[name], properties[name], options)
    return _schema(properties, fields, whens), made


def text(pair: Sequence[str] | None) -> dict[str, str] | None:
    """Return ``[vi, en]`` as a text of the API, None as None."""
    return None if pair is None else {"vi": pair[0], "en": pair[1]}


def texts(value: Any) -> Any:
    """Return ``value`` with every ``[vi, en]`` pair of sentences in it as a text of the API."""
    match value:
        case [str(vi), str(en)]:
            return {"vi": vi, "en": en}
        case list():
            return [texts(item) for item in value]
        case dict():
            return {key: texts(item) for key, item in value.items()}
    return value


def holds(cond: Cond | None, answers: Mapping[str, Any]) -> bool:
    """Tell whether ``cond`` holds for ``answers``; no condition always holds."""
    match cond:
        case None:
            return True
        case {"all": parts}:
            return all(holds(part, answers) for part in parts)
        case {"any": parts}:
            return any(holds(part, answers) for part in parts)
        case {"not": part}:
            return not holds(part, answers)
        case {"field": name, "equals": value}:
            return name in answers and bool(answers[name] == value) and type(answers[name]) is type(value)
        case {"field": name, "in": values}:
            return answers.get(name) in values
    raise ValueError(f"unknown condition {sorted(cond)}")


def condition_schema(cond: Cond) -> dict[str, Any]:
    """Return the JSON Schema that is true exactly when ``cond`` holds."""
    match cond:
        case {"all": parts}:
            return {"allOf": [condition_schema(part) for part in parts]}
        case {"any": parts}:
            return {"anyOf": [condition_schema(part) for part in parts]}
        case {"not": part}:
            return {"not": condition_schema(part)}
        case {"field": name, "equals": value}:
            return {"properties": {name: {"const": value}}, "required": [name]}
        case {"field": name, "in": values}:
            return {"properties": {name: {"enum": list(values)}}, "required": [name]}
    raise ValueError(f"unknown condition {sorted(cond)}")


def _schema(
    properties: dict[str, Any], fields: Mapping[str, tuple[Written, Written]], whens: Mapping[str, Cond | None]
) -> dict[str, Any]:
    always: list[str] = []
    groups: dict[str, list[str]] = {}
    for name, (_, field) in fields.items():
        if not field.get("required", True):
            continue
        when = whens[name]
        if when is None:
            always.append(name)
        else:
            groups.setdefault(json.dumps(when, sort_keys=True), []).append(name)
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": always,
    }
    if groups:
        schema["allOf"] = [
            {"if": condition_schema(json.loads(when)), "then": {"required": names}} for when, names in groups.items()
        ]
    return schema


def _page_when(page: Written, fields: Mapping[str, tuple[Written, Written]]) -> Cond | None:
    cond = page.get("when")
    return None if cond is None else _grounded(cond, fields, ())


def _effective(name: str, fields: Mapping[str, tuple[Written, Written]], above: tuple[str, ...]) -> Cond | None:
    if name in above:
        raise ValueError(f"the condition of {name} depends on itself")
    if name not in fields:
        raise ValueError(f"a condition names {name}, which is not asked")
    page, field = fields[name]
    conds = [cond for cond in (page.get("when"), field.get("when")) if cond is not None]
    return _conjunction([_grounded(cond, fields, (*above, name)) for cond in conds])


def _grounded(cond: Cond, fields: Mapping[str, tuple[Written, Written]], above: tuple[str, ...]) -> Cond:
    """Return ``cond`` where an answer counts only while its own question is asked."""
    match cond:
        case {"all": parts}:
            return _conjunction([_grounded(part, fields, above) for part in parts]) or cond
        case {"any": parts}:
            return {"any": [_grounded(part, fields, above) for part in parts]}
        case {"not": part}:
            return {"not": _grounded(part, fields, above)}
    return _conjunction([_effective(cond["field"], fields, above), cond]) or cond


def _conjunction(conds: Sequence[Cond | None]) -> Cond | None:
    flat: list[Cond] = []
    for cond in conds:
        if cond is None:
            continue
        for part in cond["all"] if set(cond) == {"all"} else [cond]:
            if part not in flat:
                flat.append(part)
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else {"all": flat}


def _options(field: Written, options: Options) -> list[dict[str, Any]]:
    listed = field.get("options", ())
    rows = options[listed] if isinstance(listed, str) else listed
    return [_option(*row) for row in rows]


def _option(value: str, vi: str, en: str, also: str = "") -> dict[str, Any]:
    """Return a choice; ``also`` are other names that find it and are not shown."""
    return {"value": value, "label": {"vi": vi, "en": en}} | ({"also": also} if also else {})


def _property(field: Written, options: Options) -> dict[str, Any]:
    widget = field["widget"]
    longest = field.get("max", {"text": 200, "name": 200, "former": 200, "textarea": 2000}.get(widget))
    values = [option["value"] for option in _options(field, options)]
    match widget:
        case "text" | "textarea" | "former":
            return {"type": "string", "pattern": field.get("pattern", r"\S"), "maxLength": longest}
        case "name":
            return {"type": "string", "pattern": NAME, "maxLength": longest}
        case "date" if field.get("partial"):
            return {"type": "string", "pattern": PARTIAL_DATE}
        case "date":
            return {"type": "string", "pattern": FULL_DATE, "format": "date"}
        case "radios" | "select":
            return {"type": "string", "enum": values}
        case "checkboxes":
            return {"type": "array", "items": {"enum": values}, "minItems": 1, "uniqueItems": True}
        case "yesno":
            return {"type": "boolean"}
        case "ward":
            return {"type": "string", "pattern": r"^\d{5}$"}
        case "phone":
            return {"type": "string", "pattern": r"^\+\d{8,15}$"}
        case "id_number":
            return {"type": "string", "pattern": r"^(\d{9}|\d{12})$"}
        case "email":
            return {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "maxLength": 254}
        case "money" | "number":
            return {"type": "integer", "minimum": field["min"], "maximum": field["max"]}
        case "files":
            most = field.get("max_files", 1)
            items = {"type": "string", "pattern": SHA256}
            return {"type": "array", "items": items, "minItems": 1, "maxItems": most, "uniqueItems": True}
    raise ValueError(f"{field['name']}: no widget {widget}")


def _field(field: Written, when: Cond | None, schema: Mapping[str, Any], options: Options) -> dict[str, Any]:
    made: dict[str, Any] = {
        "widget": field["widget"],
        "label": text(field["label"]),
        "hint": text(field.get("hint")),
        "options": _options(field, options),
        "errors": _errors(field, schema),
        "when": when,
        "required": field.get("required", True),
        "partial": bool(field.get("partial")),
        "autocomplete": field.get("autocomplete"),
        "source": field.get("source"),
        "sources": [{"when": cond, "source": source} for source, cond in field.get("sources", ())],
        "rule": text(field.get("rule")),
    }
    if field["widget"] == "files":
        made |= {"accept": list(field.get("accept", PHOTOS)), "max_files": field.get("max_files", 1)}
    if field["widget"] == "date":
        made |= {"not_after": field.get("not_after", "today")}
    return made


def _errors(field: Written, schema: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    vi, en = field["label"]
    most = schema.get("maxLength", schema.get("maxItems", schema.get("maximum", "")))
    marks = {
        "vi": (vi[:1].lower() + vi[1:]).rstrip("?"),
        "en": en.rstrip("?"),
        "max": most,
        "min": schema.get("minimum", schema.get("minItems", "")),
    }
    if "item" in field:
        marks |= {"item_vi": field["item"][0].lower(), "item_en": field["item"][1].lower()}
    written = {**ERRORS[field["widget"]], **field.get("errors", {})}
    if field.get("partial"):
        written |= {"pattern": PARTIAL_TEXT}
    made = {key: {"vi": pair[0].format(**marks), "en": pair[1].format(**marks)} for key, pair in written.items()}
    return {**made, "type": made["required"]}
