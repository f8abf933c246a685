"""Assisted filing: an account of one's own, one draft, a claim code on paper, and a right that can be ended."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from dossier_service.model.assisting import ALPHABET, TRIES, new_code, normal_claim
from dossier_service.store import assists, dossiers
from tests.dossier_service.door import Door, door, token
from tests.dossier_service.world import ANSWERS, PDF, WARD

WISH: dict[str, Any] = {
    "procedure": "1.004873",
    "place": WARD,
    "helper_name": "Phạm Quốc Bảo",
    "for_name": "Bùi Thị Sáu",
    "for_id_number": "099148000017",
    "consent_way": "spoken",
    "consent_note": "Đồng ý bằng lời trước mặt trưởng thôn.",
    "told_by": "neighbour",
    "contact": "Trưởng thôn báo tin",
}


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as here:
        yield here


def helper(it: Door, sub: str = "helper-1") -> httpx.AsyncClient:
    return it.client(authorization=f"Bearer {token(sub, roles=['citizen', 'helper'])}")


async def start(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/assists", json=WISH | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def file(client: httpx.AsyncClient, **more: Any) -> tuple[dict[str, Any], str]:
    """Help somebody up to the filed dossier; return the helping and the dossier's code."""
    made = await start(client, **more)
    saved = await client.patch(f"/drafts/{made['draft']}", json={"answers": ANSWERS})
    assert saved.status_code == 200, saved.text
    filed = await client.post(f"/drafts/{made['draft']}/submit", json={})
    assert filed.status_code == 201, filed.text
    assert filed.json() == {"code": filed.json()["code"], "assist": made["id"]}
    return made, filed.json()["code"]


async def claim_code(client: httpx.AsyncClient, made: dict[str, Any]) -> str:
    answer = await client.post(f"/assists/{made['id']}/claim-code")
    assert answer.status_code == 201, answer.text
    return str(answer.json()["claim_code"])


async def test_only_a_helper_with_an_own_account_may_help(it: Door) -> None:
    async with it.client("citizen-1") as citizen:
        refused = await citizen.post("/assists", json=WISH)
        assert (refused.status_code, refused.json()["code"]) == (403, "role_needed")
        assert (await citizen.get("/assists")).status_code == 403
    shared = f"Bearer {token('citizen-1', 'helper-1', roles=['citizen', 'helper'])}"
    async with it.client(authorization=shared) as acting:
        assert (await acting.post("/assists", json=WISH)).json()["code"] == "own_account_needed"


async def test_a_helper_sees_that_draft_alone_and_others_do_not(it: Door) -> None:
    async with it.client("citizen-1") as citizen, helper(it) as one, helper(it, "helper-2") as other:
        own = (await citizen.post("/drafts", json={"procedure": "1.004873", "place": WARD})).json()["id"]
        made = await start(one)
        draft = (await one.get(f"/drafts/{made['draft']}")).json()
        assert draft["assist"] == {"id": made["id"], "for_name": "Bùi Thị Sáu", "for_id_number": "099148000017"}
        assert (await one.get(f"/drafts/{own}")).status_code == 404
        for stranger in (citizen, other):
            assert (await stranger.get(f"/drafts/{made['draft']}")).status_code == 404
            assert (await stranger.get(f"/assists/{made['id']}")).status_code in (403, 404)
        assert (await one.get("/drafts")).json()["results"] == [], "it is not the helper's own draft"
        assert [row["id"] for row in (await one.get("/assists")).json()["results"]] == [made["id"]]


async def test_the_person_owns_what_is_filed_and_history_says_who_filed_it_and_where(it: Door) -> None:
    async with helper(it) as client:
        _, code = await file(client)
    async with it.here.desk.database.read() as tx:
        dossier = (await dossiers.load(tx, [code]))[code]
        rows = await dossiers.history_rows(tx, code)
    assert dossier.helper == "helper-1" and dossier.owner not in ("helper-1", "citizen-1")
    assert "Nộp hộ bởi Phạm Quốc Bảo tại Bộ phận Một cửa phường Ba Đình." in rows[0].content.decode()


@pytest.mark.parametrize(
    ("allows", "sees_state", "opens_dossier"), [("nothing", False, False), ("follow", True, False), ("act", True, True)]
)
async def test_after_filing_a_helper_sees_only_what_was_allowed(
    it: Door, allows: str, sees_state: bool, opens_dossier: bool
) -> None:
    async with helper(it) as client:
        made, code = await file(client, allows=allows)
        shown = (await client.get(f"/assists/{made['id']}")).json()["dossier"]
        assert ("status" in shown) is sees_state
        assert "answers" not in shown
        found = await client.get(f"/dossiers/{code}")
        assert found.status_code == (200 if opens_dossier else 404)
        if opens_dossier:
            withdrawn = await client.post(f"/dossiers/{code}/requests", json={"kind": "withdrawal", "text": "Nhầm"})
            assert withdrawn.json()["by_helper"] is True
        assert (await client.get("/dossiers")).json()["results"] == []
        assert (await client.get("/papers")).json()["results"] == []


