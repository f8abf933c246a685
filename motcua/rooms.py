"""The one-process form: every room built and wired to the others, served until somebody stops it."""

import asyncio
import contextlib
import gc
import json
import os
import secrets
import signal
from collections.abc import AsyncIterator
from functools import partial

from rich.console import Console

from kernel.clock import Clock
from kernel.settings import Settings
from kernel.telemetry import admin_app, configure_logging
from kernel.web import AsgiUpstream
from motcua import building, dev, identity, payments
from motcua.assembly import Assembly, Options, open_engines
from motcua.pki import Authority
from motcua.preflight import lock_folder
from motcua.progress import Steps
from motcua.seeding import participants, seed_catalogue, until_published
from motcua.serving import Doors

READY_SECONDS = 90.0

# The names under which the gateway and the portal reach the rooms.
ADDRESSES = {
    "services_catalog": "catalog",
    "search_service": "search",
    "dossiers": "dossiers",
    "citizen_service": "citizen",
    "exchange": "exchange",
    "province_backend": "offices",
    "portal": "portal",
}


async def assemble(options: Options) -> Assembly:
    """Open the engines and build every room; nothing runs yet."""
    settings = Settings(**options.shared)
    provider = identity.build(data=options.data, public_url=options.public_url)
    engines = await open_engines(settings, provider.jwks, Clock(options.data / "clock.json"))
    assembly = Assembly(options, engines)
    assembly.upstreams["identity"] = AsgiUpstream(provider.app)
    assembly.upstreams["dev"] = AsgiUpstream(
        dev.build(data=options.data, clock=engines.clock, calendar=engines.calendar)
    )
    for build in (building.catalog, building.search):
        assembly.add(await build(engines, options.shared))
    await _add_dossiers(assembly)
    assembly.add(await building.citizen(engines, options.shared))
    await _add_provinces(assembly)
    await _add_doors(assembly)
    return assembly


async def _add_dossiers(assembly: Assembly) -> None:
    """Add the dossiers; the demo's payment platform is beside them unless another one is named."""
    engines, options = assembly.engines, assembly.options
    if os.environ.get("MOTCUA_PAYMENTS"):
        assembly.add(await building.dossiers(engines, options.shared))
        return
    secret, url = secrets.token_urlsafe(24), options.public_url
    platform = AsgiUpstream(payments.build(data=options.data, public_url=url, secret=secret, clock=engines.clock))
    assembly.upstreams["payments"] = platform
    told = {"payments": f"{url.rstrip('/')}{payments.PREFIX}", "payments_secret": secret}
    assembly.add(await building.dossiers(engines, {**options.shared, **told}, platform=platform))


async def _add_provinces(assembly: Assembly) -> None:
    engines, options = assembly.engines, assembly.options
    authority, port = Authority.open(options.data / "pki"), options.port + 2
    certified = authority.server_certificate()
    assembly.add(await building.exchange(engines, options.shared, port=port, host="127.0.0.1", certified=certified))
    rooms = await building.provinces(
        engines,
        options.shared,
        connected=participants(options.offices),
        pace=options.pace,
        target=options.link_target or f"127.0.0.1:{port}",
        authority=authority,
    )
    for room in rooms:
        assembly.add(room)


async def _add_doors(assembly: Assembly) -> None:
    engines, options = assembly.engines, assembly.options
    table = {ADDRESSES[name]: way for name, way in assembly.upstreams.items() if name in ADDRESSES}
    outsiders = ("identity", "dev", "payments")
    table |= {name: assembly.upstreams[name] for name in outsiders if name in assembly.upstreams}
    assembly.add(await building.portal(engines, options.shared, upstreams=table))
    table |= {"portal": assembly.upstreams["portal"]}
    assembly.add(await building.gateway(engines, options.shared, upstreams=table, ready=assembly.can_serve))


async def seed_only(options: Options) -> None:
    """Seed the data folder, publish the catalogue and let every reader take it in, stop."""
    configure_logging(level="warning")
    async with started(options, Console(stderr=True)):
        pass


@contextlib.asynccontextmanager
async def started(options: Options, console: Console) -> AsyncIterator[Assembly]:
    """Seed if needed, build every room, start them and wait until all are ready; stop them in the end.

    The catalogue starts first: readers count as ready at the end of the log that they find, so all of it must be there.
    """
    embedded = not Settings(data=options.data).database  # a server's catalogue fills itself when it is empty
    fresh = embedded and not (options.data / "services" / "services_catalog.db").exists()
    with lock_folder(options.data), Steps(console) as steps:
        if fresh:
            await seed_catalogue(options.data, steps)
        assembly = await assemble(options)
        try:
            catalogue = assembly.rooms["services_catalog"]
            assembly.start(catalogue)
            await until_published(options.data)
            for room in assembly.rooms.values():
                if room is not catalogue:
                    assembly.start(room)
            await assembly.wait_ready(seconds=READY_SECONDS, progress=partial(steps.show, "rooms and connections"))
            steps.done()
            yield assembly
        finally:
            await assembly.stop()


async def serve(options: Options) -> None:
    """Serve until SIGINT or SIGTERM."""
    configure_logging(level=os.environ.get("MOTCUA_LOG", "warning"))
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with started(options, console) as assembly:
        doors = Doors()
        try:
            doors.open(assembly.rooms["gateway"].app, host=options.host, port=options.port)
            doors.open(admin_app(assembly.parts), host="127.0.0.1", port=options.port + 1)
            gc.collect()
            gc.freeze()  # what is built stays for good: the collector need not walk it again and again
            note_run(options)
            welcome(console, options)
            waiting = [asyncio.create_task(stopped.wait()), asyncio.create_task(doors.closed())]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
        finally:
            await doors.close()


def note_run(options: Options) -> None:
    """Note the address in the data folder, for the other commands."""
    (options.data / "run.json").write_text(json.dumps({"public_url": options.public_url, "pid": os.getpid()}))


def welcome(console: Console, options: Options) -> None:
    """Print the address, the demo people and what to try."""
    url = options.public_url
    names = ", ".join(person.key for person in identity.PEOPLE)
    pace = "by hand" if options.pace is None else f"{options.pace:g} s a step"
    console.print(
        f"\n[bold]Một Cửa is ready:[/bold] {url}\n"
        f"  {len(options.offices) or 63} province offices are connected (mutual TLS, {pace}).\n"
        f"  Demo people, no password: {names}\n"
        "  Try:\n"
        f"   · search  {url}/search?q=lam+giay+khai+sinh+cho+con, file it as citizen-1, watch it move\n"
        f"   · read every message that was sent: {url}/dev/outbox · move time: {url}/dev/clock\n"
        f"   · pay what an office asks for, or see how that fails: {url}/pay\n"
        f"   · work as an officer of Hà Nội (officer-1): {url}/office/H26/\n"
        f"   · programs: {url}/docs and  .venv/bin/python -m motcua token --as citizen-1 --data {options.data}\n"
        f"   · operators: http://127.0.0.1:{options.port + 1}/metrics\n"
        "  Stop with Ctrl-C.\n"
    )
