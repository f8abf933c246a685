"""Reads the national portal's .xlsx export in a process of its own and prints one JSON object a row.

The export has title rows, then a header row with Mã số, Tên, Cơ quan ban hành, Cơ quan thực hiện, Lĩnh vực.
Exit code 0 = read, 2 = no such table in the workbook.
"""

import json
import resource
import sys
import unicodedata
import warnings
from collections.abc import Iterable, Iterator

import openpyxl

HEADER = {
    "code": ("mã số", "mã thủ tục", "mã tthc"),
    "name": ("tên", "tên thủ tục", "tên thủ tục hành chính"),
    "issuer": ("cơ quan ban hành", "cơ quan công bố"),
    "executors": ("cơ quan thực hiện",),
    "field": ("lĩnh vực",),
}
HEADER_WITHIN = 50
MEMORY = 1024 * 1024 * 1024


def rows_of(sheet: Iterable[tuple[object, ...]]) -> Iterator[dict[str, object]]:
    """Yield the rows under the header, with their row number in the sheet; nothing when there is no header."""
    columns: dict[str, int] | None = None
    for number, cells in enumerate(sheet, start=1):
        if columns is None:
            columns = _header(cells)
            if number > HEADER_WITHIN and columns is None:
                return
            continue
        row = {name: _text(cells[at]) if at < len(cells) else "" for name, at in columns.items()}
        if any(row.values()):
            yield {"row": number, **row}


def _header(cells: tuple[object, ...]) -> dict[str, int] | None:
    titles = [" ".join(_text(cell).lower().split()) for cell in cells]
    found = {name: titles.index(title) for name, known in HEADER.items() for title in known if title in titles}
    return found if set(found) == set(HEADER) else None


def _text(cell: object) -> str:
    return "" if cell is None else unicodedata.normalize("NFC", str(cell)).strip()


def main(path: str) -> int:
    """Print the rows of the first sheet that has the header."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("ignore")
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            lines = [json.dumps(row, ensure_ascii=True) for row in rows_of(sheet.iter_rows(values_only=True))]
            if lines:
                sys.stdout.write("\n".join(lines) + "\n")
                return 0
    except Exception:
        return 2
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
