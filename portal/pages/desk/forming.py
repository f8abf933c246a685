"""The form of a working copy in boxes: its pages in order, the head of a page, and one question at a time."""

import copy
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from portal.forms.values import Posted, one
from portal.pages.desk import boxes, writing
from portal.pages.desk.copies import HOME, Copy, address, open_copy, save_copy
from portal.pages.desk.layout import (
    Form,
    form_of,
    index_of,
    moved,
    names_in,
    open_part,
    readable,
    with_pages,
)
from portal.pages.desk.naming import new_name
from portal.pages.desk.sheets import Sheet, page_sheet, question_sheet
from portal.pages.kept import kept
from portal.pages.problem import route
from portal.pages.visit import Visit, posted

NEW = "-"
MOST_PAGES, MOST_QUESTIONS = 60, 30
DECLARATION = ("declaration.vi", "declaration.en")
TITLES = ("title.vi", "title.en")


def outline_page(visit: Visit, bench: Copy, status: int = 200, **said: Any) -> Response:
    """Show the pages of the form in order, the sentence that people confirm, and the JSON for experts."""
    form = form_of(bench["written"])
    texts: Posted = said.get("texts") or {}
    held = {name: one(texts, name) for name in (*DECLARATION, *TITLES)}
    pair = form.get("declaration")
    words = [str(text) for text in pair] if isinstance(pair, list) and len(pair) == 2 else ["", ""]
    return visit.page(
        "desk/edit_form.html",
        status,
        private=True,
        bench=bench,
        form=form if readable(form) else None,
        declaration=[held[name] or text for name, text in zip(DECLARATION, words, strict=True)],
        titles=[held[name] for name in TITLES],
        at=address(visit.part("code")),
        part="form",
        parts=writing.PARTS,
        **{
            "typed": writing.shown_json(bench["written"], "form"),
            "unread": None,
            "stale": False,
            "faults": {},
            **said,
        },
    )


async def arrange(visit: Visit, bench: Copy, texts: Posted) -> Response:
    """Take the sentence that people confirm, then move, remove or add a page."""
    written, code = bench["written"], visit.part("code")
    form = form_of(written)
    if not readable(form):
        raise HTTPException(400)
    act, _, id = one(texts, "do").partition(":")
    pages, faults, then = list(form["pages"]), {}, "edit/form?saved=1"
    if act in ("up", "down", "removed") and index_of(pages, "id", id) is None:
        return outline_page(visit, bench, 409, stale=True, texts=texts)
    if act == "remove" and (at := index_of(pages, "id", id)) is not None:
        return _ask(visit, bench, pages[at], address(code, "edit/form"), id)
    if act == "add":
        title = [" ".join(one(texts, name).split()) for name in TITLES]
        faults = {name: "desk_form.text_needed" for name, text in zip(TITLES, title, strict=True) if not text}
        id = new_name(title[1], [page["id"] for page in pages], "-")
        pages.append({"id": id, "title": title, "fields": []})
        then = f"form/{id}"
    else:
        pages = moved(pages, "id", act, id)
    if len(pages) > MOST_PAGES:
        faults["title.vi"] = "desk_form.too_many"
    form = {**form, "declaration": _declared(form, texts), "pages": pages}
    if faults:
        said = {box: visit.t(key) for box, key in faults.items()}
        return outline_page(visit, bench, 422, faults=said, texts=texts)
    if not await save_copy(visit, texts, {**written, "form": form}):
        return outline_page(visit, bench, 409, stale=True, texts=texts)
    return visit.go(address(code, then))


def _declared(form: Form, texts: Posted) -> Any:
    old = form.get("declaration")
    if DECLARATION[0] not in texts:
        return old
    typed = [" ".join(one(texts, name).split()) for name in DECLARATION]
    return old if isinstance(old, list) and [" ".join(str(one).split()) for one in old] == typed else typed


def _ask(visit: Visit, bench: Copy, part: Mapping[str, Any], back: str, name: str) -> Response:
    """Ask once before a page or a question is removed."""
    words = part.get("title") or part.get("label") or [name, name]
    return visit.page(
        "desk/remove.html", private=True, bench=bench, back=back, name=name, words=words, n=len(part.get("fields", ()))
    )


async def page_form(visit: Visit) -> Response:
    """Show the head of one page in boxes, and its questions in order."""
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(visit.part("code")))
    form, page = open_part(bench, visit.part("page"))
    return _page_form(visit, bench, page, page_sheet(visit, bench, form, page))


def _page_form(visit: Visit, bench: Copy, page: Mapping[str, Any], sheet: Sheet, status: int = 200) -> Response:
    return visit.page(
        "desk/edit_page.html",
        status,
        private=True,
        bench=bench,
        page=page,
        sheet=sheet,
        kinds=bench["offers"]["kinds"],
        at=address(visit.part("code")),
    )


