"""What the operators' commands do and print; each returns its exit code."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from rich.console import Console

from kernel.log import Log
from kernel.settings import Settings
from motcua.assembly import open_log
from motcua.operating import aside, checking, looking, publishing
from motcua.operating.places import Unknown, holds_portal
from motcua.progress import Steps

RETRY_SECONDS = 60.0


@asynccontextmanager
async def _log_of(settings: Settings) -> AsyncIterator[Log]:
    _must_be(settings)
    opened = await open_log(settings)
    try:
        yield opened
    finally:
        await opened.close()


def _must_be(settings: Settings) -> None:
    if not holds_portal(settings):
        raise Unknown(f"{settings.data} holds no portal")


async def republish(settings: Settings, *, owner: str, since: str, subject: str, lanes: bool) -> int:
    """Let ``owner`` say its state again. ``since`` is RFC 3339 with its offset, or empty."""
    start = _instant(since) if since else None
    _must_be(settings)
    with Steps(Console(stderr=True)) as steps:
        told = await publishing.republish(
            owner, data=settings.data, progress=steps.show, since=start, subject=subject or None, lanes=lanes
        )
    for name, count in told.items():
        print(f"{name}: {count} events say its state again.")
    return 0


async def rehome(settings: Settings, *, source: str, target: str, subject: str, share: float) -> int:
    """Hand open dossiers of ``source`` on to ``target``; say how many."""
    _must_be(settings)
    with Steps(Console(stderr=True)) as steps:
        moved = await publishing.rehome(
            settings.data, source=source, target=target, subject=subject or None, share=share, progress=steps.show
        )
    print(f"{moved} dossiers were handed on from {source} to {target}.")
    return 0


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Unknown(f"--since {text}: give a time with its zone, for instance 2026-11-01T00:00:00+07:00")
    return at


async def tail(settings: Settings, *, topics: Sequence[str], subject: str) -> int:
    """Print what is appended from now on, for ever."""
    async with _log_of(settings) as opened:
        print("Reading from now on; Ctrl-C ends it.", file=sys.stderr, flush=True)
        async for line in looking.tail(opened, topics=topics, subject=subject or None):
            print(line, flush=True)
    return 0


async def lag(settings: Settings) -> int:
    """Print how far behind each consumer is; 2 when a position is lost."""
    async with _log_of(settings) as opened:
        found = await looking.lags(settings, opened)
    for each in found:
        lost = f"  {each.lost} positions lost: republish, then restart-lost" if each.lost else ""
        print(f"{each.behind:>9}  {each.service:<9} {each.topic:<24} {each.consumer}{lost}")
    return 2 if any(each.lost for each in found) else 0


async def quarantine(settings: Settings, *, service: str, show: int) -> int:
    """List what was set aside, or show one quarantined message's outside."""
    _must_be(settings)
    if show:
        for name, value in (await aside.outside_of(settings, service=service, id=show)).items():
            print(f"{name:<16} {value}")
        return 0
    found = await aside.set_aside(settings, service=service or None)
    for each in found:
        print(f"{each.at}  {each.service}  {each.kind} {each.id}  {each.subject}  {each.place}  {each.reason}")
    print(f"{len(found)} messages are set aside." if found else "Nothing is set aside.")
    return 0


async def retry(settings: Settings, *, service: str, subject: str, every: bool, requarantine: bool) -> int:
    """Let the running service try parked messages again and wait for it; 2 when some failed again."""
    if bool(subject) == every:
        raise Unknown("Say which: --subject CODE or --all")
    chosen = subject or None
    asked = await aside.try_again(settings, service=service, subject=chosen, requarantine=requarantine)
    if asked.refused:
        print(f"{asked.refused} stay in quarantine: they were refused as a fault of their sender, who was told.")
    left, failed, end = asked.parked, 0, time.monotonic() + RETRY_SECONDS
    with Steps(Console(stderr=True)) as steps:
        while left and not failed and time.monotonic() < end:
            steps.show("messages", asked.parked - left, asked.parked)
            await asyncio.sleep(0.5)
            left, failed = await aside.still_parked(settings, service=service, subject=chosen)
    print(f"{asked.parked - left} of {asked.parked} messages were taken ({asked.requarantined} out of quarantine).")
    if left and not failed:
        print(f"{left} wait: the service does not run, or is busy; it takes them when it comes to them.")
    return 2 if failed else 0


async def restart_lost(settings: Settings, *, service: str) -> int:
    """Move lost positions to the oldest record that is kept."""
    async with _log_of(settings) as opened:
        print(f"{await aside.restart_lost(settings, opened, service=service)} positions were moved.")
    return 0


async def check(settings: Settings, *, settle: float) -> int:
    """Print every broken promise; 1 when there is one. ``settle`` in seconds."""
    broken = await checking.broken_promises(settings, settle=timedelta(seconds=settle))
    for line in broken:
        print(line)
    print(f"{len(broken)} broken promises" if broken else "Every promise holds.")
    return 1 if broken else 0
