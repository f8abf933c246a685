"""What an editor writes for a procedure, before it is compiled: names, everyday words, guide, form and example cases.

A text is ``[vi, en]``. The shape is ``procedures/written.schema.json``; the shipped folders and the editor's working
copies have the same one.
"""

from collections.abc import Mapping
from typing import Any

from services_catalog.model.forms import Options, compile_form, text, texts
from services_catalog.model.procedures import Editorial, clean

Written = Mapping[str, Any]


def editorial_of(written: Written, options: Options) -> Editorial:
    """Return what ``written`` publishes. It has the shape of the schema.

    Raises ``ValueError`` with the field's name when the form contradicts itself.
    """
    plain = written.get("plain", ["", ""])
    guide = texts(written["guide"]) if written.get("guide") else None
    return Editorial(
        plain_title=plain[0],
        plain_title_en=plain[1],
        everyday=tuple(clean(word) for word in written.get("everyday", ())),
        competent_level=written.get("competent_level", ""),
        term=guide["term"]["value"] if guide else None,
        guide=guide,
        form=compile_form(written["form"], options) if written.get("form") else None,
        examples=tuple(_example(one) for one in written.get("examples", ())),
    )


def _example(one: Written) -> dict[str, Any]:
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
