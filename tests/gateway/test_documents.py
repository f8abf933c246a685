"""The merged API document and what the edge counts and logs."""

import gzip
import io
import json

from fastapi import FastAPI
from pydantic import BaseModel

from gateway.access import Access
from gateway.documents import merge
from gateway.main import build
from gateway.settings import GatewaySettings
from kernel.auth import Verifier
from kernel.web import AsgiUpstream, Upstream, make_app
from tests.gateway.conftest import PUBLIC, Edge


class Item(BaseModel):
    """One thing."""

    name: str


def service(title: str, prefix: str) -> FastAPI:
    app = make_app(title=title, prefix=prefix)

    @app.get("/items/{item}", response_model=Item, summary=f"Get from {title}")
    async def get_item(item: str) -> dict[str, str]:
        return {"name": item}

    return app


def references(value: object) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(references(item) for item in value))
    return set()


async def test_the_services_documents_become_one_in_which_every_reference_holds(edge: Edge) -> None:
    upstreams: dict[str, Upstream] = {
        "search": AsgiUpstream(service("search", "/api/search/v1")),
        "catalog": AsgiUpstream(service("catalog", "/api/catalog/v1")),
        "citizen": edge.service,
        "identity": AsgiUpstream(edge.provider.app),
    }
    settings = GatewaySettings(data=edge.data / "two", public_url=PUBLIC, gateway_access_log=False)
    verifier = Verifier(issuer=f"{PUBLIC}/id", keys=edge.provider.jwks)
    edge.service.away = True
    running = await build(settings, upstreams=upstreams, verifier=verifier)
    try:
        upstream = AsgiUpstream(running.app)
        reply = await upstream.request("GET", "/openapi.json", {})
        document = json.loads(reply.body)
        assert set(document["paths"]) == {"/api/search/v1/items/{item}", "/api/catalog/v1/items/{item}"}
        schemas = document["components"]["schemas"]
        assert {"search_Item", "catalog_Item"} <= schemas.keys()
        assert references(document) <= {f"#/components/schemas/{name}" for name in schemas}
        operations = [item["get"]["operationId"] for item in document["paths"].values()]
        assert len(set(operations)) == 2
        again = await upstream.request("GET", "/openapi.json", {"if-none-match": reply.headers["etag"]})
        assert again.status == 304
        packed = await upstream.request("GET", "/openapi.json", {"accept-encoding": "gzip"})
        assert gzip.decompress(packed.body) == reply.body
        docs = (await upstream.request("GET", "/docs", {"accept-language": "en"})).body.decode()
        assert "GET /api/search/v1/items/{item}" in docs
        assert "Get from catalog" in docs
        assert "<script" not in docs
    finally:
        await running.close()


def test_merging_nothing_is_still_a_document() -> None:
    assert merge({}, server=PUBLIC)["openapi"] == "3.1.0"


def test_the_access_log_holds_no_query() -> None:
    out = io.StringIO()
    access = Access(log=True, out=out)
    access.note(route="portal", method="BREW", path="/x", status=200, seconds=0.0012, trace="t")
    access.write()
    line = json.loads(out.getvalue())
    assert (line["path"], line["status"], line["ms"], line["route"]) == ("/x", 200, 1.2, "portal")
    assert "query" not in line
