"""Being let off a fee: consent, the list's three answers, a photo, an officer, and figures that name nobody."""

import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from joserfc import jwt
from sqlalchemy import select, update

from dossier_service.clients.exemptions import ExemptionLists
from dossier_service.model.exemptions import figures_of
from dossier_service.store.exemptions import spared
from dossier_service.store.tables import DOSSIER, EXEMPTION
from dossier_service.usecases.exemptions import check_exemptions, sweep_exemptions
from kernel.digest import digest_of
from kernel.web import AsgiUpstream
from proto.events.v1 import catalog_pb2
from tests.dossier_service.door import ISSUER, KEY, Door, door, token
from tests.dossier_service.test_assisted import start as start_helping
from tests.dossier_service.world import ANSWERS, FORM, PDF, WARD

PROCEDURE = "1.004222"
NOTE = {"vi": "Thông tư 75/2022/TT-BTC, Điều 4 khoản 3", "en": "Circular 75/2022/TT-BTC, Article 4.3"}
GUIDE = {
    "fee": {
        "amount_vnd": None,
        "exempt": [
            {"text": {"vi": "Đăng ký đúng hạn", "en": "In time"}, "note": NOTE},
            {"ground": "ethnic_area", "text": {"vi": "Dân tộc thiểu số", "en": "Ethnic minority"}, "note": NOTE},
            {
                "ground": "poor_household",
                "text": {"vi": "Hộ nghèo", "en": "Poor household"},
                "note": NOTE,
                "resolution": {"vi": "Nghị quyết 1/2026/NQ-HĐND", "en": "Resolution 1/2026/NQ-HĐND"},
            },
        ],
    }
}
ASKED = {"ground": "ethnic_area", "consent": True}


class Registry:
    """A list outside the project: who is on it, whether it is away, and what it was asked."""

    def __init__(self) -> None:
        self.listed: set[str] = set()
        self.away = False
        self.broken_for: set[str] = set()
        self.asked: list[dict[str, Any]] = []
        app = FastAPI()

        @app.post("/lookups")
        async def look(request: Request) -> JSONResponse:
            said = await request.json()
            self.asked.append(said)
            if self.away or said.get("subject") in self.broken_for:
                return JSONResponse({"error": "closed"}, 503)
            found = (said.get("id_number") or said.get("subject")) in self.listed
            source = {"vi": "Danh sách mẫu", "en": "Sample list"}
            return JSONResponse({"listed": found, "source": source, "as_of": "2026-11-01"})

        self.app = app


@pytest.fixture
def registry() -> Registry:
    return Registry()


@pytest.fixture
async def it(tmp_path: Path, registry: Registry) -> AsyncIterator[Door]:
    async with door(tmp_path) as here:
        form = json.dumps({**FORM, "procedure": PROCEDURE})
        revision = catalog_pb2.ProcedureRevisionPublished(
            code=PROCEDURE,
            revision=1,
            title="Đăng ký thường trú",
            fileable=True,
            form_json=form,
            form_digest=digest_of(form),
            competent_level="commune",
            content_json=json.dumps(GUIDE),
        )
        head = catalog_pb2.ProcedureHeadMoved(code=PROCEDURE, version=1, revision=1)
        await here.here.feed(
            "catalog.v1",
            ("procedure_revision_published", f"{PROCEDURE}@1", revision.SerializeToString()),
            ("procedure_head_moved", PROCEDURE, head.SerializeToString()),
        )
        desk = replace(here.here.desk, lists=ExemptionLists(AsgiUpstream(registry.app)))
        here.here.desk = desk
        here.app.state.desk = desk
        yield here


def officer(it: Door, office: str = f"H26.{WARD}") -> httpx.AsyncClient:
    claims = {"iss": ISSUER, "aud": "motcua", "sub": "officer-1", "roles": ["officer"], "exp": int(time.time()) + 900}
    claims |= {"participant": "H26", "office": office}
    made = jwt.encode({"alg": "ES256", "kid": "test"}, claims, KEY)
    return it.client(authorization=f"Bearer {made}")


async def begin(client: httpx.AsyncClient, procedure: str = PROCEDURE) -> str:
    opened = await client.post("/drafts", json={"procedure": procedure, "place": WARD})
    assert opened.status_code == 201, opened.text
    if "token" in opened.json():
        client.headers["draft-token"] = opened.json()["token"]
    draft = str(opened.json()["id"])
    await client.patch(f"/drafts/{draft}", json={"answers": ANSWERS})
    return draft


async def file(client: httpx.AsyncClient, draft: str) -> str:
    filed = await client.post(f"/drafts/{draft}/submit", json={})
    assert filed.status_code == 201, filed.text
    return str(filed.json()["code"])


