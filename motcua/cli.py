"""The command line. Heavy parts are imported by the command that needs them, so that ``--help`` is quick."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from motcua.backups import commands as backups
from motcua.cluster.commands import app as cluster
from motcua.forms import app as forms
from motcua.migrating import app as migrate
from motcua.operating import commands as operating
from motcua.operating import provinces
from motcua.preflight import CannotStart, check_folder, check_ports, raise_open_files
from motcua.realm import app as identity
from motcua.searching import app as search
from motcua.topics import topics

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Một Cửa: the national e-service gateway.",
)
catalog = typer.Typer(no_args_is_help=True, help="The catalogue of procedures.")
events = typer.Typer(no_args_is_help=True, help="The event log and what was set aside.")
app.add_typer(catalog, name="catalog")
app.add_typer(events, name="events")
app.add_typer(operating.log, name="log")
app.command("republish")(operating.republish)
app.command("check")(operating.check)
app.command("topics")(topics)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)

app.add_typer(cluster, name="cluster")
app.add_typer(forms, name="forms")
app.add_typer(identity, name="identity")
app.add_typer(migrate, name="migrate")
app.add_typer(provinces.app, name="province")
app.add_typer(search, name="search")

Data = Annotated[Path, typer.Option("--data", help="The data folder.")]
DEFAULT_DATA = Path("demo-data")


def _pace(text: str) -> float | None:
    if text == "off":
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:
        raise CannotStart(f"PACE={text} is not understood: give seconds (0 = at once) or off (offices work by hand)")
    return seconds


def _offices(text: str) -> tuple[str, ...]:
    lanes = tuple(part.strip() for part in text.split(",") if part.strip())
    wrong = [lane for lane in lanes if not re.fullmatch(r"H(0[1-9]|[1-5]\d|6[0-3])", lane)]
    if wrong:
        raise CannotStart(f"There is no office {wrong[0]}: give H01 to H63, with commas between them")
    return lanes


@app.command()
def run(
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option("--port", help="Pages; +1 figures for operators, +2 the provinces.")] = 8000,
    pace: Annotated[
        str, typer.Option("--pace", help="Seconds a demo office waits before each step; off = by hand.")
    ] = "20",
    offices: Annotated[
        str, typer.Option("--offices", help="Connect only these, for instance H26,H29; the others stay unplugged.")
    ] = "",
) -> None:
    """Serve the whole portal in one process, with its 63 province offices."""
    from motcua.assembly import Options
    from motcua.rooms import serve

    try:
        options = Options(
            data=data.resolve(),
            port=port,
            pace=_pace(pace),
            offices=_offices(offices),
            link_target=os.environ.get("MOTCUA_LINK_TARGET"),
        )
        check_folder(options.data)
        check_ports(port)
        raise_open_files()
        asyncio.run(serve(options))
    except CannotStart as sentence:
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command("serve")
def serve_service(
    service: Annotated[str, typer.Argument(help="catalog, search, dossiers, citizen, exchange, portal, gateway…")],
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option("--port", help="Its door; +1 operators, +2 the exchange's participants.")] = 8000,
    host: Annotated[str, typer.Option("--host", help="0.0.0.0 in a container.")] = "127.0.0.1",
    admin_host: Annotated[str, typer.Option("--admin-host")] = "127.0.0.1",
    pace: Annotated[str, typer.Option("--pace", help="Of the demo's provinces.")] = "20",
    offices: Annotated[str, typer.Option("--offices", help="Of the demo's provinces: only these.")] = "",
) -> None:
    """Serve one service of the distributed form. Its engines and siblings are named by the environment."""
    import uvloop

    from motcua.serve import Place, serve, service_named, upstreams_of

    try:
        place = Place(
            service=service_named(service),
            data=data.resolve(),
            port=port,
            host=host,
            admin_host=admin_host,
            upstreams=upstreams_of(os.environ.get("MOTCUA_UPSTREAMS", "")),
            pki=Path(chosen) if (chosen := os.environ.get("MOTCUA_PKI")) else None,
            exchange=os.environ.get("MOTCUA_EXCHANGE_ADDRESS", ""),
            pace=_pace(pace),
            offices=_offices(offices),
            drain=float(os.environ.get("MOTCUA_DRAIN_SECONDS", "0")),
        )
        check_folder(place.data)
        check_ports(port)
        raise_open_files()
        uvloop.run(serve(place))
    except CannotStart as sentence:
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None


@app.command()
def seed(data: Data = DEFAULT_DATA) -> None:
    """Create the data folder and fill it, without serving."""
    from motcua.assembly import Options
    from motcua.rooms import seed_only

    try:
        check_folder(data.resolve())
        raise_open_files()
        asyncio.run(seed_only(Options(data=data.resolve())))
    except CannotStart as sentence:
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None


@app.command()
def token(
    person: Annotated[str, typer.Option("--as", help="A demo person, for instance citizen-1.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Print a bearer token of a demo person, good for 12 hours."""
    try:
        if issuer := os.environ.get("MOTCUA_IDENTITY"):
            from motcua.keycloak import keycloak_token

            url, _, realm = issuer.partition("/realms/")
            print(keycloak_token(url, realm, person, data.resolve() / "secrets" / "people.json"))
            return
        from motcua.identity import issue_token

        print(issue_token(data.resolve(), public_url(data.resolve()), person))
    except LookupError as error:
        print(f"There is no demo person {person}: {error}", file=sys.stderr)
        raise typer.Exit(1) from None


def public_url(data: Path) -> str:
    """Return the address at which the portal over ``data`` was last served."""
    noted = data / "run.json"
    if noted.exists():
        return str(json.loads(noted.read_text())["public_url"])
    return "http://127.0.0.1:8000"


@catalog.command("import")
def import_catalog(
    file: Annotated[Path, typer.Argument(help="procedures.csv or the national portal's .xlsx export.")],
    data: Data = DEFAULT_DATA,
    withdraw_missing: Annotated[
        bool, typer.Option(help="The file is the whole catalogue: codes it lacks are withdrawn.")
    ] = False,
) -> None:
    """Import procedures; safe to repeat. Prints what was added, changed, withdrawn and rejected, with reasons."""
    from motcua.seeding import import_file

    if not file.is_file():
        print(f"There is no file {file}.", file=sys.stderr)
        raise typer.Exit(1)
    lines, rejected = asyncio.run(import_file(data.resolve(), file, withdraw_missing=withdraw_missing))
    print("\n".join(lines))
    raise typer.Exit(2 if rejected else 0)


@events.command("list")
def list_events(data: Data = DEFAULT_DATA) -> None:
    """List what was set aside; the same as ``motcua log quarantine``."""
    operating.quarantine(service="", show=0, data=data)


def main() -> None:
    """Run the command line."""
    app()
