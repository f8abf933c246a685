"""kill -9 of each engine and of each service of the distributed form, in the middle of filings and reports."""

import time
from dataclasses import dataclass

import httpx
import pytest

from tests.clustered import RunningCluster
from tests.faults.load import filing

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("cluster")]

AWAY = 5.0
SETTLE = 180.0


@dataclass(frozen=True)
class Victim:
    """What is killed. ``filing`` goes on without it; ``answers`` are paths and the statuses they may give meanwhile."""

    name: str
    filing: bool
    answers: tuple[tuple[str, tuple[int, ...]], ...] = (("/", (200,)),)


HONEST = (503,)
SEARCH = "/api/search/v1/query?q=khai+sinh+lan+dau"
VICTIMS = (
    Victim("kafka", filing=True, answers=(("/", (200,)), (SEARCH, (200,)))),
    Victim("elasticsearch", filing=True, answers=(("/", (200,)), (SEARCH, HONEST))),
    Victim("keycloak", filing=True, answers=(("/", (200,)), ("/auth/login?next=/my", (302, 303, 503)))),
    Victim(
        "postgres", filing=False, answers=(("/healthz", (200,)), ("/api/dossiers/v1/lookup/H26-260101-0001", HONEST))
    ),
    Victim("exchange-0", filing=True),
    Victim("provinces-0", filing=True),
    Victim("citizen-0", filing=True),
    Victim("search-0", filing=True, answers=(("/", (200,)), ("/api/search/v1/query?q=khai+tu+muon", HONEST))),
    Victim("catalog-0", filing=True, answers=(("/healthz", (200,)),)),
    Victim("portal-0", filing=True, answers=((SEARCH, (200,)),)),
    Victim("dossiers-0", filing=True, answers=(("/", (200,)), ("/api/dossiers/v1/lookup/H26-260101-0002", (404,)))),
    Victim("gateway-0", filing=False, answers=()),
)

REPLACED = ("exchange-0", "dossiers-0")  # another replica does all of its work meanwhile


@pytest.mark.parametrize("victim", VICTIMS, ids=[each.name for each in VICTIMS])
def test_what_was_acknowledged_survives_the_death_of(cluster: RunningCluster, victim: Victim) -> None:
    process = cluster.process(victim.name)
    with filing(cluster) as load:
        load.until_more(4)
        process.kill()
        died = time.monotonic()
        try:
            still_answers(cluster, victim)
            if victim.filing:
                load.until_more(4)
            if victim.name in REPLACED:
                reaches_its_end(cluster, load.codes[-1])
            while time.monotonic() < died + AWAY:
                time.sleep(0.1)
        finally:
            process.start()
        load.until_more(4, seconds=90)
    assert len(load.codes) == len(set(load.codes))
    everything_arrives(cluster, load.codes)


def test_replicas_are_stopped_and_started_one_by_one_while_people_file(cluster: RunningCluster) -> None:
    with filing(cluster) as load:
        for group in cluster.cluster.services.values():
            for service in group:
                assert service.process is not None
                service.process.terminate()
                assert service.process.wait(40) == 0, service.last_words()
                service.start()
        load.until_more(4, seconds=90)
    everything_arrives(cluster, load.codes)


def everything_arrives(cluster: RunningCluster, codes: list[str]) -> None:
    """Every acknowledged dossier gets its result, and every promise holds."""
    with cluster.client("citizen-1") as client:
        for code in codes:
            cluster.until_status(client, code, 10, seconds=SETTLE)
    cluster.check(seconds=60)


def reaches_its_end(cluster: RunningCluster, code: str) -> None:
    """One dossier gets its result."""
    with cluster.client("citizen-1") as client:
        cluster.until_status(client, code, 10, seconds=SETTLE)


def still_answers(cluster: RunningCluster, victim: Victim) -> None:
    """What does not need the dead one answers; what does says so honestly and never with a 500."""
    with httpx.Client(base_url=cluster.url, timeout=40) as anybody:
        for path, statuses in victim.answers:
            answer = anybody.get(path, headers={"Cache-Control": "no-cache"})
            assert answer.status_code in statuses, (
                f"{path} while {victim.name} is dead: {answer.status_code} {answer.text[:300]}"
            )
            if answer.status_code == 503 and path.startswith("/api/"):
                assert answer.json()["code"], answer.text
                assert "retry-after" in answer.headers
