"""What is demanded of the manifests. Each demand returns the faults it finds, so that tests can see it find one."""

import re
from collections.abc import Callable, Iterator, Sequence

from tests.deploy.building import Doc, environment, of_kind, pods, title

# Images that are not ours and write beside their data when they start.
WRITES_ITS_ROOT = {"kafka", "elasticsearch", "keycloak"}
SECRET_WORDS = re.compile(r"password|secret_?key|client_secret|token|private", re.I)
CREDENTIALS = re.compile(r"://[^/{}\s]*:[^/{}\s@]+@")

Docs = Sequence[Doc]
Demand = Callable[[list[Doc]], list[str]]


def containers(docs: list[Doc]) -> Iterator[tuple[str, Doc, Doc, Doc]]:
    """Return name, workload, pod and container of everything that runs."""
    for doc, template in pods(docs):
        for container in (*template["spec"].get("initContainers", ()), *template["spec"]["containers"]):
            yield f"{title(doc)} {container['name']}", doc, template["spec"], container


def confined(docs: list[Doc]) -> list[str]:
    """Not root, nothing gained, no capability, default system calls, read-only root, no token of the cluster."""
    faults = []
    for name, _, pod, container in containers(docs):
        of_pod, own = pod.get("securityContext", {}), container.get("securityContext", {})
        wanted = {
            "not root": of_pod.get("runAsNonRoot") is True and of_pod.get("runAsUser", 0) > 0,
            "seccomp": of_pod.get("seccompProfile", {}).get("type") == "RuntimeDefault",
            "nothing gained": own.get("allowPrivilegeEscalation") is False,
            "no capability": own.get("capabilities", {}).get("drop") == ["ALL"],
            "read-only root": own.get("readOnlyRootFilesystem") is True or container["name"] in WRITES_ITS_ROOT,
            "no token": pod.get("automountServiceAccountToken") is False,
            "no service links": pod.get("enableServiceLinks") is False,
        }
        faults += [f"{name}: {what}" for what, good in wanted.items() if not good]
    return faults


def bounded(docs: list[Doc]) -> list[str]:
    """Everything that runs says what it needs and what it may have; scratch volumes have a size."""
    faults = []
    for name, _, pod, container in containers(docs):
        resources = container.get("resources", {})
        for part in ("requests", "limits"):
            faults += [f"{name}: {part}.{what}" for what in ("cpu", "memory") if what not in resources.get(part, {})]
        faults += [
            f"{name}: volume {volume['name']} has no size"
            for volume in pod.get("volumes", ())
            if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {})
        ]
    return faults


def probed(docs: list[Doc]) -> list[str]:
    """What runs for long is asked whether it started, lives and is ready; ours on the admin port."""
    faults = []
    for name, doc, _, container in containers(docs):
        if doc["kind"] == "Job":
            continue
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container.get(probe)
            if asked is None:
                faults.append(f"{name}: no {probe}")
            elif doc["kind"] == "Deployment" and asked.get("httpGet", {}).get("port") != "admin":
                faults.append(f"{name}: {probe} is not on the admin port")
    return faults


def survives_a_node(docs: list[Doc]) -> list[str]:
    """Each Deployment has a budget for disruptions that selects it, is spread, and drains before it ends."""
    budgets = [doc["spec"]["selector"]["matchLabels"] for doc in of_kind(docs, "PodDisruptionBudget")]
    faults = []
    for doc in of_kind(docs, "Deployment"):
        template = doc["spec"]["template"]
        labels, pod = template["metadata"]["labels"], template["spec"]
        if not any(budget.items() <= labels.items() for budget in budgets):
            faults.append(f"{title(doc)}: no PodDisruptionBudget")
        if not pod.get("topologySpreadConstraints"):
            faults.append(f"{title(doc)}: not spread")
        if pod.get("terminationGracePeriodSeconds", 0) < 30:
            faults.append(f"{title(doc)}: no time to end")
    return faults


def secrets_by_reference(docs: list[Doc]) -> list[str]:
    """No Secret, no value of a secret in an environment, no password in an address."""
    faults = [f"{title(doc)}: a Secret stands in the tree" for doc in of_kind(docs, "Secret")]
    for name, _, _, container in containers(docs):
        for each in container.get("env", ()):
            named = SECRET_WORDS.search(each["name"]) and not each["name"].endswith("_FILE")
            if named and "secretKeyRef" not in each.get("valueFrom", {}):
                faults.append(f"{name}: {each['name']} is not by reference")
    for doc in of_kind(docs, "ConfigMap"):
        for key, value in doc.get("data", {}).items():
            if SECRET_WORDS.search(key) or CREDENTIALS.search(value):
                faults.append(f"{title(doc)}: {key} looks like a secret")
    return faults


def referred_secrets(docs: Docs) -> set[str]:
    """Return the names of all Secrets that something running refers to and cannot do without."""
    found: set[str] = set()
    for _, template in pods(list(docs)):
        for volume in template["spec"].get("volumes", ()):
            sources = [volume, *volume.get("projected", {}).get("sources", ())]
            refs = [each["secret"] for each in sources if "secret" in each]
            found |= {ref.get("name") or ref["secretName"] for ref in refs if not ref.get("optional")}
        for container in template["spec"]["containers"]:
            refs = [each.get("valueFrom", {}).get("secretKeyRef") for each in container.get("env", ())]
            found |= {ref["name"] for ref in refs if ref}
    return found


def scaled_by_one(docs: list[Doc]) -> list[str]:
    """A Deployment has at most one autoscaler, and then says no number itself."""
    by: dict[str, list[Doc]] = {}
    for doc in of_kind(docs, "HorizontalPodAutoscaler", "ScaledObject"):
        by.setdefault(doc["spec"]["scaleTargetRef"]["name"], []).append(doc)
    known = {doc["metadata"]["name"]: doc for doc in of_kind(docs, "Deployment")}
    faults = [f"{name}: {len(scalers)} autoscalers" for name, scalers in by.items() if len(scalers) > 1]
    faults += [f"{name}: scaled and not there" for name in by if name not in known]
    return faults + [f"{name}: replicas too" for name in by if "replicas" in known.get(name, {"spec": {}})["spec"]]


def told_what_it_uses(docs: list[Doc]) -> list[str]:
    """The labels that open the network are exactly those of the addresses a process is told."""
    engines = {
        "MOTCUA_DATABASE": "database",
        "MOTCUA_KAFKA": "log",
        "MOTCUA_ELASTICSEARCH": "index",
        "MOTCUA_S3": "files",
        "MOTCUA_IDENTITY": "identity",
        "KEYCLOAK_URL": "identity",
        "MOTCUA_CITIZEN_MAIL": "mail",
    }
    faults = []
    for doc, template in pods(docs):
        image = template["spec"]["containers"][0]["image"]
        if not image.startswith("motcua"):
            continue
        told = {engine for name, engine in engines.items() if name in environment(docs, template)}
        labels = template["metadata"]["labels"]
        opened = {key.removeprefix("motcua/uses-") for key in labels if key.startswith("motcua/uses-")}
        if told != opened:
            faults.append(f"{title(doc)}: told {sorted(told)}, opened {sorted(opened)}")
    return faults


DEMANDS: tuple[Demand, ...] = (
    confined,
    bounded,
    probed,
    survives_a_node,
    secrets_by_reference,
    scaled_by_one,
    told_what_it_uses,
)
