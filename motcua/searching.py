"""``motcua search``: the operators' commands for the search index."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The search index.")


@app.callback()
def search() -> None:
    """Keep ``reindex`` a command of its own name."""


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
