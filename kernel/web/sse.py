"""Server-sent events (WHATWG HTML 9.2): live pages over one plain response."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import orjson
from fastapi.responses import StreamingResponse

HEARTBEAT = 15.0
RETRY_MS = 3000


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event. ``id`` comes back as Last-Event-ID; ``data`` is text, or JSON values."""

    id: str
    event: str
    data: object


def sse(events: AsyncIterator[ServerEvent], *, heartbeat: float = HEARTBEAT) -> StreamingResponse:
    """Return a response that sends ``events`` as they come, and a comment every ``heartbeat`` seconds.

    ``events`` is closed when the client goes away.
    """
    return StreamingResponse(
        _lines(events, heartbeat),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def encode_event(event: ServerEvent) -> bytes:
    """Return ``event`` in the wire format."""
    data = event.data if isinstance(event.data, str) else orjson.dumps(event.data).decode()
    lines = [f"data: {line}" for line in data.splitlines() or [""]]
    return "\n".join([f"id: {event.id}", f"event: {event.event}", *lines, "", ""]).encode()


async def _lines(events: AsyncIterator[ServerEvent], heartbeat: float) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    waiting: asyncio.Future[ServerEvent] | None = None
    try:
        while True:
            if waiting is None:
                waiting = asyncio.ensure_future(anext(events))
            done, _ = await asyncio.wait([waiting], timeout=heartbeat)
            if not done:
                yield b": still here\n\n"
                continue
            try:
                event = waiting.result()
            except StopAsyncIteration:
                return
            waiting = None
            yield encode_event(event)
    finally:
        if waiting is not None:
            waiting.cancel()
            with contextlib.suppress(asyncio.CancelledError, StopAsyncIteration):
                await waiting
        if hasattr(events, "aclose"):
            await events.aclose()
