"""The index by itself: versions, swaps and failures."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search_service.main import open_index
from search_service.model.answers import Filters
from search_service.model.documents import Document
from search_service.settings import SearchSettings
from search_service.store.index import Index, Refused
from search_service.store.tantivy_index import TantivyIndex
from tests.search_service.conftest import filled, identities

ELEPHANT = Document("1.000001", 1, "procedure", "Cấp phép nuôi voi")
TIGER = Document("1.000002", 1, "procedure", "Cấp phép nuôi hổ")


async def ids(index: Index, text: str) -> list[str]:
    return identities(await index.search(text, Filters(), offset=0, limit=10))


@contextlib.asynccontextmanager
async def opened(data: Path, engine: dict[str, str]) -> AsyncIterator[Index]:
    index = await open_index(SearchSettings(data=data, **engine))  # type: ignore[arg-type]
    try:
        await index.refresh()
        yield index
    finally:
        await index.close()


def folders(path: Path) -> list[Path]:
    return [one for one in path.iterdir() if one.is_dir()]


async def test_only_a_newer_version_replaces_a_document(tmp_path: Path, engine: dict[str, str]) -> None:
    async with opened(tmp_path, engine) as index:
        await filled(index, [replace(ELEPHANT, version=2)])
        await index.upsert([replace(ELEPHANT, title="Tên cũ kỹ"), replace(ELEPHANT, version=2, title="Tên cũ kỹ")])
        assert await ids(index, "voi") == ["1.000001"]
        await index.upsert([replace(ELEPHANT, version=4, title="Nuôi tê giác"), replace(ELEPHANT, version=3)])
        assert (await ids(index, "voi"), await ids(index, "tê giác"), index.count()) == ([], ["1.000001"], 1)
    async with opened(tmp_path, engine) as again:
        assert (await ids(again, "voi"), await ids(again, "tê giác"), again.count()) == ([], ["1.000001"], 1)


async def test_what_is_withdrawn_keeps_its_version(tmp_path: Path, engine: dict[str, str]) -> None:
    async with opened(tmp_path, engine) as index:
        await filled(index, [ELEPHANT])
        await index.upsert([replace(ELEPHANT, version=3, withdrawn=True)])
        await index.upsert([replace(ELEPHANT, version=2)])
        found = await index.search("voi", Filters(), offset=0, limit=10)
        assert [(hit.document.version, hit.document.withdrawn) for hit in found.hits] == [(3, True)]


async def test_the_old_index_answers_when_building_the_new_one_fails(tmp_path: Path, engine: dict[str, str]) -> None:
    def broken() -> Iterator[Document]:
        yield TIGER
        raise OSError("disk full")

    async with opened(tmp_path, engine) as index:
        await filled(index, [ELEPHANT])
        with pytest.raises(OSError, match="disk full"):
            await filled(index, [TIGER], broken())
        assert (await ids(index, "voi"), await ids(index, "hổ")) == (["1.000001"], [])
        assert await filled(index, [ELEPHANT, TIGER]) == 2
        assert await ids(index, "hổ") == ["1.000002"]


async def test_a_new_index_of_another_size_than_the_rows_is_refused(tmp_path: Path, engine: dict[str, str]) -> None:
    async def given() -> AsyncIterator[list[Document]]:
        yield [TIGER]

    async def expected() -> int:
        return 2

    async with opened(tmp_path, engine) as index:
        await filled(index, [ELEPHANT])
        with pytest.raises(Refused, match="holds 1 documents, the rows say 2"):
            await index.rebuild(given(), expected=expected)
        assert (await ids(index, "voi"), await ids(index, "hổ")) == (["1.000001"], [])


async def test_another_process_sees_what_was_written_and_swapped(tmp_path: Path, engine: dict[str, str]) -> None:
    async with opened(tmp_path, engine) as writer:
        await filled(writer, [ELEPHANT])
        async with opened(tmp_path, engine) as reader:
            assert await ids(reader, "voi") == ["1.000001"]
            if engine:
                await writer.upsert([TIGER])
                await reader.refresh()
                assert await ids(reader, "hổ") == ["1.000002"]
            await filled(writer, [replace(ELEPHANT, title="Nuôi tê giác")])
            await reader.refresh()
            assert (await ids(reader, "hổ"), await ids(reader, "tê giác")) == ([], ["1.000001"])


async def test_an_index_of_another_edition_is_not_used(tmp_path: Path) -> None:
    index = await TantivyIndex.open(tmp_path)
    assert not index.usable
    await filled(index, [ELEPHANT])
    await index.close()
    (folder,) = folders(tmp_path)
    folder.rename(tmp_path / "older-1")
    (tmp_path / "current").write_text("older-1")
    assert not (await TantivyIndex.open(tmp_path)).usable


async def test_a_damaged_index_is_not_used(tmp_path: Path) -> None:
    index = await TantivyIndex.open(tmp_path)
    await filled(index, [ELEPHANT])
    await index.close()
    (folder,) = folders(tmp_path)
    (folder / "meta.json").write_text("{")
    assert not (await TantivyIndex.open(tmp_path)).usable
