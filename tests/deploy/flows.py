"""Which flows the network policies let through, read as Kubernetes reads them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.deploy.building import Doc, environment, of_kind, pods, title

ADDRESS = re.compile(r"(?:(?P<scheme>[a-z0-9+]+)://)?(?:[^@/,\s]*@)?(?P<host>[a-z0-9][a-z0-9.-]*)(?::(?P<port>\d+))?")
STANDARD = {"http": 80, "https": 443}
PEOPLE = "ingress-nginx"  # where public names lead


@dataclass(frozen=True, slots=True)
class Place:
    """A pod as policies see it; ``outside`` = no pod of this cluster's manifests."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    outside: bool = False


def addresses(value: str) -> Iterator[tuple[str, int]]:
    """Return the hosts and ports that a value of an environment names: a URL, host:port, or a list of them."""
    for part in value.split(","):
        found = ADDRESS.match(re.sub(r"^[a-z]+=(?=[a-z]+://)", "", part.strip()))
        if found is None:
            continue
        port = int(found["port"]) if found["port"] else STANDARD.get(found["scheme"] or "", 0)
        if port:
            yield found["host"], port


def calls(docs: Sequence[Doc]) -> Iterator[tuple[Doc, Place, str, int]]:
    """Return each address that a process is told to call: workload, its pod, host, port."""
    for doc, template in pods(list(docs)):
        here = Place(doc["metadata"].get("namespace", "motcua"), template["metadata"]["labels"])
        told = environment(docs if isinstance(docs, tuple) else list(docs), template)
        for name, value in told.items():
            if name in ("MOTCUA_PUBLIC_URL", "MOTCUA_IDENTITY", "MOTCUA_SIGN_IN_ORIGIN", "KEYCLOAK_BROWSER_URL"):
                continue  # said to browsers, not called
            if name == "MOTCUA_CITIZEN_SMTP_HOST":
                yield doc, here, value, int(told["MOTCUA_CITIZEN_SMTP_PORT"])
            elif name.startswith(("MOTCUA_", "KEYCLOAK_", "KC_DB_URL")):
                for host, port in addresses(value.replace("jdbc:", "")):
                    if host not in ("0.0.0.0", "127.0.0.1") and not host[0].isdigit():
                        yield doc, here, host, port


def known_places(docs: Sequence[Doc]) -> dict[tuple[str, str], tuple[Place, Mapping[int, int | str]]]:
    """Return the pods behind each Service, those of the operators as their documentation names them."""
    found: dict[tuple[str, str], tuple[Place, Mapping[int, int | str]]] = {}
    for doc in of_kind(list(docs), "Service"):
        space = doc["metadata"]["namespace"]
        ports = {each["port"]: each["targetPort"] for each in doc["spec"]["ports"]}
        found[doc["metadata"]["name"], space] = Place(space, doc["spec"]["selector"]), ports
    for doc in docs:
        name, space = doc["metadata"]["name"], doc["metadata"].get("namespace", "")
        match doc["kind"]:
            case "Cluster":
                found[f"{name}-rw", space] = Place(space, {"cnpg.io/cluster": name}), {}
            case "Kafka":
                labels = {"strimzi.io/cluster": name, "strimzi.io/kind": "Kafka", "strimzi.io/name": f"{name}-kafka"}
                found[f"{name}-kafka-bootstrap", space] = Place(space, labels), {}
            case "Elasticsearch":
                found[f"{name}-es-http", space] = (
                    Place(space, {"elasticsearch.k8s.elastic.co/cluster-name": name}),
                    {},
                )
            case "Keycloak":
                labels = {"app": "keycloak", "app.kubernetes.io/instance": name}
                found[f"{name}-service", space] = Place(space, labels), {}
    return found


