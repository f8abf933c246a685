"""What search engines read: schema.org as JSON-LD, in scripts that nothing runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from markupsafe import Markup

from portal.i18n import MARK
from portal.pages.visit import Visit

SCHEMA = "https://schema.org"


def inert(data: Mapping[str, Any]) -> Markup:
    """Return ``data`` as JSON that can stand in a script element: nothing in it ends the element."""
    text = orjson.dumps({"@context": SCHEMA, **data}).decode()
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def crumbs(visit: Visit, *steps: tuple[str, str]) -> Markup:
    """Return a BreadcrumbList of (text, address) steps; the front page comes first, the last step is this page."""
    names = [(visit.t("frame.home"), "/"), *steps]
    items = [
        {
            "@type": "ListItem",
            "position": number,
            "name": name,
            "item": visit.whole(address) if address else visit.canonical(),
        }
        for number, (name, address) in enumerate(names, start=1)
    ]
    return inert({"@type": "BreadcrumbList", "itemListElement": items})


def service(visit: Visit, procedure: Mapping[str, Any]) -> Markup:
    """Return a GovernmentService; what is not published is left out."""
    guide = procedure.get("guide") or {}
    data: dict[str, Any] = {
        "@type": "GovernmentService",
        "name": visit.title_of(procedure).removeprefix(MARK),
        "alternateName": procedure["title"],
        "identifier": procedure["code"],
        "url": visit.canonical(),
        "areaServed": {"@type": "Country", "name": "Việt Nam"},
    }
    if procedure.get("agency"):
        data["provider"] = {"@type": "GovernmentOrganization", "name": procedure["agency"]}
    if procedure.get("field"):
        data["category"] = procedure["field"]
    if guide.get("result"):
        data["serviceOutput"] = {"@type": "Thing", "name": visit.t.pick(guide["result"])}
    if procedure.get("fileable"):
        address = visit.whole(f"/file/{procedure['code']}")
        data["availableChannel"] = {"@type": "ServiceChannel", "serviceUrl": address}
    return inert(data)


def faq(visit: Visit, questions: Sequence[Mapping[str, Any]]) -> Markup:
    """Return a FAQPage of what the page shows."""
    asked = [
        {
            "@type": "Question",
            "name": visit.t.pick(one["question"]),
            "acceptedAnswer": {"@type": "Answer", "text": visit.t.pick(one["answer"])},
        }
        for one in questions
    ]
    return inert({"@type": "FAQPage", "mainEntity": asked})
