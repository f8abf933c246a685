"""Up to three questions before a form: who is in the wrong place is told where to go; nothing is kept."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from portal.forms.values import Posted, one
from portal.pages.problem import route
from portal.pages.visit import Visit, posted

Question = Mapping[str, Any]
OLDEST = 130


async def ask(visit: Visit) -> Response:
    """Show the questions of a procedure; one without any goes on at once."""
    procedure, asked = await _asked(visit)
    if not asked:
        return visit.go(_onward(visit, procedure))
    return _page(visit, procedure, asked, {}, [])


async def answer(visit: Visit) -> Response:
    """Go on, or say politely what fits better; the answers are read and forgotten."""
    texts, _ = await posted(visit)
    procedure, asked = await _asked(visit)
    errors = [
        (f"f-{q['id']}", visit.t("eligibility.age_wrong"))
        for q in asked
        if q["kind"] == "age" and one(texts, q["id"]) and _age(texts, q) is None
    ]
    if errors or one(texts, "switch"):
        return _page(visit, procedure, asked, texts, errors)
    exits = [await _exit(visit, q) for q in asked if not passes(q, texts)]
    if not exits:
        return visit.go(_onward(visit, procedure))
    checked_on = (procedure.get("guide") or {}).get("checked_on")
    return visit.page(
        "eligibility_exit.html",
        private=True,
        procedure=procedure,
        exits=exits,
        checked_on=checked_on,
        onward=_onward(visit, procedure),
        then=_then(visit),
    )


def passes(question: Question, texts: Posted) -> bool:
    """Tell whether the answer lets the person go on: no answer, and not being sure, always does."""
    if question["kind"] == "age":
        age = _age(texts, question)
        low, high = question.get("min"), question.get("max")
        return age is None or ((low is None or age >= low) and (high is None or age <= high))
    said = one(texts, question["id"])
    return said not in ("yes", "no") or said == question["passes"]


def _age(texts: Posted, question: Question) -> int | None:
    said = one(texts, question["id"])
    number = int(said) if said.isascii() and said.isdigit() and len(said) <= 3 else None
    return number if number is not None and number <= OLDEST else None


async def _asked(visit: Visit) -> tuple[Mapping[str, Any], list[Question]]:
    procedure = await visit.api.call("procedure", {"code": visit.part("code")})
    return procedure, list((procedure.get("guide") or {}).get("eligibility") or ())


async def _exit(visit: Visit, question: Question) -> dict[str, Any]:
    way = question["exit"]
    code = way.get("procedure")
    other = await visit.api.get_or(None, "procedure", {"code": code}) if code else None
    return {"text": way["text"], "law": question["law"], "code": code, "procedure": other, "office": way.get("office")}


def _then(visit: Visit) -> str:
    return "assist" if visit.query("then", 10) == "assist" else ""


def _onward(visit: Visit, procedure: Mapping[str, Any]) -> str:
    code = procedure["code"]
    return f"/assist/new?procedure={code}" if _then(visit) else f"/file/{code}"


def _page(
    visit: Visit,
    procedure: Mapping[str, Any],
    asked: list[Question],
    texts: Posted,
    errors: list[tuple[str, str]],
) -> Response:
    return visit.page(
        "eligibility.html",
        422 if errors else 200,
        private=bool(texts),
        procedure=procedure,
        asked=asked,
        said={q["id"]: one(texts, q["id"]) for q in asked},
        errors=errors,
        onward=_onward(visit, procedure),
        then=_then(visit),
    )


ROUTES = [
    *route("/file/{code}/eligibility", ask, also=("/nop/{code}/dieu-kien",)),
    *route("/file/{code}/eligibility", answer, "POST", also=("/nop/{code}/dieu-kien",)),
]
