"""Catalogue files of the national portal: the published .csv and the portal's own .xlsx export, as they are."""

import asyncio
import csv
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kernel.errors import Invalid, Text
from services_catalog.model.procedures import Row, clean, clean_lines

LARGEST = 64 * 1024 * 1024
PATIENCE = 120.0
READER = Path(__file__).with_name("workbook.py")
COLUMNS = {"code", "name", "issuer", "executors", "field"}

NOT_A_CATALOGUE = Text(
    "Tệp này không phải danh mục thủ tục. Cần cột Mã số, Tên, Cơ quan ban hành, Cơ quan thực hiện, Lĩnh vực.",
    "This file is not a catalogue. It needs the columns code, name, issuer, executors and field.",
)


async def read_catalogue(path: Path) -> list[Row]:
    """Return the rows of a catalogue file, .csv or .xlsx, cleaned (NFC, single spaces).

    Raises ``Invalid``: ``file_not_found``, ``file_too_large``, ``not_a_catalogue`` (no such columns, damaged).
    """
    try:
        size = (await asyncio.to_thread(path.stat)).st_size
    except OSError:
        raise Invalid("file_not_found", Text(f"Không đọc được tệp {path}.", f"Cannot read the file {path}.")) from None
    if size > LARGEST:
        raise Invalid("file_too_large", Text("Tệp lớn hơn 64 MB.", "The file is over 64 MB."))
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return [_workbook_row(cells) for cells in await _read_workbook(path)]
    return await asyncio.to_thread(_read_csv, path)


def _read_csv(path: Path) -> list[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not set(reader.fieldnames or ()) >= COLUMNS:
                raise Invalid("not_a_catalogue", NOT_A_CATALOGUE)
            return [_csv_row(reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error, OSError):
        raise Invalid("not_a_catalogue", NOT_A_CATALOGUE) from None


def _csv_row(number: int, row: dict[str, str]) -> Row:
    def several(name: str) -> tuple[str, ...] | None:
        return clean_lines(row[name], r"[|\n\r]") if name in row else None

    return Row(
        number=number,
        code=clean(row["code"]),
        title=clean(row["name"]),
        issuer=clean(row["issuer"]),
        executors=several("executors") or (),
        field=clean(row["field"]),
        levels=several("levels"),
        applicants=several("applicants"),
        decision=clean(row["decision"]) if "decision" in row else None,
    )


def _workbook_row(cells: dict[str, Any]) -> Row:
    return Row(
        number=int(cells["row"]),
        code=clean(cells["code"]),
        title=clean(cells["name"]),
        issuer=clean(cells["issuer"]),
        executors=clean_lines(cells["executors"], r"[\n\r]"),
        field=clean(cells["field"]),
    )


async def _read_workbook(path: Path) -> Iterable[dict[str, Any]]:
    # A process of its own: the library is large, and a hostile workbook must not reach this process's memory.
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(READER),
        str(path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    except TimeoutError:
        out = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise Invalid("not_a_catalogue", NOT_A_CATALOGUE)
    return [json.loads(line) for line in out.splitlines()]
