"""The command ``motcua migrate``: makes and changes the tables on PostgreSQL."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from motcua.progress import Steps
from motcua.schemas import SCHEMAS

app = typer.Typer(invoke_without_command=True, help="Make or change the tables on PostgreSQL.")
Address = Annotated[str, typer.Option("--database", envvar="MOTCUA_DATABASE", help="The owner's address.")]
Admin = Annotated[str, typer.Option("--admin", envvar="MOTCUA_DATABASE_ADMIN", help="A superuser's, to make roles.")]
Passwords = Annotated[Path | None, typer.Option("--passwords", help="A folder with a file for each role.")]
Only = Annotated[list[str] | None, typer.Option("--schema", help="Only this one; may be repeated.")]


@app.callback()
def migrate(context: typer.Context, database: Address = "", admin: Admin = "", passwords: Passwords = None) -> None:
    """Without a command: ``up``."""
    context.obj = (database, admin, passwords)
    if context.invoked_subcommand is None:
        up(context)


@app.command()
def up(context: typer.Context, only: Only = None) -> None:
    """Bring every schema to its newest revision; with --admin and --passwords make the roles first."""
    from sqlalchemy import make_url

    from motcua.migrate import passwords_in, prepare_roles, upgrade

    _, admin, passwords = context.obj
    console = Console()
    if admin and passwords is not None:
        prepare_roles(admin, passwords_in(passwords), database=make_url(_owner(context)).database or "motcua")
    with Steps(console) as steps:
        upgrade(_owner(context), only or SCHEMAS, report=steps.show)
    console.print("Every table is as this version needs it.")


@app.command()
def down(
    context: typer.Context,
    only: Only = None,
    to: Annotated[str, typer.Option("--to", help="A revision; base = no tables, all rows are lost.")] = "-1",
) -> None:
    """Take the newest revision back."""
    from motcua.migrate import downgrade

    with Steps(Console()) as steps:
        downgrade(_owner(context), only or SCHEMAS, to=to, report=steps.show)


@app.command()
def status(context: typer.Context) -> None:
    """Show where each schema stands; ends with 1 if a migration is missing."""
    from motcua.migrate import standing

    console = Console()
    found = standing(_owner(context))
    for each in found:
        word = "pending" if each.pending else "up to date"
        console.print(f"{each.schema:<20} {each.current or 'no tables':<32} {word}")
    raise typer.Exit(int(any(each.pending for each in found)))


def _owner(context: typer.Context) -> str:
    database = str(context.obj[0])
    if not database or "{schema}" in database:
        print("Give the owner's address of PostgreSQL: --database or MOTCUA_DATABASE", file=sys.stderr)
        raise typer.Exit(1)
    return database
