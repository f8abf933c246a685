"""A page that is answered once for each person or thing: the list of those entered, and one item a page.

An item has its number as its address, so that sending it twice enters it once. It is saved when it is whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kernel.digest import digest_of
from portal.forms import conditions
from portal.forms.answers import display
from portal.forms.questions import required_text
from portal.forms.values import Posted, one
from portal.pages.doubting import noted, to_note
from portal.pages.draft import Draft
from portal.pages.question import Changes, Page, Sheet, before, next_address, step_of
from portal.pages.reaching import reach_for
from portal.pages.submitting import place_names
from portal.pages.visit import Visit
from portal.public_api import ApiProblem


def group_of(draft: Draft, page: Page) -> str:
    """Return the name of the group that a page asks for, or nothing for a page of plain questions."""
    name = str(page["fields"][0])
    return name if len(page["fields"]) == 1 and draft.form["fields"][name]["widget"] == "group" else ""


@dataclass(frozen=True, slots=True)
class ItemSheet(Sheet):
    """One item, as a form of its own. ``at`` counts from 0; the item after the last is a new one."""

    whole: Page
    group: str
    at: int

    @property
    def form(self) -> conditions.Form:
        """The item's own form."""
        spec = self.draft.form["fields"][self.group]
        items = self.draft.form["schema"]["properties"][self.group]["items"]
        return {"schema": items, "fields": spec["fields"], "pages": [self.page]}

    @property
    def answers(self) -> Mapping[str, Any]:
        """What was answered for this item."""
        items = items_of(self.draft, self.group)
        return items[self.at] if self.at < len(items) else {}

    async def save(self, visit: Visit, changes: Changes, *, complete: bool) -> dict[str, str]:
        """Save the item when it is whole; return the errors by field."""
        if not complete:
            return {}
        items = items_of(self.draft, self.group)
        merged = {name: value for name, value in {**self.answers, **changes}.items() if value is not None}
        items[self.at : self.at + 1] = [merged]
        try:
            await save_items(visit, self.draft, self.group, items)
        except ApiProblem as refused:
            mine = f"answers.{self.group}.{self.at}."
            errors = {str(f["path"]).removeprefix(mine): str(f["detail"]) for f in refused.fields}
            named = {name: text for name, text in errors.items() if name in self.form["fields"]}
            if refused.status != 422 or not named:
                raise
            return named
        return {}

    def following(self, visit: Visit, answers: Mapping[str, Any]) -> str:
        """Return the list's address."""
        return visit_list(self.draft, self.whole, visit)

    def notes(self, visit: Visit, answers: Mapping[str, Any], texts: Posted) -> list[str]:
        """Return the paths of answers that the list says something about."""
        found = to_note(visit, self.form["fields"], self.answers, answers, texts)
        return [f"{self.group}.{self.at}.{name}" for name in found]

    @property
    def back(self) -> str:
        """Where the link back leads: the list, or what came before it while nothing is entered."""
        listed = items_of(self.draft, self.group) or not self.draft.form["fields"][self.group]["min"]
        return self.draft.address(str(self.whole["id"])) if listed else before(self.draft, self.whole)


def items_of(draft: Draft, group: str) -> list[Mapping[str, Any]]:
    """Return the items entered so far."""
    return list(draft.answers.get(group) or ())


def visit_list(draft: Draft, page: Page, visit: Visit) -> str:
    """Return the list's address; who came from the summary goes back there afterwards."""
    return draft.address(str(page["id"])) + ("?from=check" if visit.query("from", 10) == "check" else "")


async def save_items(visit: Visit, draft: Draft, group: str, items: list[Mapping[str, Any]]) -> None:
    """Save the whole list; an empty one is no answer. Raises ``ApiProblem``."""
    sent = {"answers": {group: items or None}}
    await visit.api.call("save_draft", {"id": draft.id}, json=sent, draft_token=draft.token)


def item_sheet(draft: Draft, page: Page, group: str, number: str) -> ItemSheet | None:
    """Return the item that an address names (from 1), or None where there is none and none can be added."""
    spec = draft.form["fields"][group]
    entered = len(items_of(draft, group))
    if not (number.isascii() and number.isdigit() and len(number) <= 3):
        return None
    at = int(number) - 1
    if not 0 <= at <= min(entered, int(spec["max"]) - 1):
        return None
    title = {lang: f"{text} {number}" for lang, text in spec["item"].items()}
    asked = {"id": page["id"], "title": title, "hint": spec.get("hint"), "when": None, "fields": spec["order"]}
    return ItemSheet(draft, asked, page, group, at)


async def show_list(visit: Visit, draft: Draft, page: Page, group: str, error: str = "") -> Response:
    """Show what was entered, with ways to change, remove and add; with nothing yet, the first item itself."""
    spec, items = draft.form["fields"][group], items_of(draft, group)
    came_from = "?from=check" if visit.query("from", 10) == "check" else ""
    if not items and spec["min"] and not error:
        return visit.go(f"{draft.address(str(page['id']))}/1{came_from}")
    places = await place_names(visit, draft.form, draft.answers)
    first = spec["order"][0]
    rows = [
        (
            number,
            display(spec["fields"][first], item.get(first), visit.t, places=places, files=draft.files),
            mark(item),
        )
        for number, item in enumerate(items, 1)
    ]
    step, steps = step_of(draft, page)
    return visit.page(
        "items.html",
        422 if error else 200,
        private=True,
        draft=draft,
        page=page,
        item=visit.t.pick(spec["item"]),
        hint=visit.t.pick(spec.get("hint")),
        rows=rows,
        most=int(spec["max"]),
        came_from=came_from,
        error=error,
        notices=noted(visit, draft),
        step=step,
        steps=steps,
        back=before(draft, page),
        person=await reach_for(visit, draft.raw["procedure"], draft.raw.get("place")),
    )


async def take_list(visit: Visit, draft: Draft, page: Page, group: str, texts: Posted) -> Response:
    """Remove an item, or go on when there are enough."""
    action = one(texts, "action")
    items = items_of(draft, group)
    if action.startswith("remove:"):
        number, _, seen = action[7:].partition(":")
        at = int(number) - 1 if number.isascii() and number.isdigit() and len(number) <= 3 else -1
        if 0 <= at < len(items) and mark(items[at]) == seen:
            del items[at]
            await save_items(visit, draft, group, items)
        return visit.go(visit_list(draft, page, visit))
    spec = draft.form["fields"][group]
    if len(items) < int(spec["min"]):
        return await show_list(visit, draft, page, group, required_text(spec, visit.t))
    return visit.go(next_address(draft, page, draft.answers, visit.query("from", 10)))


def mark(item: Mapping[str, Any]) -> str:
    """Return a short mark of an item's content, so that a second press removes nothing else."""
    return digest_of(dict(item))[:12]
