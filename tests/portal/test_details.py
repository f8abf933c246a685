"""Each of the twenty-five details has a test that carries its number."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
NAMED = re.compile(r"test_detail_(\d\d)_\w+")


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
