"""The operators' view of the lanes, and what they may do."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from exchange import api
from kernel.auth import Verifier
from tests.exchange.country import Country, country, until
from tests.exchange.test_lanes import codes

pytestmark = pytest.mark.usefixtures("database_engine")

KEY = ECKey.generate_key("P-256", {"kid": "k", "use": "sig"})


async def keys() -> dict[str, object]:
    return {"keys": [KEY.as_dict(private=False)]}


def bearer(*roles: str, participant: str | None = None) -> dict[str, str]:
    claims = {"iss": "i", "aud": "motcua", "sub": "p", "roles": list(roles), "exp": int(time.time()) + 600}
    token = jwt.encode({"alg": "ES256", "kid": "k"}, claims | {"participant": participant}, KEY)
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def client(land: Country) -> AsyncIterator[httpx.AsyncClient]:
    door = api.Door(land.exchange.database, land.exchange.compare_lane)
    app = api.create(door, Verifier(issuer="i", keys=keys))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://x/api/exchange/v1") as made:
        yield made


async def test_operators_see_every_lane_and_an_administrator_its_own(tmp_path: Path) -> None:
    async with country(tmp_path) as land, client(land) as http:
        office = land.office("H26")
        async with land.adapter("H26", office):
            await land.nation.file("H26", codes("H26", 3))
            await land.nation.file("H27", codes("H27", 2))

            async def lanes(**who: object) -> list[dict[str, object]]:
                answer = await http.get("lanes", headers=bearer("operator"))
                return list(answer.json()["results"])

            async def settled() -> bool:
                rows = {row["lane"]: row for row in await lanes()}
                return len(rows) == 2 and rows["H26"]["last_report_seq"] == 3 and rows["H27"]["undelivered"] == 2

            await until(settled)
            first, second = await lanes()
            assert (first["connected"], first["undelivered"], first["acked_seq"]) == (True, 0, 3)
            assert (second["connected"], second["parked"]) == (False, 0)
            assert 0 <= int(str(second["oldest_seconds"])) < 60
            own = await http.get("lanes", headers=bearer("province_admin", participant="H27"))
            assert [row["lane"] for row in own.json()["results"]] == ["H27"]
            page = (await http.get("lanes?page_size=1", headers=bearer("auditor"))).json()
            rest = await http.get(f"lanes?cursor={page['next_cursor']}", headers=bearer("auditor"))
            assert [row["lane"] for row in rest.json()["results"]] == ["H27"]
            compared = await http.post("lanes/H26/compare", headers=bearer("operator"))
            assert compared.json() == {"differing": 0}
        office.close()


@pytest.mark.parametrize("role", ["citizen", "officer"])
async def test_others_see_no_lane(tmp_path: Path, role: str) -> None:
    async with country(tmp_path) as land, client(land) as http:
        assert (await http.get("lanes")).status_code == 401
        assert (await http.get("lanes", headers=bearer(role))).status_code == 403
        assert (await http.post("lanes/H26/compare", headers=bearer("auditor"))).status_code == 403
        assert (await http.post("lanes/H26/compare", headers=bearer("operator"))).status_code == 409
        release = await http.post("lanes/H26/release", json={"subject": "x"}, headers=bearer("operator"))
        assert release.json() == {"released": 0}
        assert (await http.get("lanes?cursor=zz", headers=bearer("operator"))).status_code == 422
