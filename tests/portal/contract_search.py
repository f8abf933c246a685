"""Search as the public contract has it."""

from typing import Any

from fastapi import FastAPI, Request, Response

from kernel.web import make_app
from tests.portal.samples import PROCEDURES, two


def search() -> FastAPI:
    """Return the search."""
    app = make_app(title="search", prefix="/api/search/v1")

    @app.get("/query")
    async def query(
        q: str = "",
        field: str = "",
        level: str = "",
        applicant: str = "",
        agency: str = "",
        online: str = "",
        type: str = "",
        cursor: str = "",
        page_size: int = 20,
    ) -> Any:
        found = [] if "zzz" in q else [_result(one) for one in PROCEDURES.values()]
        beside = OTHERS if found else []
        if type not in ("", "procedure"):
            found, beside = [one for one in beside if one["type"] == type], []
        facets = {"field": [{"value": "Hộ tịch", "count": 3}], "level": [{"value": "commune", "count": 3}]}
        facets["applicant"] = [{"value": "overseas-vietnamese", "count": 2}, {"value": "citizen", "count": 1}]
        facets["type"] = [{"value": "procedure", "count": 3}, {"value": "question", "count": 1}]
        counted = {"total": len(found), "facets": facets, "read_as": None}
        if "shinh" in q:
            counted["read_as"] = "khai sinh"
            found[0] |= {
                "issuer": "Bộ Tư pháp",
                "also": [{"id": "1.000014", "issuer": "UBND tỉnh Lai Châu"}],
                "also_count": 1,
            }
        return {"results": found, "beside": beside, "next_cursor": "next" if found else None, **counted}

    said: list[str] = []

    @app.put("/missed", status_code=204)
    async def say_not_this(request: Request) -> Response:
        said.append((await request.json())["text"])
        return Response(status_code=204)

    @app.get("/missed")
    async def missed(week: str = "") -> Any:
        found = {"id": "1.001193", "title": "Đăng ký khai sinh", "plain_title_en": "Register a birth", "name": "đẻ con"}
        results: list[dict[str, Any]] = [
            {"question": text, "askers": 7, "found": None} for text in ("xe ôm công nghệ", *said)
        ]
        results.append({"question": "đẻ con", "askers": 5, "found": found})
        return {
            "week": week or "2026-W47",
            "weeks": ["2026-W47", "2026-W46"],
            "counting": not week,
            "least": 5,
            "results": [] if week else results,
            "next_cursor": None,
        }

    @app.get("/suggest")
    async def suggest(q: str = "") -> Any:
        return {"results": [{"text": "Đăng ký khai sinh", "id": "1.001193"}]}

    return app


def _result(one: dict[str, Any]) -> dict[str, Any]:
    guide = one["guide"] or {}
    return {
        "type": "procedure",
        "id": one["code"],
        **{name: one[name] for name in ("title", "plain_title", "plain_title_en", "field", "issuer", "levels")},
        **{name: one[name] for name in ("applicants", "fileable", "withdrawn", "successor", "term")},
        "also": [],
        "also_count": 0,
        "text": guide.get("who"),
        "address": None,
        "procedures": [],
        "competent_level": "commune" if guide else None,
        "term_text": (guide.get("term") or {}).get("text"),
        "fee_text": (guide.get("fee") or {}).get("text"),
        "why": {"kind": "name", "words": "làm giấy khai sinh"} if guide else {"kind": "title", "words": "cấp"},
    }


def _other(kind: str, id: str, title: tuple[str, str], text: tuple[str, str], address: str) -> dict[str, Any]:
    return {
        "type": kind,
        "id": f"{kind}/{id}",
        "title": title[0],
        "plain_title": None,
        "plain_title_en": title[1],
        "text": two(*text),
        "address": address,
        "procedures": ["1.001193"],
        "why": {"kind": "name", "words": title[0]},
    }


OTHERS = [
    _other(
        "life_event",
        "child",
        ("Sinh con", "A child is born"),
        ("Từ giấy chứng sinh đến thẻ.", "From paper to card."),
        "/life-events/child",
    ),
    _other(
        "question",
        "birth-when",
        ("Phải làm khai sinh trong bao lâu?", "How soon must a birth be registered?"),
        ("Trong 60 ngày kể từ ngày sinh.", "Within 60 days of the birth."),
        "/questions?topic=birth#birth-when",
    ),
]