async def test_each_look_of_a_helper_is_noted_for_the_person_once_an_hour(it: Door) -> None:
    async with helper(it) as client, it.client("relative") as relative:
        made, code = await file(client)
        claim = await claim_code(client, made)
        for _ in range(3):
            await client.get(f"/assists/{made['id']}")
        await relative.post("/claims", json={"dossier": code, "claim_code": claim})
        seen = (await relative.get(f"/dossiers/{code}/accesses")).json()["results"]
        assert [(row["role"], row["why"]) for row in seen] == [("helper", "Xem tiến độ hồ sơ đã nộp hộ")]


async def test_the_claim_code_follows_without_sign_in_and_takes_over_once(it: Door) -> None:
    async with helper(it) as client, it.client() as nobody, it.client("son") as son, it.client("thief") as thief:
        made, code = await file(client)
        claim = await claim_code(client, made)
        both = {"dossier": code.lower(), "claim_code": claim.replace("-", " ").lower()}
        looked = (await nobody.post("/claims/look", json=both)).json()
        assert (looked["code"], looked["status"], looked["helper_name"]) == (code, 1, "Phạm Quốc Bảo")
        assert "Bùi Thị Sáu" not in str(looked) and "answers" not in looked
        assert (await nobody.post("/claims", json=both)).status_code == 401
        assert (await client.post("/claims", json=both)).json()["code"] == "helper_may_not_claim"
        assert (await son.post("/claims", json=both)).json() == {"code": code}
        assert (await son.post("/claims", json=both)).status_code == 201, "repeating it changes nothing"
        assert (await thief.post("/claims", json=both)).json()["code"] == "no_such_claim"
        assert (await nobody.post("/claims/look", json=both)).status_code == 404, "the code worked once"
        mine = (await son.get(f"/dossiers/{code}")).json()
        assert mine["acted_by"]["name"] == "Phạm Quốc Bảo"
        assert [row["type"] for row in (await son.get(f"/dossiers/{code}/timeline")).json()["results"]] == [
            "submitted",
            "dossier_claimed",
        ]
        assert [row["code"] for row in (await son.get("/dossiers")).json()["results"]] == [code]
        assert (await client.post(f"/assists/{made['id']}/claim-code")).json()["code"] == "claimed_already"


async def test_a_wrong_an_unknown_and_an_expired_code_say_the_same(it: Door) -> None:
    async with helper(it) as client, it.client() as nobody:
        made, code = await file(client)
        first = await claim_code(client, made)
        second = await claim_code(client, made)
        assert first != second
        for dossier, claim in ((code, first), ("H26-261121-9999", second), ("x", second), (code, "AAAA")):
            refused = await nobody.post("/claims/look", json={"dossier": dossier, "claim_code": claim})
            assert (refused.status_code, refused.json()["code"]) == (404, "no_such_claim")
        right = {"dossier": code, "claim_code": second}
        assert (await nobody.post("/claims/look", json=right)).status_code == 200
        await it.here.desk.clock.advance(timedelta(days=91))
        assert (await nobody.post("/claims/look", json=right)).status_code == 404


async def test_a_stranger_who_guesses_locks_nobody_out(it: Door) -> None:
    async with helper(it) as client, it.client() as nobody, it.client("son") as son:
        made, code = await file(client)
        right = {"dossier": code, "claim_code": await claim_code(client, made)}
        wrong = {"dossier": code, "claim_code": "AAAA-AAAA-AAAA"}
        said = [(await nobody.post("/claims/look", json=wrong)).status_code for _ in range(TRIES + 2)]
        assert said == [404] * TRIES + [429] * 2
        locked = await nobody.post("/claims/look", json=wrong)
        assert locked.json()["code"] == "claim_locked" and int(locked.headers["retry-after"]) <= 60
        assert (await nobody.post("/claims/look", json=right)).status_code == 200
        assert (await nobody.post("/claims/look", json=wrong)).status_code == 404, "the right one begins anew"
        assert (await son.post("/claims", json=right)).status_code == 201


async def test_a_wrong_code_is_told_the_usual_again_after_an_hour(it: Door) -> None:
    async with helper(it) as client, it.client() as nobody:
        made, code = await file(client)
        await claim_code(client, made)
        async with it.here.desk.database.begin() as tx:
            until = it.here.desk.clock.now() + timedelta(hours=1)
            await assists.change(tx, made["id"], {"claim_locked_until": until})
        wrong = {"dossier": code, "claim_code": "AAAA-AAAA-AAAA"}
        assert (await nobody.post("/claims/look", json=wrong)).status_code == 429
        await it.here.desk.clock.advance(timedelta(hours=1))
        assert (await nobody.post("/claims/look", json=wrong)).status_code == 404


