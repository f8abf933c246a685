"""The files the catalogue ships with: provinces, wards, conversion, and what we wrote for procedures."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from services_catalog.model.forms import compile_form, text, texts
from services_catalog.model.places import OldWard, Province, Ward
from services_catalog.model.procedures import Content, Editorial, clean


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
    options = json.loads((procedures / "options.json").read_text())
    written = {}
    for code, entry in json.loads((procedures / "everyday.json").read_text())["procedures"].items():
        folder = procedures / code
        written[code] = _full(folder, entry, options) if folder.is_dir() else _known(entry)
    return written


def read_own(procedures: Path) -> list[Content]:
    """Return the services that have no code in the published catalogue, under ids of our own."""
    listed = json.loads((procedures / "everyday.json").read_text())["without_code"]
    return [
        Content(code, entry["title"], entry["issuer"], (), entry["field"], (), (), "", _known(entry))
        for code, entry in listed.items()
    ]


def read_top(procedures: Path) -> list[str]:
    """Return the codes of the ten most used services, those that can be filed first."""
    return list(json.loads((procedures / "everyday.json").read_text())["top"])


def _known(entry: dict[str, Any], **more: Any) -> Editorial:
    plain = entry.get("plain", ["", ""])
    return Editorial(
        plain_title=plain[0],
        plain_title_en=plain[1],
        everyday=tuple(clean(word) for word in entry.get("everyday", ())),
        competent_level=entry.get("competent_level", ""),
        **more,
    )


def _full(folder: Path, entry: dict[str, Any], options: dict[str, Any]) -> Editorial:
    guide = texts(json.loads((folder / "guide.json").read_text()))
    form = compile_form(json.loads((folder / "form.json").read_text()), options)
    examples = [_example(one) for one in json.loads((folder / "examples.json").read_text())]
    return _known(entry, term=guide["term"]["value"], guide=guide, form=form, examples=tuple(examples))


def _example(one: dict[str, Any]) -> dict[str, Any]:
    papers = [
        {"field": paper["field"], **{key: text(paper[key]) for key in ("text", "reason", "rule")}}
        for paper in one.get("papers", ())
    ]
    return {
        "id": one["id"],
        "title": text(one["title"]),
        "demo": True,
        "place": one["place"],
        "answers": one["answers"],
        "files": [],
        "asks_papers": bool(papers),
        "papers": papers,
    }


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            yield reader.line_num, {key: clean(value) for key, value in row.items() if key is not None}
