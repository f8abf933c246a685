"""Rate search by the questions it ships with: over the index that serves, or a new one of the shipped catalogue."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from motcua.seeding import SEED
from search_service.main import open_index
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document
from search_service.model.rating import Rated, questions
from search_service.settings import SearchSettings
from search_service.store.index import Index
from search_service.usecases.rating import rate_index
from services_catalog import clients
from services_catalog.model import procedures as catalogue
from services_catalog.model.announced import Announced, announced
from services_catalog.settings import HERE
from services_catalog.store.information import read_information
from services_catalog.store.seed import read_editorial, read_own

SETS = ("tuned", "held-out", "all")


class NoIndex(Exception):
    """The engine that was named has no complete index."""


async def rate(settings: SearchSettings | None, chosen: str) -> list[Rated]:
    """Return the ranks of the ``chosen`` set (of ``SETS``), from the index of ``settings`` or, for None, a new one.

    Raises ``NoIndex``, or ``kernel.errors.Unavailable`` while the engine is away.
    """
    asked = [one for one in questions() if chosen == "all" or one.held_out is (chosen == "held-out")]
    if settings is not None and not settings.elasticsearch and not settings.index.is_dir():
        raise NoIndex
    if settings is not None:
        index = await open_index(settings)
        try:
            await index.refresh()
            if not index.usable:
                raise NoIndex
            return await rate_index(index=index, questions=asked)
        finally:
            await index.close()
    with tempfile.TemporaryDirectory(prefix="motcua-rate-") as folder:
        index = await open_index(SearchSettings(data=Path(folder), elasticsearch=""))
        try:
            await fill(index, await shipped())
            return await rate_index(index=index, questions=asked)
        finally:
            await index.close()


async def fill(index: Index, documents: Sequence[Document]) -> None:
    """Build ``index`` of ``documents``."""

    async def given() -> AsyncIterator[Sequence[Document]]:
        yield documents

    async def expected() -> int:
        return len(documents)

    await index.rebuild(given(), expected=expected)


async def shipped() -> list[Document]:
    """Return what search would index of the catalogue as it is shipped."""
    rows, _, _ = catalogue.sift(await clients.read_catalogue(SEED / "procedures.csv"))
    written = read_editorial(HERE / "procedures")
    contents = [catalogue.merge(row, None, written.get(code, catalogue.NOTHING_WRITTEN)) for code, row in rows.items()]
    procedures = [_document(content) for content in (*contents, *read_own(HERE / "procedures"))]
    return [*procedures, *map(_other, announced(read_information(HERE / "information")))]


def _other(one: Announced) -> Document:
    return Revision(
        code=f"{one.kind}/{one.id}",
        revision=1,
        title=one.title.vi,
        plain_title_en=one.title.en,
        everyday=one.everyday,
        type=one.kind,
        text=one.text.vi,
        text_en=one.text.en,
        address=one.address,
        leads=one.procedures,
    ).document(Head(one.id, 1, 1, False, ""))


def _document(content: catalogue.Content) -> Document:
    words = content.editorial
    return Revision(
        code=content.code,
        revision=1,
        title=content.title,
        plain_title=words.plain_title,
        plain_title_en=words.plain_title_en,
        field=content.field,
        issuer=content.issuer,
        executors=content.executors,
        levels=content.levels,
        applicants=content.applicants,
        everyday=words.everyday,
        fileable=content.fileable,
    ).document(Head(content.code, 1, 1, False, ""))
