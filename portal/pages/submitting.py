"""Check your answers, submit once, and finish after signing in."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.responses import Response

from portal.forms import conditions
from portal.forms.answers import display, place_name
from portal.forms.questions import required_text
from portal.forms.values import one
from portal.pages import exemption
from portal.pages.carrying import answered, held
from portal.pages.doubting import notice_of
from portal.pages.draft import Draft, cookie_name, cookie_path, forget_token, load
from portal.pages.problem import route
from portal.pages.reaching import reach_for
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

WISH_SECONDS = 1800


async def check(visit: Visit) -> Response:
    """Show everything that will be sent, each line with its way back."""
    draft = await load(visit)
    if draft.code:
        return visit.go(draft.receipt)
    asked = await exemption.of_draft(visit, draft)
    if asked and not asked["exemption"] and not conditions.missing(draft.form, draft.answers):
        return visit.go(exemption.address(draft))
    return await _check_page(visit, draft)


async def _check_page(
    visit: Visit, draft: Draft, refused: ApiProblem | None = None, *, wants_draft: bool = False, blocked: bool = False
) -> Response:
    places = await place_names(visit, draft.form, draft.answers)
    missing = {name: page for page, name in conditions.missing(draft.form, draft.answers)}
    pages = conditions.pages(draft.form, draft.answers)
    sections = [section for page in pages for section in _sections(visit, draft, page, places, missing)]
    errors = [(f"row-{name}", required_text(draft.form["fields"][name], visit.t)) for name in missing]
    for wrong in refused.fields if refused else ():
        name = str(wrong["path"]).removeprefix("answers.").replace(".", "-")
        errors.append((f"row-{name}", str(wrong["detail"])))
    return visit.page(
        "check.html",
        422 if refused else 200,
        private=True,
        draft=draft,
        wants_draft=wants_draft,
        blocked=blocked,
        kept=bool(visit.query("kept", 2)),
        sections=sections,
        steps=len(pages) + 1,
        back=draft.address(str(pages[-1]["id"])) if pages else draft.address(),
        errors=errors,
        missing=missing,
        fee=await exemption.of_draft(visit, draft),
        fee_at=exemption.address(draft),
        person=await reach_for(visit, draft.raw["procedure"], draft.raw.get("place")),
        refused=refused.detail if refused and not refused.fields else "",
    )


def _sections(
    visit: Visit, draft: Draft, page: Mapping[str, Any], places: Mapping[str, str], missing: Mapping[str, str]
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yield (heading, rows) of a page; of a page that repeats, one for each item."""
    base, rows = draft.address(str(page["id"])), []
    for name in page["fields"]:
        if not conditions.applies(draft.form, name, draft.answers):
            continue
        spec, value = draft.form["fields"][name], draft.answers.get(name)
        if spec["widget"] == "former":
            continue
        if spec["widget"] == "group" and value:
            for number, item in enumerate(value, 1):
                heading = f"{visit.t.pick(spec['item'])} {number}"
                yield heading, _item_rows(visit, draft, name, item, places, f"{base}/{number}", number)
        else:
            row = _row(visit, draft, name, spec, value, places, base, str(draft.answers.get(f"{name}_before") or ""))
            rows.append({**row, "missing": name in missing})
    if rows:
        yield visit.t.pick(page["title"]), rows


def _item_rows(
    visit: Visit,
    draft: Draft,
    group: str,
    item: Mapping[str, Any],
    places: Mapping[str, str],
    address: str,
    number: int,
) -> list[dict[str, Any]]:
    spec = draft.form["fields"][group]
    return [
        _row(
            visit,
            draft,
            f"{group}-{number - 1}-{name}",
            spec["fields"][name],
            item.get(name),
            places,
            address,
            str(item.get(f"{name}_before") or ""),
        )
        for name in spec["order"]
        if spec["fields"][name]["widget"] != "former" and conditions.holds(spec["fields"][name].get("when"), item)
    ]


