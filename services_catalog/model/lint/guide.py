"""The guide: fee, time, steps in person and legal basis say what they rest on, or that it is not published."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services_catalog.model.lint.entitled import lint_entitled
from services_catalog.model.lint.finding import Finding

FILE = "guide.json"
NOT_PUBLISHED = "chưa công bố"
UNITS = ("working_days", "days", "hours")
DAY = re.compile(r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
UNIT_WORD = re.compile(r"\b(ngày|giờ|phút|tuần|tháng|năm)\b")
LAW = re.compile(r"Luật|Nghị định|Thông tư|Nghị quyết|Quyết định|Điều \d")
IN_PERSON = re.compile(
    r"trực tiếp|có mặt|tận nơi|tại quầy|"
    r"\b(đến|tới|lên) (cơ quan|trụ sở|nơi|công an|xã|phường|tỉnh|ủy ban|trung tâm)|"
    r"\b(đến|tới) (ký|nộp|nhận|lấy|chụp|đối chiếu|làm|để)|"
    r"\bmang .*\b(đến|tới)\b",
    re.IGNORECASE,
)


def lint_guide(guide: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what a guide leaves in the dark."""
    yield from _fee(guide.get("fee") or {})
    yield from _term(guide.get("term") or {})
    yield from _steps(guide.get("steps") or ())
    yield from _legal(guide)
    yield from lint_entitled(guide, LAW)
    for number, item in enumerate(guide.get("state_has") or (), start=1):
        if not item.get("source"):
            wrong = "It is not said where the State has this."
            yield _found("source", f"state_has.{number}", wrong, "Name the database in “source”.")


def _found(check: str, where: str, wrong: str, mend: str) -> Finding:
    return Finding(check, FILE, where, wrong, mend)


def _vi(pair: Sequence[str] | None) -> str:
    return pair[0] or "" if pair else ""


def _fee(fee: Mapping[str, Any]) -> Iterator[Finding]:
    unknown = NOT_PUBLISHED in _vi(fee.get("text"))
    if fee.get("amount_vnd") is not None and not LAW.search(_vi(fee.get("rule"))):
        wrong = "An amount is stated without the rule that sets it."
        yield _found("fee", "fee.amount_vnd", wrong, "Cite the rule in “rule”, or set null and say “chưa công bố”.")
    if fee.get("amount_vnd") is None and not unknown and not fee.get("rule"):
        wrong = "The fee has neither a rule nor “chưa công bố”."
        yield _found("fee", "fee.text", wrong, "Cite the rule in “rule”, or say “chưa công bố” in the text.")
    for number, item in enumerate(fee.get("exempt") or (), start=1):
        if not LAW.search(_vi(item.get("note"))):
            wrong = "An exemption is stated without its rule."
            yield _found("fee", f"fee.exempt.{number}", wrong, "Cite law and article in “note”.")


def _term(term: Mapping[str, Any]) -> Iterator[Finding]:
    value, said = term.get("value"), _vi(term.get("text"))
    if value is None and NOT_PUBLISHED not in said:
        wrong = "There is no time."
        yield _found("term", "term.value", wrong, "Give amount and unit, or say “chưa công bố” in the text.")
    if value is not None and value.get("unit") not in UNITS:
        wrong = f"The time {value.get('amount')} has no unit."
        yield _found("term", "term.value", wrong, f"Set “unit” to one of {', '.join(UNITS)}.")
    if re.search(r"\d", said) and not UNIT_WORD.search(said):
        yield _found("term", "term.text", "A number stands without its unit.", "Write giờ, ngày or ngày làm việc.")


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    for number, step in enumerate(steps, start=1):
        where, time, rule = f"steps.{number}", _vi(step.get("time")), step.get("in_person")
        if re.search(r"\d", time) and not UNIT_WORD.search(time):
            yield _found("term", f"{where}.time", "A number stands without its unit.", "Write giờ or ngày làm việc.")
        if IN_PERSON.search(_vi(step.get("text"))) and not rule:
            wrong = "The person has to come, and no rule is cited."
            yield _found("in_person", where, wrong, "Cite the rule in “in_person”, or let the step be done from home.")
        elif rule and not LAW.search(_vi(rule)):
            wrong = "“in_person” cites no law."
            yield _found("in_person", f"{where}.in_person", wrong, "Name law and article that require the visit.")


def _legal(guide: Mapping[str, Any]) -> Iterator[Finding]:
    checked = str(guide.get("checked_on") or "")
    if not guide.get("legal"):
        yield _found("legal", "legal", "There is no legal basis.", "Name at least the decision that published it.")
    for number, item in enumerate(guide.get("legal") or (), start=1):
        if not DAY.fullmatch(str(item.get("checked_on") or checked)):
            wrong = "It is not said on which day this law was checked."
            yield _found("legal", f"legal.{number}", wrong, "Set “checked_on” (year-month-day) of the guide.")
