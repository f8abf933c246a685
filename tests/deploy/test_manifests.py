"""The manifests, built by the real kustomize.

Kubernetes' own resources are held to its published schemas (strict: no unknown field). Operators' resources have no
schema here: only their form is checked, not whether the operator understands them.
"""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from subprocess import CalledProcessError

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from motcua.topics import TOPICS
from tests.deploy.building import K8S, OVERLAYS, Doc, build, built, of_kind, pods, title
from tests.deploy.demands import DEMANDS, Demand, referred_secrets
from tests.deploy.flows import closed_flows, not_denied

VERSIONS = ("1.32", "1.34")
OPERATORS = {
    "external-secrets.io",
    "postgresql.cnpg.io",
    "kafka.strimzi.io",
    "elasticsearch.k8s.elastic.co",
    "k8s.keycloak.org",
    "keda.sh",
    "monitoring.coreos.com",
}
SERVICES = {"catalog", "search", "dossiers", "citizen", "exchange", "portal", "gateway"}
WHOLE: tuple[Demand, ...] = (*DEMANDS, not_denied, closed_flows)


def group(doc: Doc) -> str:
    return str(doc["apiVersion"]).partition("/")[0]


@pytest.mark.parametrize("name", ["base", *OVERLAYS])
@pytest.mark.parametrize("version", VERSIONS)
def test_every_resource_of_kubernetes_is_valid_by_its_schema(name: str, version: str) -> None:
    docs = [doc for doc in built(name) if group(doc) not in OPERATORS]
    assert len(docs) > 40
    for doc in docs:
        kubernetes_validate.validate(doc, version, strict=True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_resource_of_an_operator_is_well_formed(name: str) -> None:
    docs = [doc for doc in built(name) if group(doc) in OPERATORS]
    assert (name == "national") == bool(docs)
    for doc in docs:
        assert re.fullmatch(r"[a-z0-9.-]+/v\d+((alpha|beta)\d+)?", doc["apiVersion"])
        assert re.fullmatch(r"[A-Z]\w+", doc["kind"])
        assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,252}", doc["metadata"]["name"])
        assert doc["metadata"].get("namespace")
        assert isinstance(doc["spec"], dict)


@pytest.mark.parametrize("demand", WHOLE, ids=lambda demand: demand.__name__)
@pytest.mark.parametrize("name", OVERLAYS)
def test_what_is_demanded_of_an_installation_holds(name: str, demand: Demand) -> None:
    assert demand(list(built(name))) == []


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_service_is_there(name: str) -> None:
    found = {doc["metadata"]["name"] for doc in of_kind(built(name), "Deployment")}
    assert found == (SERVICES | {"provinces"} if name == "one-node" else SERVICES)
    assert {"migrate", "topics", "identity"} <= {doc["metadata"]["name"] for doc in of_kind(built(name), "Job")}


@pytest.mark.parametrize("name", OVERLAYS)
def test_all_our_containers_run_one_image(name: str) -> None:
    images = {pod["spec"]["containers"][0]["image"] for doc, pod in pods(built(name)) if doc["kind"] == "Deployment"}
    assert len(images) == 1
    assert not images.pop().endswith((":latest", "motcua"))
    for doc, pod in pods(built(name)):
        assert ":" in pod["spec"]["containers"][0]["image"], f"{title(doc)} has no tag"


@pytest.mark.parametrize("name", OVERLAYS)
def test_no_resource_is_there_twice(name: str) -> None:
    names = [title(doc) for doc in built(name)]
    assert len(names) == len(set(names))


def test_every_secret_of_the_nation_comes_from_the_vault() -> None:
    docs = built("national")
    ours = [doc for doc in docs if doc["metadata"].get("namespace") == "motcua"]
    made = {doc["spec"]["target"]["name"] for doc in of_kind(ours, "ExternalSecret")}
    assert referred_secrets(ours) <= made
    stores = {doc["spec"]["secretStoreRef"]["name"] for doc in of_kind(docs, "ExternalSecret")}
    assert stores == {"motcua"}


def test_every_secret_of_one_node_is_made_by_its_script() -> None:
    script = (K8S / "one-node" / "make-secrets").read_text()
    roles = re.search(r"for role in (.*); do", script)
    assert roles is not None
    made = {f"motcua-pg-{role}" for role in roles[1].split()} | set(
        re.findall(r"^secret (motcua-[\w-]+)", script, re.M)
    )
    assert referred_secrets(built("one-node")) <= made


