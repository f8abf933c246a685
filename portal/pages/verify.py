"""Is this paper true? By the code printed on it, for anyone who holds it; or by the PDF itself, which is not kept."""

import re
from typing import Any

from starlette.responses import Response

from portal import codes
from portal.pages.problem import route
from portal.pages.visit import Visit, posted
from portal.public_api import ApiProblem


async def verify(visit: Visit) -> Response:
    """Show the box, or who gave the paper, its number, its day, and whether it stands."""
    typed = str(visit.request.path_params.get("code") or visit.query("code", 80))
    if not re.sub(r"\W", "", typed):
        return _page(visit)
    code = codes.normal_paper(typed)
    if wrong := codes.never_on_paper(code):
        return _page(visit, typed=typed, error=visit.t("verify.never", letters=", ".join(wrong)), status=422)
    if len(code) != codes.PAPER_LENGTH:
        return _page(visit, typed=typed, error=visit.t("verify.length", n=len(code)), status=422)
    try:
        found = await visit.api.call("verify", {"paper_code": code})
    except ApiProblem as refused:
        if refused.status not in (404, 422):
            raise
        text = visit.t("verify.unknown" if refused.status == 404 else "verify.slip")
        return _page(visit, typed=typed, error=text, status=refused.status)
    return _page(visit, typed=codes.grouped_paper(code), found=found)


async def verify_file(visit: Visit) -> Response:
    """Say whether the signature of an uploaded PDF holds."""
    _, files = await posted(visit)
    file = next(iter(files.get("file", [])), None)
    if file is None:
        return _page(visit, file_error=visit.t("verify.file_missing"), status=422)
    try:
        checked = await visit.api.upload(
            "verify_file", {}, filename="paper.pdf", content_type="application/pdf", data=await file.read()
        )
    except ApiProblem as refused:
        if refused.status not in (413, 422, 503):
            raise
        return _page(visit, file_error=refused.detail or visit.t("verify.file_unread"), status=refused.status)
    return _page(visit, checked=checked)


def _page(
    visit: Visit,
    *,
    typed: str = "",
    error: str = "",
    file_error: str = "",
    found: Any = None,
    checked: Any = None,
    status: int = 200,
) -> Response:
    errors = [("code", error)] if error else [("file", file_error)] if file_error else []
    return visit.page(
        "verify.html",
        status,
        private=True,
        typed=typed[:80],
        errors=errors,
        error=error,
        file_error=file_error,
        found=found,
        checked=checked,
    )


ROUTES = [
    *route("/verify", verify, also=("/xac-minh",)),
    *route("/verify/file", verify_file, "POST", also=("/xac-minh/tep",)),
    *route("/verify/{code}", verify, also=("/xac-minh/{code}",)),
]
