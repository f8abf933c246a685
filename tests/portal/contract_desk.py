"""The contract services' part of the catalogue that its editor works with: one working copy with something wrong."""

from typing import Any

from fastapi import FastAPI

from kernel.errors import NotFound, PreconditionFailed, Problem, Text
from tests.portal.contract_exemptions import CODE as ENTITLED_CODE
from tests.portal.contract_exemptions import EXTRA
from tests.portal.samples import FORM, PROCEDURES, two

NONE = NotFound("proposal_not_found", Text("Chưa có bản đang sửa.", "No working copy."))
ENTITLED = EXTRA[ENTITLED_CODE]
CODE, READY = "1.001193", "1.000014"
COPY: dict[str, Any] = {"code": CODE, "base": 1, "version": 3, "saved_at": "2026-11-21T03:42:00Z"}


def _figure(amount: int | None, unit: str = "") -> dict[str, Any]:
    return {"amount": amount, "unit": unit}


BURDEN = [
    {"name": "papers", "before": _figure(2), "after": _figure(1), "change": -1},
    {"name": "steps", "before": _figure(1), "after": _figure(1), "change": 0},
    {"name": "time", "before": _figure(1, "working_days"), "after": _figure(2, "working_days"), "change": 1},
    {"name": "fee", "before": _figure(None), "after": _figure(8000, "vnd"), "change": None},
]
FAULTS = [
    {
        "path": "form.pages.0.title",
        "text": two("Trang này chưa có tên.", "This page has no title."),
        "place": two("Biểu mẫu, trang 1", "Form, page 1"),
    },
    {
        "path": "guide.checked_on",
        "text": two("Chưa ghi ngày rà soát.", "No day of checking."),
        "place": two("Hướng dẫn", "Guide"),
    },
]
BORN: dict[str, Any] = {
    "name": "born",
    "widget": "radios",
    "label": ["Sinh ở đâu", "Where born"],
    "options": [["hospital", "Bệnh viện", "Hospital"], ["home", "Ở nhà", "At home"]],
    "errors": {"required": ["Chọn nơi sinh.", "Choose where."]},
}
WRITTEN_FORM: dict[str, Any] = {
    "declaration": ["Tôi cam đoan.", "I declare."],
    "pages": [
        {"id": "where", "title": ["Nơi sinh", "Place of birth"], "fields": [BORN]},
        {
            "id": "people",
            "title": ["Người làm chứng", "Witnesses"],
            "when": {"field": "born", "equals": "home"},
            "repeat": {"name": "witnesses", "min": 1, "max": 3, "item": ["Người", "Person"]},
            "fields": [{"name": "witness", "widget": "text", "label": ["Họ tên", "Name"], "source": "profile.name"}],
        },
    ],
}
BENCH: dict[str, Any] = {
    **COPY,
    "in_force": 1,
    "ready": False,
    "written": {
        "plain": ["Đăng ký khai sinh", "Register a birth"],
        "everyday": ["làm giấy khai sinh"],
        "competent_level": "commune",
        "guide": {
            "checked_on": "2026-11-21",
            "who": ["Cha hoặc mẹ.", "The father or mother."],
            "needs": [{"text": ["Giấy chứng sinh.", "The birth paper."], "note": None}],
            "fee": {"amount_vnd": 8000, "text": ["8.000 đồng", "8,000 dong"]},
            "term": {"value": {"amount": 1, "unit": "working_days"}, "text": ["Trong ngày.", "The same day."]},
        },
        "form": WRITTEN_FORM,
        "examples": [{"id": "a", "title": ["Đúng hạn", "In time"], "place": "00004", "answers": {"child_name": "Bé"}}],
    },
    "plain_title": "Đăng ký khai sinh",
    "guide": ENTITLED["guide"],
    "form": FORM,
    "faults": FAULTS,
    "warnings": [],
    "unclear": [{"check": "sentence", "file": "guide.json", "field": "who", "wrong": "Too long.", "mend": "Split it."}],
    "tried": [
        {"id": "a", "title": two("Đúng hạn", "In time"), "faults": []},
        {"id": "b", "title": two("Quá hạn", "Late"), "faults": FAULTS[:1]},
    ],
    "burden": BURDEN,
    "offers": {
        "kinds": ["text", "radios", "yesno", "number", "date", "files"],
        "sources": ["profile.name"],
        "lists": {"gender": [["male", "Nam", "Male"], ["female", "Nữ", "Female"]]},
    },
}
BENCHES = {
    CODE: BENCH,
    READY: {**BENCH, "code": READY, "ready": True, "faults": [], "unclear": [], "guide": None, "form": None},
}


MOTION: dict[str, Any] = {
    "id": "m1",
    "code": READY,
    "kind": "publish",
    "version": 3,
    "reason": "Bớt một giấy tờ.",
    "successor": None,
    "restores": False,
    "asked_at": "2026-11-21T03:42:00Z",
    "own": False,
    "may_approve": True,
}
STALE = PreconditionFailed("saved_meanwhile", Text("Người khác vừa lưu.", "Somebody else saved."))


class Editing:
    """What the editor's tests change and look at: the working copy, and each text that was saved."""

    bench: dict[str, Any] | None = None
    refused: Problem | None = None

    def __init__(self) -> None:
        self.saved: list[Any] = []
        self.motions: list[Any] = [MOTION]


def add_editing(app: FastAPI, editing: Editing) -> None:
    """Add working copies and the history of revisions."""

    @app.get("/proposals")
    async def proposals() -> Any:
        if editing.refused:
            raise editing.refused
        return {"results": [COPY], "next_cursor": None}

    @app.get("/motions")
    async def motions() -> Any:
        return {"results": editing.motions, "next_cursor": None}

    @app.get("/proposals/{code}")
    async def proposal(code: str) -> Any:
        if editing.refused:
            raise editing.refused
        if code not in BENCHES:
            raise NONE
        return editing.bench or BENCHES[code]

    @app.patch("/proposals/{code}")
    async def save(code: str, body: dict[str, Any]) -> Any:
        bench = editing.bench or BENCHES[code]
        if body["version"] != bench["version"]:
            raise STALE
        editing.saved.append(body["written"])
        return bench

    @app.get("/procedures/{code}/revisions")
    async def revisions(code: str) -> Any:
        first = {"revision": 1, "digest": "ab" * 32, "published_at": PROCEDURES[code]["valid_from"]}
        told = {**first, "revision": 2, "reason": "Bớt một giấy tờ.", "burden": BURDEN}
        return {"results": [{**first, "reason": None, "burden": []}, told], "next_cursor": None}