def resolve(docs: Sequence[Doc], here: Place, host: str, port: int) -> tuple[Place, int] | None:
    """Return the pods behind ``host`` and the port they listen at; None if it leads nowhere."""
    places = known_places(docs)
    name, _, space = host.partition(".")
    if (found := places.get((name, space or here.namespace))) is not None:
        place, ports = found
        return place, _number(docs, place, ports.get(port, port))
    public = {rule["host"] for doc in of_kind(list(docs), "Ingress") for rule in doc["spec"]["rules"]}
    public |= {
        doc["spec"]["hostname"]["hostname"].removeprefix("https://")
        for doc in of_kind(list(docs), "Keycloak")
        if "hostname" in doc["spec"]
    }
    if host in public:
        return Place(PEOPLE, outside=True), port
    return (Place("", outside=True), port) if "." in host else None


def _number(docs: Sequence[Doc], place: Place, port: int | str) -> int:
    if isinstance(port, int):
        return port
    for doc, template in pods(list(docs)):
        if doc["metadata"].get("namespace") == place.namespace and place.labels.items() <= (
            template["metadata"]["labels"].items()
        ):
            for each in template["spec"]["containers"][0].get("ports", ()):
                if each["name"] == port:
                    return int(each["containerPort"])
    raise LookupError(f"no port {port} at {place}")


def _selects(selector: Doc, labels: Mapping[str, str]) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    for each in selector.get("matchExpressions", ()):
        assert each["operator"] == "In", "only In is read here"
        if labels.get(each["key"]) not in each["values"]:
            return False
    return True


def _is_peer(peer: Doc, other: Place, home: str) -> bool:
    if "ipBlock" in peer:
        return other.outside and not other.namespace
    if "namespaceSelector" in peer:
        if not _selects(peer["namespaceSelector"], {"kubernetes.io/metadata.name": other.namespace}):
            return False
    elif other.namespace != home:
        return False
    return "podSelector" not in peer or _selects(peer["podSelector"], other.labels)


def allowed(docs: Sequence[Doc], direction: str, at: Place, other: Place, port: int) -> bool:
    """Tell whether the policies at ``at`` let it talk with ``other`` (direction Ingress or Egress)."""
    side = "to" if direction == "Egress" else "from"
    policies = [
        doc["spec"]
        for doc in of_kind(list(docs), "NetworkPolicy")
        if doc["metadata"]["namespace"] == at.namespace
        and direction in doc["spec"]["policyTypes"]
        and _selects(doc["spec"]["podSelector"], at.labels)
    ]
    if not policies:
        return True
    return any(
        any(_is_peer(peer, other, at.namespace) for peer in rule.get(side, ()))
        and any(each["port"] == port for each in rule.get("ports", [{"port": port}]))
        for policy in policies
        for rule in policy.get(direction.lower(), ())
    )


def closed_flows(docs: list[Doc]) -> list[str]:
    """Return each call that a process is told to make and that the policies would stop, at either end."""
    faults = []
    for doc, here, host, port in calls(docs):
        found = resolve(docs, here, host, port)
        if found is None:
            faults.append(f"{title(doc)}: {host}:{port} leads nowhere")
            continue
        there, inner = found
        if not allowed(docs, "Egress", here, there, inner):
            faults.append(f"{title(doc)}: may not call {host}:{port}")
        if not there.outside and not allowed(docs, "Ingress", there, here, inner):
            faults.append(f"{title(doc)}: is not let in at {host}:{port}")
    return faults


def not_denied(docs: list[Doc]) -> list[str]:
    """Return the namespaces of ours in which something is open unless a policy says so."""
    spaces = {doc["metadata"].get("namespace") for doc, _ in pods(docs)}
    denied = {
        doc["metadata"]["namespace"]
        for doc in of_kind(docs, "NetworkPolicy")
        if doc["spec"]["podSelector"] == {}
        and set(doc["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not doc["spec"].get("ingress")
        and not doc["spec"].get("egress")
    }
    return [f"{space}: no default-deny" for space in spaces - denied]
