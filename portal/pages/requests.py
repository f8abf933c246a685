"""What a person does after filing: supplement what was asked for, confirm or correct a draft result, withdraw."""

import secrets
from collections.abc import Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from portal.forms.questions import Question, problem_text, questions, read_page
from portal.forms.values import Posted, one
from portal.pages.dossiers import known_facts
from portal.pages.kept import kept
from portal.pages.naming import in_english
from portal.pages.problem import route
from portal.pages.question import store
from portal.pages.reaching import reach
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem

Ask = Mapping[str, Any]


@kept
async def supplement(visit: Visit) -> Response:
    """Open only what was asked for, take it, send it once."""
    dossier, ask = await _asked(visit, "papers")
    form = await visit.api.call("form", {"code": dossier["procedure"]}, query={"revision": dossier["revision"]})
    names = [str(item["field"]) for item in ask["items"] if item.get("field") in form["fields"]]
    if visit.request.method == "GET":
        if any(r["kind"] == "supplement" and r["state"] == "open" for r in dossier["requests"]):
            return visit.go(f"/dossiers/{dossier['code']}?sent=already")
        fields = _questions(visit, form, names, dossier, None)
        return await _supplement_page(visit, dossier, ask, fields)
    texts, files = await posted(visit)
    chosen = [file for group in files.values() for file in group]
    code, kept = {"code": str(dossier["code"])}, texts.get("kept", [])
    digests, refusal = await store(visit, "dossier_file", code, chosen, kept)
    errors = {"files": refusal} if refusal else {}
    if one(texts, "files_lost") and not files:
        errors["files"] = visit.t("filing.session_over_files")
    reads = read_page(form, [n for n in names if form["fields"][n]["widget"] != "files"], texts, visit.today)
    errors |= {n: problem_text(r.problem, form["fields"][n], visit.t) for n, r in reads.items() if r.problem}
    values = {name: read.value for name, read in reads.items() if read.value is not None}
    text = one(texts, "text")
    if not errors and not (values or digests or text):
        errors["text"] = visit.t("following.supplement_empty")
    if not errors:
        body = {"kind": "supplement", "ask_no": ask["ask_no"], "answers": values, "files": digests, "text": text}
        refused = await _send(visit, dossier, body, one(texts, "key"))
        if isinstance(refused, Response):
            return refused
        errors = refused
    fields = _questions(visit, form, names, dossier, texts)
    for question in fields:
        question.error = errors.get(question.name, "")
    return await _supplement_page(visit, dossier, ask, fields, errors=errors, text=text, digests=digests)


def _questions(
    visit: Visit, form: Mapping[str, Any], names: list[str], dossier: Mapping[str, Any], texts: Posted | None
) -> list[Question]:
    plain = {name: True for name in names if form["fields"][name]["widget"] != "files"}
    return questions(form, plain, dossier.get("answers") or {}, visit.t, posted=texts)


async def _supplement_page(
    visit: Visit,
    dossier: Mapping[str, Any],
    ask: Ask,
    fields: list[Question],
    *,
    errors: Mapping[str, str] | None = None,
    text: str = "",
    digests: list[str] | None = None,
) -> Response:
    named = {question.name: question.anchor for question in fields}
    return visit.page(
        "supplement.html",
        422 if errors else 200,
        private=True,
        dossier=dossier,
        ask=ask,
        questions=fields,
        errors=[(named.get(name, f"f-{name}"), message) for name, message in (errors or {}).items()],
        own_errors=errors or {},
        text=text,
        digests=digests or [],
        key=secrets.token_urlsafe(18),
        person=await reach(visit, str(dossier["office"]["id"])),
    )


@kept
async def confirm(visit: Visit) -> Response:
    """Let the person say that the draft result is right, or what is wrong in it."""
    dossier, ask = await _asked(visit, "confirm")
    if visit.request.method == "GET":
        return await _confirm_page(visit, dossier, ask)
    texts, _ = await posted(visit)
    verdict, text = one(texts, "verdict"), one(texts, "text")
    if verdict not in ("right", "wrong"):
        return await _confirm_page(visit, dossier, ask, error=("f-verdict-0", visit.t("following.confirm_choose")))
    if verdict == "wrong" and not text:
        return await _confirm_page(
            visit, dossier, ask, error=("f-text", visit.t("following.confirm_what")), verdict=verdict
        )
    if verdict == "right" and text:
        both = ("f-verdict-0", visit.t("supplement.right_or_wrong"))
        return await _confirm_page(visit, dossier, ask, error=both, verdict=verdict, text=text)
    body = {"kind": "confirmation", "ask_no": ask["ask_no"], "text": text}
    refused = await _send(visit, dossier, body, one(texts, "key"))
    if isinstance(refused, Response):
        return refused
    return await _confirm_page(
        visit, dossier, ask, error=("f-text", next(iter(refused.values()))), verdict=verdict, text=text
    )


