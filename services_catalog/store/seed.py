"""The files the catalogue ships with: provinces, wards, conversion, and what we wrote for procedures."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services_catalog.model.places import OldWard, Province, Ward
from services_catalog.model.procedures import Content, Editorial, clean
from services_catalog.model.written import editorial_of


def read_provinces(seed: Path) -> list[Province]:
    """Return the 63 provinces before 1 July 2025 of the seed folder."""
    return [
        Province(row["old_gso_code"], row["old_name"], row["h_code_qd20_2020"], row["new_gso_code"], row["new_name"])
        for _, row in _rows(seed / "provinces.csv")
    ]


def read_places(seed: Path) -> tuple[list[Province], list[Ward], list[OldWard]]:
    """Return provinces, wards and conversion rows of the seed folder."""
    wards = [Ward(row["code"], row["name"], row["province_code"]) for _, row in _rows(seed / "wards.csv")]
    old = [
        OldWard(
            row=number,
            code=row["old_code"],
            name=row["old_name"],
            district=row["old_district"],
            province=row["old_province_code"],
            province_name=row["old_province"],
            ward=row["new_code"],
            share=row["share"],
        )
        for number, row in _rows(seed / "wards_before_2025.csv")
    ]
    return read_provinces(seed), wards, old


def read_statuses(seed: Path) -> list[tuple[int, str, bool]]:
    """Return (code, official name, whether it is an end) of the ten national status codes."""
    listed = json.loads((seed / "dossier_status.json").read_text())
    return [(code, name, code in listed["terminal"]) for code, name in listed["statuses"]]


def read_editorial(procedures: Path) -> dict[str, Editorial]:
    """Return what we wrote, by code: everyday words for the often used, everything for the full procedures.

    Raises ``ValueError`` when a form contradicts itself (a fault of the shipped data, found by the tests).
    """
    options = read_options(procedures)
    written = {}
    for code, entry in json.loads((procedures / "everyday.json").read_text())["procedures"].items():
        written[code] = editorial_of(_written(procedures / code, entry), options)
    return written


def read_written(procedures: Path, code: str) -> dict[str, Any]:
    """Return the shipped text of ``code`` as an editor writes it; empty for one that nothing was written for."""
    listed = json.loads((procedures / "everyday.json").read_text())
    entry = listed["procedures"].get(code) or listed["without_code"].get(code)
    return _written(procedures / code, entry) if entry else {}


def read_options(procedures: Path) -> dict[str, Any]:
    """Return the shared lists of options by name."""
    return dict(json.loads((procedures / "options.json").read_text()))


def _written(folder: Path, entry: dict[str, Any]) -> dict[str, Any]:
    parts = ("guide", "form", "examples") if folder.is_dir() else ()
    return {**entry, **{part: json.loads((folder / f"{part}.json").read_text()) for part in parts}}


def read_own(procedures: Path) -> list[Content]:
    """Return the services that have no code in the published catalogue, under ids of our own."""
    options = read_options(procedures)
    listed = json.loads((procedures / "everyday.json").read_text())["without_code"]
    return [
        Content(
            code=code,
            title=entry["title"],
            issuer=entry["issuer"],
            executors=(),
            field=entry["field"],
            levels=(),
            applicants=(),
            decision="",
            editorial=editorial_of(_written(procedures / code, entry), options),
        )
        for code, entry in listed.items()
    ]


def read_top(procedures: Path) -> list[str]:
    """Return the codes of the ten most used services, those that can be filed first."""
    return list(json.loads((procedures / "everyday.json").read_text())["top"])


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, {key: clean(value) for key, value in row.items() if key is not None}
