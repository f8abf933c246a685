"""The public interface: shapes, refusals, and nothing but problem+json for what a client sends."""

import asyncio
import io
import re
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dossier_service.model.dossier import FileRef
from dossier_service.model.states import AskKind, State
from dossier_service.store.files import key_of
from kernel.digest import digest_bytes
from proto.exchange.v1 import exchange_pb2 as wire
from tests.dossier_service.door import door, token
from tests.dossier_service.world import ANSWERS, PDF, WARD, Owner, stamp

pytestmark = pytest.mark.usefixtures("database_engine")

DRAFT = {"procedure": "1.004873", "place": WARD}


async def filed(client: httpx.AsyncClient, **answers: Any) -> dict[str, Any]:
    draft = (await client.post("/drafts", json=DRAFT)).json()
    saved = await client.patch(f"/drafts/{draft['id']}", json={"answers": {**ANSWERS, **answers}})
    assert saved.status_code == 200, saved.text
    done = await client.post(f"/drafts/{draft['id']}/submit", json={})
    assert done.status_code == 201, done.text
    shape: dict[str, Any] = done.json()
    return shape


async def test_a_draft_becomes_a_dossier_once(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        opened = await client.post("/drafts", json=DRAFT)
        assert opened.status_code == 201
        draft = opened.json()
        assert "token" not in draft
        assert (draft["revision"], draft["answers"], draft["version"]) == (1, {}, 1)
        await client.patch(f"/drafts/{draft['id']}", json={"answers": ANSWERS})
        answers = await asyncio.gather(*[client.post(f"/drafts/{draft['id']}/submit", json={}) for _ in range(5)])
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["code"] for answer in answers}) == 1
        code = answers[0].json()["code"]
        assert re.fullmatch(r"H26-\d{6}-\d{4}", code)
        again = (await client.get(f"/drafts/{draft['id']}")).json()
        assert again["submitted_code"] == code
        assert (await client.get("/drafts")).json() == {"results": [], "next_cursor": None}
        listed = (await client.get("/dossiers")).json()["results"]
        assert [row["code"] for row in listed] == [code]
        late = await client.patch(f"/drafts/{draft['id']}", json={"answers": {}})
        assert (late.status_code, late.json()["code"]) == (409, "draft_submitted")


