"""Fault tests take the time that their length asks for; the length that is used is printed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.running import Portal

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(1800))


def pytest_report_header() -> str:
    return f"lengths of the fault tests: {os.environ.get('MOTCUA_LENGTH', 'short')} (short = 1/20, ci = 1/5, full = 1)"


ENGINES = ["embedded", pytest.param("postgres+kafka", marks=pytest.mark.slow)]


@pytest.fixture(params=ENGINES)
def new_portal(request: pytest.FixtureRequest) -> Callable[..., Portal]:
    """Make portals on both pairs of engines: the same faults, the same checker."""
    name = "new_embedded" if request.param == "embedded" else "new_on_engines"
    made: Callable[..., Portal] = request.getfixturevalue(name)
    return made
