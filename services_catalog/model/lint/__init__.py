"""What is wrong with the text written for a procedure, before anyone publishes it. Nothing here reads a file."""

from collections.abc import Iterator, Mapping
from typing import Any

from services_catalog.model.forms import Options
from services_catalog.model.lint.finding import Finding
from services_catalog.model.lint.form import SOURCES, lint_form
from services_catalog.model.lint.guide import lint_guide
from services_catalog.model.lint.words import grade, lint_words

__all__ = ["SOURCES", "Finding", "grade", "lint"]


def lint(written: Mapping[str, Any], options: Options) -> list[Finding]:
    """Return what is to be mended in ``written`` (the shape of ``procedures/written.schema.json``).

    A procedure of which only names are written has only these looked at.
    """
    return list(_lint(written, options))


def _lint(written: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    yield from lint_words("everyday.json", {"plain": written.get("plain")})
    if guide := written.get("guide"):
        yield from lint_guide(guide)
        yield from lint_words("guide.json", guide)
    if form := written.get("form"):
        yield from lint_form(form, options)
        yield from lint_words("form.json", form)
    if examples := written.get("examples"):
        yield from lint_words("examples.json", {one["id"]: one for one in examples})
