"""``motcua backup`` and ``motcua restore``."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from kernel.settings import Settings
from motcua.progress import Steps

Data = Annotated[Path, typer.Option("--data", help="The data folder.")]
Owner = Annotated[
    str,
    typer.Option("--owner", envvar="MOTCUA_OWNER", help="PostgreSQL: the address of the tables' owner.", metavar="URL"),
]
DEFAULT_DATA = Path("demo-data")


def backup(
    to: Annotated[Path, typer.Option("--to", help="A new folder; it will hold personal data and keys.")],
    data: Data = DEFAULT_DATA,
    owner: Owner = "",
) -> None:
    """Back everything up as of one instant, while the portal serves."""
    from motcua.backups.manifest import Unusable
    from motcua.backups.work import back_up
    from motcua.operating.places import holds_portal

    settings = Settings(data=data.resolve())
    try:
        if not holds_portal(settings):
            raise Unusable(f"{data} holds no portal")
        with Steps(Console(stderr=True)) as steps:
            manifest = back_up(settings, to.resolve(), owner=owner, progress=steps.show)
    except (Unusable, OSError) as sentence:
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None
    size = sum(part.size for part in manifest.parts)
    print(f"Backed up as of {manifest.cut_at}: {len(manifest.parts)} files, {size / 1e6:.1f} MB, in {to}")


def restore(
    source: Annotated[Path, typer.Option("--from", help="The folder of a back-up.")],
    data: Data = DEFAULT_DATA,
    owner: Owner = "",
    provinces: Annotated[
        bool, typer.Option(help="Put the demo's provinces back too; without, they are ahead and are compared.")
    ] = True,
) -> None:
    """Verify a back-up and put it back into a data folder (and database) that holds nothing yet."""
    from motcua.backups.manifest import Unusable
    from motcua.backups.work import restore as put_back

    try:
        with Steps(Console(stderr=True)) as steps:
            done = put_back(
                Settings(data=data.resolve()), source.resolve(), owner=owner, provinces=provinces, progress=steps.show
            )
    except (Unusable, OSError) as sentence:
        print(sentence, file=sys.stderr)
        raise typer.Exit(1) from None
    print(f"Restored as of {done.cut_at}. {done.lanes} lanes will be compared with their provinces.")
    print(f"Today's dossier codes go on after {done.skipped}. Everybody has to sign in again.")
    print("Next: start the services, then `motcua republish all`, then `motcua check`.")
