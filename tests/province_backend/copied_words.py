"""How an office's copy of the forms' words is made: ``python -m tests.province_backend.copied_words`` writes it anew.

``result``, ``printed``, ``on_paper`` and ``same`` are the office's own and are kept: the title of the paper it gives,
what stands on it, under which label where the form asks a question, and which field says it where the form does not
ask for it twice.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from province_backend.clients.wording import WORDS

FORMS = Path(__file__).parents[2] / "services_catalog" / "procedures"


def pair(text: list[str]) -> dict[str, str]:
    """Return ``[vi, en]`` by language."""
    return {"vi": text[0], "en": text[1]}


def options(rows: list[list[str]]) -> dict[str, dict[str, str]]:
    """Return the words of options by value."""
    return {row[0]: pair(row[1:]) for row in rows}


def asked(form: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str], Any]]:
    """Yield (name, label, words of its values or None) of every field, a group before the fields of its items."""
    for page in form["pages"]:
        if "repeat" in page:
            yield page["repeat"]["name"], pair(page["title"]), None
        for field in page["fields"]:
            known = field.get("options")
            if field["widget"] == "ward":
                known = "wards"
            yield field["name"], pair(field["label"]), options(known) if isinstance(known, list) else known


def copied(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of one form."""
    listed = list(asked(form))
    return {
        "fields": {name: label for name, label, _ in listed},
        "values": {name: values for name, _, values in listed if values},
    }


def asks(examples: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Return, in Vietnamese, what the example case that is asked for papers wants to be asked for."""
    papers: list[dict[str, Any]] = next((example["papers"] for example in examples if example.get("papers")), [])
    return [{"field": one["field"], **{name: one[name][0] for name in ("text", "reason", "rule")}} for one in papers]


def expected() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each file of the copy with what it has to say; what is the office's own is as it stands."""
    shared = json.loads((FORMS / "options.json").read_text("utf-8"))
    yield WORDS / "options.json", {name: options(rows) for name, rows in shared.items()}
    for path in sorted(FORMS.glob("*/form.json")):
        target = WORDS / f"{path.parent.name}.json"
        own = json.loads(target.read_text("utf-8")) if target.exists() else {"result": "", "printed": []}
        kept = {name: own[name] for name in ("result", "printed", "on_paper", "same") if name in own}
        examples = json.loads(path.with_name("examples.json").read_text("utf-8"))
        yield target, {**kept, "asks": asks(examples), **copied(json.loads(path.read_text("utf-8")))}


if __name__ == "__main__":
    for file, words in expected():
        file.write_text(json.dumps(words, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
