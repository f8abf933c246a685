"""Who is entitled: the questions before a form, and the grounds on which a fee is not taken.

A question (``guide.eligibility``, at most three) is answered with yes or no, or with an age in full years::

    {"id": "lost", "kind": "yesno", "question": […], "passes": "no",
     "exit": {"text": […], "procedure": "3.000348"}, "law": […]}
    {"id": "age", "kind": "age", "question": […], "min": 18, "exit": {"text": […], "office": […]}, "law": […]}

Whoever does not pass is told why and where to go instead: a procedure's code, or an office in words. A ground
(``guide.fee.exempt``, an item with ``ground``) can be asked for when filing; an item without one is for the office.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from services_catalog.model.lint.finding import Finding

FILE = "guide.json"
MOST = 3
GROUNDS = (
    *("ethnic_area", "poor_household", "border_island", "merit", "disability"),
    *("elderly", "child"),
)
Law = Any


def lint_entitled(guide: Mapping[str, Any], law: Law) -> Iterator[Finding]:
    """Yield what is wrong with a guide's questions and grounds; ``law`` finds a law in a text."""
    yield from _questions(guide.get("eligibility") or (), law)
    seen: set[str] = set()
    for number, item in enumerate((guide.get("fee") or {}).get("exempt") or (), start=1):
        ground = item.get("ground")
        if ground is not None and (ground not in GROUNDS or ground in seen):
            wrong = f"“{ground}” is no ground, or stands here twice."
            yield _found(f"fee.exempt.{number}.ground", wrong, f"Use each of {', '.join(GROUNDS)} once at most.")
        seen.add(str(ground))


def _questions(asked: Sequence[Mapping[str, Any]], law: Law) -> Iterator[Finding]:
    if len(asked) > MOST:
        yield _found("eligibility", f"There are {len(asked)} questions.", f"Ask {MOST} at most.")
    ids = [str(one.get("id")) for one in asked]
    for number, one in enumerate(asked):
        where = f"eligibility.{ids[number]}"
        if ids.index(ids[number]) != number:
            yield _found(where, "Two questions have this id.", "Name each once.")
        out = one.get("exit") or {}
        if bool(out.get("procedure")) == bool(out.get("office")):
            yield _found(f"{where}.exit", "It does not say where to go.", "Name one procedure, or one office.")
        if not law.search((one.get("law") or [""])[0] or ""):
            yield _found(f"{where}.law", "An answer shuts people out without its rule.", "Cite law and article.")
        if one.get("kind") == "age" and one.get("min") is None and one.get("max") is None:
            yield _found(where, "Every age passes.", "Set “min” or “max”, in full years.")
        if one.get("kind") == "yesno" and one.get("passes") not in ("yes", "no"):
            yield _found(where, "It is not said which answer passes.", "Set “passes” to yes or no.")


def _found(where: str, wrong: str, mend: str) -> Finding:
    return Finding("entitled", FILE, where, wrong, mend)
