"""Each of the twenty-five details has a test that carries its number; what of one does not exist yet stands here."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"test_detail_(\d\d)_\w+")
ROADMAP = Path(__file__).parents[2] / "docs" / "roadmap.md"
PARTLY = {17: "the portal takes no money: no receipt number, no refund, no amount to compare with what was charged"}


def numbers() -> set[int]:
    """Return the numbers that test functions under tests/ carry."""
    found: set[int] = set()
    for file in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (name := NAMED.fullmatch(node.name)):
                found.add(int(name[1]))
    return found


def test_each_of_the_twenty_five_details_has_a_test_that_carries_its_number() -> None:
    assert numbers() == set(range(1, 26))


def test_what_does_not_exist_of_a_detail_is_named_in_the_roadmap() -> None:
    text = ROADMAP.read_text("utf-8")
    assert [number for number in PARTLY if f"detail {number}" not in text] == []
