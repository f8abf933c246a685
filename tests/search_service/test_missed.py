"""What search did not answer: counted without the people who asked, shown when enough of them had the same question."""

from datetime import timedelta
from pathlib import Path

import pytest

from kernel.clock import Clock, real_now
from kernel.db import Database
from motcua.missed import hidden, lines
from search_service.main import open_index
from search_service.model.missed import LEAST, MOST_OF_ONE, Note, normalised
from search_service.settings import SearchSettings
from search_service.store.rows import METADATA
from search_service.usecases.missed import Week, list_missed, note_missed
from tests.search_service.conftest import Service, both, filled, serving

WORDS = "tài xế xe ôm công nghệ"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Mất SỔ bhxh", "mất sổ bhxh"),
        ("nguyen van an 0912345678 mat cccd", "mat cccd"),
        ("Nguyễn Thị Ánh làm hộ chiếu", "làm hộ chiếu"),
        ("ông Bình hàng xóm lấn đất", "hàng xóm lấn đất"),
        ("abc@gmail.com quên mật khẩu", "quên mật khẩu"),
        ("https://x.vn/a?id=1 bị lừa", "bị lừa"),
        ("hồ sơ nhà đất", "hồ sơ nhà đất"),
        ("cao tuổi trợ cấp", "cao tuổi trợ cấp"),
        ("079123456789", ""),
        ("H' Linh Niê 036123456789 mất thẻ", "mất thẻ"),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", ""),
        (" ".join(["hàng"] * 11), ""),
        ("", ""),
    ],
)
def test_numbers_names_and_addresses_are_taken_away(typed: str, kept: str) -> None:
    assert normalised(typed) == kept


async def say(service: Service, *addresses: int, text: str = WORDS) -> None:
    for number in addresses:
        headers = {"x-forwarded-for": f"192.0.2.{number}"}
        answer = await service.client.put("/api/search/v1/missed", json={"text": text}, headers=headers)
        assert (answer.status_code, answer.content) == (204, b"")


async def test_a_question_is_shown_when_five_different_askers_had_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await service.settled()
        await say(service, 1, 1, 2, 3, text=f"  {WORDS.upper()} 0912345678 ")
        headers = {"x-forwarded-for": "192.0.2.4"}
        assert (await service.client.get("/api/search/v1/query", params={"q": WORDS}, headers=headers)).json()[
            "total"
        ] == 0
    async with serving(tmp_path) as service:
        assert (await service.get("/missed"))["results"] == []
        await say(service, 5, 6, 6)
    async with serving(tmp_path) as service:
        found = await service.get("/missed")
        assert found["results"] == [{"question": WORDS, "askers": 6, "found": None}]
        assert (found["counting"], found["least"], found["weeks"]) == (True, LEAST, [found["week"]])


async def test_what_too_few_had_is_kept_as_digests_only(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await service.settled()
        await say(service, 1, 2, 3, 4)
    stored = b"".join(path.read_bytes() for path in (tmp_path / "services").glob("search.db*"))
    assert "xe ôm".encode() not in stored and b"192.0.2" not in stored


async def test_a_name_added_since_is_shown_with_what_it_leads_to(tmp_path: Path) -> None:
    async with serving(tmp_path) as service:
        await service.settled()
        await say(service, *range(1, 6))
    async with serving(tmp_path) as service:
        await service.publish(*both("1.000001", title="Đăng ký kinh doanh vận tải", everyday=[WORDS]))
        (one,) = (await service.get("/missed"))["results"]
        assert one["found"] == {
            "id": "1.000001",
            "title": "Đăng ký kinh doanh vận tải",
            "plain_title_en": None,
            "name": WORDS,
        }
    settings = SearchSettings(data=tmp_path)
    assert (await lines(settings, None))[1].startswith(f"    5  {WORDS}  -> 1.000001")
    assert (await hidden(settings, WORDS), await hidden(settings, WORDS)) == (1, 0)
    assert "nothing that 5 had" in (await lines(settings, None))[0]


async def weekly(folder: Path, *weeks: list[Note]) -> Week:
    """Note ``weeks`` one after the other, a week apart; return the newest list."""
    database = await Database.open(SearchSettings(data=folder).database_url("search"), METADATA)
    index = await open_index(SearchSettings(data=folder))
    await filled(index, [])
    clock = Clock()
    for number, notes in enumerate(weeks):
        clock.follow(real_now() + timedelta(weeks=number))
        await note_missed(database=database, index=index, clock=clock, notes=notes)
    found = await list_missed(database=database, index=index, clock=clock, week=None)
    await index.close()
    await database.close()
    return found


async def test_nobody_can_fill_the_list_alone_and_a_new_week_counts_anew(tmp_path: Path) -> None:
    four = [Note("hỏi mãi", str(number)) for number in range(4)]
    flood = [Note(f"hỏi {'a' * number}", "1") for number in range(1, MOST_OF_ONE + 20)]
    found = await weekly(tmp_path, [*four, *flood], four, [])
    assert found.results == [] and found.weeks == []


async def test_a_week_that_is_over_stays_listed_without_its_askers(tmp_path: Path) -> None:
    five = [Note("hỏi mãi", f"198.51.100.{number}") for number in range(LEAST)]
    found = await weekly(tmp_path, five, [Note("khác", "1")])
    assert [(one.missed.question, one.missed.askers) for one in found.results] == [("hỏi mãi", LEAST)]
    assert not found.counting


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "a" * 201}, {"text": "a\u0000b"}, []])
async def test_what_cannot_be_noted_is_refused_with_words(tmp_path: Path, body: object) -> None:
    async with serving(tmp_path) as service:
        answer = await service.client.put("/api/search/v1/missed", json=body)
        assert answer.status_code == 422
        assert (await service.client.get("/api/search/v1/missed?week=now")).status_code == 422