async def test_a_dossier_shows_everything_to_its_owner(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        code = (await filed(client))["code"]
        answer = await client.get(f"/dossiers/{code}")
        shape = answer.json()
        assert answer.headers["etag"] == '"1"'
        assert (shape["status"], shape["state"], shape["version"], shape["epoch"]) == (1, "submitted", 1, 1)
        assert shape["office"] == {"id": "H26.00004", "name": "Bộ phận Một cửa phường Ba Đình"}
        assert shape["due"]["expected"] is True
        assert shape["can"] == ["withdraw"]
        assert shape["answers"] == ANSWERS
        assert shape["submitted_at"].endswith("+07:00")
        unchanged = await client.get(f"/dossiers/{code}", headers={"if-none-match": '"1"'})
        assert unchanged.status_code == 304
        timeline = (await client.get(f"/dossiers/{code}/timeline")).json()["results"]
        assert [row["type"] for row in timeline] == ["submitted"]


async def test_foreign_dossiers_and_drafts_do_not_exist(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as mine, it.client("citizen-2") as other:
        code = (await filed(mine))["code"]
        draft = (await mine.post("/drafts", json=DRAFT)).json()["id"]
        for path in ("", "/timeline", "/stream", "/accesses", f"/files/{'a' * 64}"):
            assert (await other.get(f"/dossiers/{code}{path}")).status_code == 404
        sent = await other.post(f"/dossiers/{code}/requests", json={"kind": "withdrawal"})
        assert (sent.status_code, sent.json()["code"]) == (404, "no_such_dossier")
        assert (await other.get(f"/drafts/{draft}")).status_code == 404
        assert (await other.post(f"/drafts/{draft}/submit", json={})).status_code == 404
        assert (await other.get("/dossiers")).json()["results"] == []


async def test_a_draft_without_sign_in_is_kept_and_adopted(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client() as nobody, it.client("citizen-1") as signed_in:
        draft = (await nobody.post("/drafts", json=DRAFT)).json()
        key = {"draft-token": draft["token"]}
        path = f"/drafts/{draft['id']}"
        assert (await nobody.get(path)).status_code == 404
        assert (await nobody.get(path, headers={"draft-token": "x"})).status_code == 404
        assert (await nobody.patch(path, json={"answers": ANSWERS}, headers=key)).status_code == 200
        wish = await nobody.post(f"{path}/submit", json={}, headers=key)
        assert (wish.status_code, wish.json()["code"]) == (401, "sign_in_to_submit")
        assert (await nobody.get(path, headers=key)).json()["submit_requested"] is True
        done = await signed_in.post(f"{path}/submit", json={}, headers=key)
        assert done.status_code == 201
        assert (await nobody.get(path, headers=key)).status_code == 404
        assert (await signed_in.get(f"/dossiers/{done.json()['code']}")).status_code == 200


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"full_name": "A"}, {"answers.full_name": "minLength"}),
        ({"birth_date": "2026-02-30"}, {"answers.birth_date": "date"}),
        ({"birth_date": "1990"}, {"answers.birth_date": "date"}),
        ({"birth_date": "2999-01-01"}, {"answers.birth_date": "not_after"}),
        ({"purpose": "x", "nothing": 1}, {"answers.purpose": "enum", "answers.nothing": "unknown_field"}),
        ({"papers": ["a" * 64]}, {"answers.papers": "unknown_file"}),
        ({"full_name": ["An"]}, {"answers.full_name": "type"}),
    ],
)
async def test_wrong_answers_are_all_named_and_nothing_is_saved(
    tmp_path: Path, answers: dict[str, Any], wrong: dict[str, str]
) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        path = f"/drafts/{(await client.post('/drafts', json=DRAFT)).json()['id']}"
        answer = await client.patch(path, json={"answers": {"purpose_text": "học bổng", **answers}})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_answers")
        found = {field["path"]: field["code"] for field in fields_of(answer.json())}
        assert found == wrong
        assert (await client.get(path)).json()["answers"] == {}


def fields_of(problem: dict[str, Any]) -> list[dict[str, Any]]:
    members: list[dict[str, Any]] = problem.get("fields") or problem["errors"]
    return members


