"""One built tantivy index in its folder, with the cards of its documents in memory."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import tantivy

from search_service.model.documents import (
    MATCHED,
    NARROWING,
    SCORED,
    Document,
    Terms,
    document_of,
    narrowing,
    searched,
    terms,
)
from search_service.store.shelf import Card, Shelf

SCHEMA = 5
HEAP = 15_000_000


class Generation:
    """Reads and writes one folder. ``write`` may run on a thread; everything else belongs to the event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.schema = _schema()
        self._index = tantivy.Index(self.schema, path=str(folder))
        self._index.config_reader("manual")
        self._writer: Any = None
        self.shelf = Shelf()
        self._ids: dict[int, str] = {}
        self._numbers: dict[str, int] = {}
        self._next = 0
        self._load()

    def write(self, documents: Sequence[Document]) -> list[tuple[int, Document, Terms]]:
        """Add ``documents`` and commit; return what ``show`` needs. Nothing of a failed call stays."""
        if self._writer is None:
            self._writer = self._index.writer(heap_size=HEAP, num_threads=1)
        try:
            return self._add(documents)
        except Exception:
            self._writer.rollback()
            raise

    def _add(self, documents: Sequence[Document]) -> list[tuple[int, Document, Terms]]:
        written = []
        for document in documents:
            found = terms(document)
            number, self._next = self._next, self._next + 1
            if document.id in self._numbers:
                self._writer.delete_documents_by_term("id", document.id)
            self._writer.add_document(_indexed(number, document, found))
            written.append((number, document, found))
        self._writer.commit()
        return written

    def show(self, written: Sequence[tuple[int, Document, Terms]]) -> None:
        """Make what was written visible."""
        for number, document, found in written:
            self._remember(number, document, found)
        self._reload()

    def close(self) -> None:
        """Stop writing and let background merges end."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def found(self, query: tantivy.Query, limit: int) -> list[tuple[float, Card]]:
        """Return the best ``limit`` documents with the index's scores."""
        hits = self._searcher.search(query, limit=limit, count=False).hits
        numbers = self._searcher.fast_field_values("number", [address for _, address in hits])
        cards = [self.shelf.cards.get(self._ids.get(int(number or 0), "")) for number in numbers]
        return [(score, card) for (score, _), card in zip(hits, cards, strict=True) if card is not None]

    def _load(self) -> None:
        self._reload()
        count = self._searcher.num_docs
        if not count:
            return
        for _, address in self._searcher.search(tantivy.Query.all_query(), limit=count, count=False).hits:
            stored = self._searcher.doc(address)
            document = document_of(json.loads(_text(stored.get_first("body"))))
            number = int(str(stored.get_first("number")))
            self._remember(number, document, terms(document))
            self._next = max(self._next, number + 1)

    def _reload(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def _remember(self, number: int, document: Document, found: Terms) -> None:
        self._ids.pop(self._numbers.get(document.id, -1), None)
        self._ids[number], self._numbers[document.id] = document.id, number
        self.shelf.put(document, found)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("number", stored=True, fast=True)
    builder.add_bytes_field("body", stored=True)
    for name in (*SCORED, *MATCHED):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    for name in NARROWING:
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _indexed(number: int, document: Document, found: Terms) -> tantivy.Document:
    indexed = tantivy.Document()
    indexed.add_text("id", document.id)
    indexed.add_unsigned("number", number)
    indexed.add_bytes("body", json.dumps(asdict(document), ensure_ascii=False).encode())
    for name, words in searched(found).items():
        indexed.add_text(name, " ".join(words))
    for name, values in narrowing(document).items():
        for value in values:
            indexed.add_text(name, value)
    return indexed


def _text(stored: Any) -> str | bytes:
    return bytes(stored)
