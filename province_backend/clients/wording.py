"""Answers in words: the office's own copy of what the forms' fields and options are called (words/, wards.tsv).

A field, an option or a ward that is not in the copy is shown as it came.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from kernel.locale import short_date, telephone
from province_backend.model.case import Filing, Item

FOLDER = Path(__file__).parent
WORDS = FOLDER / "words"
DIGITS = frozenset("0123456789abcdef")
PHONE = re.compile(r"\+84[0-9]{9,10}")
CODE = re.compile(r"[a-z0-9.-]{1,64}")


def result_title(filing: Filing) -> str:
    """Return the title of a procedure's result, in Vietnamese."""
    known = _procedure(filing.procedure)
    return str(known["result"]) if known else f"Kết quả: {filing.title or filing.procedure}"


def asked_of_example(procedure: str) -> tuple[Item, ...]:
    """Return what a demo office asks for when the procedure's marked example is filed; none when it is not known."""
    return tuple(Item(**row) for row in _procedure(procedure).get("asks", ()))


def printed_facts(filing: Filing) -> list[tuple[str, str]]:
    """Return (label, words) of the answers that belong on the result; all of them for a procedure we do not know."""
    known = _procedure(filing.procedure)
    if known:
        filing = replace(filing, answers={**_said_once(known, filing.answers), **filing.answers})
    names = [name for name in known["printed"] if name in filing.answers] if known else []
    labels = known.get("on_paper", {}) if known else {}
    shown = [(name, _words(filing, name, "vi")) for name in names or filing.answers]
    return [(labels.get(name) or _label(filing.procedure, name, "vi"), words) for name, words in shown if words]


def _said_once(known: Mapping[str, Any], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form does not ask for again, by its name: a mother who files is not asked who the mother is."""
    return {
        str(each["name"]): answers[each["from"]]
        for each in known.get("same", ())
        if each["from"] in answers and answers.get(each["when"]) == each["equals"]
    }


def facts(filing: Filing, lang: str) -> list[tuple[str, str]]:
    """Return (label, words) of every answer, in the order of the form; files are listed elsewhere."""
    order = list(_procedure(filing.procedure).get("fields", {}))
    names = sorted(filing.answers, key=lambda name: order.index(name) if name in order else len(order))
    return _facts(filing, names, lang)


def _facts(filing: Filing, names: Iterable[str], lang: str) -> list[tuple[str, str]]:
    shown = ((_label(filing.procedure, name, lang), _words(filing, name, lang)) for name in names)
    return [(label, words) for label, words in shown if words]


def _label(procedure: str, name: str, lang: str) -> str:
    fields = _procedure(procedure).get("fields", {})
    known, ward = fields.get(name), fields.get(name.removesuffix("_before"))
    if ward and not known:
        return {"vi": f"{ward['vi']} (tên cũ trên giấy tờ)", "en": f"{ward['en']} (old name on the papers)"}[lang]
    return str(known[lang]) if known else name.replace("_", " ").capitalize()


def _words(filing: Filing, name: str, lang: str) -> str:
    value = filing.answers[name]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return "\n".join(_item(filing.procedure, item, lang) for item in value)
    return _said(filing.procedure, name, value, lang)


def _item(procedure: str, item: Mapping[str, object], lang: str) -> str:
    order = list(_procedure(procedure).get("fields", {}))
    names = sorted(item, key=lambda name: order.index(name) if name in order else len(order))
    said = [(_label(procedure, name, lang), _said(procedure, name, item[name], lang)) for name in names]
    first, *rest = [(label, words) for label, words in said if words] or [("", "")]
    return "; ".join([first[1], *(f"{label}: {words}" for label, words in rest)])


def _said(procedure: str, name: str, value: object, lang: str) -> str:
    options = _procedure(procedure).get("values", {}).get(name, {})
    parts = value if isinstance(value, list) else [value]
    return ", ".join(word for part in parts if (word := _one(part, options, lang)))


def _one(value: object, options: str | Mapping[str, Any], lang: str) -> str:
    if isinstance(value, bool):
        return {("vi", True): "Có", ("vi", False): "Không", ("en", True): "Yes"}.get((lang, value), "No")
    text = "" if value is None or isinstance(value, dict) else str(value)
    if not text or (len(text) == 64 and DIGITS.issuperset(text)):
        return ""
    if PHONE.fullmatch(text):
        return telephone(text)
    if options == "wards":
        return _wards().get(text, text)
    known = _book("options").get(options) if isinstance(options, str) else options
    if known and text in known:
        return str(known[text][lang])
    try:
        return short_date(datetime.strptime(text, "%Y-%m-%d").date(), lang)
    except ValueError:
        return text


def _procedure(code: str) -> Mapping[str, Any]:
    return _book(code) if CODE.fullmatch(code) else {}


@lru_cache(maxsize=256)
def _book(name: str) -> Mapping[str, Any]:
    path = WORDS / f"{name}.json"
    book: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return book


@cache
def _wards() -> Mapping[str, str]:
    rows = (FOLDER / "wards.tsv").read_text(encoding="utf-8").splitlines()
    return dict(row.split("\t", 1) for row in rows)
