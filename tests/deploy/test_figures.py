"""Alarms, their runbooks, the dashboard: each metric they use is one of the code's, each alarm can be answered."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache

import pytest
import yaml

from tests.deploy.building import ROOT

SOURCES = ("kernel", "gateway", "exchange", "dossier_service", "citizen_service", "search_service", "services_catalog")
SUFFIXES = {"Counter": ("_total",), "Gauge": ("",), "Histogram": ("_bucket", "_count", "_sum")}
PROMETHEUS_OWN = {"up"}
WORD = re.compile(r"[a-zA-Z_:][\w:]*")
FUNCTIONS = {"sum", "max", "rate", "increase", "histogram_quantile", "topk", "by", "and"}
ALERTS = yaml.safe_load((ROOT / "deploy" / "grafana" / "alerts.yaml").read_text())["spec"]["groups"][0]["rules"]
DASHBOARD = json.loads((ROOT / "deploy" / "grafana" / "dashboard.json").read_text())
BOOK = (ROOT / "docs" / "operations.md").read_text()


@cache
def metrics() -> dict[str, set[str]]:
    """Return every series that the code exports, with its labels."""
    found: dict[str, set[str]] = {}
    for room in SOURCES:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if not isinstance(node, ast.Call) or len(node.args) < 2 or not isinstance(node.func, ast.Name):
                    continue
                first = node.args[0]
                if node.func.id in SUFFIXES and isinstance(first, ast.Constant) and str(first.value)[:7] == "motcua_":
                    labels = ast.literal_eval(node.args[2]) if len(node.args) > 2 else ()
                    name = str(first.value).removesuffix("_total")
                    for suffix in SUFFIXES[node.func.id]:
                        found[name + suffix] = {*labels, *(["le"] if suffix == "_bucket" else [])}
    return found


def faults(expression: str) -> list[str]:
    """Return what is wrong with an expression: unknown series, labels these do not have, open brackets."""
    known = metrics()
    wrong = [f"{a} {b}" for a, b in ("()", "{}", "[]") if expression.count(a) != expression.count(b)]
    grouped = {each.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for each in group.split(",")}
    bare = re.sub(r"by \([^)]*\)|\[[^]]*\]|\"[^\"]*\"", "", expression)
    asked = {each for group in re.findall(r"\{([^}]*)\}", bare) for each in re.findall(r"(\w+)\s*[=!]", group)}
    names = {word for word in WORD.findall(re.sub(r"\{[^}]*\}", "", bare)) if word not in FUNCTIONS}
    wrong += sorted(names - known.keys() - PROMETHEUS_OWN)
    has = set().union(*(known.get(name, set()) for name in names)) | {"namespace", "pod"}
    return wrong + sorted((grouped | asked) - has)


def expressions() -> Iterator[tuple[str, str]]:
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_figure_asked_for_is_one_the_code_gives(where: str, expression: str) -> None:
    assert faults(expression) == [], where


def test_a_figure_that_nobody_gives_is_seen() -> None:
    assert faults("sum by (consumer) (motcua_consumer_lagg) > 1") == ["motcua_consumer_lagg", "consumer"]
    assert faults("max by (lane) (motcua_consumer_lag)") == ["lane"]
    assert faults("sum(rate(motcua_consumed_total[5m])") != []


def test_every_alarm_has_a_runbook_and_every_runbook_an_alarm() -> None:
    runbooks = re.findall(r"^### (Motcua\w+)$", BOOK, re.M)
    assert runbooks == [rule["alert"] for rule in ALERTS]
    for rule in ALERTS:
        assert rule["annotations"]["runbook"] == f"docs/operations.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("warning", "critical")


def test_every_runbook_says_what_it_means_and_what_to_do() -> None:
    for name, text in re.findall(r"^### (Motcua\w+)\n(.*?)(?=^##)", BOOK + "\n##", re.M | re.S):
        assert "*Means*" in text and "*Do*" in text, name


def test_every_figure_of_the_code_is_on_the_dashboard_or_in_an_alarm() -> None:
    asked = " ".join(expression for _, expression in expressions())
    unseen = {re.sub(r"_(bucket|count|sum)$", "", name) for name in metrics()}
    assert {name for name in unseen if name not in asked} == set()


def test_autoscaling_asks_for_figures_of_the_code() -> None:
    text = (ROOT / "deploy" / "k8s" / "national" / "nation" / "scaling.yaml").read_text()
    queries = re.findall(r"query: (.*)", text)
    assert len(queries) == 4
    assert [faults(query) for query in queries] == [[], [], [], []]
