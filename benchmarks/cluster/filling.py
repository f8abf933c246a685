"""A million stored dossiers by SQL, from one template row that the service's own mapping wrote."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from benchmarks.cluster.place import CONSUMER, Place, say
from benchmarks.processes import Failed
from dossier_service.model.dossier import Dossier
from dossier_service.model.filing import Basis, Office, submit
from dossier_service.model.happened import DossierChanged
from dossier_service.model.reports import deliver
from dossier_service.store.mapping import dossier_row, entry_row
from kernel.clock import real_now
from kernel.workdays import Calendar, Term, Unit

LANES = tuple(f"H{number:02}" for number in range(1, 64, 3))  # 21 of the 63
A_DAY = 9_000  # numbers a lane gives on one day, so that codes keep four digits
FIRST_DAY = datetime(2026, 1, 1, 2, tzinfo=UTC)
ANSWERS = '{"full_name":"Nguyễn Thị Mẫu","birth_date":"1990-01-01","phone":"+84900000000","reason":"Bản trích lục"}'

# Number n (from 0) is on lane n % 21; its serial there counts days of 9,000.
SERIAL = f"(n / {len(LANES)})"
LANE = f"(%(lanes)s::text[])[n %% {len(LANES)} + 1]"
CODE = (
    f"{LANE} || '-' || to_char(timestamp '2026-01-01' + make_interval(days => ({SERIAL} / {A_DAY})::int), 'YYMMDD')"
    f" || '-' || lpad(({SERIAL} %% {A_DAY} + 1)::text, 4, '0')"
)


@dataclass(frozen=True)
class Stock:
    """Codes not yet used by any measurement, in random order, the same in every run."""

    codes: list[str]

    def take(self, count: int) -> list[str]:
        """Return ``count`` codes that nobody else gets."""
        if count > len(self.codes):
            raise ValueError(f"{count} dossiers are wanted, {len(self.codes)} are left: fill more")
        taken = self.codes[-count:]
        del self.codes[-count:]
        return taken


def code_of(number: int) -> str:
    """Return the code of dossier ``number``, as the SQL makes it."""
    serial = number // len(LANES)
    day = FIRST_DAY + timedelta(days=serial // A_DAY)
    return f"{LANES[number % len(LANES)]}-{day:%y%m%d}-{serial % A_DAY + 1:04}"


def fill(place: Place, count: int) -> tuple[Stock, float]:
    """Store ``count`` dossiers, filed and delivered, here and in the exchange's copy; return the seconds.

    The same rows go into ``bare.*``, tables with the same columns, indexes and foreign keys for the bare loop.
    """
    began = time.monotonic()
    dossier, changes = _template()
    with place.connect() as connection:
        connection.execute("ALTER SYSTEM SET max_wal_size = '8GB'")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SET synchronous_commit = off")
        shown = {"code": CODE, "lane": LANE, "office": f"{LANE} || '.00004'", "owner": "'citizen-' || n"}
        _insert(connection, "dossiers.dossier", dossier_row(dossier), shown, count)
        _insert(connection, "dossiers.filed", _filed(dossier), {"code": CODE}, count)
        for change in changes:
            _insert(connection, "dossiers.history", entry_row(change.entry, change.kind), {"code": CODE}, count)
        copy = {"code": CODE, "lane": LANE}
        _insert(connection, "exchange.dossier", _copied(dossier), copy, count)
        _twin(connection)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        found = connection.execute("SELECT count(*), max(code), min(code) FROM dossiers.dossier").fetchone()
    codes = [code_of(number) for number in range(count)]
    if found != (count, max(codes), min(codes)):
        raise Failed(f"the tables hold {found}")
    random.Random(4).shuffle(codes)
    seconds = time.monotonic() - began
    say(f"{count:,} dossiers stored twice over in {seconds:.0f} s")
    return Stock(codes), seconds


def _template() -> tuple[Dossier, list[DossierChanged]]:
    office = Office("00004", "H01", "H01.00004", "Bộ phận Một cửa phường Ba Đình", "H01.00004", "H01.00004")
    at = real_now()  # of today, so that no day waits to be sealed
    dossier, filed = submit(
        code="H01-260101-0001",
        owner="citizen-1",
        helper=None,
        basis=Basis("1.004873", 1, "0" * 64, Term(3, Unit.WORKING_DAYS)),
        office=office,
        answers_digest="0" * 64,
        files=(),
        wants_draft=False,
        at=at,
        calendar=Calendar.load(),
    )
    arrival = deliver(dossier, at=at, received_at=at)
    assert arrival is not None
    return arrival.dossier, [filed, *arrival.changes]


def _filed(dossier: Dossier) -> dict[str, Any]:
    return {
        "code": dossier.code,
        "procedure_title": "Thủ tục cấp Giấy xác nhận tình trạng hôn nhân",
        "plain_title": "Giấy xác nhận tình trạng hôn nhân",
        "answers": ANSWERS,
        "files": "[]",
        "applicant_name": "Nguyễn Thị Mẫu",
        "term_amount": 3,
        "term_unit": "working_days",
        "demo_asks_json": "",
    }


def _copied(dossier: Dossier) -> dict[str, Any]:
    return {
        "code": dossier.code,
        "lane": dossier.lane,
        "epoch": 1,
        "version": 1,
        "event_no": dossier.event_no,
        "request_no": 0,
        "digest": dossier.state_digest,
        "ended": False,
        "changed_at": real_now(),
        "wanted_at": None,
    }


def _insert(
    connection: psycopg.Connection, table: str, row: dict[str, Any], computed: dict[str, str], count: int
) -> None:
    """Insert ``count`` rows like ``row``, but for what is ``computed`` by SQL from the number n."""
    values = {f"v{place}": value for place, value in enumerate(row.values())}
    parts = [computed.get(name, f"%(v{place})s") for place, name in enumerate(row)]
    names = ", ".join(f"{chr(34)}{name}{chr(34)}" for name in row)
    statement = f"INSERT INTO {table} ({names}) SELECT {', '.join(parts)} FROM generate_series(0, %(last)s) AS n"
    with psycopg.ClientCursor(connection) as cursor:
        cursor.execute(statement, values | {"lanes": list(LANES), "last": count - 1})


def _twin(connection: psycopg.Connection) -> None:
    connection.execute("CREATE SCHEMA bare")
    for table in ("dossier", "history", "outbox", "position"):
        connection.execute(f"CREATE TABLE bare.{table} (LIKE dossiers.{table} INCLUDING ALL)")
        connection.execute(f"INSERT INTO bare.{table} SELECT * FROM dossiers.{table}")
    connection.execute("ALTER TABLE bare.history ADD FOREIGN KEY (code) REFERENCES bare.dossier (code)")


def copy_positions(connection: psycopg.Connection) -> None:
    """Bring the service's positions over to the bare loop's table."""
    connection.execute("DELETE FROM bare.position")
    connection.execute("INSERT INTO bare.position SELECT * FROM dossiers.position WHERE consumer = %s", [CONSUMER])


def positions(connection: psycopg.Connection, schema: str = "dossiers") -> int:
    """Return how many reports are applied so far: the sum of the positions."""
    found = connection.execute(
        f"SELECT coalesce(sum(next), 0)::bigint FROM {schema}.position WHERE consumer = %s", [CONSUMER]
    ).fetchone()
    assert found is not None
    return int(found[0])


def check_applied(connection: psycopg.Connection, codes: Sequence[str], version: int) -> None:
    """Raise ``Failed`` unless each of ``codes`` stands at ``version`` with all its entries (the delivery is one)."""
    query = (
        "SELECT count(*) FILTER (WHERE d.version = %(version)s AND d.event_no = %(entries)s), "
        "(SELECT count(*) FROM dossiers.history h WHERE h.code = ANY(%(codes)s)) "
        "FROM dossiers.dossier d WHERE d.code = ANY(%(codes)s)"
    )
    found = connection.execute(query, {"version": version, "entries": version + 1, "codes": list(codes)}).fetchone()
    if found != (len(codes), len(codes) * (version + 1)):
        raise Failed(f"{found} of {len(codes)} dossiers stand at version {version} with their whole history")
