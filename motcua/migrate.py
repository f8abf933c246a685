"""Tables on PostgreSQL: one history of migrations per schema, and roles that may do no more than they need.

    motcua_owner     owns every schema and runs the migrations; no service has its password
    <schema>         a service's role: reads and writes rows of its own schema, makes no table, sees no other schema
    motcua_auditor   reads every schema and writes nothing (``motcua check``, back-ups)

Everything here may be repeated at any time, also by two at once: each schema is migrated under a lock, in one
transaction that ends with the grants.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection, MetaData, NullPool, create_engine, inspect, text
from sqlalchemy.engine import make_url

from motcua.schemas import AUDITOR, OWNER, ROLES, SCHEMAS

FOLDER = Path(__file__).parent / "migrations"
VERSIONS = "alembic_version"

ROLES_LOCK = 1_836_016_484
MIGRATION_LOCK = 1_836_016_485

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a schema stands; ``current`` is None before its first migration."""

    schema: str
    current: str | None
    head: str

    @property
    def pending(self) -> bool:
        """Tell whether migrations are missing."""
        return self.current != self.head


def metadata_of(schema: str) -> MetaData:
    """Return the tables that the service of ``schema`` works with."""
    from citizen_service.store import METADATA as CITIZEN
    from dossier_service.store.tables import METADATA as DOSSIERS
    from exchange.store import METADATA as EXCHANGE
    from gateway.sessions import METADATA as GATEWAY
    from search_service.store.rows import METADATA as SEARCH
    from services_catalog.store import METADATA as CATALOG

    return dict(zip(SCHEMAS, (CATALOG, SEARCH, DOSSIERS, CITIZEN, EXCHANGE, GATEWAY), strict=True))[schema]


def prepare_roles(admin_url: str, passwords: Mapping[str, str], *, database: str = "motcua") -> None:
    """Make the roles of ``passwords`` (role -> password) and the database, or bring them up to date.

    ``admin_url`` is a superuser's SQLAlchemy address. The database sorts by code point, so that every order by a code
    is the same as in the program. Raises ``psycopg.Error``.
    """
    with psycopg.connect(_plain(admin_url), autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [ROLES_LOCK])
        for role, password in passwords.items():
            _put_role(connection, role, password)
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if known is None:
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
                ).format(sql.Identifier(database), sql.Identifier(OWNER))
            )
        names = sql.SQL(", ").join(map(sql.Identifier, passwords))
        for statement in ("REVOKE ALL ON DATABASE {} FROM PUBLIC", "GRANT CONNECT ON DATABASE {} TO {}"):
            connection.execute(sql.SQL(statement).format(sql.Identifier(database), names))
        connection.execute(
            sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(sql.Identifier(database), sql.Identifier(OWNER))
        )


def _put_role(connection: psycopg.Connection, role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    verb = "ALTER" if known else "CREATE"
    rights = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
    connection.execute(
        sql.SQL(f"{verb} ROLE {{}} {rights} PASSWORD {{}}").format(sql.Identifier(role), sql.Literal(password))
    )
    if role == AUDITOR:
        connection.execute(sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(role)))


def upgrade(url: str, schemas: Iterable[str] = SCHEMAS, *, report: Report | None = None) -> None:
    """Bring schemas to their newest revision as the owner (``url``), with grants for the roles that exist."""
    _each(url, schemas, lambda config: command.upgrade(config, "head"), report)


def downgrade(url: str, schemas: Iterable[str] = SCHEMAS, *, to: str = "base", report: Report | None = None) -> None:
    """Take schemas back to revision ``to``; ``base`` = no tables. What the tables hold is lost."""
    _each(url, schemas, lambda config: command.downgrade(config, to), report)


def _each(url: str, schemas: Iterable[str], step: Callable[[Config], None], report: Report | None) -> None:
    wanted = list(schemas)
    for done, schema in enumerate(wanted):
        if report is not None:
            report("Tables", done, len(wanted))
        with _opened(url, schema) as connection:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK}, hashtext('{schema}'))"))
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
            config = _config(schema)
            config.attributes["connection"] = connection
            step(config)
            _grant(connection, schema)
    if report is not None:
        report("Tables", len(wanted), len(wanted))


def _grant(connection: Connection, schema: str) -> None:
    roles = {row[0] for row in connection.execute(text("SELECT rolname FROM pg_roles"))}
    grants = {
        schema: ("SELECT, INSERT, UPDATE, DELETE", "USAGE, SELECT"),
        AUDITOR: ("SELECT", "SELECT"),
    }
    connection.execute(text(f'REVOKE ALL ON SCHEMA "{schema}" FROM PUBLIC'))
    for role, (tables, sequences) in grants.items():
        if role not in roles:
            continue
        connection.execute(text(f'GRANT USAGE ON SCHEMA "{schema}" TO "{role}"'))
        connection.execute(text(f'GRANT {tables} ON ALL TABLES IN SCHEMA "{schema}" TO "{role}"'))
        connection.execute(text(f'GRANT {sequences} ON ALL SEQUENCES IN SCHEMA "{schema}" TO "{role}"'))
        connection.execute(text(f'REVOKE INSERT, UPDATE, DELETE ON "{schema}".{VERSIONS} FROM "{role}"'))


def standing(url: str, schemas: Iterable[str] = SCHEMAS) -> list[Standing]:
    """Return where each schema stands. Any role that may read the schema can ask. Raises on an outage."""
    found = []
    for schema in schemas:
        with _opened(url, schema) as connection:
            known = inspect(connection).has_table(VERSIONS, schema=schema)
            query = text(f'SELECT version_num FROM "{schema}".{VERSIONS}')
            found.append(Standing(schema, connection.scalar(query) if known else None, _head(schema)))
    return found


def pending(url: str, schema: str) -> bool:
    """Tell whether ``schema`` lacks tables that this version of the service needs. Raises on an outage."""
    return standing(url, [schema])[0].pending


@contextmanager
def _opened(url: str, schema: str) -> Iterator[Connection]:
    address = make_url(url)
    options = f"{address.query.get('options', '')} -csearch_path={schema}".strip()
    engine = create_engine(address.update_query_dict({"options": options}), poolclass=NullPool, hide_parameters=True)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def _config(schema: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", str(FOLDER / schema / "versions"))
    return config


@cache
def _head(schema: str) -> str:
    head = ScriptDirectory.from_config(_config(schema)).get_current_head()
    assert head is not None
    return head


def _plain(url: str) -> str:
    address = make_url(url).set(drivername="postgresql")
    return address.render_as_string(hide_password=False)


def passwords_in(folder: Path) -> dict[str, str]:
    """Return the passwords of the roles that have a file in ``folder`` (named as the role, or ``pg_`` before it)."""
    files = {role: next((folder / n for n in (role, f"pg_{role}") if (folder / n).exists()), None) for role in ROLES}
    return {role: file.read_text().strip() for role, file in files.items() if file is not None}
