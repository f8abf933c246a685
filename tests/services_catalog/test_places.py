import csv
from pathlib import Path

import pytest

from kernel.db import Database
from kernel.errors import Conflict, NotFound
from services_catalog import usecases
from services_catalog.model.places import PLACED, fold
from services_catalog.model.resolver import resolve
from services_catalog.store import places as store
from tests.services_catalog.conftest import SEED


async def test_seeding_reports_what_is_odd_and_repeats_without_change(database: Database) -> None:
    report = await usecases.seed_places(database=database, seed=SEED)
    assert (report.places, report.participants, report.changed) == (3321, 63, 3384)
    assert (report.split, report.unplaced) == (441, [])
    assert {code for _, code in report.unknown_wards} == {"06970"}
    assert set(report.placed_by_us) == set(PLACED)
    assert (await usecases.seed_places(database=database, seed=SEED)).changed == 0


async def test_a_file_with_unknown_wards_and_provinces_is_reported_not_crashed(
    database: Database, tmp_path: Path
) -> None:
    for name in ("provinces.csv", "wards.csv", "wards_before_2025.csv"):
        (tmp_path / name).write_text((SEED / name).read_text())
    with (tmp_path / "wards.csv").open("a") as file:
        file.write("99999,Xã Lạ,01\n")
    with (tmp_path / "wards_before_2025.csv").open("a") as file:
        file.write("88888,Xã Cũ,Huyện Cũ,000,Tỉnh Lạ,00,77777,whole\n")
    report = await usecases.seed_places(database=database, seed=tmp_path)
    assert report.unplaced == ["99999"]
    assert report.unknown_wards[-1][1] == "77777"


async def test_every_ward_resolves_to_one_of_63_lanes(seeded: Database) -> None:
    async with seeded.read() as tx:
        places = await store.all_places(tx)
        lanes = {one.id for one in await store.participants(tx)}
    assert (len(places), len(lanes)) == (3321, 63)
    for place in places:
        commune, province = (resolve(competent_level=level, place=place) for level in ("commune", "province"))
        assert commune.lane == province.lane == province.office
        assert commune.lane in lanes
        assert commune.office == f"{place.lane}.{place.ward}"
        assert commune.why.vi and commune.why.en and province.why.vi and province.why.en
    assert {place.lane for place in places} == lanes


async def test_wards_the_conversion_does_not_place_are_where_they_belong(seeded: Database) -> None:
    for ward, lane in PLACED.items():
        place, _ = await usecases.find_place(database=seeded, ward=ward)
        assert place.lane == lane
    _, former = await usecases.find_place(database=seeded, ward="06978")
    assert "Thị trấn Ba Chẽ, Huyện Ba Chẽ" in [one.name for one in former]


async def test_a_place_stands_under_todays_names_and_says_why(seeded: Database) -> None:
    place, _ = await usecases.find_place(database=seeded, ward="26732")
    route = resolve(competent_level="commune", place=place)
    assert route.office_name.endswith("Đặc khu Côn Đảo")
    assert "Tỉnh Bà Rịa - Vũng Tàu" in route.why.vi and "H06" in route.why.vi
    assert resolve(competent_level="province", place=place).office_name.endswith("Thành phố Hồ Chí Minh")


@pytest.mark.parametrize(
    ("procedure", "office", "body"),
    [
        ("1.001193", "H26.00004", "Ủy ban nhân dân Phường Ba Đình"),
        ("1.004222", "H26.00004", "Công an Phường Ba Đình"),
        ("1.004194", "H26.00004", "Công an Phường Ba Đình"),
        ("3.000347", "H26.00004", "Công an Phường Ba Đình"),
        ("1.001456", "H26", "Công an Thành phố Hà Nội"),
        ("3.000333", "H26", "Công an Thành phố Hà Nội"),
        ("bhyt-ho-gia-dinh", "H26", "Cơ quan bảo hiểm xã hội tại Thành phố Hà Nội"),
    ],
)
async def test_a_route_names_the_desk_that_receives_and_the_body_that_decides(
    seeded: Database, procedure: str, office: str, body: str
) -> None:
    route = await usecases.resolve_office(database=seeded, procedure=procedure, ward="00004")
    assert (route.office, route.decided_by.vi) == (office, body)
    assert body in route.why.vi and route.office_name in route.why.vi


