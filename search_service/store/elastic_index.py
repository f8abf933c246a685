"""The distributed engine: Elasticsearch. The only module that knows its client.

``PREFIX-documents`` is an alias of one index ``PREFIX-documents-TIME-…``. Versions are external: a late or old write
never wins. Documents are never deleted (a withdrawn one is a document that says so), so no version is forgotten with
``gc_deletes``. Every process keeps the cards of the index in memory and follows it by sequence numbers.
"""

import contextlib
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

from elastic_transport import ApiResponse
from elasticsearch import ApiError, AsyncElasticsearch, NotFoundError, OrjsonSerializer, TransportError

from kernel.clock import real_now
from kernel.errors import Text, Unavailable
from search_service.model.answers import Filters, Found
from search_service.model.documents import Document, document_of
from search_service.model.lexicon import edition
from search_service.model.plan import Plan
from search_service.store.answering import answer, suggestions
from search_service.store.elastic_mapping import SCHEMA, asked, described, indexed
from search_service.store.index import Refused
from search_service.store.shelf import Card, Shelf

PAGE = 250  # a page keeps the event loop busy while its words are counted
OVERLAP = 50
BULK = 250
PATIENCE = 3.0
WRITING = 60.0
RETRY_AFTER = 5
LEAN = {"filter_path": "hits.hits._score,hits.hits.fields.id"}


