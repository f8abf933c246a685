"""The catalogue editor: working copies, their parts, preview and test cases."""

from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from portal.forms.questions import Question, questions
from portal.forms.values import one
from portal.pages.desk import cases, forming, writing
from portal.pages.desk.copies import HOME, address, may_edit, open_copy, save_copy, waiting
from portal.pages.kept import kept
from portal.pages.problem import route
from portal.pages.procedure import as_list
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem


async def desk(visit: Visit) -> Response:
    """List the working copies; open a procedure by its code."""
    code = visit.query("code", 64)
    listed = await visit.api.call("proposals")
    if code:
        try:
            await visit.api.call("procedure", {"code": code})
            return visit.go(address(code))
        except ApiProblem as refused:
            if refused.status not in (404, 422):
                raise
    motions = await visit.api.call("motions")
    return visit.page(
        "desk/catalogue.html",
        private=True,
        proposals=listed["results"],
        motions=motions["results"],
        edits=may_edit(visit),
        unknown=code,
        code=code,
    )


async def overview(visit: Visit) -> Response:
    """Show one procedure to its editor: what is in force, what each revision changed, the working copy."""
    return await overview_page(visit)


async def overview_page(visit: Visit, status: int = 200, **said: Any) -> Response:
    """Return the page of one procedure; ``said`` = what was typed and what is wrong with it."""
    code = visit.part("code")
    procedure = await visit.api.call("procedure", {"code": code})
    history = await visit.api.call("revisions", {"code": code})
    bench = await open_copy(visit)
    values = {"error": "", "reason": "", **said}
    return visit.page(
        "desk/overview.html",
        status,
        private=True,
        procedure=procedure,
        history=history["results"],
        bench=bench,
        motion=await waiting(visit, code),
        edits=may_edit(visit),
        parts=writing.PARTS,
        at=address(code),
        **values,
    )


async def begin(visit: Visit) -> Response:
    """Begin a working copy; there is one a procedure, so doing it twice opens the same."""
    await visit.api.call("begin_proposal", {"code": visit.part("code")})
    return visit.go(address(visit.part("code"), "edit/names"))


async def edit(visit: Visit) -> Response:
    """Show one part of the working copy in boxes."""
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(visit.part("code")))
    return _edit_page(visit, bench, bench["written"])


def _edit_page(
    visit: Visit, bench: Mapping[str, Any], written: writing.Written, status: int = 200, **said: Any
) -> Response:
    part = _part(visit)
    if part == "form":
        return forming.outline_page(visit, bench, status, **said)
    if part == "examples":
        return cases.list_page(visit, bench, status, **said)
    return visit.page(
        f"desk/edit_{part}.html",
        status,
        private=True,
        bench=bench,
        written=written,
        guide=written.get("guide") or writing.NEW_GUIDE,
        part=part,
        parts=writing.PARTS,
        lists=writing.LISTS,
        rows=writing.rows,
        at=address(visit.part("code")),
        **{"stale": False, **said},
    )


@kept
async def save(visit: Visit) -> Response:
    """Save one part, wrong or not; what cannot even be read stays in its box, with the place where it breaks."""
    code, part = visit.part("code"), _part(visit)
    texts, _ = await posted(visit)
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(code))
    if part == "form" and part not in texts:
        return await forming.arrange(visit, bench, texts)
    if part == "examples" and part not in texts:
        return await cases.arrange(visit, bench, texts)
    unread = None
    match part:
        case "names":
            written = writing.take_names(bench["written"], texts)
        case "guide":
            written = writing.take_guide(bench["written"], texts)
        case _:
            written, unread = writing.take_json(bench["written"], part, texts)
    if unread is not None:
        return _edit_page(visit, bench, bench["written"], 422, typed=one(texts, part), unread=unread)
    if not await save_copy(visit, texts, written):
        return _edit_page(visit, bench, written, 409, stale=True)
    return visit.go(address(code, f"edit/{part}?saved=1" if one(texts, "action") == "stay" else ""))


async def preview(visit: Visit) -> Response:
    """Show the guide and every question as people will see them."""
    code = visit.part("code")
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(code))
    procedure = await visit.api.call("procedure", {"code": code})
    form = bench["form"]
    pages = []
    if form:
        for page in form["pages"]:
            fields = {name: True for name in page["fields"] if form["fields"][name]["widget"] != "group"}
            asked = questions(form, fields, {}, visit.t)
            for name in page["fields"]:
                if name not in fields:
                    asked += _asked_of_each(form, name, visit)
            pages.append((page, asked))
    return visit.page(
        "desk/preview.html",
        private=True,
        procedure={**procedure, "plain_title": bench["plain_title"] or procedure["plain_title"], "fileable": False},
        guide=bench["guide"] or {},
        applicants=procedure.get("applicants") or (),
        as_list=as_list,
        pages=pages,
        bench=bench,
        at=address(code),
    )


def _asked_of_each(form: Mapping[str, Any], group: str, visit: Visit) -> list[Question]:
    """Return the questions that are asked of each item of a group."""
    item = form["fields"][group]
    one_item = {"schema": form["schema"]["properties"][group]["items"], "fields": item["fields"]}
    return questions(one_item, dict.fromkeys(item["order"], True), {}, visit.t)


async def drop(visit: Visit) -> Response:
    """Forget the working copy, after asking once."""
    code = visit.part("code")
    if visit.request.method == "GET":
        return visit.page("desk/drop.html", private=True, at=address(code), code=code)
    await visit.api.call("drop_proposal", {"code": code})
    return visit.go(address(code))


def _part(visit: Visit) -> str:
    part = visit.part("part")
    if part not in writing.PARTS:
        raise HTTPException(404)
    return part


ROUTES: list[Route] = [
    *route(HOME, desk),
    *route(f"{HOME}/{{code}}", overview),
    *route(f"{HOME}/{{code}}/begin", begin, "POST"),
    *route(f"{HOME}/{{code}}/edit/{{part}}", edit),
    *route(f"{HOME}/{{code}}/edit/{{part}}", save, "POST"),
    *route(f"{HOME}/{{code}}/preview", preview),
    *route(f"{HOME}/{{code}}/drop", drop, "GET", "POST"),
]
