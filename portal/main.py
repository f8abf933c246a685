"""Wiring of the portal."""

from collections.abc import Mapping

from kernel.clock import Clock
from kernel.web import Running, Upstream
from portal.app import make_portal
from portal.settings import PortalSettings


async def build(settings: PortalSettings, *, upstreams: Mapping[str, Upstream], clock: Clock) -> Running:
    """Return the portal, ready to serve.

    ``upstreams`` names ``catalog``, ``search``, ``dossiers`` and ``citizen``. Raises ``ValueError`` for a missing one.
    """
    absent = {"catalog", "search", "dossiers", "citizen"} - upstreams.keys()
    if absent:
        raise ValueError(f"the portal needs upstreams for {sorted(absent)}")
    app = make_portal(settings, upstreams=upstreams, clock=clock)

    async def ready() -> dict[str, bool]:
        return {"templates": bool(app.state.templates.list_templates())}

    async def close() -> None:
        return None

    return Running("portal", app, (), ready, close)
