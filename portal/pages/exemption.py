"""One question about not paying the fee, what became of it, and one photo where an officer has to decide."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import Response

from portal.forms import conditions
from portal.forms.values import Posted, one
from portal.pages.carrying import answered, held
from portal.pages.draft import Draft, load
from portal.pages.naming import in_english
from portal.pages.problem import route
from portal.pages.question import store
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

Files = Mapping[str, list[UploadFile]]
NONE = "none"


def asks(procedure: Mapping[str, Any]) -> bool:
    """Tell whether a procedure's guide names grounds that people can ask for."""
    fee = (procedure.get("guide") or {}).get("fee") or {}
    return any(item.get("ground") for item in fee.get("exempt") or ())


def address(draft: Draft) -> str:
    """Return where a draft's question about the fee is."""
    return f"/file/draft/{quote(draft.id, safe='')}/exemption"


async def of_draft(visit: Visit, draft: Draft) -> Mapping[str, Any] | None:
    """Return the grounds of a draft and what was asked, or None where nothing can be asked or the API is away."""
    if not asks(draft.procedure):
        return None
    try:
        found: Mapping[str, Any] = await visit.api.call("wish", {"id": draft.id}, draft_token=draft.token)
    except ApiProblem:
        return None
    return found if found["grounds"] else None


async def wish(visit: Visit) -> Response:
    """Ask the question, or show what became of it; press the button to choose again."""
    draft = await load(visit)
    if draft.code:
        return visit.go(draft.receipt)
    return await _wish_page(visit, draft)


async def _wish_page(
    visit: Visit, draft: Draft, texts: Posted | None = None, errors: dict[str, str] | None = None
) -> Response:
    found = await visit.api.call("wish", {"id": draft.id}, draft_token=draft.token)
    again = visit.query("again", 2) == "1" or not found["exemption"]
    pages = conditions.pages(draft.form, draft.answers)
    return visit.page(
        "exemption.html",
        422 if errors else 200,
        private=True,
        draft=draft,
        grounds=found["grounds"],
        exemption=found["exemption"],
        asking=again,
        sent=visit.query("sent", 2),
        chosen=one(texts, "ground") if texts else _chosen(found["exemption"]),
        note=one(texts, "note") if texts else (found["exemption"] or {}).get("note") or "",
        errors=[(f"f-{name}", text) for name, text in (errors or {}).items()],
        wrong=errors or {},
        here=address(draft),
        last=str(pages[-1]["id"]) if pages else "",
    )


def _chosen(exemption: Mapping[str, Any] | None) -> str:
    if exemption is None:
        return ""
    return str(exemption["ground"] or NONE)


async def answer(visit: Visit) -> Response:
    """Take the answer, or the proof; the consent counts only where its box was ticked."""
    texts, files = await posted(visit)
    draft = await load(visit, one(texts, "draft_token") or None)
    if draft.code:
        return visit.go(draft.receipt)
    return await answered(visit, draft, await _taken(visit, draft, texts, files))


async def _taken(visit: Visit, draft: Draft, texts: Posted, files: Files) -> Response:
    if one(texts, "switch"):
        return await _wish_page(visit, draft, texts)
    if one(texts, "action") == "prove":
        errors = await _prove(visit, "draft_file", "prove", {"id": draft.id}, texts, files, draft.token)
        return await _wish_page(visit, draft, texts, errors) if errors else visit.go(f"{address(draft)}?sent=1")
    ground = one(texts, "ground")
    if not ground:
        return await _wish_page(visit, draft, texts, {"ground": visit.t("exemption.choose")})
    body = {"ground": "" if ground == NONE else ground[:40], "consent": one(texts, "consent") == "yes"}
    try:
        await visit.api.call("ask_exemption", {"id": draft.id}, json=body, draft_token=draft.token)
    except ApiProblem as refused:
        if refused.status != 422:
            raise
        return await _wish_page(visit, draft, texts, {"ground": refused.detail})
    return visit.go(draft.address("check") if ground == NONE else address(draft))


async def _prove(
    visit: Visit,
    upload: str,
    endpoint: str,
    parts: Mapping[str, str],
    texts: Posted,
    files: Files,
    token: str | None = None,
) -> dict[str, str]:
    """Send what the person has to show; return the errors by field."""
    chosen = files.get("photo", [])[:1]
    digests, refusal = await store(visit, upload, parts, chosen, [], draft_token=token)
    if refusal:
        return {"photo": refusal}
    note = one(texts, "note")[:1000]
    if not note and not digests:
        return {"note": visit.t("exemption.proof_empty")}
    body = {"note": note, "photo": digests[0] if digests else None}
    await visit.api.call(endpoint, parts, json=body, draft_token=token)
    return {}


async def late_proof(visit: Visit) -> Response:
    """Show the exemption of a dossier, and take what the person has to show after filing."""
    code = {"code": visit.part("code")}
    dossier = await visit.api.call("dossier", code)
    await in_english(visit, [dossier])
    errors: dict[str, str] = {}
    texts: Posted = {}
    if visit.request.method == "POST":
        texts, files = await posted(visit)
        errors = await _prove(visit, "dossier_file", "prove_late", code, texts, files)
        if not errors:
            return visit.go(f"/dossiers/{dossier['code']}/exemption?sent=1")
    exemption = await visit.api.call("exemption", code)
    return visit.page(
        "exemption_of_dossier.html",
        422 if errors else 200,
        private=True,
        dossier=dossier,
        exemption=exemption,
        note=one(texts, "note") or exemption.get("note") or "",
        sent=visit.query("sent", 2),
        errors=[(f"f-{name}", text) for name, text in errors.items()],
        wrong=errors,
    )


async def fee_of(visit: Visit, dossier: Mapping[str, Any]) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    """Return the exemption of a dossier and the fee of its revision's guide; None and None where none was asked."""
    code = {"code": str(dossier["code"])}
    exemption = await visit.api.get_or(None, "exemption", code)
    if exemption is None:
        return None, None
    query = {"revision": dossier.get("revision")}
    procedure = await visit.api.get_or({}, "procedure", {"code": str(dossier["procedure"])}, **query)
    return exemption, (procedure.get("guide") or {}).get("fee")


ROUTES = [
    *route("/file/draft/{id}/exemption", held(wish)),
    *route("/file/draft/{id}/exemption", held(answer), "POST"),
    *route("/dossiers/{code}/exemption", late_proof, "GET", "POST", also=("/ho-so/{code}/mien-le-phi",)),
]