async def test_codes_are_kept_as_slow_digests_and_only_five_are_printed(it: Door) -> None:
    async with helper(it) as client:
        made, code = await file(client)
        issued = [await claim_code(client, made) for _ in range(5)]
        assert (await client.post(f"/assists/{made['id']}/claim-code")).json()["code"] == "codes_used_up"
    async with it.here.desk.database.read() as tx:
        row = await assists.of_dossier(tx, code)
    kept = b"".join(value for value in row if isinstance(value, bytes))
    assert not any(normal_claim(one).encode() in kept for one in issued)


async def test_a_code_can_be_typed_by_hand() -> None:
    assert not set("0O1IL") & set(ALPHABET)
    code = new_code()
    assert len(code) == 14 and normal_claim(f" {code.lower()} ") == code.replace("-", "")


async def test_the_person_ends_the_right_at_once_by_the_code_or_in_their_space(it: Door) -> None:
    async with helper(it) as client, it.client() as nobody, it.client("son") as son:
        made, code = await file(client, allows="act")
        both = {"dossier": code, "claim_code": await claim_code(client, made)}
        assert (await nobody.post("/claims/end-help", json=both)).status_code == 204
        assert (await client.get(f"/assists/{made['id']}")).status_code == 404
        assert (await client.get(f"/dossiers/{code}")).status_code == 404
        assert (await client.get(f"/drafts/{made['draft']}")).status_code == 404

        made, code = await file(client, allows="act")
        both = {"dossier": code, "claim_code": await claim_code(client, made)}
        await son.post("/claims", json=both)
        assert (await client.get(f"/dossiers/{code}")).status_code == 200, "claiming does not end the help by itself"
        row = (await son.get("/helpers")).json()["results"][0]
        assert (row["code"], row["helper_name"], row["ended_at"]) == (code, "Phạm Quốc Bảo", None)
        assert (await client.post(f"/helpers/{row['id']}/end")).status_code == 404, "only the person"
        assert (await son.post(f"/helpers/{row['id']}/end")).status_code == 204
        assert (await son.post(f"/helpers/{row['id']}/end")).status_code == 204
        assert (await client.get(f"/dossiers/{code}")).status_code == 404
        types = [one["type"] for one in (await son.get(f"/dossiers/{code}/timeline")).json()["results"]]
        assert types == ["submitted", "dossier_claimed", "help_ended"]


async def test_a_telephone_that_was_given_for_somebody_else_is_told(it: Door) -> None:
    async with helper(it) as client:
        phone = {"told_by": "relative", "contact": "+84912345678"}
        assert (await start(client, **phone))["contact_seen"] is False
        assert (await start(client, **phone))["contact_seen"] is False, "the same person"
        assert (await start(client, **phone, for_name="Lò Văn Páo"))["contact_seen"] is True
        wrong = await client.post("/assists", json=WISH | {"told_by": "phone", "contact": "không có"})
        assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "contact")


async def test_helped_and_self_are_counted_apart(it: Door) -> None:
    def counted(way: str) -> float:
        return REGISTRY.get_sample_value("motcua_dossiers_filed_total", {"way": way}) or 0.0

    before = counted("self"), counted("helped")
    await it.here.file()
    async with helper(it) as client:
        await file(client)
        await file(client)
        figures = await client.get("/figures/filings")
    assert {name: figures.json()[name] for name in ("self", "helped", "total")} == {"self": 1, "helped": 2, "total": 3}
    assert figures.headers["etag"]
    assert (counted("self") - before[0], counted("helped") - before[1]) == (1, 2)


async def test_a_draft_that_is_dropped_leaves_nothing_of_the_person(it: Door) -> None:
    async with helper(it) as client:
        made = await start(client)
        assert (await client.delete(f"/drafts/{made['draft']}")).status_code == 204
        assert (await client.get("/assists")).json()["results"] == []
    async with it.here.desk.database.read() as tx:
        assert await assists.get(tx, made["id"]) is None


async def test_a_helper_attaches_nothing_from_a_wallet(it: Door) -> None:
    async with helper(it) as client:
        own = (await client.post("/drafts", json={"procedure": "1.004873", "place": WARD})).json()["id"]
        sent = await client.post(f"/drafts/{own}/files", files={"file": ("a.pdf", PDF, "application/pdf")})
        await client.patch(f"/drafts/{own}", json={"answers": ANSWERS | {"papers": [sent.json()["sha256"]]}})
        code = (await client.post(f"/drafts/{own}/submit", json={})).json()["code"]
        made = await start(client)
        refused = await client.post(
            f"/drafts/{made['draft']}/papers", json={"dossier": code, "sha256": sent.json()["sha256"]}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "no_wallet_when_helping")
