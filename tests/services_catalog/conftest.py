import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kernel.db import Database
from kernel.outbox import Outbox
from services_catalog import usecases
from services_catalog.api import make_api
from services_catalog.events import encode
from services_catalog.model.procedures import Editorial
from services_catalog.settings import HERE
from services_catalog.store import METADATA, OUTBOX
from services_catalog.store.seed import read_editorial, read_own
from tests.engines.schemas import address, address_on, database_engine

__all__ = ["database_engine"]

SEED = HERE / "seed"
PROCEDURES = HERE / "procedures"
FULL = tuple(sorted(path.parent.name for path in PROCEDURES.glob("*/form.json")))
AT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
HEADER = ["STT", "Mã số", "Tên", "Cơ quan ban hành", "Cơ quan thực hiện", "Lĩnh vực"]


async def open_database(url: str) -> Database:
    return await Database.open(url, METADATA, sink=Outbox(OUTBOX, encode))


@pytest.fixture(scope="session")
def editorial() -> Mapping[str, Editorial]:
    own = {content.code: content.editorial for content in read_own(PROCEDURES)}
    return {**read_editorial(PROCEDURES), **own}


@pytest.fixture
async def database(database_engine: str, tmp_path: Path) -> AsyncIterator[Database]:
    database = await open_database(address(tmp_path, METADATA))
    yield database
    await database.close()


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def seeded_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = address_on(request.param, tmp_path_factory.mktemp("seeded"), METADATA)

    async def seed() -> None:
        database = await open_database(url)
        await usecases.seed_catalogue(database=database, seed=SEED, procedures=PROCEDURES, at=AT)
        await database.close()

    with asyncio.Runner() as runner:
        runner.run(seed())
    return url


@pytest.fixture
async def seeded(seeded_url: str) -> AsyncIterator[Database]:
    """The whole seed, for reading only."""
    database = await open_database(seeded_url)
    yield database
    await database.close()


@pytest.fixture
async def api(seeded: Database) -> Any:
    return make_api(database=seeded, procedures=PROCEDURES, seed=SEED)


def write_csv(
    path: Path, *rows: str, header: str = "code,name,issuer,executors,field,levels,applicants,decision"
) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def write_xlsx(path: Path, *rows: list[str]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["CỔNG DỊCH VỤ CÔNG QUỐC GIA"])
    sheet.append([])
    sheet.append(["DANH SÁCH THỦ TỤC HÀNH CHÍNH", None, "Ngày 21/11/2026"])
    sheet.append(HEADER)
    for number, row in enumerate(rows, start=1):
        sheet.append([number, *row])
    book.save(path)
    return path
