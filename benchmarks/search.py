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
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.parse import quote

from kernel.clock import real_now
from kernel.web import AsgiUpstream
from search_service.api import PREFIX, make_api
from search_service.model.catalogue import Head, Revision
from search_service.model.documents import Document, terms
from search_service.model.text import syllables
from search_service.store.tantivy_index import TantivyIndex

ROOT = Path(__file__).parents[1]
PROCEDURES = ROOT / "services_catalog" / "seed" / "procedures.csv"
EVERYDAY = ROOT / "services_catalog" / "procedures" / "everyday.json"
RATED = ROOT / "tests" / "search_service" / "rated_queries.csv"
ROUNDS = 5

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


def api(index: TantivyIndex) -> Ask:
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


async def measure(folder: Path) -> None:
    """Build both, ask both in turns, print."""
    found, rows = documents(), _rows(RATED)
    index = await TantivyIndex.open(folder)
    began = perf_counter()
    count = await index.rebuild(found)
    built = perf_counter() - began
    ways = {"/query over tantivy": api(index), "SQLite FTS5, OR (baseline)": fts5(found)}
    texts = [row["query"] for row in rows]
    rounds: dict[str, list[list[float]]] = {name: [] for name in ways}
    for ask in ways.values():
        await timed(ask, texts[:50])
    for _ in range(ROUNDS):
        for name, ask in ways.items():
            rounds[name].append(await timed(ask, texts))
    print(
        f"search, {real_now():%Y-%m-%d %H:%M} UTC, {platform.machine()}, {os.cpu_count()} cores, "
        f"{count} documents indexed in {built:.2f} s, {len(texts)} questions x {ROUNDS} rounds"
    )
    print(f"{'':28} {'p50 ms (spread)':>22} {'p95 ms (spread)':>22} {'MRR':>7} {'top 3':>7}")
    for name, ask in ways.items():
        mrr, top = await rated(ask, rows)
        print(f"{name:28} {_spread(rounds[name], 0.5):>22} {_spread(rounds[name], 0.95):>22} {mrr:7.3f} {top:7.3f}")
    await index.close()


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