async def _confirm_page(
    visit: Visit,
    dossier: Mapping[str, Any],
    ask: Ask,
    *,
    error: tuple[str, str] | None = None,
    verdict: str = "",
    text: str = "",
) -> Response:
    return visit.page(
        "confirm.html",
        422 if error else 200,
        private=True,
        dossier=dossier,
        ask=ask,
        errors=[error] if error else [],
        verdict=verdict,
        text=text,
        facts=await known_facts(visit, dossier),
        key=secrets.token_urlsafe(18),
        person=await reach(visit, str(dossier["office"]["id"])),
    )


@kept
async def withdraw(visit: Visit) -> Response:
    """Say what withdrawing means, then ask the office for it."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    await in_english(visit, [dossier])
    if "withdraw" not in dossier.get("can", ()):
        return visit.go(f"/dossiers/{dossier['code']}")
    error = ""
    if visit.request.method == "POST":
        texts, _ = await posted(visit)
        body = {"kind": "withdrawal", "text": one(texts, "text")}
        refused = await _send(visit, dossier, body, one(texts, "key"))
        if isinstance(refused, Response):
            return refused
        error = next(iter(refused.values()))
    status = 422 if error else 200
    return visit.page(
        "withdraw.html",
        status,
        private=True,
        dossier=dossier,
        error=error,
        key=secrets.token_urlsafe(18),
        person=await reach(visit, str(dossier["office"]["id"])),
    )


@kept
async def correct(visit: Visit) -> Response:
    """Say how a wrong result is mended, then open the draft that does it, filled in with what was filed."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    await in_english(visit, [dossier])
    what, error, status = "", "", 200
    if visit.request.method == "POST":
        what = one((await posted(visit))[0], "what")[:2000]
        if len(what) < 3:
            error, status = visit.t("following.correct_what_missing"), 422
        else:
            try:
                draft = await visit.api.call("correct", {"code": dossier["code"]}, json={"what": what})
                return visit.go(f"/file/draft/{draft['id']}/check")
            except ApiProblem as refused:
                if refused.status != 409:
                    raise
                if refused.body.get("dossier"):
                    return visit.go(f"/dossiers/{refused.body['dossier']}")
                error, status = refused.detail, 409
    errors = [("f-what", error)] if error else []
    return visit.page(
        "correct.html",
        status,
        private=True,
        dossier=dossier,
        errors=errors,
        error=error,
        what=what,
        person=await reach(visit, str(dossier["office"]["id"])),
    )


async def _asked(visit: Visit, kind: str) -> tuple[Mapping[str, Any], Ask]:
    """Return the dossier and its open ask of ``kind``. Raises ``HTTPException`` 404 when none is open."""
    dossier = await visit.api.call("dossier", {"code": visit.part("code")})
    await in_english(visit, [dossier])
    ask = next((a for a in dossier["asks"] if a["kind"] == kind and a["state"] == "open"), None)
    if ask is None:
        raise HTTPException(404)
    return dossier, ask


async def _send(visit: Visit, dossier: Mapping[str, Any], body: dict[str, Any], key: str) -> Response | dict[str, str]:
    """File the request; return where to go, or the errors by field.

    A withdrawal already open counts as sent; anything else may say more than what was sent before, so it is not
    dropped: the page comes back with it.
    """
    code = str(dossier["code"])
    try:
        await visit.api.call("new_request", {"code": code}, json=body, key=key[:80] or None)
    except ApiProblem as refused:
        if refused.status not in (409, 422):
            raise
        if refused.code in ("request_already_open", "idempotency_key_reused"):
            if body["kind"] == "withdrawal":
                return visit.go(f"/dossiers/{code}?sent=already")
            return {"text": visit.t("supplement.one_waits")}
        errors = {str(field["path"]).rpartition(".")[2]: str(field["detail"]) for field in refused.fields}
        return errors or {"text": refused.detail}
    return visit.go(f"/dossiers/{code}?sent={body['kind']}")


ROUTES = [
    *route("/dossiers/{code}/supplement", supplement, "GET", "POST"),
    *route("/dossiers/{code}/confirm", confirm, "GET", "POST"),
    *route("/dossiers/{code}/withdraw", withdraw, "GET", "POST"),
    *route("/dossiers/{code}/correct", correct, "GET", "POST"),
]
