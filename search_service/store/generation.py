"""One built tantivy index in its folder, with the cards of its documents in memory."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import tantivy

from search_service.model.documents import Document, Terms, terms
from search_service.model.ranking import factor
from search_service.model.vocabulary import Vocabulary

SCHEMA = 4
HEAP = 15_000_000
_LISTS = ("executors", "levels", "applicants", "everyday")


class Card(NamedTuple):
    """What ranking and results need of a document without asking the index."""

    document: Document
    at_home: float
    abroad: float
    withdrawn: bool
    weight: int
    title_key: str


class Generation:
    """Reads and writes one folder. ``write`` may run on a thread; everything else belongs to the event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.schema = _schema()
        self._index = tantivy.Index(self.schema, path=str(folder))
        self._index.config_reader("manual")
        self._writer: Any = None
        self.cards: dict[int, Card] = {}
        self.numbers: dict[str, int] = {}
        self.vocabulary = Vocabulary()
        self._next = 0
        self.browsing: list[Card] | None = None
        self._load()

    def newer(self, documents: Sequence[Document]) -> list[Document]:
        """Return those documents that are newer than what is here, the newest of each id."""
        latest: dict[str, Document] = {}
        for document in documents:
            known = latest.get(document.id)
            number = self.numbers.get(document.id)
            held = known or (self.cards[number].document if number is not None else None)
            if held is None or document.version > held.version:
                latest[document.id] = document
        return list(latest.values())

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
            if document.id in self.numbers:
                self._writer.delete_documents_by_term("id", document.id)
            self._writer.add_document(_indexed(number, document, found))
            written.append((number, document, found))
        self._writer.commit()
        return written

    def show(self, written: Sequence[tuple[int, Document, Terms]]) -> None:
        """Make what was written visible."""
        for number, document, found in written:
            self._forget(document.id)
            self._remember(number, document, found)
        self.browsing = None
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
        cards = [self.cards.get(int(number or 0)) for number in numbers]
        return [(score, card) for (score, _), card in zip(hits, cards, strict=True) if card is not None]

    def in_order(self) -> list[Card]:
        """Return every card in the order for browsing: common ones first, withdrawn ones last, then by title."""
        if self.browsing is None:
            self.browsing = sorted(
                self.cards.values(),
                key=lambda card: (card.withdrawn, -card.weight, card.title_key, card.document.id),
            )
        return self.browsing

    def _load(self) -> None:
        self._reload()
        count = self._searcher.num_docs
        if not count:
            return
        for _, address in self._searcher.search(tantivy.Query.all_query(), limit=count, count=False).hits:
            stored = self._searcher.doc(address)
            document = _document(stored.get_first("body"))
            number = int(str(stored.get_first("number")))
            self._remember(number, document, terms(document))
            self._next = max(self._next, number + 1)

    def _reload(self) -> None:
        self._index.reload()
        self._searcher = self._index.searcher()

    def _remember(self, number: int, document: Document, found: Terms) -> None:
        self.cards[number] = Card(
            document,
            factor(found.marks, found.weight, foreign=False),
            factor(found.marks, found.weight, foreign=True),
            document.withdrawn,
            found.weight,
            found.title_key,
        )
        self.numbers[document.id] = number
        self.vocabulary.add((*found.plain, *_singles(found)), (*found.plain_pairs, *_pairs(found)), found.phrases)

    def _forget(self, identity: str) -> None:
        number = self.numbers.pop(identity, None)
        if number is None:
            return
        found = terms(self.cards.pop(number).document)
        self.vocabulary.remove((*found.plain, *_singles(found)), (*found.plain_pairs, *_pairs(found)), found.phrases)


def _singles(found: Terms) -> list[str]:
    return [*(term for term in found.everyday if "_" not in term), *found.about]


def _pairs(found: Terms) -> list[str]:
    return [term for term in found.everyday if "_" in term]


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=False, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("number", stored=True, fast=True)
    builder.add_bytes_field("body", stored=True)
    for name in ("plain", "lead", "exact", "plain_pairs", "lead_pairs", "exact_pairs", "everyday", "phrases", "about"):
        builder.add_text_field(name, stored=False, tokenizer_name="whitespace", index_option="freq")
    for name in ("type", "field", "level", "applicant", "agency"):
        builder.add_text_field(name, stored=False, tokenizer_name="raw", index_option="basic")
    return builder.build()


def _indexed(number: int, document: Document, found: Terms) -> tantivy.Document:
    indexed = tantivy.Document()
    indexed.add_text("id", document.id)
    indexed.add_unsigned("number", number)
    indexed.add_bytes("body", json.dumps(asdict(document), ensure_ascii=False).encode())
    for name, words in (
        ("plain", found.plain),
        ("lead", found.lead),
        ("lead_pairs", found.lead_pairs),
        ("exact", found.exact),
        ("plain_pairs", found.plain_pairs),
        ("exact_pairs", found.exact_pairs),
        ("everyday", found.everyday),
        ("phrases", found.phrases),
        ("about", found.about),
    ):
        indexed.add_text(name, " ".join(words))
    for name, values in (
        ("type", (document.type,)),
        ("field", (document.field,)),
        ("level", document.levels),
        ("applicant", document.applicants),
        ("agency", (document.issuer,)),
    ):
        for value in values:
            indexed.add_text(name, value)
    return indexed


def _document(text: Any) -> Document:
    body: dict[str, Any] = json.loads(text)
    for name in _LISTS:
        body[name] = tuple(body[name])
    return Document(**body)
