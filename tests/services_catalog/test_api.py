import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.db import Database
from kernel.digest import digest_of
from kernel.web import AsgiUpstream
from services_catalog import usecases
from services_catalog.api import make_api
from tests.services_catalog.conftest import AT, FULL, PROCEDURES, SEED, write_csv

ROOT = "/api/catalog/v1"


async def get(api: Any, path: str, **query: str | int) -> tuple[int, Any]:
    reply = await AsgiUpstream(api).request("GET", f"{ROOT}{path}{'?' + urlencode(query) if query else ''}", {})
    return reply.status, json.loads(reply.body)


async def test_a_full_procedure_says_everything(api: Any) -> None:
    status, shown = await get(api, "/procedures/1.001193")
    assert status == 200
    assert shown["title"] == "Thủ tục đăng ký khai sinh"
    assert shown["plain_title"] == "Đăng ký khai sinh"
    assert shown["term"] == {"amount": 1, "unit": "working_days"}
    assert (shown["fileable"], shown["revision"], shown["competent_level"]) == (True, 1, "commune")
    assert shown["guide"]["fee"]["amount_vnd"] is None
    assert shown["guide"]["checked_on"] == "2026-11-21"


async def test_another_procedure_is_honest_about_what_is_not_published(api: Any) -> None:
    _, shown = await get(api, "/procedures/1.000039")
    assert shown["guide"] is None and shown["term"] is None and shown["decision"] is None
    assert (shown["fileable"], shown["levels"], shown["competent_level"]) == (False, [], None)
    status, problem = await get(api, "/procedures/1.000039/form")
    assert (status, problem["code"]) == (404, "form_not_published")
    assert await get(api, "/procedures/1.000039/examples") == (200, {"results": [], "next_cursor": None})


async def test_the_form_has_the_digest_the_procedure_names(api: Any) -> None:
    for code in FULL:
        _, shown = await get(api, f"/procedures/{code}")
        _, form = await get(api, f"/procedures/{code}/form", revision=1)
        assert digest_of(form) == shown["form_digest"]
        assert (form["procedure"], form["revision"]) == (code, 1)
        _, examples = await get(api, f"/procedures/{code}/examples")
        assert len(examples["results"]) >= 3