@kept
async def save_page(visit: Visit) -> Response:
    """Save the head of a page; then move or remove a question, or begin a new one."""
    code, texts = visit.part("code"), (await posted(visit))[0]
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(code))
    form, page = open_part(bench, visit.part("page"))
    taken = boxes.take_page(page, texts, names_in(form))
    act, _, name = one(texts, "do").partition(":")
    if taken.faults:
        return _page_form(visit, bench, page, page_sheet(visit, bench, form, page, texts, taken.faults), 422)
    here = f"form/{page['id']}"
    at = index_of(page["fields"], "name", name)
    if act == "remove" and at is not None:
        return _ask(visit, bench, page["fields"][at], address(code, here), name)
    made = {**taken.made, "fields": moved(page["fields"], "name", act, name)}
    written = with_pages(bench["written"], [made if one_page is page else one_page for one_page in form["pages"]])
    if not await save_copy(visit, texts, written):
        sheet = page_sheet(visit, bench, form, page, texts, stale=True)
        return _page_form(visit, bench, page, sheet, 409)
    if act == "add":
        return visit.go(address(code, f"{here}/{NEW}?kind={_kind(bench, one(texts, 'kind'))}"))
    return visit.go(address(code, "edit/form?saved=1" if act == "leave" else f"{here}?saved=1"))


def _kind(bench: Copy, wanted: str) -> str:
    return wanted if wanted in bench["offers"]["kinds"] else "text"


async def question_form(visit: Visit) -> Response:
    """Show one question in boxes; a new one is of the kind that the address names."""
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(visit.part("code")))
    form, page = open_part(bench, visit.part("page"))
    name = visit.part("question")
    at = index_of(page["fields"], "name", name)
    if at is None and name != NEW:
        raise HTTPException(404)
    question = _blank(_kind(bench, visit.query("kind", 20))) if at is None else page["fields"][at]
    return _question_form(visit, bench, page, question_sheet(visit, bench, form, page, question))


def _blank(kind: str) -> dict[str, Any]:
    return {"name": "", "widget": kind, "label": ["", ""]}


def _question_form(visit: Visit, bench: Copy, page: Mapping[str, Any], sheet: Sheet, status: int = 200) -> Response:
    return visit.page(
        "desk/edit_question.html",
        status,
        private=True,
        bench=bench,
        page=page,
        pages=form_of(bench["written"])["pages"],
        sheet=sheet,
        kinds=bench["offers"]["kinds"],
        sources=bench["offers"]["sources"],
        lists=bench["offers"]["lists"],
        including=_including,
        closed=boxes.CLOSED,
        of_kind=boxes.OF_KIND,
        at=address(visit.part("code")),
    )


def _including(offered: Collection[str], held: str | None) -> list[str]:
    """Return what a select offers, with what it holds already even where nobody offers it any more."""
    return [*offered, *([held] if held and held not in offered else [])]


@kept
async def save_question(visit: Visit) -> Response:
    """Save one question, or show it again with every error beside its box."""
    code, texts = visit.part("code"), (await posted(visit))[0]
    bench = await open_copy(visit)
    if bench is None:
        return visit.go(address(code))
    form, page = open_part(bench, visit.part("page"))
    at = index_of(page["fields"], "name", visit.part("question"))
    gone = at is None and visit.part("question") != NEW
    question = _blank(_kind(bench, one(texts, "widget"))) if at is None else page["fields"][at]
    taken = boxes.take_question(question, texts)
    if taken.made["widget"] not in bench["offers"]["kinds"]:
        taken.faults["widget"] = ("desk_form.kind_needed", {})
    if at is None and len(page["fields"]) >= MOST_QUESTIONS:
        taken.faults["label.vi"] = ("desk_form.too_many", {})
    if taken.faults or gone:
        sheet = question_sheet(visit, bench, form, page, question, texts, taken.faults, gone=gone)
        return _question_form(visit, bench, page, sheet, 409 if gone else 422)
    made = taken.made
    if at is None:
        made["name"] = new_name(made["label"][1], names_in(form))
    target = one(texts, "page") or page["id"]
    written = with_pages(bench["written"], _placed(form["pages"], page, target, at, made))
    if not await save_copy(visit, texts, written):
        sheet = question_sheet(visit, bench, form, page, question, texts, stale=True)
        return _question_form(visit, bench, page, sheet, 409)
    home = f"form/{target}" if index_of(form["pages"], "id", target) is not None else f"form/{page['id']}"
    stays = one(texts, "do") == "stay"
    return visit.go(address(code, f"{home}/{made['name']}?saved=1" if stays else f"{home}?saved=1"))


def _placed(
    pages: Sequence[Mapping[str, Any]], page: Mapping[str, Any], target: str, at: int | None, made: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return the pages with a question in its place, or at the end of the page it goes to."""
    listed = [copy.deepcopy(dict(each)) for each in pages]
    here = index_of(pages, "id", page["id"])
    there = index_of(pages, "id", target)
    assert here is not None
    if there is None or there == here:
        fields = listed[here]["fields"]
        fields[at if at is not None else len(fields) :] = [made, *(fields[at + 1 :] if at is not None else ())]
        return listed
    if at is not None:
        del listed[here]["fields"][at]
    listed[there]["fields"].append(made)
    return listed


ROUTES: list[Route] = [
    *route(f"{HOME}/{{code}}/form/{{page}}", page_form),
    *route(f"{HOME}/{{code}}/form/{{page}}", save_page, "POST"),
    *route(f"{HOME}/{{code}}/form/{{page}}/{{question}}", question_form),
    *route(f"{HOME}/{{code}}/form/{{page}}/{{question}}", save_question, "POST"),
]
