"""Search: time of one question through the API and how often the right procedure comes first.

    python -m benchmarks.search

Baseline, in the same run over the same documents and questions: SQLite FTS5 with folded words joined by OR.
Both are asked in turns, five rounds of every rated question; the spread is over the rounds. Nothing is cached.
"""

import asyncio
import csv
import json
import os
import platform
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import quote

from benchmarks.figures import Figure, Goal, quantile
from kernel.clock import real_now
from kernel.web import AsgiUpstream
from search_service.api import PREFIX, make_api
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document, terms
from search_service.model.text import syllables
from search_service.store.index import Index
from search_service.store.tantivy_index import TantivyIndex

ROOT = Path(__file__).parents[1]
PROCEDURES = ROOT / "services_catalog" / "seed" / "procedures.csv"
EVERYDAY = ROOT / "services_catalog" / "procedures" / "everyday.json"
RATED = ROOT / "tests" / "search_service" / "rated_queries.csv"
ROUNDS = 5
BATCH = 2_000
OURS = "/query over tantivy"
BASELINE = "SQLite FTS5, OR (baseline)"

Ask = Callable[[str], Awaitable[list[str]]]


def documents() -> list[Document]:
    """Return the catalogue as it is published."""
    written = json.loads(EVERYDAY.read_text(encoding="utf-8"))["procedures"]
    found = []
    for row in _rows(PROCEDURES):
        code, ours = row["code"], written.get(row["code"], {})
        plain, plain_en = ours.get("plain", ("", ""))
        revision = Revision(
            code=code,
            revision=1,
            title=row["name"],
            plain_title=plain,
            plain_title_en=plain_en,
            field=row["field"],
            issuer=row["issuer"],
            executors=_parts(row["executors"]),
            levels=_parts(row["levels"]),
            applicants=_parts(row["applicants"]),
            everyday=tuple(ours.get("everyday", ())),
        )
        found.append(revision.document(Head(code, 1, 1, False, "")))
    return found


async def fill(index: Index, found: Sequence[Document]) -> int:
    """Build ``index`` of ``found``."""

    async def batches() -> AsyncIterator[Sequence[Document]]:
        for start in range(0, len(found), BATCH):
            yield found[start : start + BATCH]

    async def expected() -> int:
        return len(found)

    return await index.rebuild(batches(), expected=expected)


def rated_rows() -> list[dict[str, str]]:
    """Return the rated questions with the codes that answer them."""
    return _rows(RATED)


def fts5(found: Sequence[Document]) -> Ask:
    """Return the baseline: FTS5 over the same folded words, OR query, bm25, twenty results."""
    base = sqlite3.connect(":memory:")
    base.execute("CREATE VIRTUAL TABLE found USING fts5(code UNINDEXED, words, body UNINDEXED)")
    for one in found:
        indexed = terms(one)
        singles = [word for word in indexed.everyday if "_" not in word]
        words = " ".join((*indexed.plain, *singles, *indexed.about))
        base.execute("INSERT INTO found VALUES (?, ?, ?)", (one.id, words, one.title))

    async def ask(text: str) -> list[str]:
        query = " OR ".join(f'"{part.plain}"' for part in syllables(text))
        rows = base.execute("SELECT code, body FROM found WHERE found MATCH ? ORDER BY bm25(found) LIMIT 20", (query,))
        return [code for code, _ in rows]

    return ask


def api(index: Index) -> Ask:
    """Return ours: a request to /query, its JSON read."""
    upstream = AsgiUpstream(make_api(index=index))

    async def ask(text: str) -> list[str]:
        reply = await upstream.request("GET", f"{PREFIX}/query?q={quote(text)}", {})
        return [one["id"] for one in json.loads(reply.body)["results"]]

    return ask


async def timed(ask: Ask, texts: Sequence[str]) -> list[float]:
    """Return the time of each question in milliseconds, sorted."""
    taken = []
    for text in texts:
        began = perf_counter()
        await ask(text)
        taken.append((perf_counter() - began) * 1000)
    return sorted(taken)


async def rated(ask: Ask, rows: Sequence[dict[str, str]]) -> tuple[float, float]:
    """Return the mean reciprocal rank and the share of questions answered in the first three."""
    ranks = []
    for row in rows:
        answers = await ask(row["query"])
        expected = row["expected"].split()
        ranks.append(next((place for place, code in enumerate(answers, 1) if code in expected), 0))
    return sum(1 / rank for rank in ranks if rank) / len(ranks), sum(0 < rank <= 3 for rank in ranks) / len(ranks)


@dataclass(frozen=True)
class Compared:
    """Both ways asked in turns: times in ms of every question, sorted, round by round; then MRR and top three."""

    count: int
    built: float
    questions: int
    rounds: dict[str, list[list[float]]]
    rated: dict[str, tuple[float, float]]


async def compare(folder: Path, *, rounds: int, most: int | None = None) -> Compared:
    """Build both, ask both ``most`` questions (None = all) in turns."""
    found, rows = documents(), rated_rows()[:most]
    index = await TantivyIndex.open(folder)
    began = perf_counter()
    count = await fill(index, found)
    built = perf_counter() - began
    ways = {OURS: api(index), BASELINE: fts5(found)}
    texts = [row["query"] for row in rows]
    taken: dict[str, list[list[float]]] = {name: [] for name in ways}
    for ask in ways.values():
        await timed(ask, texts[:50])
    for _ in range(rounds):
        for name, ask in ways.items():
            taken[name].append(await timed(ask, texts))
    quality = {name: await rated(ask, rows) for name, ask in ways.items()}
    await index.close()
    return Compared(count, built, len(texts), taken, quality)


async def measure(folder: Path) -> None:
    """Compare and print."""
    seen = await compare(folder, rounds=ROUNDS)
    print(
        f"search, {real_now():%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, "
        f"{seen.count} documents indexed in {seen.built:.2f} s, {seen.questions} questions x {ROUNDS} rounds"
    )
    print(f"{'':28} {'p50 ms (spread)':>22} {'p95 ms (spread)':>22} {'MRR':>7} {'top 3':>7}")
    for name, rounds in seen.rounds.items():
        mrr, top = seen.rated[name]
        print(f"{name:28} {_spread(rounds, 0.5):>22} {_spread(rounds, 0.95):>22} {mrr:7.3f} {top:7.3f}")


def figures(*, quick: bool) -> list[Figure]:
    """Measure for the table of all figures."""
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(compare(Path(folder), rounds=1 if quick else 3, most=60 if quick else None))
    p95 = {name: [quantile(one, 0.95) for one in rounds] for name, rounds in seen.rounds.items()}
    mrr = {name: [rating[0]] for name, rating in seen.rated.items()}
    about = (
        f"{seen.questions} rated questions over {seen.count} procedures, asked of the search service's own API in "
        "process, its JSON read; nothing cached. `python -m benchmarks.search` prints more."
    )
    ranks = "Mean reciprocal rank of the right procedure among twenty answers to the same questions (1 = always first)."
    return [
        Figure(
            "search, p95", "ms", p95[OURS], "SQLite FTS5 over the same folded words, OR", p95[BASELINE], about, Goal(20)
        ),
        Figure("the right procedure first (MRR)", "", mrr[OURS], "the same FTS5", mrr[BASELINE], ranks),
    ]


def _spread(rounds: Sequence[Sequence[float]], share: float) -> str:
    values = [one[int(len(one) * share)] for one in rounds]
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def _parts(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def main() -> None:
    """Run the benchmark."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder)))


if __name__ == "__main__":
    main()
