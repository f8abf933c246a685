"""``motcua province …``, as a person types it."""

from typing import Annotated

import typer

from motcua.operating.commands import DEFAULT_DATA, Data, run_over

app = typer.Typer(no_args_is_help=True, help="The provinces and their lanes.")


@app.callback()
def province() -> None:
    """Keep the commands' names in the line that a person types."""


@app.command("rehome")
def rehome(
    source: Annotated[str, typer.Option("--from", help="The lane that owns them now, for instance H26.")],
    target: Annotated[str, typer.Option("--to", help="The lane that shall own them, for instance H29.")],
    subject: Annotated[str, typer.Option(help="One dossier alone, by its code.")] = "",
    share: Annotated[float, typer.Option(min=0, max=1, help="Only this part of them, always the same ones.")] = 1.0,
    data: Data = DEFAULT_DATA,
) -> None:
    """Give open dossiers another owner, while everything serves; safe to repeat. What has ended stays.

    A dossier that is filed while this runs may be left out; repeat the command for it.
    """
    from motcua.operating import work

    run_over(data, lambda where: work.rehome(where, source=source, target=target, subject=subject, share=share))