def _row(
    visit: Visit,
    draft: Draft,
    name: str,
    spec: Mapping[str, Any],
    value: Any,
    places: Mapping[str, str],
    address: str,
    before: str,
) -> dict[str, Any]:
    text = display(spec, value, visit.t, places=places, files=draft.files)
    return {
        "name": name,
        "label": visit.t.pick(spec["label"]),
        "text": f"{text} ({visit.t('filing.formerly_short', name=before)})" if before else text,
        "doubt": notice_of(visit, draft, name.replace("-", ".")) if spec["widget"] != "phone" else None,
        "change": f"{address}?from=check",
        "missing": False,
    }


async def place_names(visit: Visit, form: conditions.Form, answers: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of the wards among the answers, by code."""
    codes = set(_wards(form["fields"], answers))
    found = {code: await visit.api.get_or(None, "place", {"ward": code}) for code in sorted(codes)}
    return {code: place_name(place) for code, place in found.items() if place}


def _wards(fields: Mapping[str, Any], answers: Mapping[str, Any]) -> Iterator[str]:
    for name, value in answers.items():
        spec = fields.get(name, {})
        if spec.get("widget") == "ward" and value:
            yield str(value)
        elif spec.get("widget") == "group":
            for item in value or ():
                yield from _wards(spec["fields"], item)


async def submit(visit: Visit) -> Response:
    """Submit once; without a session keep the wish, ask to sign in, and finish it afterwards."""
    texts, _ = await posted(visit)
    token = one(texts, "draft_token") or visit.request.cookies.get(cookie_name(visit.part("id")))
    wants_draft = one(texts, "wants_draft") == "yes"
    if not visit.signed_in and token and token != visit.request.cookies.get(cookie_name(visit.part("id"))):
        draft = await load(visit, token)
        return await answered(visit, draft, await _check_page(visit, draft, wants_draft=wants_draft, blocked=True))
    return await _submit(visit, token, wants_draft=wants_draft, ask_to_sign_in=True)


async def finish(visit: Visit) -> Response:
    """Complete the submit that was pressed before signing in; an address alone submits nothing."""
    draft_id = visit.part("id")
    if visit.query("sign_in", 10) == "cancelled" and not visit.signed_in:
        response = visit.go(f"/file/draft/{draft_id}/check?kept=1")
        response.delete_cookie(_wish(draft_id), path=cookie_path(draft_id))
        return response
    wish = visit.request.cookies.get(_wish(draft_id))
    if wish is None:
        return visit.go(f"/file/draft/{draft_id}/check")
    token = visit.request.cookies.get(cookie_name(draft_id))
    response = await _submit(visit, token, wants_draft=wish == "draft", ask_to_sign_in=False)
    response.delete_cookie(_wish(draft_id), path=cookie_path(draft_id))
    return response


async def _submit(visit: Visit, token: str | None, *, wants_draft: bool, ask_to_sign_in: bool) -> Response:
    draft_id = visit.part("id")
    try:
        filed = await visit.api.call(
            "submit",
            {"id": draft_id},
            json={"wants_draft": wants_draft},
            draft_token=token,
            key=f"submit-{draft_id}",
        )
    except ApiProblem as refused:
        if refused.status == 401 or (refused.status == 404 and not visit.signed_in):
            if not ask_to_sign_in:
                return visit.go(f"/file/draft/{draft_id}/check")
            response = visit.sign_in(f"/file/draft/{draft_id}/finish")
            wish = "draft" if wants_draft else "plain"
            visit.set_cookie(response, _wish(draft_id), wish, path=cookie_path(draft_id), max_age=WISH_SECONDS)
            return response
        if refused.status in (409, 422):
            draft = await load(visit, token)
            shown = visit.go(draft.receipt) if draft.code else None
            return shown or await _check_page(visit, draft, refused, wants_draft=wants_draft)
        raise
    response = visit.go(f"/assist/{filed['assist']}" if filed.get("assist") else f"/dossiers/{filed['code']}/receipt")
    forget_token(visit, response, draft_id)
    return response


def _wish(draft_id: str) -> str:
    return f"submit_{draft_id}"


ROUTES = [
    *route("/file/draft/{id}/check", held(check)),
    *route("/file/draft/{id}/submit", held(submit), "POST"),
    *route("/file/draft/{id}/finish", finish),
]
