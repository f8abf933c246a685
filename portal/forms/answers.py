"""Answers written back for a person to read."""

from collections.abc import Mapping
from typing import Any

from kernel.locale import telephone
from portal.i18n import Words


def display(
    field: Mapping[str, Any], value: Any, t: Words, *, places: Mapping[str, str], files: Mapping[str, str]
) -> str:
    """Return ``value`` in words; ``places`` names wards by code, ``files`` names files by digest."""
    if value in (None, "", []):
        return t("filing.not_answered")
    widget = field["widget"]
    if widget == "yesno":
        return t("frame.yes") if value else t("frame.no")
    if widget == "date":
        return written_date(str(value), t)
    if widget in ("radios", "select", "checkboxes"):
        labels = {option["value"]: t.pick(option["label"]) for option in field.get("options") or ()}
        return "\n".join(labels.get(item, str(item)) for item in (value if isinstance(value, list) else [value]))
    if widget == "files":
        named = [files.get(digest) or t("filing.file_n", n=at) for at, digest in enumerate(value, 1)]
        return "\n".join([t("filing.one_paper", n=len(named)), *named] if len(named) > 1 else named)
    if widget == "group":
        return "\n".join(_item(field, item, t, places, files) for item in value)
    if widget == "ward":
        return places.get(str(value), str(value))
    if widget == "phone":
        return telephone(str(value))
    return t.money(value) if widget == "money" and isinstance(value, int) else str(value)


def _item(
    field: Mapping[str, Any],
    item: Mapping[str, Any],
    t: Words,
    places: Mapping[str, str],
    files: Mapping[str, str],
) -> str:
    """Return one item of a group on one line: its first answer, then the others with their labels."""
    said: list[str] = []
    for name in field["order"]:
        spec, value = field["fields"][name], item.get(name)
        if value in (None, "", []):
            continue
        words = (
            masked(str(value)) if spec["widget"] == "id_number" else display(spec, value, t, places=places, files=files)
        )
        words = words.replace("\n", ", ")
        said.append(f"{t.pick(spec['label'])}: {words}" if said else words)
    return "; ".join(said)


def written_date(value: str, t: Words) -> str:
    """Return a date, a month or a year as people write it."""
    parts = value.split("-")
    if len(parts) == 3:
        return t.day(value)
    return t("filing.month_year", month=int(parts[1]), year=parts[0]) if len(parts) == 2 else value


def place_name(place: Mapping[str, Any]) -> str:
    """Return a ward with its province: ``Phường Ba Đình, Thành phố Hà Nội``."""
    return ", ".join(str(part) for part in (place.get("name"), place.get("province_name")) if part)


def masked(value: str) -> str:
    """Return an identity number as it is shown outside the owner's own form: ``0361••••••12``."""
    return f"{value[:4]}{'•' * (len(value) - 6)}{value[-2:]}" if len(value) > 8 else "•" * len(value)