async def test_levels_of_the_catalogue_never_route(seeded: Database) -> None:
    for code, reason in (("1.000005", "level_not_published"), ("1.001471", "decided_centrally")):
        with pytest.raises(Conflict) as caught:
            await usecases.resolve_office(database=seeded, procedure=code, ward="00004")
        assert caught.value.code == reason


@pytest.mark.parametrize(
    ("typed", "ward"),
    [
        ("Ba Đình", "00004"),
        ("ba dinh", "00004"),
        ("phường Trúc Bạch", "00004"),
        ("P. Trúc Bạch, Q. Ba Đình, Hà Nội", "00004"),
        ("con dao", "26732"),
        ("Thuận Hóa", "19789"),
        ("thuan hoa hue", "19789"),
        ("phường Phạm Ngũ Lão quận 1", "26743"),
        ("pham ngu lao q1", "26743"),
        ("Thôn Đông xã Xuân Quan huyện Văn Giang tỉnh Hưng Yên", "12025"),
        ("thon dong xa xuan quan huyen van giang tinh hung yen", "12025"),
        ("Đông, Xuân Quan, Văn Giang, Hưng Yên", "12025"),
        ("Số 5 đường Lê Lợi, phường Trúc Bạch, quận Ba Đình, Hà Nội", "00004"),
        ("thị trấn Sapa", "03006"),
        ("Sapa, Lào Cai", "03006"),
        ("Đảo Phú Quốc", "31078"),
        ("huyện đảo Phú Quốc", "31078"),
        ("Côn Đảo", "26732"),
        ("H. Văn Giang, X. Xuân Quan", "12025"),
    ],
)
async def test_a_typed_name_old_or_new_finds_the_ward_first(seeded: Database, typed: str, ward: str) -> None:
    found = await usecases.search_places(database=seeded, typed=typed, province=None, limit=5)
    assert ward in [match.place.ward for match in found][:2], [(m.place.ward, m.place.name, m.matched) for m in found]


@pytest.mark.parametrize("typed", ["P12 Q10 TPHCM", "phường 12 quận 10 tp hcm", "p.12, q.10, tp.hcm", "P 12 Q 10 HCM"])
async def test_a_numbered_ward_is_found_by_its_short_forms_and_no_other_number(seeded: Database, typed: str) -> None:
    found = await usecases.search_places(database=seeded, typed=typed, province=None, limit=8)
    assert found and all(match.matched == "Phường 12, Quận 10" for match in found), [m.matched for m in found]


async def test_a_kind_of_unit_is_no_part_of_a_name(seeded: Database) -> None:
    found = await usecases.search_places(database=seeded, typed="Bến Thành", province=None, limit=8)
    assert found[0].place.name == "Phường Bến Thành"
    assert all("Bến Thành" in (match.matched or match.place.name) for match in found), "not Thành phố Bến Tre"


async def test_what_no_reading_finds_is_nothing(seeded: Database) -> None:
    for typed in ("abcxyz", "", "  ", "phường", "quận 99", "%_'"):
        found = await usecases.search_places(database=seeded, typed=typed, province=None, limit=8)
        assert not found or typed == "phường", typed


async def test_a_split_old_ward_offers_every_new_one(seeded: Database) -> None:
    with (SEED / "wards_before_2025.csv").open() as file:
        parts = [row["new_code"] for row in csv.DictReader(file) if row["old_code"] == "00016"]
    assert len(parts) > 1
    async with seeded.read() as tx:
        found = await store.became(tx, "00016")
    assert {match.place.ward for match in found} == set(parts)
    assert not any(match.whole for match in found)


async def test_an_old_code_answers_with_what_it_became(seeded: Database) -> None:
    with pytest.raises(NotFound) as caught:
        await usecases.find_place(database=seeded, ward="00013")
    assert caught.value.code == "place_replaced"
    assert [one["ward"] for one in caught.value.extra["became"]] == ["00004"]  # type: ignore[attr-defined]


def test_folding_treats_tone_places_and_short_forms_alike() -> None:
    assert fold("Phường Thuận Hoá") == fold("P. Thuận Hóa") == "phuong thuan hoa"
    assert fold("Đắk Lắk") == "dak lak"
    assert fold("q.1") == fold("Quận 1") == "quan 1"
