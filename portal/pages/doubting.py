"""Doubts shown on the page after the answer, with an offer to take what was probably meant. Nothing waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from kernel.locale import telephone
from portal.forms.doubts import doubt
from portal.forms.values import Posted, has_eth, is_old_mobile, one
from portal.pages.carrying import answered, held
from portal.pages.draft import Draft, load
from portal.pages.problem import route
from portal.pages.visit import Visit, posted

MOST = 10
CONVERTED = "!"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is shown about an answer. ``path`` names it: ``email``, or ``members.0.member_name`` inside a group."""

    path: str
    label: str
    text: str
    better: str = ""
    address: str = ""
    see: str = ""


def to_note(
    visit: Visit, fields: Mapping[str, Any], before: Mapping[str, Any], answers: Mapping[str, Any], texts: Posted
) -> list[str]:
    """Return the names of just changed answers that are doubtful, or were converted while reading (then with ``!``)."""
    found = []
    for name, value in answers.items():
        spec = fields.get(name)
        if spec is None or before.get(name) == value:
            continue
        typed = one(texts, name)
        if (spec["widget"] == "phone" and is_old_mobile(typed)) or (spec["widget"] == "name" and has_eth(typed)):
            found.append(f"{name}{CONVERTED}")
        elif doubt(name, spec, answers, visit.t, today=visit.today):
            found.append(name)
    return found


def noted(visit: Visit, draft: Draft) -> list[Notice]:
    """Return the notices that the page's address asks for; the address holds names of fields, never answers."""
    paths = [path for path in visit.query("noted", 400).split(",") if path][:MOST]
    return [notice for path in paths if (notice := notice_of(visit, draft, path))]


def notice_of(visit: Visit, draft: Draft, path: str) -> Notice | None:
    """Return what is to be said about one answer, or None."""
    converted, path = path.endswith(CONVERTED), path.removesuffix(CONVERTED)
    place = _placed(draft, path)
    if place is None:
        return None
    name, spec, answers = place
    label, address = visit.t.pick(spec["label"]), _address(draft, path)
    if converted and answers.get(name):
        value = str(answers[name])
        said = (
            visit.t("filing.phone_converted", number=telephone(value))
            if spec["widget"] == "phone"
            else visit.t("doubting.eth", name=value)
        )
        return Notice(path, label, said, address=address)
    found = doubt(name, spec, answers, visit.t, today=visit.today)
    return Notice(path, label, found.text, found.better, address, found.see) if found else None


def _address(draft: Draft, path: str) -> str:
    """Return where the answer is changed."""
    name, _, rest = path.partition(".")
    page = next((str(page["id"]) for page in draft.form["pages"] if name in page["fields"]), "")
    number = rest.partition(".")[0]
    return draft.address(page) + (f"/{int(number) + 1}" if number else "")


def _placed(draft: Draft, path: str) -> tuple[str, Mapping[str, Any], Mapping[str, Any]] | None:
    """Return (name, field, the answers beside it) of a path."""
    parts = path.split(".")
    fields, answers = draft.form["fields"], draft.answers
    if len(parts) == 3:
        group, number, _ = parts
        items = answers.get(group) or ()
        right = number.isascii() and number.isdigit() and len(number) <= 3 and group in fields
        if not right or int(number) >= len(items):
            return None
        fields, answers = fields[group]["fields"], items[int(number)]
    elif len(parts) != 1:
        return None
    return (parts[-1], fields[parts[-1]], answers) if parts[-1] in fields else None


async def take_better(visit: Visit) -> Response:
    """Take what was offered for one answer and go back to the page that offered it."""
    texts, _ = await posted(visit)
    draft = await load(visit, one(texts, "draft_token") or None)
    if draft.code:
        return visit.go(f"/dossiers/{draft.code}/receipt")
    path, back = one(texts, "path"), one(texts, "back")
    notice = notice_of(visit, draft, path)
    if notice and notice.better:
        group, _, rest = path.partition(".")
        answers: dict[str, Any] = {path: notice.better}
        if rest:
            items = [dict(item) for item in draft.answers[group]]
            number, _, name = rest.partition(".")
            items[int(number)][name] = notice.better
            answers = {group: items}
        await visit.api.call("save_draft", {"id": draft.id}, json={"answers": answers}, draft_token=draft.token)
    inside = back.startswith(f"{draft.address()}/") and "//" not in back
    return await answered(visit, draft, visit.go(back if inside else draft.address()))


ROUTES = [*route("/file/draft/{id}/better", held(take_better), "POST")]
