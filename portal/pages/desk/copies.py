"""Working copies as the editor's pages open and save them; what somebody else saved is never written over unseen."""

from collections.abc import Mapping
from typing import Any

from portal.forms.values import Posted, one
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

HOME = "/desk/catalogue"
Copy = Mapping[str, Any]


def address(code: str, tail: str = "") -> str:
    """Return the address of a procedure on the desk; ``tail`` is a page below it or a query."""
    slash = "/" if tail and not tail.startswith("?") else ""
    return f"{HOME}/{code}{slash}{tail}"


async def open_copy(visit: Visit) -> Copy | None:
    """Return the working copy that the address names, None where there is none."""
    try:
        copy: Copy = await visit.api.call("proposal", {"code": visit.part("code")})
    except ApiProblem as refused:
        if refused.code != "proposal_not_found":
            raise
        return None
    return copy


async def waiting(visit: Visit, code: str) -> Mapping[str, Any] | None:
    """Return what waits for a second person here, None for nothing."""
    listed = await visit.api.call("motions")
    return next((one for one in listed["results"] if one["code"] == code), None)


def may_edit(visit: Visit) -> bool:
    """Tell whether to offer what editors do; what a token says is only for showing, the API decides."""
    return not visit.roles or "catalogue_editor" in visit.roles


async def save_copy(visit: Visit, texts: Posted, written: Mapping[str, Any]) -> bool:
    """Save over the version that the page showed; False, and nothing is saved, when somebody else saved meanwhile."""
    body = {"version": seen(texts), "written": written}
    try:
        await visit.api.call("save_proposal", {"code": visit.part("code")}, json=body)
    except ApiProblem as refused:
        if refused.code != "saved_meanwhile":
            raise
        return False
    return True


def seen(texts: Posted) -> int:
    """Return the version that the page showed; anything else is an old one."""
    version = one(texts, "version")
    return int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 1