async def test_paging_walks_through_every_procedure_once(api: Any) -> None:
    seen: list[str] = []
    query: dict[str, str | int] = {"page_size": 100, "field": "Hộ tịch"}
    while True:
        status, page = await get(api, "/procedures", **query)
        assert status == 200
        seen += [one["code"] for one in page["results"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert seen == sorted(set(seen)) and len(seen) > 30
    _, fields = await get(api, "/fields")
    assert {"name": "Hộ tịch", "count": len(seen)} in fields["results"]


async def test_filters_narrow_and_combine(api: Any) -> None:
    _, page = await get(api, "/procedures", level="commune", applicant="citizen", agency="Bộ Tư pháp", page_size=100)
    assert page["results"]
    for one in page["results"]:
        assert "commune" in one["levels"] and "citizen" in one["applicants"] and one["agency"] == "Bộ Tư pháp"
    _, page = await get(api, "/procedures", fileable="true")
    assert [one["code"] for one in page["results"]] == sorted(FULL)
    assert (await get(api, "/procedures", field="%", page_size=1))[1]["results"] == []


async def test_one_ministry_under_two_names_is_one_agency_with_its_titles_of_record(api: Any) -> None:
    _, agencies = await get(api, "/agencies")
    by_name = {one["name"]: one for one in agencies["results"]}
    assert by_name["Bộ Xây dựng"]["names"] == ["Bộ Xây dựng", "Bộ xây dựng (Giao thông vận tải cũ)"]
    assert by_name["Bộ Xây dựng"]["count"] == 359 + 154
    _, shown = await get(api, "/procedures/1.000010")
    assert (shown["issuer"], shown["agency"]) == ("Bộ xây dựng (Giao thông vận tải cũ)", "Bộ Xây dựng")
    assert (await get(api, "/agencies", missing="contact"))[1] == agencies


async def test_the_ten_most_used_begin_with_those_that_can_be_filed(api: Any) -> None:
    _, top = await get(api, "/top")
    assert len(top["results"]) == 10
    fileable = [one["fileable"] for one in top["results"]]
    assert fileable == sorted(fileable, reverse=True)
    assert all(one["plain_title"] and one["plain_title_en"] for one in top["results"])


async def test_the_ten_national_status_codes_are_listed(api: Any) -> None:
    _, statuses = await get(api, "/statuses")
    assert [one["code"] for one in statuses["results"]] == list(range(1, 11))
    assert [one["code"] for one in statuses["results"] if one["ends"]] == [3, 7, 8, 10]


async def test_a_service_without_a_code_has_an_id_of_its_own(api: Any) -> None:
    status, shown = await get(api, "/procedures/bhyt-ho-gia-dinh")
    assert status == 200
    assert "không có mã trong danh mục công bố 7/2026" in shown["title"]
    assert shown["fileable"] and shown["competent_level"] == "province"
    assert "không có mã" in shown["guide"]["legal"][-1]["title"]["vi"]
    _, route = await get(api, "/resolve", procedure="bhyt-ho-gia-dinh", place="02680")
    assert route["office"]["id"] == route["lane"]


async def test_places_and_the_resolver_answer(api: Any) -> None:
    _, found = await get(api, "/places", q="phường Trúc Bạch quận Ba Đình")
    assert found["results"][0]["ward"] == "00004"
    assert found["results"][0]["matched"] == "Phường Trúc Bạch, Quận Ba Đình"
    _, place = await get(api, "/places/00004")
    assert place["lane"] == "H26" and len(place["former"]) > 1
    status, route = await get(api, "/resolve", procedure="1.001193", place="00004")
    assert status == 200
    assert route["office"] == {"id": "H26.00004", "name": "Trung tâm Phục vụ hành chính công Phường Ba Đình"}
    assert route["why"]["vi"] and route["why"]["en"]
    assert (await get(api, "/resolve", procedure="3.000333", place="00004"))[1]["office"]["id"] == "H26"
    _, all_of = await get(api, "/participants")
    assert len(all_of["results"]) == 63


async def test_every_example_resolves_to_a_lane(api: Any) -> None:
    for code in FULL:
        _, examples = await get(api, f"/procedures/{code}/examples")
        for one in examples["results"]:
            assert (await get(api, "/resolve", procedure=code, place=one["place"]))[0] == 200


async def test_old_and_unknown_codes_are_told_apart(api: Any) -> None:
    status, problem = await get(api, "/places/00013")
    assert (status, problem["code"]) == (404, "place_replaced")
    assert problem["became"][0]["ward"] == "00004"
    assert (await get(api, "/places/77777"))[1]["code"] == "place_not_found"
    assert (await get(api, "/procedures/9.999999"))[1]["code"] == "procedure_not_found"
    assert (await get(api, "/procedures/1.001193", revision=2))[0] == 404


async def test_a_withdrawn_code_answers_with_its_successor_and_is_not_listed(
    database: Database, tmp_path: Path
) -> None:
    rows = [f"1.00000{n},Cấp giấy {n},Bộ A,,L,,," for n in (1, 2)]
    path = write_csv(tmp_path / "c.csv", *rows)
    await usecases.import_catalogue(database=database, path=path, editorial={}, at=AT)
    await usecases.withdraw_procedure(database=database, code="1.000001", successor="1.000002")
    api = make_api(database=database, procedures=PROCEDURES, seed=SEED)
    status, shown = await get(api, "/procedures/1.000001")
    assert (status, shown["withdrawn"], shown["successor"]) == (200, True, "1.000002")
    _, page = await get(api, "/procedures")
    assert [one["code"] for one in page["results"]] == ["1.000002"]
    _, revisions = await get(api, "/procedures/1.000001/revisions")
    assert [one["revision"] for one in revisions["results"]] == [1]


async def test_a_client_that_has_the_answer_is_told_so(api: Any) -> None:
    for path in (
        "/procedures/1.001193",
        "/procedures/1.001193/form",
        "/places/00004",
        "/top",
        "/fields",
        "/procedures",
    ):
        upstream = AsgiUpstream(api)
        first = await upstream.request("GET", ROOT + path, {})
        again = await upstream.request("GET", ROOT + path, {"if-none-match": first.headers["etag"]})
        assert (first.status, again.status, again.body) == (200, 304, b"")


PATHS = ["/procedures", "/places", "/resolve", "/fields", "/agencies", "/top", "/participants", "/statuses"]
NAMES = ["q", "cursor", "page_size", "field", "level", "applicant", "agency", "fileable", "procedure", "place", "zzz"]
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["-1", "0", "101", "1e9", "\0", "%00", "W10", "WyJcdWQ4MDAiXQ", "WzFd", "null", "9" * 40]),
)


@pytest.mark.parametrize("path", PATHS)
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3))
async def test_no_query_is_answered_with_a_fault_of_ours(api: Any, path: str, query: dict[str, str]) -> None:
    address = f"{ROOT}{path}?{urlencode(query, errors='replace')}"
    reply = await AsgiUpstream(api).request("GET", address, {})
    assert reply.status < 500, (address, reply.body)
    if reply.status >= 400:
        assert reply.headers["content-type"] == "application/problem+json"
        assert {"code", "title", "trace_id"} <= set(json.loads(reply.body))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.sampled_from(["/procedures/", "/places/"]),
    name=st.text(max_size=80),
    tail=st.sampled_from(["", "/form", "/examples", "/revisions", "?revision=0", "?revision=99999999999"]),
)
async def test_no_address_is_answered_with_a_fault_of_ours(api: Any, head: str, name: str, tail: str) -> None:
    reply = await AsgiUpstream(api).request("GET", f"{ROOT}{head}{quote(name, safe='', errors='replace')}{tail}", {})
    assert reply.status < 500, reply.body
    assert (await AsgiUpstream(api).request("POST", f"{ROOT}/procedures", {})).status == 405
