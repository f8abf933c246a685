"""How to reach a person at the office that a page is about."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from kernel.clock import real_now
from portal.pages.visit import Visit

KEPT_FOR = timedelta(minutes=5)
HELD = 5_000


class Reachable:
    """What was published a moment ago, kept in this process, so that a question a page asks for no office again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], tuple[datetime, Mapping[str, Any]]] = {}

    def get(self, *key: str) -> Mapping[str, Any] | None:
        """Return what is kept under ``key`` if it is not older than five minutes."""
        at, kept = self._kept.get(key, (None, None))
        return kept if at is not None and real_now() - at < KEPT_FOR else None

    def keep(self, *key: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep ``found`` and return it; the oldest goes when there are too many."""
        self._kept.pop(key, None)
        if len(self._kept) >= HELD:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (real_now(), found)
        return found


async def reach(visit: Visit, office: str) -> Mapping[str, Any]:
    """Return the office's name and telephone as published; unknown parts are None, never a guess."""
    reachable: Reachable = visit.request.app.state.reachable
    if (kept := reachable.get("office", visit.lang, office)) is not None:
        return kept
    found = await visit.api.get_or({}, "office", {"id": office})
    contact = found.get("contact") or {}
    person = {"name": found.get("name"), "telephone": contact.get("telephone"), "hours": contact.get("hours")}
    return reachable.keep("office", visit.lang, office, found=person) if found else person


async def reach_for(visit: Visit, procedure: str, place: str | None) -> Mapping[str, Any]:
    """Return the same for the office that decides ``procedure`` at the ward ``place``; nothing while it is unknown."""
    if not place:
        return {}
    reachable: Reachable = visit.request.app.state.reachable
    kept = reachable.get("route", procedure, place)
    if kept is None:
        route = await visit.api.get_or({}, "resolve", procedure=procedure, place=place)
        kept = reachable.keep("route", procedure, place, found=route["office"]) if route else {}
    return {"name": kept["name"], **_known(await reach(visit, str(kept["id"])))} if kept else {}


def _known(person: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in person.items() if value}
