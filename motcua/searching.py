"""``motcua search``: the operators' commands for the search index."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The search index.")


@app.command()
def reindex(data: Annotated[Path, typer.Option("--data", help="The data folder.")] = Path("demo-data")) -> None:
    """Build the search index anew beside the old one and swap them; safe while the system serves."""
    from rich.console import Console

    from kernel.errors import Problem
    from motcua.progress import Steps
    from motcua.reindexing import Busy, rebuild
    from search_service.settings import SearchSettings
    from search_service.store.index import Refused

    console = Console(stderr=True, highlight=False)
    settings = SearchSettings(data=data.resolve())
    if not settings.database and not (settings.data / "services" / "search.db").exists():
        console.print(f"There is nothing to index below {data}: run it once, or set MOTCUA_DATABASE.")
        raise typer.Exit(1)
    try:
        with Steps(console) as steps:
            count = asyncio.run(rebuild(settings, lambda done, total: steps.show("documents", done, total)))
    except Busy:
        console.print("A reindex is under way already; this one was not begun.")
        raise typer.Exit(1) from None
    except Refused as refused:
        console.print(f"Not swapped: {refused}. The old index serves on.")
        raise typer.Exit(2) from None
    except Problem as problem:
        console.print(f"{problem.text.en} The old index serves on.")
        raise typer.Exit(1) from None
    print(f"The new index serves: {count} documents.")


@app.command()
def missed(
    data: Annotated[Path, typer.Option("--data", help="The data folder.")] = Path("demo-data"),
    week: Annotated[str | None, typer.Option("--week", help="As 2026-W47; without it the newest.")] = None,
    hide: Annotated[str, typer.Option("--hide", help="Show this question no more, in any week.")] = "",
) -> None:
    """Print what people searched for and did not find, as the public page has it."""
    from motcua.missed import hidden, lines
    from search_service.settings import SearchSettings

    settings = SearchSettings(data=data.resolve())
    if not settings.database and not (settings.data / "services" / "search.db").exists():
        print(f"There is nothing below {data}: run it once, or set MOTCUA_DATABASE.")
        raise typer.Exit(1)
    if hide:
        weeks = asyncio.run(hidden(settings, hide))
        print(f"Shown no more: it was in {weeks} week(s)." if weeks else "No week shows this question.")
        raise typer.Exit(0 if weeks else 1)
    for line in asyncio.run(lines(settings, week)):
        print(line)


@app.command()
def rate(
    chosen: Annotated[str, typer.Option("--set", help="tuned, held-out (a third, never tuned on), or all.")] = "all",
    engine: Annotated[
        str, typer.Option(help="shipped (a new index of the shipped catalogue), embedded, elasticsearch.")
    ] = "shipped",
    data: Annotated[Path, typer.Option("--data", help="The data folder of a serving index.")] = Path("demo-data"),
    show: Annotated[bool, typer.Option("--show", help="Name the tuned questions that are not answered first.")] = False,
) -> None:
    """Rate search by questions of people; exit 1 below the goals."""
    from kernel.errors import Unavailable
    from motcua.rating import SETS, NoIndex
    from motcua.rating import rate as rated
    from search_service.model.rating import bands, missed
    from search_service.settings import SearchSettings

    if chosen not in SETS or engine not in ("shipped", "embedded", "elasticsearch"):
        raise typer.BadParameter("--set is tuned, held-out or all; --engine is shipped, embedded or elasticsearch.")
    settings = None if engine == "shipped" else SearchSettings(data=data.resolve())
    if settings is not None and (engine == "elasticsearch") != bool(settings.elasticsearch):
        raise typer.BadParameter(
            "Elasticsearch serves when MOTCUA_ELASTICSEARCH is its address, else the embedded one."
        )
    try:
        ranks = asyncio.run(rated(settings, chosen))
    except (NoIndex, Unavailable):
        print("There is no complete index to rate there.")
        raise typer.Exit(2) from None
    found = bands(ranks)
    print(f"{chosen} questions, 95 % intervals by resampling")
    for band in found:
        print(
            f"{band.name:26} {band.count:4}   MRR {band.mrr.mean:.3f} ({band.mrr.low:.3f}-{band.mrr.high:.3f})"
            f"   hit@10 {band.hits.mean:.3f} ({band.hits.low:.3f}-{band.hits.high:.3f})"
        )
    if show:
        for one in ranks:
            if not one.question.held_out and one.rank != 1:
                print(f"{one.rank:3}  {one.question.text}  ({' '.join(sorted(one.question.codes))})")
    short = missed(found)
    for line in short:
        print(f"Below the goal: {line}")
    raise typer.Exit(1 if short else 0)