async def test_the_form_speaks_in_its_own_words(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        path = f"/drafts/{(await client.post('/drafts', json=DRAFT)).json()['id']}"
        await client.patch(path, json={"answers": {"purpose": "other"}})
        answer = await client.post(f"{path}/submit", json={}, headers={"accept-language": "vi"})
        assert answer.status_code == 422
        assert "Bạn ghi họ và tên." in answer.text
        codes = {field["path"]: field["code"] for field in fields_of(answer.json())}
        assert codes == dict.fromkeys(("answers.full_name", "answers.birth_date", "answers.purpose_text"), "required")
        wrong = await client.patch(path, json={"answers": {"birth_date": "2026-02-30"}})
        assert "Tháng 2 năm 2026 chỉ có 28 ngày." in wrong.text
        english = await client.patch(
            path, json={"answers": {"birth_date": "2026-02-30"}}, headers={"accept-language": "en"}
        )
        assert "February 2026 has only 28 days." in english.text


async def test_an_old_copy_of_a_draft_is_refused(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        path = f"/drafts/{(await client.post('/drafts', json=DRAFT)).json()['id']}"
        one = await client.patch(path, json={"answers": {"full_name": "An Nguyễn"}}, headers={"if-match": '"1"'})
        assert (one.status_code, one.headers["etag"]) == (200, '"2"')
        two = await client.patch(path, json={"answers": {"full_name": "Bình"}}, headers={"if-match": '"1"'})
        assert (two.status_code, two.json()["code"]) == (412, "draft_changed")
        assert (await client.patch(path, json={"answers": {"full_name": None}})).json()["answers"] == {}


async def test_what_cannot_be_filed_says_so(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        for body, status, code in (
            ({"procedure": "1.000001", "place": WARD}, 409, "not_fileable_here"),
            ({"procedure": "9.999999", "place": WARD}, 404, "unknown_procedure"),
            ({"procedure": "1.004873", "place": "99999"}, 422, "unknown_place"),
            ({"procedure": "1.004873", "place": "abc"}, 422, "invalid_request"),
            ({"procedure": "1.004873"}, 422, "invalid_request"),
            ({**DRAFT, "extra": 1}, 422, "invalid_request"),
        ):
            answer = await client.post("/drafts", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_the_demo_marker_exists_in_the_demo_only(tmp_path: Path) -> None:
    async with door(tmp_path, demo=False) as it, it.client("citizen-1") as client:
        answer = await client.post("/drafts", json={**DRAFT, "demo_asks": True})
        assert (answer.status_code, answer.json()["code"]) == (422, "demo_only")


async def test_a_key_names_one_filing_and_one_file(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        one, two = [(await client.post("/drafts", json=DRAFT)).json()["id"] for _ in range(2)]
        for id in (one, two):
            await client.patch(f"/drafts/{id}", json={"answers": ANSWERS})
        key = {"idempotency-key": "k1"}
        paper = {"file": ("a.pdf", PDF, "application/pdf")}
        other = {"file": ("b.pdf", PDF + b"\n", "application/pdf")}
        for path, upload in ((one, paper), (one, paper), (two, paper), (one, other)):
            sent = await client.post(f"/drafts/{path}/files", files=upload, headers=key)
            good = (path, upload) == (one, paper)
            assert sent.status_code == (201 if good else 422), sent.text
        filed = [await client.post(f"/drafts/{one}/submit", json={}, headers=key) for _ in range(2)]
        assert {answer.status_code for answer in filed} == {201}
        refused = await client.post(f"/drafts/{two}/submit", json={}, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
        bad = await client.post(f"/drafts/{two}/submit", json={}, headers={"idempotency-key": "a b"})
        assert (bad.status_code, bad.json()["code"]) == (422, "bad_idempotency_key")


async def test_the_same_attempt_again_has_one_effect(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        key = {"idempotency-key": "k1"}
        first = await client.post("/drafts", json=DRAFT, headers=key)
        assert (await client.post("/drafts", json=DRAFT, headers=key)).json() == first.json()
        other = await client.post("/drafts", json={**DRAFT, "place": "00008"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        code = (await filed(client))["code"]
        withdrawal = {"kind": "withdrawal", "text": "Tôi rút hồ sơ."}
        sent = [await client.post(f"/dossiers/{code}/requests", json=withdrawal, headers=key) for _ in range(2)]
        assert sent[0].json() == sent[1].json()
        again = await client.post(f"/dossiers/{code}/requests", json=withdrawal)
        assert (again.status_code, again.json()["code"]) == (409, "request_already_open")


async def test_papers_are_supplemented_with_a_file(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        code = (await filed(client))["code"]
        owner = Owner(code, it.here.desk.clock.now())
        await it.here.feed(
            "province.reports.v1", owner.message(owner.step("papers_asked", asks=owner.ask(AskKind.PAPERS)))
        )
        shape = (await client.get(f"/dossiers/{code}")).json()
        assert (shape["status"], shape["held_by"], shape["can"]) == (5, "citizen", ["supplement", "withdraw"])
        assert shape["asks"][0]["items"][0]["text"] == "Bản sao căn cước"
        up = await client.post(f"/dossiers/{code}/files", files={"file": ("giấy tờ.pdf", PDF)})
        assert up.status_code == 201
        sha256 = up.json()["sha256"]
        empty = await client.post(f"/dossiers/{code}/requests", json={"kind": "supplement", "ask_no": 1})
        assert (empty.status_code, empty.json()["code"]) == (422, "empty_supplement")
        sent = await client.post(
            f"/dossiers/{code}/requests", json={"kind": "supplement", "ask_no": 1, "files": [sha256]}
        )
        assert (sent.status_code, sent.json()["request_no"]) == (201, 1)
        shape = (await client.get(f"/dossiers/{code}")).json()
        assert (shape["status"], shape["held_by"], shape["can"]) == (5, "authority", ["withdraw"])
        assert [(file["name"], file["scan"]) for file in shape["files"]] == [("giấy tờ.pdf", "not_scanned")]
        delivery = (await it.here.deliveries())[-1]
        assert [ref.sha256 for ref in delivery.request_filed.files] == [sha256]
        wrong = await client.post(f"/dossiers/{code}/requests", json={"kind": "confirmation"})
        assert (wrong.status_code, wrong.json()["code"]) == (409, "nothing_asked")


async def test_a_photo_is_turned_upright_and_loses_where_it_was_taken(tmp_path: Path) -> None:
    picture = Image.new("RGB", (60, 20), "red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x8825] = {1: "N", 2: (21.0, 2.0, 0.0)}
    raw = io.BytesIO()
    picture.save(raw, "JPEG", exif=exif)
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        draft = (await client.post("/drafts", json=DRAFT)).json()
        up = await client.post(f"/drafts/{draft['id']}/files", files={"file": ("C:\\ảnh\\cccd.JPEG", raw.getvalue())})
        assert up.status_code == 201, up.text
        ref = up.json()
        assert (ref["type"], ref["name"]) == ("image/jpeg", "cccd.jpg")
        await client.patch(f"/drafts/{draft['id']}", json={"answers": {**ANSWERS, "papers": [ref["sha256"]]}})
        code = (await client.post(f"/drafts/{draft['id']}/submit")).json()["code"]
        got = await client.get(f"/dossiers/{code}/files/{ref['sha256']}")
        assert got.status_code == 200
        assert digest_bytes(got.content) == ref["sha256"]
        assert got.headers["content-disposition"].startswith('attachment; filename="cccd.jpg"')
        assert got.headers["x-content-type-options"] == "nosniff"
        with Image.open(io.BytesIO(got.content)) as kept:
            assert kept.size == (20, 60)
            assert not kept.getexif()
        assert await it.here.desk.files.size(key_of(code, ref["sha256"])) == ref["size"]


async def test_files_that_are_none_are_refused(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        path = f"/drafts/{(await client.post('/drafts', json=DRAFT)).json()['id']}/files"
        for name, data, code in (
            ("a.pdf", b"", "empty_file"),
            ("a.pdf", b"MZ\x90\x00", "file_type_not_taken"),
            ("a.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 80, "file_broken"),
            ("a.pdf", b"%PDF-1.7 cut", "file_broken"),
        ):
            answer = await client.post(path, files={"file": (name, data)})
            assert (answer.status_code, answer.json()["code"]) == (422, code)
        large = await client.post(path, files={"file": ("a.pdf", b"%PDF-" + b"0" * (21 * 1024 * 1024))})
        assert large.status_code == 413


async def test_the_result_is_downloaded(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        code = (await filed(client))["code"]
        result = FileRef(digest_bytes(PDF), len(PDF), "text/html", "Giấy xác nhận.pdf")
        await it.here.desk.files.put(key_of(code, result.sha256), PDF)
        owner = Owner(code, it.here.desk.clock.now())
        await it.here.feed(
            "province.reports.v1",
            owner.message(owner.step("accepted", state=State.ACCEPTED)),
            owner.message(owner.step("processing_started", state=State.PROCESSING)),
            owner.message(owner.step("decided", state=State.DECIDED, results=(result,))),
        )
        shape = (await client.get(f"/dossiers/{code}")).json()
        assert [row["name"] for row in shape["results"]] == ["Giấy xác nhận.pdf"]
        got = await client.get(f"/dossiers/{code}/files/{result.sha256}")
        assert got.content == PDF
        assert got.headers["content-type"] == "application/octet-stream"
        assert "filename*=UTF-8''Gi%E1%BA%A5y" in got.headers["content-disposition"]


async def test_look_up_shows_code_and_progress_alone(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client, it.client() as nobody:
        code = (await filed(client))["code"]
        for text in (code, code.lower(), f"000.00.01.{code}", code.replace("H26-", "H26.12.3-"), f" {code} "):
            answer = await nobody.get(f"/lookup/{text}")
            assert answer.json() == {"code": code, "progress": 10}
            assert "etag" in answer.headers
        for text in ("H26-261121-9999", "xyz", "H26", "%00", "H26-261121-0001'--"):
            assert (await nobody.get(f"/lookup/{text}")).status_code == 404


async def test_who_opened_my_dossier(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        code = (await filed(client))["code"]
        upward = wire.Upward(subject=code, subject_kind="dossier", participant="H26")
        upward.access_noted.CopyFrom(
            wire.AccessNoted(role="officer", office="H26.00004", why="Thẩm định", at=stamp(it.here.desk.clock.now()))
        )
        message = ("access_noted", code, upward.SerializeToString())
        await it.here.feed("province.reports.v1", message, message)
        found = (await client.get(f"/dossiers/{code}/accesses")).json()["results"]
        assert [(row["role"], row["office"], row["why"]) for row in found] == [("officer", "H26.00004", "Thẩm định")]
        assert [row.type for row in await it.here.sent()][-1] == "access_recorded"


async def test_a_helper_acts_for_a_person_and_it_is_recorded(tmp_path: Path) -> None:
    async with door(tmp_path) as it:
        async with it.client(authorization=f"Bearer {token('citizen-1', 'helper-1')}") as helped:
            code = (await filed(helped))["code"]
        async with it.client("citizen-1") as client:
            assert (await client.get(f"/dossiers/{code}")).json()["acted_by"] == {"role": "helper"}
        async with it.client("helper-1") as helper:
            assert (await helper.get(f"/dossiers/{code}")).status_code == 404


async def test_lists_page_by_keyset(tmp_path: Path) -> None:
    async with door(tmp_path) as it, it.client("citizen-1") as client:
        codes = [(await filed(client))["code"] for _ in range(5)]
        found: list[str] = []
        cursor = ""
        while True:
            page = (await client.get(f"/dossiers?page_size=2{cursor}")).json()
            found += [row["code"] for row in page["results"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert found == codes[::-1]
        for bad in ("cursor=x", "cursor=W10", "page_size=0", "page_size=x", "foo=1"):
            assert (await client.get(f"/dossiers?{bad}")).status_code == 422
        assert (await client.get("/roots?cursor=WyJ4Il0")).status_code == 422


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["full_name", "birth_date", "purpose", "papers", "purpose_text", "x"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bodies=st.lists(st.dictionaries(FIELDS, JSON, max_size=4) | JSON, min_size=1, max_size=6))
async def test_nothing_a_client_sends_yields_a_500(tmp_path_factory: pytest.TempPathFactory, bodies: list[Any]) -> None:
    async with door(tmp_path_factory.mktemp("d")) as it, it.client("citizen-1") as client:
        path = f"/drafts/{(await client.post('/drafts', json=DRAFT)).json()['id']}"
        code = (await filed(client))["code"]
        headers = {"content-type": "application/json"}
        for body in bodies:
            try:
                raw = orjson.dumps({"answers": body})
            except TypeError:
                raw = b'{"answers": {"full_name": "\\ud800"}}'
            for method, where in (
                ("PATCH", path),
                ("POST", "/drafts"),
                ("POST", f"{path}/submit"),
                ("POST", f"/dossiers/{code}/requests"),
            ):
                answer = await client.request(method, where, content=raw, headers=headers)
                assert answer.status_code < 500, answer.text
