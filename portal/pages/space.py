"""My space: dossiers, drafts, notices, what is known about me and who looked at it."""

from starlette.responses import Response

from portal.pages.dossiers import KINDS
from portal.pages.naming import in_english, office_names
from portal.pages.problem import route
from portal.pages.visit import Visit, posted


async def space(visit: Visit) -> Response:
    """Show the way to everything of one's own; asks to sign in first."""
    if not visit.signed_in:
        return visit.sign_in("/my")
    dossiers = await visit.api.call("dossiers", query={"page_size": 5})
    drafts = await visit.api.get_or(None, "drafts")
    await in_english(visit, [*dossiers["results"], *(drafts or {}).get("results", [])])
    notices = await visit.api.get_or(None, "notices")
    profile = await visit.api.get_or(None, "profile")
    return visit.page(
        "space.html",
        private=True,
        dossiers=dossiers["results"],
        kinds=KINDS,
        drafts=[draft for draft in (drafts or {}).get("results", []) if not draft.get("submitted_code")],
        unread=sum(1 for notice in (notices or {}).get("results", []) if not notice.get("read_at")),
        notices_away=notices is None,
        profile=profile,
    )


async def inbox(visit: Visit) -> Response:
    """List notices, newest first."""
    found = await visit.api.call("notices", query={"cursor": visit.query("cursor", 500)})
    return visit.page("inbox.html", private=True, found=found)


async def read_notice(visit: Visit) -> Response:
    """Mark a notice as read, then go to its dossier or back to the list."""
    texts, _ = await posted(visit)
    await visit.api.call("read_notice", {"id": visit.part("id")})
    code = (texts.get("code") or [""])[-1]
    return visit.go(f"/dossiers/{code}" if code and "/" not in code else "/inbox")


async def accesses(visit: Visit) -> Response:
    """Show who looked at one's data, when and why."""
    found = await visit.api.call("my_accesses", query={"cursor": visit.query("cursor", 500)})
    offices = await office_names(visit, found["results"])
    return visit.page("accesses.html", private=True, found=found, offices=offices)


ROUTES = [
    *route("/my", space, also=("/khong-gian-cua-toi",)),
    *route("/inbox", inbox, also=("/thong-bao",)),
    *route("/inbox/{id}/read", read_notice, "POST"),
    *route("/my/accesses", accesses),
]
