"""Every page the portal can show: addresses over the contract services, one list for each route."""

from starlette.routing import Route

from portal.app import routes
from tests.portal.samples import DOSSIERS, PAYMENTS

DRAFT = "/file/draft/d1"
SHOWN = {
    "/": ["/"],
    "/search": ["/search?q=khai", "/search?q=zzz", "/search?q=khai&type=question", "/search?q=khai&noted=1"],
    "/search/missed": ["/search/missed", "/search/missed?week=2026-W46"],
    "/procedures/{code}": ["/procedures/1.001193", "/procedures/1.000014", "/procedures/2.000986"],
    "/file/{code}": ["/file/1.001193", "/file/1.001193?q=ba", "/file/1.001193?place=00004", "/file/1.000014"],
    "/file/draft/{id}": [DRAFT],
    "/file/draft/{id}/drop": [f"{DRAFT}/drop"],
    "/file/draft/{id}/q/{page}": [f"{DRAFT}/q/{page}" for page in ("name", "birth", "about", "place", "more", "photo")],
    "/file/draft/{id}/q/{page}/{item}": [f"{DRAFT}/q/household/1"],
    "/file/draft/{id}/check": [f"{DRAFT}/check"],
    "/file/draft/{id}/exemption": [f"{DRAFT}/exemption"],
    "/file/{code}/eligibility": ["/file/1.004222/eligibility", "/file/1.004222/eligibility?then=assist"],
    "/dossiers/{code}/exemption": ["/dossiers/H26-261121-0005/exemption"],
    "/lookup": ["/lookup", "/lookup?code=x"],
    "/lookup/{code}": ["/lookup/H26-261121-0001"],
    "/dossiers": ["/dossiers"],
    "/dossiers/{code}": [f"/dossiers/{code}" for code in DOSSIERS],
    "/dossiers/{code}/answers": ["/dossiers/H26-261121-0001/answers"],
    "/dossiers/{code}/receipt": ["/dossiers/H26-261121-0001/receipt", "/dossiers/H26-261121-0001/receipt?paper=80"],
    "/dossiers/{code}/supplement": ["/dossiers/H26-261121-0002/supplement"],
    "/dossiers/{code}/confirm": ["/dossiers/H26-261121-0003/confirm"],
    "/dossiers/{code}/withdraw": ["/dossiers/H26-261121-0001/withdraw"],
    "/dossiers/{code}/pay": ["/dossiers/H26-261121-0012/pay"],
    "/dossiers/{code}/payments/{id}": [f"/dossiers/H26-261121-0012/payments/{id}" for id in PAYMENTS],
    "/dossiers/{code}/correct": ["/dossiers/H26-261121-0004/correct"],
    "/dossiers/{code}/rating": ["/dossiers/H26-261121-0004/rating"],
    "/verify": ["/verify", "/verify?code=7KQM-O"],
    "/verify/{code}": ["/verify/7KQM-3T9X-HV2N-CDAB"],
    **{path: [path] for path in ("/my", "/inbox", "/my/accesses", "/services", "/information", "/feedback")},
    **{path: [path] for path in ("/consultations", "/transparency", "/help", "/privacy", "/accessibility")},
    **{path: [path] for path in ("/status", "/components", "/nope")},
    "/life-events/{id}": ["/life-events/child", "/life-events/child?d=25&m=9&y=2026", "/life-events/child?d=32"],
    "/guides/{id}": ["/guides/follow"],
    "/questions": ["/questions", "/questions?q=zzz"],
    "/addresses": ["/addresses?q=ba"],
    "/offices": ["/offices", "/offices?view=63", "/offices?province=01"],
    "/offices/{id}": ["/offices/H26.00004", "/offices/H26.00008"],
    **{path: [path] for path in ("/guides", "/essential-services", "/offices/missing")},
    **{path: [path] for path in ("/my/drafts", "/my/wallet", "/my/preferences", "/my/helpers", "/assist", "/claim")},
    "/assist/new": [
        "/assist/new?q=khai",
        *(f"/assist/new?procedure=1.001193&{more}" for more in ("q=ba", "place=00004")),
    ],
    "/assist/{id}": ["/assist/h1", "/assist/h2?begun=1&seen=1"],
    "/screen": ["/screen", *(f"/screen?c={state}" for state in ("NOW", "CHECK", "DONE", "WAIT"))],
    "/desk": ["/desk"],
    "/desk/exemptions": ["/desk/exemptions"],
    "/desk/exemptions/{code}": ["/desk/exemptions/H26-261121-0005"],
    "/desk/catalogue": ["/desk/catalogue", "/desk/catalogue?code=x"],
    "/desk/catalogue/{code}": [f"/desk/catalogue/{code}" for code in ("1.001193", "1.000014?published=1", "2.000986")],
    "/desk/catalogue/{code}/edit/{part}": [
        f"/desk/catalogue/1.001193/edit/{part}" for part in ("names", "guide?saved=1", "form", "examples")
    ],
    "/desk/catalogue/{code}/form/{page}": [f"/desk/catalogue/1.001193/form/{page}" for page in ("where", "people")],
    "/desk/catalogue/{code}/form/{page}/{question}": [
        f"/desk/catalogue/1.001193/form/{at}" for at in ("where/born?saved=1", "people/witness", "people/-?kind=number")
    ],
    "/desk/catalogue/{code}/case/{id}": ["/desk/catalogue/1.001193/case/a", "/desk/catalogue/1.001193/case/-"],
    "/desk/catalogue/{code}/preview": ["/desk/catalogue/1.001193/preview", "/desk/catalogue/1.000014/preview"],
    "/desk/catalogue/{code}/drop": ["/desk/catalogue/1.001193/drop"],
    "/desk/catalogue/{code}/withdraw": ["/desk/catalogue/1.001193/withdraw"],
}
MACHINES = {"/sitemap.xml", "/robots.txt", "/feeds/procedures.atom", "/feeds/notices.atom"}
ACTS = {"/my/helpers/{id}/end", "/big-print", "/assist/{id}/receipt", "/assist/{id}/end"} | {
    f"/claim/{act}" for act in ("take", "end", "end-contact")
}
NO_PAGE = {*ACTS, "/verify/file", "/inbox/{id}/read", *MACHINES} | {
    f"/file/draft/{{id}}/{act}" for act in ("submit", "finish", "better", "open", "files/{sha256}")
}


def pages() -> list[str]:
    """Return every address, in the order of the routes."""
    return [path for paths in SHOWN.values() for path in paths]


def routes_not_looked_at() -> set[str]:
    """Return the routes that answer GET and have neither an address here nor a reason; other names count as one."""
    named = {*SHOWN, *NO_PAGE}
    looked_at = {route.endpoint for route in routes() if isinstance(route, Route) and route.path in named}
    return {
        route.path
        for route in routes()
        if isinstance(route, Route) and "GET" in (route.methods or ()) and route.endpoint not in looked_at
    }
