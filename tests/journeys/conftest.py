"""The same journeys in both forms: one process with embedded engines, and one process a service on the real ones."""

import pytest

from tests.running import Front

FORMS = ["one process", pytest.param("cluster", marks=[pytest.mark.slow, pytest.mark.xdist_group("cluster")])]


@pytest.fixture(scope="module", params=FORMS)
def portal(request: pytest.FixtureRequest) -> Front:
    """One running portal for a module of journeys, its offices working at once."""
    found: Front = request.getfixturevalue("one_process" if request.param == "one process" else "cluster")
    return found
