"""``motcua forms``: what is wrong with the written procedures, for those who write them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="The written procedures: guides, forms and example cases.")


@app.callback()
def forms() -> None:
    """Keep ``lint`` a command of its own name."""


@app.command()
def lint(
    codes: Annotated[list[str] | None, typer.Argument(help="Codes, for instance 1.000656; none = all.")] = None,
    folder: Annotated[Path | None, typer.Option("--procedures", help="Another folder than the shipped one.")] = None,
) -> None:
    """Say what is to be mended, a line each: file, field, what is wrong, how to mend it. Exit 1 when there is any."""
    from services_catalog.model.lint import lint as check
    from services_catalog.settings import HERE
    from services_catalog.store.seed import read_options, read_written

    procedures = folder or HERE / "procedures"
    written = sorted(one.name for one in procedures.iterdir() if one.is_dir())
    unknown = [code for code in codes or () if code not in written]
    if unknown:
        print(f"Nothing is written for {', '.join(unknown)}. Written: {', '.join(written)}.", file=sys.stderr)
        raise typer.Exit(2)
    options = read_options(procedures)
    found = {code: check(read_written(procedures, code), options) for code in codes or written}
    for code, findings in found.items():
        for one in findings:
            print(f"{code}/{one}")
    count = sum(map(len, found.values()))
    print(f"{count} to mend in {len(found)} procedures." if count else f"{len(found)} procedures, nothing to mend.")
    raise typer.Exit(1 if count else 0)
