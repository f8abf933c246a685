"""Fixtures that every suite may use."""

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.clustered import RunningCluster, running_cluster
from tests.engines.nation import Nation, nation
from tests.engines.shared import (
    elasticsearch_url,
    kafka_brokers,
    keycloak,
    minio,
    postgres,
    postgres_url,
    s3_settings,
    s3_url,
    set_up,
    tear_down,
)
from tests.running import Portal, seeded_copy

__all__ = [
    "elasticsearch_url",
    "kafka_brokers",
    "keycloak",
    "minio",
    "postgres",
    "postgres_url",
    "s3_settings",
    "s3_url",
]

CHROMIUM = Path("/usr/bin/chromium")
KERNEL = Path(__file__).parent / "kernel"
FAULTS = Path(__file__).parent / "faults"
LENGTHS = {"short": 20, "ci": 5, "full": 1}


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder of this run's engines."""
    set_up(config)


def pytest_unconfigure(config: pytest.Config) -> None:
    """End this run's engines."""
    tear_down(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Count a room's second run, on PostgreSQL, among the slow ones; the kernel's contracts always run on both.

    ``MOTCUA_TURN`` = ``n/of`` takes of the repeats (see ``is_repeat``) those whose turn it is, and all other tests.
    """
    for item in items:
        chosen = getattr(item, "callspec", None)
        on_postgres = chosen is not None and chosen.params.get("database_engine") == "postgres"
        if on_postgres and not item.path.is_relative_to(KERNEL):
            item.add_marker(pytest.mark.slow)
    turn, _, of = os.environ.get("MOTCUA_TURN", "").partition("/")
    if not of:
        return
    waiting = [item for item in items if is_repeat(item) and zlib.crc32(item.nodeid.encode()) % int(of) != int(turn)]
    config.hook.pytest_deselected(items=waiting)
    items[:] = [item for item in items if item not in set(waiting)]


def is_repeat(item: pytest.Item) -> bool:
    """Tell whether a slow test says again, on other engines, what another test says: what may wait for its turn.

    A fault on the real engines never is one.
    """
    if not any(item.iter_markers("slow")):
        return False
    if item.path.is_relative_to(FAULTS):
        return "[embedded" in item.nodeid
    chosen = getattr(item, "callspec", None)
    return chosen is not None and bool({"postgres", "cluster"} & {str(value) for value in chosen.params.values()})


@pytest.fixture(scope="session")
def template_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all xdist workers of this run."""
    root = tmp_path_factory.getbasetemp()
    return root.parent if os.environ.get("PYTEST_XDIST_WORKER") else root


@pytest.fixture(scope="session")
def nation_engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nation]:
    """PostgreSQL and a broker of this worker's own, for portals of one process on real engines."""
    with nation(tmp_path_factory.mktemp("nation")) as engines:
        yield engines


@pytest.fixture
def new_portal(new_embedded: Callable[..., Portal]) -> Callable[..., Portal]:
    """Make portals of one process; fault tests override it with both pairs of engines."""
    return new_embedded


@pytest.fixture
def new_embedded(template_root: Path, tmp_path: Path) -> Iterator[Callable[..., Portal]]:
    """Make portals over seeded data; every one is killed in the end."""
    made: list[Portal] = []

    def make(*, pace: str = "0", **options: object) -> Portal:
        data = seeded_copy(template_root, tmp_path / f"data{len(made)}")
        portal = Portal(data, pace=pace, **options)  # type: ignore[arg-type]
        made.append(portal)
        return portal

    yield make
    for portal in made:
        portal.kill()


@pytest.fixture
def new_on_engines(nation_engines: Nation, tmp_path: Path) -> Iterator[Callable[..., Portal]]:
    """Make portals of one process over PostgreSQL and Kafka; one at a time, as they share their topics."""
    made: list[Portal] = []

    def make(*, pace: str = "0", env: Mapping[str, str] | None = None, **options: object) -> Portal:
        assert all(each.process is None or each.process.poll() is not None for each in made), "one at a time"
        data = tmp_path / f"data{len(made)}"
        told = nation_engines.portal(data)
        portal = Portal(data, pace=pace, env=told | dict(env or {}), **options)  # type: ignore[arg-type]
        made.append(portal)
        return portal

    yield make
    for portal in made:
        portal.kill()
        nation_engines.drop(portal.env)


@pytest.fixture(scope="module")
def one_process(template_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """One running portal of the embedded form for a module of tests, its offices working at once."""
    data = seeded_copy(template_root, tmp_path_factory.mktemp("portal") / "data")
    made = Portal(data)
    try:
        yield made.start()
    finally:
        made.kill()


@pytest.fixture(scope="module")
def portal(one_process: Portal) -> Portal:
    """The running portal of a module; journeys override it with both forms."""
    return one_process


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCluster]:
    """The distributed form with all offices; whoever uses it belongs to the xdist group ``cluster``."""
    folder = tmp_path_factory.mktemp("cluster") / "data"
    with running_cluster(RunningCluster(folder, offices="", replicas={"dossiers": 2, "exchange": 2})) as made:
        yield made


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The browser; skips with its reason where there is none, unless it is required."""
    if not CHROMIUM.exists():
        reason = "Chromium is not installed: apt install chromium"
        if "browser" in os.environ.get("MOTCUA_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    return CHROMIUM


@pytest.fixture(scope="session")
def divisor() -> int:
    """By how much the lengths of road.md are divided here; MOTCUA_LENGTH is short, ci or full."""
    return LENGTHS[os.environ.get("MOTCUA_LENGTH", "short")]