class ElasticIndex:
    """Nothing is asked of Elasticsearch at construction, so that a process starts while it is away."""

    def __init__(self, url: str, *, prefix: str, replicas: int = 0, api_key: str = "", ca: str = "") -> None:
        options: dict[str, Any] = {"api_key": api_key} if api_key else {}
        if ca:
            options["ca_certs"] = ca
        self._client = AsyncElasticsearch(
            url.split(","),
            request_timeout=PATIENCE,
            max_retries=0,
            retry_on_timeout=False,
            serializer=OrjsonSerializer(),
            **options,
        )
        self.alias = f"{prefix}-documents"
        self._replicas = replicas
        self._shelf: Shelf | None = None
        self._held = ""
        self._seen = -1
        self._whole = False
        self._away = True

    @property
    def usable(self) -> bool:
        """False while there is no complete index of this edition, or Elasticsearch is away."""
        return self._whole and not self._away

    async def refresh(self) -> None:
        """Follow the alias and take in what is new behind it."""
        async with self._reached():
            found = await self._current()
            if found is None:
                self._whole = self._away = False
                return
            name, meta = found
            if name != self._held or self._shelf is None:
                await self._take(name, Shelf(), -1)
            else:
                await self._take(name, self._shelf, self._seen)
                there = await self._client.count(index=name)
                if there["count"] != len(self._shelf.cards):
                    await self._take(name, Shelf(), -1)
            # An older process goes on with the index of a newer edition: only at first sight does it ask for its own.
            ours = (meta.get("edition"), meta.get("schema")) == (edition(), SCHEMA)
            self._whole = ours or (self._whole and meta.get("schema") == SCHEMA)
            self._away = False

    async def upsert(self, documents: Sequence[Document]) -> None:
        """Put newer documents in; the alias must be there, or nothing is written."""
        async with self._reached():
            await self._write(self.alias, documents, require_alias=True)
            await self._client.options(request_timeout=WRITING).indices.refresh(index=self.alias)
        await self.refresh()

    async def rebuild(
        self, batches: AsyncIterable[Sequence[Document]], *, expected: Callable[[], Awaitable[int]]
    ) -> int:
        """Build beside, count, swap the alias in one step, delete what it left and what killed builds left."""
        async with self._reached():
            await self._sweep()
            name = f"{self.alias}-{real_now():%Y%m%dt%H%M%S}-{uuid.uuid4().hex[:6]}"
            slow = self._client.options(request_timeout=WRITING)
            await slow.indices.create(index=name, **described(edition(), self._replicas), wait_for_active_shards="1")
        try:
            async for batch in batches:
                async with self._reached():
                    await self._write(name, batch)
            async with self._reached():
                await slow.indices.refresh(index=name)
                count = int((await slow.count(index=name))["count"])
            wanted = await expected()
            if count != wanted:
                raise Refused(f"the new index holds {count} documents, the rows say {wanted}")
            async with self._reached():
                await self._swap(name)
        except BaseException:
            with contextlib.suppress(ApiError, TransportError):
                await self._sweep()
            raise
        async with self._reached():
            await self._sweep()
        await self.refresh()
        return count

    async def _swap(self, name: str) -> None:
        found = await self._current()
        put = {"add": {"index": name, "alias": self.alias, "is_write_index": True}}
        away = [{"remove": {"index": found[0], "alias": self.alias, "must_exist": True}}] if found else []
        await self._client.options(request_timeout=WRITING).indices.update_aliases(actions=[*away, put])

    async def _sweep(self) -> None:
        """Delete every index of ours that the alias does not show."""
        listed = await self._client.indices.get_alias(index=f"{self.alias}-*", allow_no_indices=True)
        for name, entry in listed.body.items():
            if self.alias not in entry["aliases"]:
                await self._client.options(request_timeout=WRITING).indices.delete(index=name, ignore_unavailable=True)

    async def _current(self) -> tuple[str, dict[str, Any]] | None:
        """Return the index behind the alias and what it says of itself."""
        try:
            answered = await self._client.indices.get_mapping(index=self.alias)
        except NotFoundError:
            return None
        ((name, entry),) = answered.body.items()
        return (name, entry["mappings"].get("_meta", {})) if name != self.alias else None

    async def _write(self, target: str, documents: Sequence[Document], *, require_alias: bool = False) -> None:
        slow = self._client.options(request_timeout=WRITING)
        for start in range(0, len(documents), BULK):
            part = documents[start : start + BULK]
            answered = await slow.bulk(
                operations=_operations(part), index=target, require_alias=require_alias, filter_path="items.*.status"
            )
            bad = {item["index"]["status"] for item in answered["items"]} - {200, 201, 409}
            if bad:
                raise RuntimeError(f"Elasticsearch refused documents: status {sorted(bad)}")

    async def _take(self, name: str, shelf: Shelf, seen: int) -> None:
        """Put into ``shelf`` what was written after ``seen``; then it is what is shown."""
        after = max(seen - OVERLAP, -1)
        while True:
            page = await self._client.options(request_timeout=WRITING).search(
                index=name,
                query={"range": {"_seq_no": {"gt": after}}},
                sort=[{"_seq_no": "asc"}],
                size=PAGE,
                source={"includes": ["body"]},
                track_total_hits=False,
            )
            hits = page["hits"]["hits"]
            for document in shelf.newer([document_of(hit["_source"]["body"]) for hit in hits]):
                shelf.put(document)
            after = hits[-1]["sort"][0] if hits else after
            if len(hits) < PAGE:
                break
        self._shelf, self._held, self._seen = shelf, name, max(after, seen)

    def count(self) -> int:
        """Return the number of documents."""
        return len(self._shelf.cards) if self._shelf else 0

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def search(self, text: str, filters: Filters, *, offset: int, limit: int) -> Found:
        """Answer with the documents from ``offset`` on."""
        return await answer(self._shown(), self._ask, text, filters, offset=offset, limit=limit)

    async def suggest(self, text: str, limit: int) -> list[Document]:
        """Return what the words mean as they are, then what they may become."""
        return await suggestions(self._shown(), self._ask, text, limit)

    def _shown(self) -> Shelf:
        if self._shelf is None:
            raise _away()
        return self._shelf

    async def _ask(self, plan: Plan) -> list[tuple[float, Card]]:
        cards = self._shown().cards
        async with self._reached():
            answered = await self._client.perform_request(
                "POST",
                f"/{self.alias}/_search",
                params=LEAN,
                headers={"content-type": "application/json", "accept": "application/json"},
                body=asked(plan),
            )
        found = ((hit["_score"], cards.get(hit["fields"]["id"][0])) for hit in _hits(answered))
        return [(score, card) for score, card in found if card is not None]

    @contextlib.asynccontextmanager
    async def _reached(self) -> AsyncIterator[None]:
        """Turn every way of not answering into ``Unavailable``."""
        try:
            yield
        except (ApiError, TransportError) as error:
            self._away = True
            raise _away() from error


def _hits(answered: ApiResponse[Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answered.body.get("hits", {}).get("hits", [])
    return found


def _operations(documents: Iterable[Document]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for document in documents:
        lines += [
            {"index": {"_id": document.id, "version": document.version, "version_type": "external"}},
            indexed(document),
        ]
    return lines


def _away() -> Unavailable:
    return Unavailable(
        "search_unavailable",
        Text(
            "Phần tìm kiếm đang tạm ngừng. Bạn thử lại sau ít phút.",
            "Search is not available at the moment. Try again in a few minutes.",
        ),
        retry_after=RETRY_AFTER,
    )