def test_the_nation_loses_nothing_with_one_machine() -> None:
    docs = built("national")
    kafka = of_kind(docs, "Kafka")[0]["spec"]["kafka"]["config"]
    assert kafka["min.insync.replicas"] == 2
    assert kafka["default.replication.factor"] == 3
    assert kafka["unclean.leader.election.enable"] is False
    assert kafka["auto.create.topics.enable"] is False
    postgres = of_kind(docs, "Cluster")[0]["spec"]
    assert postgres["instances"] == 3
    assert postgres["postgresql"]["parameters"]["synchronous_commit"] == "on"
    assert postgres["postgresql"]["synchronous"]["dataDurability"] == "required"


def test_the_nations_topics_are_those_of_the_code() -> None:
    declared = {doc["metadata"]["name"]: doc["spec"] for doc in of_kind(built("national"), "KafkaTopic")}
    assert declared.keys() == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        spec, config = declared[topic.name], declared[topic.name]["config"]
        assert (spec["partitions"], spec["replicas"], config["min.insync.replicas"]) == (12, 3, 2)
        assert config["cleanup.policy"] == ("compact" if topic.compact else "delete")
        if not topic.compact:
            assert config["retention.ms"] == 30 * 24 * 3600 * 1000


def test_a_database_role_is_known_on_both_sides() -> None:
    docs = built("national")
    roles = {role["name"] for role in of_kind(docs, "Cluster")[0]["spec"]["managed"]["roles"]}
    script = (K8S.parent / "postgres" / "roles.sh").read_text()
    listed = re.search(r"for each in (.*); do", script)
    assert listed is not None
    assert roles == {*listed[1].split(), "keycloak"}


# --- do the demands see anything? ------------------------------------------------------------------------------


def first(docs: list[Doc], kind: str, name: str) -> Doc:
    return next(doc for doc in docs if doc["kind"] == kind and doc["metadata"]["name"] == name)


def _pod(docs: list[Doc], name: str) -> Doc:
    spec: Doc = first(docs, "Deployment", name)["spec"]["template"]["spec"]
    return spec


def _drop(docs: list[Doc], kind: str, name: str) -> None:
    docs.remove(first(docs, kind, name))


def _tell_password(docs: list[Doc]) -> None:
    _pod(docs, "dossiers")["containers"][0].setdefault("env", []).append({"name": "PGPASSWORD", "value": "x"})


def _open_up(docs: list[Doc]) -> None:
    docs[:] = [doc for doc in docs if doc["metadata"]["name"] != "default-deny"]


BREAKS: dict[str, tuple[str, Callable[[list[Doc]], object]]] = {
    "as root": ("confined", lambda d: _pod(d, "search")["securityContext"].pop("runAsNonRoot")),
    "a writable root": (
        "confined",
        lambda d: _pod(d, "search")["containers"][0]["securityContext"].pop("readOnlyRootFilesystem"),
    ),
    "no limit": ("bounded", lambda d: _pod(d, "portal")["containers"][0]["resources"].pop("limits")),
    "no probe": ("probed", lambda d: _pod(d, "gateway")["containers"][0].pop("readinessProbe")),
    "no budget": ("survives_a_node", lambda d: _drop(d, "PodDisruptionBudget", "exchange")),
    "not spread": ("survives_a_node", lambda d: _pod(d, "catalog").pop("topologySpreadConstraints")),
    "a Secret": ("secrets_by_reference", lambda d: d.append({"kind": "Secret", "metadata": {"name": "x"}})),
    "a password": ("secrets_by_reference", _tell_password),
    "a number beside a scaler": (
        "scaled_by_one",
        lambda d: first(d, "Deployment", "gateway")["spec"].update(replicas=2),
    ),
    "a label too few": (
        "told_what_it_uses",
        lambda d: first(d, "Deployment", "search")["spec"]["template"]["metadata"]["labels"].pop("motcua/uses-index"),
    ),
    "no default-deny": ("not_denied", _open_up),
    "a way out too few": ("closed_flows", lambda d: _drop(d, "NetworkPolicy", "to-kafka")),
    "a way in too few": ("closed_flows", lambda d: _drop(d, "NetworkPolicy", "services-from-gateway")),
    "an engine's door closed": ("closed_flows", lambda d: _drop(d, "NetworkPolicy", "postgres-from-services")),
    "a service gone": ("closed_flows", lambda d: _drop(d, "Service", "citizen")),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_broken_installation_is_seen(what: str) -> None:
    name, breaking = BREAKS[what]
    docs = copy.deepcopy(list(built("national")))
    demand = next(demand for demand in WHOLE if demand.__name__ == name)
    assert demand(docs) == []
    breaking(docs)
    assert demand(docs) != []


def test_an_unknown_field_is_seen() -> None:
    docs = copy.deepcopy(list(built("base")))
    _pod(docs, "portal")["containers"][0]["redinessProbe"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(first(docs, "Deployment", "portal"), VERSIONS[-1], strict=True)


def test_a_broken_kustomization_is_seen(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({"resources": ["missing.yaml"]}))
    with pytest.raises(CalledProcessError):
        build(tmp_path)
