"""Wiring of the adapter."""

import grpc

from kernel.telemetry import Receive, Scope, Send
from kernel.web import Running
from province_adapter.adapter import Adapter
from province_adapter.connector import Connector
from province_adapter.journal import Journal
from province_adapter.settings import AdapterSettings


async def build(
    settings: AdapterSettings, *, connector: Connector, credentials: grpc.ChannelCredentials, target: str
) -> Running:
    """Build the adapter of one lane; it dials ``target`` (host:port, or several with commas).

    It has no pages: ``app`` knows no path.

    Raises ``Conflict`` (``journal_in_use``) when another process holds the journal.
    """
    journal = await Journal.open(settings.home, settings.template)
    adapter = Adapter(settings=settings, journal=journal, connector=connector, credentials=credentials, target=target)
    loops = (adapter.connect, adapter.apply, adapter.pump, adapter.upload, adapter.forget)

    async def ready() -> dict[str, bool]:
        return {"link": adapter.connected}

    return Running(f"province_adapter.{settings.lane or settings.participant}", _no_page, loops, ready, adapter.close)


async def _no_page(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})
