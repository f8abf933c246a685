"""How to reach a person at the office that a page is about."""

from collections.abc import Mapping
from typing import Any

from portal.pages.visit import Visit


async def reach(visit: Visit, office: str) -> Mapping[str, Any]:
    """Return the office's name and telephone as published; unknown parts are None, never a guess."""
    found = await visit.api.get_or({}, "office", {"id": office})
    contact = found.get("contact") or {}
    return {"name": found.get("name"), "telephone": contact.get("telephone"), "hours": contact.get("hours")}
