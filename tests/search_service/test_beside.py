"""Life events, guides and questions beside procedures: found, counted and rebuilt like them, never in their place."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from search_service.model.apart import apart
from search_service.model.because import because
from search_service.model.catalogue import Head, Revision
from search_service.model.question import read
from search_service.model.vocabulary import Vocabulary
from tests.search_service.conftest import Service, both, catalogue, information, revision, serving

QUESTION = information(
    "question/voi-age",
    title="Bao nhiêu tuổi được nuôi voi?",
    title_en="How old must I be to keep an elephant?",
    text="Từ đủ 18 tuổi.",
    text_en="At least 18.",
    address="/questions?topic=voi#voi-age",
    procedures=["1.000001"],
)
EVENT = information("life_event/voi", title="Có voi mới", address="/life-events/voi", procedures=["1.000001"])
GUIDE = information("guide/voi", title="Chụp ảnh voi", everyday=["chup hinh con voi"], address="/guides/voi")


async def filled(service: Service) -> None:
    await service.publish(
        *both("1.000001", title="Cấp phép nuôi voi", everyday=["nuôi voi", "bao nhiêu tuổi được nuôi voi"]),
        *both("1.000002", title="Cấp phép nuôi hổ"),
        QUESTION,
        EVENT,
        GUIDE,
    )


def beside(found: Any) -> list[str]:
    return [one["id"] for one in found["beside"]]


async def test_a_question_stands_beside_procedures_and_takes_no_place_from_them(service: Service) -> None:
    await filled(service)
    found = await service.get("/query", q="bao nhiêu tuổi được nuôi voi?")
    assert [one["id"] for one in found["results"]] == ["1.000001"]
    assert beside(found)[:2] == ["life_event/voi", "question/voi-age"]
    answer = found["beside"][1]
    assert answer["text"] == {"vi": "Từ đủ 18 tuổi.", "en": "At least 18."}
    assert (answer["address"], answer["why"]["kind"]) == ("/questions?topic=voi#voi-age", "name")
    assert answer["procedures"] == ["1.000001"]
    assert found["total"] == 1
    assert {"value": "question", "count": 1} in found["facets"]["type"]


async def test_each_kind_can_be_asked_for_alone_and_browsed(service: Service) -> None:
    await filled(service)
    assert await service.ids("nuoi voi", type="question") == ["question/voi-age"]
    assert await service.ids("keep an elephant", type="question") == ["question/voi-age"]
    assert await service.ids("chup hinh voi", type="guide") == ["guide/voi"]
    assert await service.ids("", type="life_event") == ["life_event/voi"]
    assert (await service.ids("nuoi voi", type="procedure"))[:1] == ["1.000001"]
    assert await service.ids("nuoi voi", type="dataset") == []
    assert await service.ids("") == ["1.000002", "1.000001"]


async def test_an_older_version_changes_nothing_and_a_withdrawn_one_is_gone(service: Service) -> None:
    await filled(service)
    await service.publish(information("guide/voi", 3, title="Chụp ảnh voi cho đẹp"))
    await service.publish(information("guide/voi", 2, title="Cũ rồi"))
    (guide,) = (await service.get("/query", q="chụp ảnh voi", type="guide"))["results"]
    assert guide["title"] == "Chụp ảnh voi cho đẹp"
    await service.publish(information("guide/voi", 4, title="Chụp ảnh voi", withdrawn=True))
    await service.publish(information("life_event/voi", 2, title="Có voi mới", withdrawn=True))
    assert await service.ids("chụp ảnh voi", type="guide") == []
    assert beside(await service.get("/query", q="chụp ảnh nuôi voi")) == ["question/voi-age"]


async def test_filters_of_procedures_leave_other_kinds_out(service: Service) -> None:
    await filled(service)
    assert beside(await service.get("/query", q="nuôi voi", online="yes")) == []
    assert beside(await service.get("/query", q="")) == []


async def test_kinds_that_are_not_known_yet_are_passed_over(service: Service) -> None:
    await service.publish(information("statue/voi"), *both("1.000001", title="Cấp phép nuôi voi"))
    assert await service.ids("voi") == ["1.000001"]


async def test_a_rebuilt_index_holds_all_kinds(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await service.settled()
        await filled(service)
    shutil.rmtree(tmp_path / "index")
    async with serving(tmp_path) as service:
        await service.settled()
        assert beside(await service.get("/query", q="tuổi nuôi voi"))
        assert await service.ids("", type="guide") == ["guide/voi"]


async def test_a_result_says_time_and_fee_as_the_guide_does_and_null_when_nothing_is_published(
    service: Service,
) -> None:
    guide: dict[str, Any] = {
        "who": {"vi": "Người có voi.", "en": "Whoever has an elephant."},
        "term": {"value": {"amount": 3, "unit": "working_days"}, "text": {"vi": "3 ngày làm việc.", "en": "3 days."}},
        "fee": {"amount_vnd": None, "text": {"vi": "Mức thu: chưa công bố.", "en": "Not published."}},
    }
    told = {"content_json": json.dumps(guide), "term_json": json.dumps(guide["term"]["value"])}
    await service.publish(
        *both("1.000001", title="Cấp phép nuôi voi", competent_level="commune", **told),
        *both("1.000002", title="Cấp phép nuôi voi con"),
    )
    one, other = (await service.get("/query", q="cấp phép nuôi voi"))["results"]
    assert one["text"]["en"] == "Whoever has an elephant."
    assert one["term"] == {"amount": 3, "unit": "working_days"}
    assert one["term_text"]["vi"] == "3 ngày làm việc." and one["fee_text"]["vi"] == "Mức thu: chưa công bố."
    assert one["competent_level"] == "commune"
    assert [other[name] for name in ("text", "term", "term_text", "fee_text")] == [None] * 4


async def test_facts_that_an_older_edition_did_not_keep_come_with_a_republished_revision(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await service.settled()
        await service.publish(*both("1.000001", title="Cấp phép nuôi voi"))
        await service.publish(revision("1.000001", title="Cấp phép nuôi voi", everyday=["thú lớn"]))
    shutil.rmtree(tmp_path / "index")
    async with serving(tmp_path) as service:
        await service.settled()
        assert await service.ids("thú lớn") == ["1.000001"]


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ("lam giay khai sinh cho con", "name", "làm giấy khai sinh cho con"),
        ("khai sinh", "title", "khai sinh"),
        ("đăng ký", "title", "đăng ký"),
        ("1.001193", "code", "1.001193"),
        ("hộ tịch", "about", "Hộ tịch"),
    ],
)
def test_a_result_says_why_it_is_there(asked: str, kind: str, words: str) -> None:
    birth = Revision(
        code="1.001193",
        revision=1,
        title="Thủ tục đăng ký khai sinh",
        everyday=("làm giấy khai sinh cho con",),
        field="Hộ tịch",
    ).document(Head("1.001193", 1, 1, False, ""))
    found = because(birth, read(asked, Vocabulary()))
    assert found is not None and (found.kind, found.words) == (kind, words)


def test_nothing_asked_needs_no_reason() -> None:
    one = Revision("1.000001", 1, "Cấp phép").document(Head("1.000001", 1, 1, False, ""))
    assert because(one, read("", Vocabulary())) is None


def test_lines_that_set_procedures_apart_are_short_differ_and_are_about_published_codes() -> None:
    codes = {row["code"] for row in catalogue()}
    lines = apart()
    assert lines.keys() <= codes
    for side in (0, 1):
        assert all(0 < len(line[side].split()) <= 20 for line in lines.values())
    assert len({line[0] for line in lines.values()}) == len(lines)