async def asked(client: httpx.AsyncClient, wish: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
    """Ask in a fresh draft; return the draft and what became of the wish."""
    draft = await begin(client)
    answer = await client.put(f"/drafts/{draft}/exemption", json=ASKED if wish is None else wish)
    assert answer.status_code == 200, answer.text
    return draft, answer.json()


async def photo_of(client: httpx.AsyncClient, holder: str) -> str:
    stored = await client.post(f"{holder}/files", files={"file": ("the.pdf", PDF, "application/pdf")})
    assert stored.status_code == 201, stored.text
    return str(stored.json()["sha256"])


async def test_the_grounds_come_from_the_guide_with_their_law_and_a_resolution_where_one_is_published(it: Door) -> None:
    async with it.client("citizen-1") as client:
        said = (await client.get(f"/drafts/{await begin(client)}/exemption")).json()
        assert said["exemption"] is None
        assert [one["ground"] for one in said["grounds"]] == ["ethnic_area", "poor_household"]
        assert said["grounds"][0]["basis"] == NOTE and said["grounds"][0]["resolution"] is None
        assert said["grounds"][1]["resolution"]["vi"] == "Nghị quyết 1/2026/NQ-HĐND"
        other = (await client.get(f"/drafts/{await begin(client, '1.004873')}/exemption")).json()
        assert other == {"grounds": [], "exemption": None}


async def test_on_the_list_she_is_exempt_at_once_and_only_one_question_left_the_house(
    it: Door, registry: Registry
) -> None:
    registry.listed = {"citizen-1"}
    async with it.client("citizen-1") as client:
        draft, wish = await asked(client)
        assert (wish["standing"], wish["pays"], wish["decided_by"]) == ("exempt", False, "list")
        assert wish["source"]["vi"] == "Danh sách mẫu" and wish["as_of"] == "2026-11-01"
        assert wish["consented_at"] and wish["rule"]["basis"] == NOTE
        code = await file(client, draft)
        kept = (await client.get(f"/dossiers/{code}/exemption")).json()
        assert kept["standing"] == "exempt" and kept["code"] == code
    assert registry.asked == [{"ground": "ethnic_area", "subject": "citizen-1"}]


async def test_without_consent_no_list_is_asked_and_an_officer_decides(it: Door, registry: Registry) -> None:
    async with it.client("citizen-1") as client:
        _, wish = await asked(client, {"ground": "ethnic_area"})
        assert (wish["standing"], wish["consented_at"], wish["pays"]) == ("to_decide", None, False)
    assert registry.asked == []


async def test_who_asks_for_nothing_is_not_asked_again_and_pays(it: Door, registry: Registry) -> None:
    async with it.client("citizen-1") as client:
        draft, wish = await asked(client, {"ground": "", "consent": True})
        assert (wish["standing"], wish["pays"], wish["consented_at"]) == ("declined", True, None)
        code = await file(client, draft)
        assert (await client.get(f"/dossiers/{code}/exemption")).status_code == 404
    assert registry.asked == []


async def test_a_ground_that_the_procedure_does_not_have_is_refused(it: Door) -> None:
    async with it.client("citizen-1") as client:
        for draft in (await begin(client), await begin(client, "1.004873")):
            refused = await client.put(f"/drafts/{draft}/exemption", json={"ground": "merit", "consent": True})
            assert (refused.status_code, refused.json()["code"]) == (422, "no_such_ground")


async def test_begun_without_sign_in_it_is_looked_up_when_the_person_files(it: Door, registry: Registry) -> None:
    registry.listed = {"citizen-1"}
    async with it.client() as nobody:
        draft, wish = await asked(nobody)
        assert (wish["standing"], wish["pays"]) == ("waiting", False)
        key = nobody.headers["draft-token"]
    assert registry.asked == []
    async with it.client("citizen-1", **{"draft-token": key}) as client:
        code = await file(client, draft)
        assert (await client.get(f"/dossiers/{code}/exemption")).json()["standing"] == "exempt"


async def test_a_list_that_is_away_makes_her_exempt_for_now_and_a_worker_asks_again_and_tells(
    it: Door, registry: Registry
) -> None:
    registry.away = True
    async with it.client("citizen-1") as client:
        draft, wish = await asked(client)
        assert (wish["standing"], wish["pays"], wish["decided_at"]) == ("provisional", False, None)
        code = await file(client, draft)
        assert await check_exemptions(desk=it.here.desk) == 0
        registry.away, registry.listed = False, {"citizen-1"}
        assert await check_exemptions(desk=it.here.desk) == 1
        assert (await client.get(f"/dossiers/{code}/exemption")).json()["standing"] == "exempt"
        last = (await client.get(f"/dossiers/{code}/timeline")).json()["results"][-1]
        assert (last["type"], last["note"]) == ("exemption_granted", "Bạn được miễn lệ phí của hồ sơ này.")
    sent = [row.type for row in await it.here.sent() if row.topic == "dossier.events.v1"]
    assert sent[-1] == "exemption_granted"


async def test_one_wish_that_the_list_cannot_answer_holds_up_no_other(it: Door, registry: Registry) -> None:
    registry.away = True
    for person in ("citizen-1", "citizen-2"):
        async with it.client(person) as client:
            await file(client, (await asked(client))[0])
    registry.away, registry.broken_for, registry.listed = False, {"citizen-1"}, {"citizen-1", "citizen-2"}
    assert await check_exemptions(desk=it.here.desk) == 1
    registry.broken_for = set()
    assert await check_exemptions(desk=it.here.desk) == 1


async def test_an_office_that_the_dossier_moved_to_decides(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code = await file(client, (await asked(client))[0])
    async with it.here.desk.database.begin() as tx:
        await tx.execute(update(DOSSIER).where(DOSSIER.c.code == code).values(office="H26.00008"))
    async with officer(it) as desk:
        assert (await desk.get("/exemptions")).json()["results"] == []
    async with officer(it, "H26.00008") as desk:
        assert [one["code"] for one in (await desk.get("/exemptions")).json()["results"]] == [code]
        assert (await desk.put(f"/exemptions/{code}/decision", json={"granted": True})).status_code == 200


async def test_a_list_that_speaks_nonsense_is_away_and_never_a_no(it: Door) -> None:
    app = FastAPI()

    @app.post("/lookups")
    async def look() -> Any:
        return {"listed": "yes"}

    it.app.state.desk = replace(it.here.desk, lists=ExemptionLists(AsgiUpstream(app)))
    async with it.client("citizen-1") as client:
        assert (await asked(client))[1]["standing"] == "provisional"
    it.app.state.desk = replace(it.here.desk, lists=ExemptionLists())
    async with it.client("citizen-1") as client:
        assert (await asked(client))[1]["standing"] == "provisional"


async def test_not_found_is_one_question_and_one_photo_that_the_officer_alone_sees_until_it_is_decided(
    it: Door,
) -> None:
    async with it.client("citizen-1") as client:
        draft, wish = await asked(client)
        assert (wish["standing"], wish["pays"]) == ("to_decide", False)
        sha256 = await photo_of(client, f"/drafts/{draft}")
        proof = {"note": "Tôi có giấy xác nhận hộ nghèo.", "photo": sha256}
        sent = await client.put(f"/drafts/{draft}/exemption/proof", json=proof)
        assert sent.status_code == 200 and sent.json()["photo"]["sha256"] == sha256
        code = await file(client, draft)
        assert sha256 not in (await client.get(f"/dossiers/{code}")).text
    async with officer(it) as desk:
        (waiting,) = (await desk.get("/exemptions")).json()["results"]
        assert set(waiting) == {"code", "procedure", "ground", "asked_at"}
        seen = await desk.get(f"/exemptions/{code}")
        assert seen.json()["note"] == proof["note"] and "Nguyễn Thị An" not in seen.text
        assert (await desk.get(f"/exemptions/{code}/photo")).content
        done = await desk.put(f"/exemptions/{code}/decision", json={"granted": True})
        assert (done.json()["standing"], done.json()["note"], done.json()["photo"]) == ("exempt", None, None)
        assert (await desk.get(f"/exemptions/{code}/photo")).status_code == 404
        assert (await desk.get("/exemptions")).json()["results"] == []
    async with it.client("citizen-1") as client:
        (access,) = (await client.get(f"/dossiers/{code}/accesses")).json()["results"]
        assert (access["role"], access["why"]) == ("officer", "Xét miễn lệ phí")
    assert not await it.here.desk.files.size(f"exemption/{draft}/{sha256}")


async def test_a_refusal_has_a_reason_and_only_then_the_fee_is_due(it: Door) -> None:
    async with it.client("citizen-1") as client:
        draft, _ = await asked(client)
        code = await file(client, draft)
        async with it.here.desk.database.read() as tx:
            assert await spared(tx, code)
        async with officer(it) as desk:
            silent = await desk.put(f"/exemptions/{code}/decision", json={"granted": False})
            assert (silent.status_code, silent.json()["code"]) == (422, "reason_needed")
            said = {"granted": False, "reason": "Xã này không thuộc danh sách.", "rule": NOTE["vi"]}
            for _ in range(2):
                done = await desk.put(f"/exemptions/{code}/decision", json=said)
                assert (done.status_code, done.json()["standing"]) == (200, "refused")
            other = await desk.put(f"/exemptions/{code}/decision", json={"granted": True})
            assert (other.status_code, other.json()["code"]) == (409, "already_decided")
        kept = (await client.get(f"/dossiers/{code}/exemption")).json()
        assert (kept["reason"], kept["refused_by_rule"], kept["pays"]) == (said["reason"], NOTE["vi"], True)
        steps = (await client.get(f"/dossiers/{code}/timeline")).json()["results"]
        assert [step["type"] for step in steps].count("exemption_refused") == 1
        async with it.here.desk.database.read() as tx:
            assert not await spared(tx, code)


async def test_an_officer_of_another_office_and_a_citizen_see_nothing(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code = await file(client, (await asked(client))[0])
        assert (await client.get("/exemptions")).status_code == 403
        assert (await client.put(f"/exemptions/{code}/decision", json={"granted": True})).status_code == 403
    async with officer(it, "H26.00008") as desk:
        assert (await desk.get("/exemptions")).json()["results"] == []
        assert (await desk.get(f"/exemptions/{code}")).status_code == 404
        assert (await desk.put(f"/exemptions/{code}/decision", json={"granted": True})).status_code == 404
    async with it.client("citizen-2") as stranger:
        assert (await stranger.get(f"/dossiers/{code}/exemption")).status_code == 404


async def test_a_photo_can_be_sent_after_filing_too_and_one_that_was_not_uploaded_is_refused(it: Door) -> None:
    async with it.client("citizen-1") as client:
        code = await file(client, (await asked(client))[0])
        sha256 = await photo_of(client, f"/dossiers/{code}")
        done = await client.put(f"/dossiers/{code}/exemption/proof", json={"photo": sha256})
        assert done.json()["photo"]["sha256"] == sha256
        missing = await client.put(f"/dossiers/{code}/exemption/proof", json={"photo": "0" * 64})
        assert (missing.status_code, missing.json()["code"]) == (422, "unknown_file")


async def test_a_helped_person_is_looked_up_by_their_own_number_and_never_as_the_helper(
    it: Door, registry: Registry
) -> None:
    registry.listed = {"099148000017", "helper-1"}
    async with it.client(authorization=f"Bearer {token('helper-1', roles=['citizen', 'helper'])}") as client:
        for more, standing in (({}, "exempt"), ({"for_id_number": None}, "to_decide")):
            made = await start_helping(client, procedure=PROCEDURE, **more)
            said = (await client.put(f"/drafts/{made['draft']}/exemption", json=ASKED)).json()
            assert said["standing"] == standing
    assert registry.asked == [{"ground": "ethnic_area", "id_number": "099148000017"}]


async def test_what_is_kept_is_ground_result_and_time_and_nothing_of_a_household(it: Door, registry: Registry) -> None:
    registry.listed = {"citizen-1"}
    async with it.client("citizen-1") as client:
        await asked(client)
    async with it.here.desk.database.read() as tx:
        (row,) = await tx.all(select(EXEMPTION))
    known = {"draft", "code", "lane", "procedure", "revision", "ground", "standing", "asked_at"}
    assert set(row._mapping) - known == {
        *("consented_at", "by", "source_vi", "source_en", "as_of", "decided_at", "decider", "reason", "rule"),
        *("note", "photo"),
    }
    assert not re.search(r"\d{9,12}", " ".join(str(value) for key, value in row._mapping.items() if key != "draft"))


async def test_a_wish_goes_with_the_draft_that_was_thrown_away(it: Door) -> None:
    async with it.client("citizen-1") as client:
        draft, _ = await asked(client)
        sha256 = await photo_of(client, f"/drafts/{draft}")
        await client.put(f"/drafts/{draft}/exemption/proof", json={"photo": sha256})
        assert await sweep_exemptions(desk=it.here.desk) == 0
        await client.delete(f"/drafts/{draft}")
        assert await sweep_exemptions(desk=it.here.desk) == 1
    assert not await it.here.desk.files.size(f"exemption/{draft}/{sha256}")


async def test_figures_are_published_by_province_and_few_people_are_not_told(it: Door) -> None:
    async with it.client("citizen-1") as client:
        for _ in range(3):
            await file(client, (await asked(client))[0])
        said = (await client.get("/figures/exemptions")).json()
        assert said["results"] == [] and (said["asked"], said["granted"], said["fewest"]) == (0, 0, 10)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"H26": [True] * 9}, {}),
        ({"H26": [True] * 19}, {"H26": (10, 10)}),
        ({"H26": [True] * 5 + [False] * 5}, {"H26": (10, None)}),
        ({"H26": [True] * 10 + [False] * 10, "H19": [True]}, {"H26": (20, 10)}),
        ({"H26": [True] * 19 + [False]}, {"H26": (20, None)}),
    ],
)
def test_a_small_number_is_neither_told_nor_the_difference_of_two_that_are(
    rows: dict[str, list[bool]], told: dict[str, tuple[int, int | None]]
) -> None:
    figures = figures_of(rows)
    assert dict(figures.by_lane) == told
    assert figures.asked == sum(count for count, _ in told.values())
    assert figures.granted == sum(granted or 0 for _, granted in told.values())
