"""Papers of the person's wallet in a form's file question: offered beside the camera, taken with one tap."""

from collections.abc import Mapping
from typing import Any

from portal.forms.questions import Question
from portal.forms.values import Posted
from portal.pages.draft import Draft
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

ACTION = "wallet"
OFFERED = 5


async def offer_wallet(visit: Visit, draft: Draft, asked: list[Question]) -> None:
    """Put papers that fit beside each file question; nobody's while somebody helps, and none without sign-in."""
    if not visit.signed_in or draft.helping:
        return
    for question in asked:
        if question.widget == "files" and len(question.digests) < question.max_files:
            found = await visit.api.get_or({}, "papers", page_size=OFFERED, type=_types(draft, question))
            question.wallet = [
                {"name": each["name"], "day": each["added_at"], "value": f"{ACTION}:{question.name}:{_where(each)}"}
                for each in found.get("results", ())
                if each["sha256"] not in question.digests
            ]


def _types(draft: Draft, question: Question) -> list[str]:
    return [str(kind) for kind in (draft.form["fields"].get(question.name) or {}).get("accept") or ()]


def _where(paper: Mapping[str, Any]) -> str:
    return f"{paper['dossier']}:{paper['sha256']}"


async def take_from_wallet(
    visit: Visit, draft: Draft, texts: Posted, errors: Mapping[str, str], action: str
) -> tuple[Posted, dict[str, str]]:
    """Attach the paper that was tapped; return the texts with its digest, and errors by field."""
    kind, _, rest = action.partition(":")
    name, _, where = rest.partition(":")
    code, _, sha256 = where.partition(":")
    if kind != ACTION or draft.form["fields"].get(name, {}).get("widget") != "files":
        return texts, dict(errors)
    wish = {"dossier": code, "sha256": sha256}
    try:
        kept = await visit.api.call("reuse_paper", {"id": draft.id}, json=wish, draft_token=draft.token)
    except ApiProblem as refused:
        if refused.status not in (403, 404, 422):
            raise
        return texts, {**errors, name: refused.detail or visit.t("filing.bad_file")}
    digests = [*texts.get(name, []), str(kept["sha256"])]
    return {**texts, name: list(dict.fromkeys(digests))}, dict(errors)


def said_by_helper(draft: Draft, visit: Visit) -> dict[str, Any]:
    """Return what a helper was told about the person, in the shape of a record, to fill in empty boxes."""
    told = draft.helping or {}
    return {"name": told.get("for_name"), "id_number": told.get("for_id_number"), "source": visit.t("assist.source")}
