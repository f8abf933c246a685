"""Build the manifests as an operator would, with the real kustomize."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from motcua.cluster import packages

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "deploy" / "k8s"
OVERLAYS = ("one-node", "national")
Doc = dict[str, Any]


@cache
def kustomize() -> Path:
    """Return the program; skips (or fails, where engines are required) on a machine that cannot have it."""
    try:
        return Path(packages.kustomize())
    except packages.Missing as missing:
        if "engines" in os.environ.get("MOTCUA_REQUIRE", ""):
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def build(folder: Path) -> list[Doc]:
    """Return the resources of a kustomization. Raises ``CalledProcessError``."""
    command = [str(kustomize()), "build", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return [doc for doc in yaml.safe_load_all(done.stdout) if doc]


@cache
def built(name: str) -> tuple[Doc, ...]:
    """Return the resources of ``deploy/k8s/<name>``; nobody may change them."""
    return tuple(build(K8S / name))


def of_kind(docs: tuple[Doc, ...] | list[Doc], *kinds: str) -> list[Doc]:
    """Return the resources of these kinds."""
    return [doc for doc in docs if doc["kind"] in kinds]


def title(doc: Doc) -> str:
    """Name a resource in a message."""
    return f"{doc['kind']} {doc['metadata'].get('namespace', '')}/{doc['metadata']['name']}"


def pods(docs: tuple[Doc, ...] | list[Doc]) -> Iterator[tuple[Doc, Doc]]:
    """Return each workload with the template of its pods."""
    for doc in of_kind(docs, "Deployment", "StatefulSet", "Job"):
        yield doc, doc["spec"]["template"]


def environment(docs: tuple[Doc, ...] | list[Doc], template: Doc) -> Mapping[str, str]:
    """Return what the first container of a pod is told in plain words; references to Secrets are left out."""
    maps = {doc["metadata"]["name"]: doc.get("data", {}) for doc in of_kind(docs, "ConfigMap")}
    container = template["spec"]["containers"][0]
    told: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        told |= maps[source["configMapRef"]["name"]]
    return told | {each["name"]: each["value"] for each in container.get("env", ()) if "value" in each}
