"""The PostgreSQL part: one dump of every schema, taken in one snapshot, put back into a database without rows."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.engine import make_url

from motcua.backups.manifest import Unusable
from motcua.schemas import SCHEMAS

DUMP = "database.dump"
# A session that was ended must not come back to life with a back-up.
WITHOUT_ROWS = ("gateway.session", "gateway.login")


def program(name: str) -> str:
    """Return one of PostgreSQL's programs: on the path, or of Debian's newest version. Raises ``Unusable``."""
    if found := shutil.which(name):
        return found
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]))
    if installed:
        return str(installed[-1])
    raise Unusable(f"{name} is not installed: apt install postgresql-client")


def dump(address: str, into: Path) -> None:
    """Write every schema as of one snapshot. ``address`` is the owner's. Raises ``Unusable``."""
    words = [word for schema in SCHEMAS for word in ("-n", schema)]
    words += [f"--exclude-table-data={table}" for table in WITHOUT_ROWS]
    _run([program("pg_dump"), "-Fc", "--lock-wait-timeout=30s", *words, "-f", str(into / DUMP)], address)


def restore(address: str, folder: Path) -> None:
    """Put a dump back, in one transaction, in the place of empty tables. Raises ``Unusable``; nothing is changed then.

    The roles have to be there (``motcua migrate`` makes them). Tables with rows are never overwritten.
    """
    held = rows_in(address)
    if held:
        raise Unusable(f"the database is not empty ({held[0]} has rows): restore into a new one")
    words = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error"]
    _run([program("pg_restore"), *words, "-d", make_url(address).database or "", str(folder / DUMP)], address)


def rows_in(address: str) -> Sequence[str]:
    """Return the tables of our schemas that have rows; what the migrations noted does not count."""
    listed = ", ".join(f"'{schema}'" for schema in SCHEMAS)
    query = (
        "SELECT format('SELECT %L WHERE EXISTS (SELECT 1 FROM %I.%I);', schemaname||'.'||tablename, schemaname,"
        f" tablename) FROM pg_tables WHERE schemaname IN ({listed}) AND tablename NOT LIKE 'alembic%'"
    )
    psql = [program("psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    return _run(psql, address, feed=f"{query} \\gexec\n").split()


def _run(command: Sequence[str], address: str, *, feed: str | None = None) -> str:
    url = make_url(address)
    told = {
        "PGHOST": url.host or "127.0.0.1",
        "PGPORT": str(url.port or 5432),
        "PGUSER": url.username or "",
        "PGPASSWORD": url.password or "",
        "PGDATABASE": url.database or "",
    }
    done = subprocess.run(command, env=os.environ | told, input=feed, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"{Path(command[0]).name}: {done.stderr.strip()[-600:]}")
    return done.stdout
