"""The service behind its doors: the log feeds it, HTTP asks it, and it survives losing its index."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.search_service.conftest import Service, both, head, message, revision, serving


async def test_a_procedure_can_be_found_once_its_revision_and_its_head_are_here(service: Service) -> None:
    await service.publish(head("1.000001"))
    assert await service.ids("cấp phép nuôi voi") == []
    await service.publish(revision("1.000001", title="Cấp phép nuôi voi", field="Thú y", issuer="Bộ Nông nghiệp"))
    found = await service.get("/query", q="cap phep nuoi voi")
    assert [one["id"] for one in found["results"]] == ["1.000001"]
    assert found["facets"]["field"] == [{"value": "Thú y", "count": 1}]
    assert found["results"][0] == {
        "type": "procedure",
        "id": "1.000001",
        "title": "Cấp phép nuôi voi",
        "plain_title": None,
        "plain_title_en": None,
        "short_title": "Cấp phép nuôi voi",
        "field": "Thú y",
        "issuer": "Bộ Nông nghiệp",
        "levels": [],
        "applicants": [],
        "fileable": False,
        "withdrawn": False,
        "successor": None,
        "also": [],
        "also_count": 0,
        "text": None,
        "address": None,
        "procedures": [],
        "competent_level": None,
        "term": None,
        "term_text": None,
        "fee_text": None,
        "why": {"kind": "title", "words": "cấp phép nuôi"},
    }


async def test_a_late_old_head_changes_nothing(service: Service) -> None:
    await service.publish(*both("1.000001", title="Tên cũ voi"), revision("1.000001", 2, title="Tên mới voi"))
    await service.publish(head("1.000001", 3, 2))
    await service.publish(head("1.000001", 2, 1, withdrawn=True))
    (result,) = (await service.get("/query", q="voi"))["results"]
    assert (result["title"], result["withdrawn"]) == ("Tên mới voi", False)


async def test_a_withdrawn_procedure_comes_last_and_says_its_successor(service: Service) -> None:
    await service.publish(
        *both("1.000001", title="Cấp phép nuôi voi"), *both("1.000002", title="Cấp phép nuôi voi rất dữ")
    )
    assert await service.ids("cấp phép nuôi voi") == ["1.000001", "1.000002"]
    await service.publish(head("1.000001", 2, 1, withdrawn=True, successor="1.000002"))
    results = (await service.get("/query", q="cấp phép nuôi voi"))["results"]
    assert [one["id"] for one in results] == ["1.000002", "1.000001"]
    assert (results[1]["withdrawn"], results[1]["successor"]) == (True, "1.000002")


async def test_what_can_be_filed_here_is_first_among_equals(service: Service) -> None:
    await service.publish(
        *both("1.000001", title="Cấp phép nuôi voi con"),
        *both("1.000002", title="Cấp phép nuôi voi già", fileable=True),
    )
    assert await service.ids("cấp phép nuôi voi") == ["1.000002", "1.000001"]


async def test_everyday_words_of_the_catalogue_are_found(service: Service) -> None:
    await service.publish(*both("1.000001", title="Cấp phép nuôi voi", everyday=["xin nuôi con to vòi dài"]))
    await service.publish(*both("1.000002", title="Cấp phép nuôi hổ"))
    assert await service.ids("con to voi dai") == ["1.000001"]


async def test_unknown_types_are_passed_over_and_unreadable_records_do_not_stop_the_rest(service: Service) -> None:
    await service.publish(
        message("x", "moon_landed", 1, b"?"),
        message("1.000009", "procedure_head_moved", 1, b"\xff\xff\xff"),
        message("1.000008@1", "procedure_revision_published", 1, b""),
        *both("1.000001", title="Cấp phép nuôi voi"),
    )
    assert await service.ids("voi") == ["1.000001"]


async def test_a_lost_index_folder_is_built_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))
    shutil.rmtree(tmp_path / "index")
    async with serving(tmp_path) as service:
        await service.settled()
        assert await service.ids("voi") == ["1.000001"]
    (tmp_path / "index" / "current").write_text("nonsense")
    async with serving(tmp_path) as service:
        await service.settled()
        assert await service.ids("voi") == ["1.000001"]


async def test_a_restart_keeps_everything(tmp_path: Path, engine: dict[str, str]) -> None:
    async with serving(tmp_path, **engine) as service:
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))
    async with serving(tmp_path, **engine) as service:
        await service.settled()
        assert await service.ids("voi") == ["1.000001"]
        await service.publish(*both("1.000002", title="Cấp phép nuôi voi rừng"))
        assert sorted(await service.ids("voi")) == ["1.000001", "1.000002"]


async def test_pages_follow_each_other_without_gap_or_repeat(service: Service) -> None:
    await service.publish(*(m for n in range(1, 26) for m in both(f"1.0000{n:02}", title=f"Cấp phép nuôi voi số {n}")))
    seen: list[str] = []
    query: dict[str, str | int] = {"q": "nuôi voi", "page_size": 10}
    while True:
        page = await service.get("/query", **query)
        seen += [one["id"] for one in page["results"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert len(seen) == len(set(seen)) == 25


@pytest.mark.parametrize(
    "query",
    [
        {"cursor": "nonsense"},
        {"cursor": "WzEsIngiXQ"},
        {"page_size": "0"},
        {"page_size": "101"},
        {"page_size": "many"},
        {"colour": "red"},
    ],
)
async def test_a_bad_question_is_answered_with_a_problem(service: Service, query: dict[str, str]) -> None:
    answer = await service.client.get("/api/search/v1/query", params=query)
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"]


async def test_a_cursor_of_another_question_is_refused(service: Service) -> None:
    await service.publish(*both("1.000001", title="Nuôi voi"), *both("1.000002", title="Nuôi voi rừng"))
    cursor = (await service.get("/query", q="voi", page_size=1))["next_cursor"]
    answer = await service.client.get("/api/search/v1/query", params={"q": "hổ", "cursor": cursor})
    assert answer.json()["code"] == "bad_cursor"


async def test_an_answer_that_the_client_has_is_not_sent_again(service: Service) -> None:
    first = await service.client.get("/api/search/v1/query", params={"q": "voi"})
    again = await service.client.get(
        "/api/search/v1/query", params={"q": "voi"}, headers={"if-none-match": first.headers["etag"]}
    )
    assert (first.status_code, again.status_code) == (200, 304)
    assert "max-age" in first.headers["cache-control"]


async def test_suggestions_have_a_text_and_an_id(service: Service) -> None:
    await service.publish(*both("1.000001", title="Thủ tục cấp phép nuôi voi"))
    assert await service.get("/suggest", q="cấp phép nuôi v") == {
        "results": [{"text": "Cấp phép nuôi voi", "id": "1.000001"}]
    }


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=80), st.text(max_size=20), st.text(max_size=20))
async def test_whatever_is_sent_is_answered(service: Service, q: str, field: str, cursor: str) -> None:
    query = {"q": q, "field": field, "cursor": cursor}
    assume(all(text.isascii() or text.encode("utf-8", "ignore").decode() == text for text in query.values()))
    answer = await service.client.get("/api/search/v1/query", params=query)
    assert answer.status_code in (200, 400, 422)
    assert (await service.client.get("/api/search/v1/suggest", params={"q": q})).status_code == 200
