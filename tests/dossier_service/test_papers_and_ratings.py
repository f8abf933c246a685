"""Papers that anyone can check, results that are mended, ratings that tell nobody who gave them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dossier_service.model.dossier import FileRef
from dossier_service.model.papers import ALPHABET, draw_paper_code, grouped, normal_paper_code
from dossier_service.model.states import State
from dossier_service.store.files import key_of
from dossier_service.usecases.republish import republish
from kernel.digest import digest_bytes
from proto.events.v1 import dossier_pb2
from province_backend.clients.printer import Printer
from tests.dossier_service.door import Door, door
from tests.dossier_service.test_api import filed
from tests.dossier_service.world import PDF, Owner
from tests.province_backend.test_model import NOW, fresh

pytestmark = pytest.mark.usefixtures("database_engine")


@pytest.fixture
async def it(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as opened:
        yield opened


async def returned(it: Door, code: str, data: bytes = PDF) -> None:
    """Let the office accept, decide and return a dossier with one signed result."""
    result = FileRef(digest_bytes(data), len(data), "application/pdf", "ket-qua.pdf")
    await it.here.desk.files.put(key_of(code, result.sha256), _chunks(data))
    owner = Owner(code, it.here.desk.clock.now())
    steps = [
        owner.step("accepted", state=State.ACCEPTED),
        owner.step("processing", state=State.PROCESSING),
        owner.step("decided", state=State.DECIDED, results=(result,)),
        owner.step("returned", state=State.RETURNED),
    ]
    for step in steps:
        await it.here.feed("province.reports.v1", owner.message(step))


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def paper_of(it: Door, code: str) -> dict[str, Any]:
    async with it.client("citizen-1") as client:
        shape: dict[str, Any] = (await client.get(f"/dossiers/{code}/paper")).json()
        return shape


async def rated(it: Door, client: httpx.AsyncClient, count: int, score: int = 5) -> list[str]:
    codes = []
    for _ in range(count):
        code = (await filed(client))["code"]
        await returned(it, code)
        assert (await client.put(f"/dossiers/{code}/rating", json={"score": score})).status_code == 200
        codes.append(code)
    return codes


def test_detail_22_a_paper_code_survives_hands_and_confuses_no_letter_with_a_digit() -> None:
    assert not set("0O1ILU") & set(ALPHABET)
    for _ in range(50):
        code = draw_paper_code()
        assert normal_paper_code(f" {grouped(code).lower().replace('-', ' ')} ") == code
        for at in range(len(code)):
            other = ALPHABET[(ALPHABET.index(code[at]) + 7) % len(ALPHABET)]
            assert normal_paper_code(code[:at] + other + code[at + 1 :]) is None


async def test_a_stranger_with_the_paper_sees_issuer_number_day_and_standing_and_nothing_else(it: Door) -> None:
    async with it.client("citizen-1") as mine, it.client() as stranger:
        code = (await filed(mine))["code"]
        assert (await mine.get(f"/dossiers/{code}/paper")).json()["code"] == "no_such_paper"
        await returned(it, code)
        paper_code = (await paper_of(it, code))["paper_code"]
        for typed in (paper_code, paper_code.lower().replace("-", " "), paper_code.replace("-", "")):
            shown = await stranger.get(f"/verify/{typed}")
            assert shown.status_code == 200 and shown.headers["etag"]
            assert shown.json() == {
                "issuer": "Bộ phận Một cửa phường Ba Đình",
                "number": code,
                "date": it.here.desk.clock.today().isoformat(),
                "standing": "valid",
            }
        wrong = await stranger.get(f"/verify/{paper_code[:-1]}0")
        assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_paper_code")
        unknown = await stranger.get(f"/verify/{draw_paper_code()}")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_paper")


async def test_a_paper_is_no_paper_before_its_result_is_there_and_its_code_goes_to_the_office(it: Door) -> None:
    async with it.client("citizen-1") as mine, it.client() as stranger:
        await filed(mine)
        handover = (await it.here.deliveries())[0].handover
        assert normal_paper_code(handover.paper_code) == handover.paper_code and not handover.corrects
        assert (await stranger.get(f"/verify/{handover.paper_code}")).status_code == 404


async def test_a_wrong_result_is_mended_by_a_dossier_of_its_own_and_the_old_paper_says_replaced(it: Door) -> None:
    async with it.client("citizen-1") as mine, it.client("citizen-2") as other, it.client() as stranger:
        code = (await filed(mine))["code"]
        wrong = {"what": "Tên đệm là Thị"}
        early = await mine.post(f"/dossiers/{code}/correction", json=wrong)
        assert (early.status_code, early.json()["code"]) == (409, "no_result_yet")
        await returned(it, code)
        assert (await other.post(f"/dossiers/{code}/correction", json=wrong)).status_code == 404
        assert (await mine.post(f"/dossiers/{code}/correction", json={"what": ""})).status_code == 422
        draft = (await mine.post(f"/dossiers/{code}/correction", json={"what": "Sai tên"})).json()
        assert draft["answers"]["full_name"] == "Nguyễn Thị An"
        assert (await mine.post(f"/dossiers/{code}/correction", json=wrong)).json()["id"] == draft["id"]
        assert (await paper_of(it, code))["correction_draft"] == draft["id"]
        new = (await mine.post(f"/drafts/{draft['id']}/submit", json={})).json()["code"]
        handover = (await it.here.deliveries())[-1].handover
        assert (handover.corrects, handover.wrong) == (code, "Tên đệm là Thị")
        again = await mine.post(f"/dossiers/{code}/correction", json=wrong)
        assert (again.status_code, again.json()["dossier"]) == (409, new)
        paper_code = (await paper_of(it, code))["paper_code"]
        assert (await stranger.get(f"/verify/{paper_code}")).json()["standing"] == "valid"
        await returned(it, new, PDF + b"\n")
        assert (await stranger.get(f"/verify/{paper_code}")).json()["standing"] == "replaced"
        assert (await paper_of(it, code))["corrected_by"] == new
        assert (await paper_of(it, new))["corrects"] == code


async def test_a_signed_file_is_known_a_changed_one_is_told_and_nothing_is_kept(it: Door, tmp_path: Path) -> None:
    printer = Printer(tmp_path / "provinces")
    signed = await printer.make(fresh(), participant="H26", office_name="Thành phố Hà Nội", draft=False, at=NOW)
    draft = await printer.make(fresh(), participant="H26", office_name="Thành phố Hà Nội", draft=True, at=NOW)
    printer.close()
    async with it.client("citizen-1") as mine, it.client() as stranger:
        code = (await filed(mine))["code"]
        await returned(it, code, signed)

        async def look(data: bytes) -> dict[str, Any]:
            answer = await stranger.post("/verify/files", files={"file": ("a.pdf", data, "application/pdf")})
            assert answer.status_code == 200, answer.text
            shape: dict[str, Any] = answer.json()
            return shape

        good = await look(signed)
        assert (good["signature"], good["paper"]["number"]) == ("good", code)
        assert "Thành phố Hà Nội" in good["signer"] and good["signed_at"]
        at = signed.index(b"stream") + 40
        changed = await look(signed[:at] + bytes([signed[at] ^ 1]) + signed[at + 1 :])
        assert (changed["signature"], changed["paper"], changed["signer"]) == ("changed", None, None)
        assert (await look(signed + b"more"))["signature"] == "changed"
        assert (await look(draft))["signature"] == "none"
        assert (await look(b"\xff\xd8photo"))["signature"] == "no_pdf"
        assert (await look(b"%PDF-1.7 /ByteRange [0 1 2"))["signature"] == "changed"
        (tmp_path / "provinces" / "demo-ca.pem").unlink()
        assert (await look(signed))["signature"] == "stranger"
    await it.here.desk.seals.close()


async def test_a_dossier_is_rated_once_it_ended_and_the_rating_may_be_changed_for_an_hour(it: Door) -> None:
    async with it.client("citizen-1") as mine, it.client("citizen-2") as other:
        code = (await filed(mine))["code"]
        assert (await mine.put(f"/dossiers/{code}/rating", json={"score": 5})).json()["code"] == "not_ended"
        await returned(it, code)
        assert (await mine.get(f"/dossiers/{code}/rating")).json()["code"] == "not_rated"
        assert (await other.put(f"/dossiers/{code}/rating", json={"score": 1})).status_code == 404
        for bad in ({"score": 6}, {"score": 1, "reasons": ["weather"]}, {}):
            assert (await mine.put(f"/dossiers/{code}/rating", json=bad)).status_code == 422
        taps = [mine.put(f"/dossiers/{code}/rating", json={"score": 2}) for _ in range(3)]
        assert {answer.status_code for answer in await asyncio.gather(*taps)} == {200}
        whole = {"score": 2, "reasons": ["payment", "network"], "text": "Mất mạng", "call_back": True}
        assert (await mine.put(f"/dossiers/{code}/rating", json=whole)).json()["settled"] is False
        shown = (await mine.get(f"/dossiers/{code}/rating")).json()
        assert {name: shown[name] for name in whole} == whole and shown["helped"] is False
        happy = await mine.put(f"/dossiers/{code}/rating", json={**whole, "score": 4})
        assert happy.json()["call_back"] is False
        await it.here.desk.clock.advance(timedelta(hours=1))
        late = await mine.put(f"/dossiers/{code}/rating", json={"score": 1})
        assert (late.status_code, late.json()["code"]) == (409, "rating_settled")
        same = await mine.put(f"/dossiers/{code}/rating", json={**whole, "score": 4, "call_back": False})
        assert same.status_code == 200 and same.json()["settled"] is True


async def test_the_event_of_a_rating_names_neither_the_person_nor_the_dossier_nor_the_time(it: Door) -> None:
    async with it.client("citizen-1") as mine:
        (code,) = await rated(it, mine, 1, score=3)
        await mine.put(f"/dossiers/{code}/rating", json={"score": 2, "reasons": ["device"], "text": "Gọi cho An"})
    rows = [row for row in await it.here.sent() if row.type == "rating_given"]
    told = [dossier_pb2.RatingGiven.FromString(row.body) for row in rows]
    assert [(one.score, one.change_no, list(one.reasons)) for one in told] == [(3, 1, []), (2, 2, ["device"])]
    assert told[0].id == told[1].id and told[0].office == "H26.00004" and told[0].procedure == "1.004873"
    for row in rows:
        assert all(secret not in row.body for secret in (code.encode(), b"citizen-1", "Gọi cho An".encode()))
        assert code not in row.subject and code not in row.key


async def test_republishing_says_ratings_again_as_they_are_now(it: Door) -> None:
    async with it.client("citizen-1") as mine:
        await rated(it, mine, 2, score=4)
    before = {(row.subject, row.body) for row in await it.here.sent() if row.type == "rating_given"}
    sent = len(await it.here.sent())
    await republish(database=it.here.desk.database, lanes=False)
    again = [row for row in (await it.here.sent())[sent:] if row.type == "rating_given"]
    assert {(row.subject, row.body) for row in again} == before and len(again) == 2


async def test_no_figure_rests_on_fewer_than_ten_people_or_tells_of_fewer_than_ten(it: Door) -> None:
    async with it.client("citizen-1") as mine, it.client() as anyone:

        async def figure() -> dict[str, Any]:
            shape: dict[str, Any] = (await anyone.get("/ratings", params={"office": "H26.00004"})).json()
            return shape

        assert (await anyone.get("/ratings")).json()["code"] == "one_of_two"
        await rated(it, mine, 9)
        await it.here.desk.clock.advance(timedelta(hours=1))
        assert (await figure())["count"] == 0 and (await figure())["scores"] is None
        await rated(it, mine, 1, score=1)
        assert (await figure())["count"] == 0, "a rating that may still be changed is not counted"
        await it.here.desk.clock.advance(timedelta(hours=1))
        ten = await figure()
        assert (ten["count"], ten["average"], ten["scores"]["5"], ten["scores"]["1"]) == (10, "4.60", 9, 1)
        assert ten["scores_helped"] is None and ten["helped"] == 0
        await rated(it, mine, 1, score=1)
        await it.here.desk.clock.advance(timedelta(hours=1))
        assert await figure() == ten
        by_procedure = await anyone.get("/ratings", params={"procedure": "1.004873"})
        assert by_procedure.json()["count"] == 10 and by_procedure.headers["etag"]
