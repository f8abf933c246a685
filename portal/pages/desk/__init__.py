"""/desk: the workbench of those who work for the portal. Everyone sees the tools of their own roles and no others."""

from starlette.responses import Response
from starlette.routing import Route

from portal.pages.desk import approving, cases, catalogue, exempting, forming
from portal.pages.problem import route
from portal.pages.visit import Visit
from portal.public_api import ApiProblem

TOOLS = {"catalogue": "proposals", "exemptions": "exemptions"}
AT_WORK = ("catalogue_editor", "publisher", "officer", "province_admin", "auditor", "operator")


async def bench(visit: Visit) -> Response:
    """Show the tools whose API lets the caller in; a person without any is told whose page this is."""
    tools = [tool for tool, endpoint in TOOLS.items() if await _opens(visit, endpoint)]
    roles = [role for role in AT_WORK if role in visit.roles]
    return visit.page("desk/bench.html", private=True, tools=tools, roles=roles)


async def _opens(visit: Visit, endpoint: str) -> bool:
    try:
        await visit.api.call(endpoint)
    except ApiProblem as refused:
        if refused.status != 403:
            raise
        return False
    return True


ROUTES: list[Route] = [
    *route("/desk", bench, also=("/ban-lam-viec",)),
    *catalogue.ROUTES,
    *approving.ROUTES,
    *forming.ROUTES,
    *cases.ROUTES,
    *exempting.ROUTES,
]
