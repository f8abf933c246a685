"""The index by itself: versions, swaps and failures."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search_service.model.answers import Filters
from search_service.model.documents import Document
from search_service.store.tantivy_index import TantivyIndex
from tests.search_service.conftest import identities

ELEPHANT = Document("1.000001", 1, "procedure", "Cấp phép nuôi voi")
TIGER = Document("1.000002", 1, "procedure", "Cấp phép nuôi hổ")


def ids(index: TantivyIndex, text: str) -> list[str]:
    return identities(index.search(text, Filters(), offset=0, limit=10))


def folders(path: Path) -> list[Path]:
    return [one for one in path.iterdir() if one.is_dir()]


async def test_only_a_newer_version_replaces_a_document(tmp_path: Path) -> None:
    index = await TantivyIndex.open(tmp_path)
    await index.rebuild([replace(ELEPHANT, version=2)])
    await index.upsert([replace(ELEPHANT, title="Tên cũ kỹ"), replace(ELEPHANT, version=2, title="Tên cũ kỹ")])
    assert ids(index, "voi") == ["1.000001"]
    await index.upsert([replace(ELEPHANT, version=4, title="Nuôi tê giác"), replace(ELEPHANT, version=3)])
    assert (ids(index, "voi"), ids(index, "tê giác"), index.count()) == ([], ["1.000001"], 1)
    await index.close()
    again = await TantivyIndex.open(tmp_path)
    assert (ids(again, "voi"), ids(again, "tê giác"), again.count()) == ([], ["1.000001"], 1)
    await again.close()


async def test_the_old_index_answers_when_building_the_new_one_fails(tmp_path: Path) -> None:
    def broken() -> Iterator[Document]:
        yield TIGER
        raise OSError("disk full")

    index = await TantivyIndex.open(tmp_path)
    await index.rebuild([ELEPHANT])
    with pytest.raises(OSError, match="disk full"):
        await index.rebuild(broken())
    assert ids(index, "voi") == ["1.000001"]
    assert ids(index, "hổ") == []
    assert await index.rebuild([ELEPHANT, TIGER]) == 2
    assert ids(index, "hổ") == ["1.000002"]
    assert len(folders(tmp_path)) == 1
    await index.close()


async def test_an_index_of_another_edition_is_not_used(tmp_path: Path) -> None:
    index = await TantivyIndex.open(tmp_path)
    assert not index.usable
    await index.rebuild([ELEPHANT])
    await index.close()
    (folder,) = folders(tmp_path)
    folder.rename(tmp_path / "older-1")
    (tmp_path / "current").write_text("older-1")
    assert not (await TantivyIndex.open(tmp_path)).usable


async def test_a_damaged_index_is_not_used(tmp_path: Path) -> None:
    index = await TantivyIndex.open(tmp_path)
    await index.rebuild([ELEPHANT])
    await index.close()
    (folder,) = folders(tmp_path)
    (folder / "meta.json").write_text("{")
    assert not (await TantivyIndex.open(tmp_path)).usable
