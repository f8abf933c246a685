"""Whom a session acts for: the pages' cookie becomes a header for services, and only beside a token."""

from gateway.proxy import ACTING_COOKIE
from kernel.auth import ACTING_FOR
from tests.gateway.conftest import Edge, sign_in

READ = "/api/dossiers/v1/dossiers"


async def test_a_session_acts_for_the_organisation_that_was_chosen(edge: Edge) -> None:
    async with edge.browser() as director, edge.browser() as nobody:
        await sign_in(director, "director-1")
        await director.get(READ)
        assert ACTING_FOR not in edge.service.calls[-1].headers
        director.cookies.set(ACTING_COOKIE, "org-gom-song-lam")
        await director.get(READ, headers={ACTING_FOR: "org-khac"})
        assert edge.service.calls[-1].headers.getlist(ACTING_FOR) == ["org-gom-song-lam"]
        nobody.cookies.set(ACTING_COOKIE, "org-gom-song-lam")
        await nobody.get(READ)
        assert ACTING_FOR not in edge.service.calls[-1].headers
