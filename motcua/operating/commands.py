"""``motcua republish``, ``motcua check`` and ``motcua log …``, as a person types them."""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

Data = Annotated[Path, typer.Option("--data", help="The data folder.")]
Service = Annotated[str, typer.Option("--service", help="search, dossiers, citizen or exchange.")]
DEFAULT_DATA = Path("demo-data")

log = typer.Typer(no_args_is_help=True, help="The event log, and what was set aside.")


def run_over(data: Path, work: Callable[[Any], Coroutine[Any, Any, int]]) -> None:
    """Run ``work`` over the settings of the environment and ``data``; its answer is the exit code."""
    from kernel.errors import Unavailable
    from kernel.settings import Settings
    from motcua.operating.places import Unknown

    try:
        code = asyncio.run(work(Settings(data=data.resolve())))
    except (Unknown, Unavailable) as sentence:
        print(sentence, file=sys.stderr)
        code = 1
    raise typer.Exit(code)


def republish(
    owner: Annotated[str, typer.Argument(help="catalog, dossiers, exchange or all.")],
    since: Annotated[str, typer.Option(help="Only what changed since, for instance 2026-11-01T00:00:00+07:00.")] = "",
    subject: Annotated[str, typer.Option(help="One procedure or dossier alone, by its code.")] = "",
    lanes: Annotated[bool, typer.Option(help="Put dossiers that may not have arrived on their lanes again.")] = True,
    data: Data = DEFAULT_DATA,
) -> None:
    """Say again what others copy from an owner's tables; safe while everything serves, and to repeat."""
    from motcua.operating import work

    run_over(data, lambda where: work.republish(where, owner=owner, since=since, subject=subject, lanes=lanes))


def check(
    data: Data = DEFAULT_DATA,
    settle: Annotated[float, typer.Option(help="Seconds; a dossier changed since then may be on its way.")] = 5.0,
) -> None:
    """Check every promise over the tables of the nation, the exchange and the provinces; exit 0 = all hold."""
    from motcua.operating import work

    run_over(data, lambda where: work.check(where, settle=settle))


@log.command("tail")
def tail(
    topic: Annotated[list[str] | None, typer.Option("--topic", help="Only this topic; may be repeated.")] = None,
    subject: Annotated[str, typer.Option("--subject", help="Only this subject, for instance a dossier's code.")] = "",
    data: Data = DEFAULT_DATA,
) -> None:
    """Print what is appended from now on, by headers alone, until Ctrl-C."""
    from motcua.operating import work

    with suppress(KeyboardInterrupt):
        run_over(data, lambda where: work.tail(where, topics=topic or (), subject=subject))


@log.command("lag")
def lag(data: Data = DEFAULT_DATA) -> None:
    """Print how far behind each consumer is; exit 2 when a position is lost."""
    from motcua.operating import work

    run_over(data, work.lag)


@log.command("quarantine")
def quarantine(
    service: Annotated[str, typer.Option("--service", help="Only of this service.")] = "",
    show: Annotated[int, typer.Option("--show", help="One message's outside, by its number; needs --service.")] = 0,
    data: Data = DEFAULT_DATA,
) -> None:
    """List what was set aside, with its reason: quarantined (never applied) and parked (waits for a retry)."""
    from motcua.operating import work

    run_over(data, lambda where: work.quarantine(where, service=service, show=show))


@log.command("retry")
def retry(
    service: Service,
    subject: Annotated[str, typer.Option("--subject", help="Only what is about this subject.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Everything that is parked.")] = False,
    requarantine: Annotated[
        bool, typer.Option("--requarantine", help="Also what was quarantined, at its old place.")
    ] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Let the running service try parked messages again, in order; exit 2 when some failed again."""
    from motcua.operating import work

    run_over(
        data,
        lambda where: work.retry(where, service=service, subject=subject, every=every, requarantine=requarantine),
    )


@log.command("restart-lost")
def restart_lost(service: Service, data: Data = DEFAULT_DATA) -> None:
    """After a republish: let consumers whose position is lost read on from the oldest record that is kept."""
    from motcua.operating import work

    run_over(data, lambda where: work.restart_lost(where, service=service))
