"""A written form as pages and questions in order: finding, moving, naming; and what a condition may ask for."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException

from portal.i18n import Words
from portal.pages.desk.branching import answer_of

Form = Mapping[str, Any]
Parts = Sequence[Mapping[str, Any]]
CHOSEN = ("radios", "select", "yesno")
LONGEST_LIST = 30


def form_of(written: Mapping[str, Any]) -> Form:
    """Return the form that is written; a new one has no page."""
    form = written.get("form")
    return form if isinstance(form, Mapping) else {"declaration": ["", ""], "pages": []} if form is None else {}


def readable(form: Form) -> bool:
    """Tell whether a form can be shown in boxes; one that an expert left half written cannot."""
    pages = form.get("pages")
    if not isinstance(pages, list) or not all(_is_page(page) for page in pages):
        return False
    names = [field["name"] for page in pages for field in page["fields"]]
    ids = [page["id"] for page in pages]
    return len(set(ids)) == len(ids) and len(set(names)) == len(names)


def _is_page(page: Any) -> bool:
    return (
        isinstance(page, dict)
        and isinstance(page.get("id"), str)
        and _is_pair(page.get("title"))
        and isinstance(page.get("repeat", {}), dict)
        and isinstance(page.get("repeat", {}).get("name", ""), str)
        and isinstance(page.get("fields"), list)
        and all(_is_question(field) for field in page["fields"])
    )


def _is_pair(text: Any) -> bool:
    return isinstance(text, list) and len(text) == 2 and all(isinstance(part, str) for part in text)


def _is_question(field: Any) -> bool:
    if not isinstance(field, dict) or not isinstance(field.get("name"), str) or not _is_pair(field.get("label")):
        return False
    options, errors, sources = field.get("options", []), field.get("errors", {}), field.get("sources", [])
    rows = options if isinstance(options, list) else [] if isinstance(options, str) else None
    return (
        rows is not None
        and all(isinstance(row, list) and len(row) >= 3 and all(isinstance(part, str) for part in row) for row in rows)
        and isinstance(errors, dict)
        and isinstance(sources, list)
        and all(isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) for row in sources)
    )


def open_part(bench: Mapping[str, Any], id: str) -> tuple[Form, Mapping[str, Any]]:
    """Return the form and its page ``id``. Raises ``HTTPException`` (404)."""
    form = form_of(bench["written"])
    at = index_of(form["pages"], "id", id) if readable(form) else None
    if at is None:
        raise HTTPException(404)
    return form, form["pages"][at]


def index_of(parts: Parts, key: str, name: str) -> int | None:
    """Return where the part called ``name`` stands, None where there is none."""
    return next((at for at, part in enumerate(parts) if part[key] == name), None)


def moved(parts: Parts, key: str, act: str, name: str) -> list[Mapping[str, Any]]:
    """Return the parts after one was put ``up`` or ``down`` by one place, or ``removed``; else as they are."""
    listed, at = list(parts), index_of(parts, key, name)
    if at is None:
        return listed
    if act == "removed":
        del listed[at]
    elif act in ("up", "down"):
        to = min(max(at + (1 if act == "down" else -1), 0), len(listed) - 1)
        listed.insert(to, listed.pop(at))
    return listed


def names_in(form: Form) -> list[str]:
    """Return every name that answers have in the form; a ward keeps its old name beside it."""
    names = [page["repeat"].get("name", "") for page in form["pages"] if "repeat" in page]
    for page in form["pages"]:
        for field in page["fields"]:
            names += [field["name"], f"{field['name']}_before"]
    return names


def with_pages(written: Mapping[str, Any], pages: Parts) -> dict[str, Any]:
    """Return what is written with the form's pages."""
    return {**written, "form": {**form_of(written), "pages": list(pages)}}


def answers_offered(
    form: Form, page: Mapping[str, Any], but: str, lists: Mapping[str, Any], t: Words
) -> list[tuple[str, str]]:
    """Return what a condition on ``page`` may wait for: a question with one of its answers, and how it is read.

    Inside a page that repeats these are the questions of the same page; elsewhere those of pages that do not.
    """
    near = [page] if "repeat" in page and but else [one for one in form["pages"] if "repeat" not in one]
    offered = []
    for field in (field for one in near for field in one["fields"]):
        if field["name"] == but or field.get("widget") not in CHOSEN or (not but and field in page["fields"]):
            continue
        label = said(t, field.get("label"))
        for value, words in _values(field, lists, t):
            offered.append((answer_of(field["name"], value), t("desk_form.answer", question=label, answer=words)))
    return offered


def _values(field: Mapping[str, Any], lists: Mapping[str, Any], t: Words) -> list[tuple[Any, str]]:
    if field["widget"] == "yesno":
        return [(True, t("frame.yes")), (False, t("frame.no"))]
    options = field.get("options", ())
    rows = lists.get(options, ()) if isinstance(options, str) else options
    return [(row[0], said(t, list(row[1:3]))) for row in rows] if len(rows) <= LONGEST_LIST else []


def said(t: Words, pair: Any) -> str:
    """Return a text of the form in the page's language."""
    return t.pick({"vi": str(pair[0]), "en": str(pair[1])}) if isinstance(pair, list) and len(pair) == 2 else ""
