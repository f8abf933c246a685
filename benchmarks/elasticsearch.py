"""Search over Elasticsearch: our API beside the bare query, the same JSON sent by aiohttp.

    python -m benchmarks.elasticsearch

Both are asked in pairs, question by question, the first of each pair by turns; a node of its own is started from
packages. The bare query sends exactly the body and the parameters that our API sends for the same question.
"""

import asyncio
import gc
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import aiohttp

from benchmarks.figures import Figure, Goal, as_text, machine, quantile
from benchmarks.search import Ask, api, documents, fill, rated, rated_rows
from kernel.clock import real_now
from motcua.cluster.engines import Elasticsearch
from search_service.model.answers import Filters
from search_service.model.documents import Document
from search_service.model.plan import plan
from search_service.model.question import read
from search_service.store.elastic_index import LEAN, ElasticIndex
from search_service.store.elastic_mapping import asked
from search_service.store.shelf import Shelf
from tests.ports import free_ports

ROUNDS = 5
WARM = 3
PREFIX = "bench"


@dataclass(frozen=True)
class Compared:
    """Times in ms of every question, round by round: through our API and bare; then MRR and top three."""

    count: int
    built: float
    questions: int
    ours: list[list[float]]
    bare: list[list[float]]
    quality: tuple[float, float]


def bodies(found: Sequence[Document], texts: Sequence[str]) -> dict[str, bytes]:
    """Return what our API sends for each of ``texts`` that is a search at all."""
    shelf = Shelf()
    for document in found:
        shelf.put(document)
    plans = {text: plan(read(text, shelf.vocabulary), shelf.vocabulary, Filters()) for text in texts}
    return {text: json.dumps(asked(one), ensure_ascii=False).encode() for text, one in plans.items() if not one.empty}


def bare(session: aiohttp.ClientSession, url: str, sent: dict[str, bytes]) -> Ask:
    """Return the bare query: the body sent, the JSON of the answer read."""
    headers = {"content-type": "application/json"}

    async def ask(text: str) -> list[str]:
        async with session.post(url, params=LEAN, data=sent[text], headers=headers) as answer:
            read_body = await answer.json()
        return [hit["fields"]["id"][0] for hit in read_body["hits"]["hits"]]

    return ask


async def paired(ours: Ask, other: Ask, texts: Sequence[str]) -> tuple[list[float], list[float]]:
    """Ask both each question, one right after the other; return the times in ms."""
    taken: dict[Ask, list[float]] = {ours: [], other: []}
    for place, text in enumerate(texts):
        for ask in (ours, other) if place % 2 else (other, ours):
            began = perf_counter()
            await ask(text)
            taken[ask].append((perf_counter() - began) * 1000)
    return taken[ours], taken[other]


async def compare(url: str, *, rounds: int, most: int | None = None) -> Compared:
    """Build an index at ``url``, ask both ``most`` questions (None = all) in pairs; the index is deleted again."""
    found, rows = documents(), rated_rows()[:most]
    index = ElasticIndex(url, prefix=PREFIX)
    try:
        began = perf_counter()
        count = await fill(index, found)
        built = perf_counter() - began
        sent = bodies(found, [row["query"] for row in rows])
        gc.collect()
        gc.freeze()  # as the serving process does
        async with aiohttp.ClientSession() as session:
            ways = api(index), bare(session, f"{url}/{index.alias}/_search", sent)
            for _ in range(WARM):
                await paired(*ways, list(sent))
            taken = [await paired(*ways, list(sent)) for _ in range(rounds)]
        quality = await rated(ways[0], rows)
    finally:
        gc.unfreeze()
        await index.close()
    return Compared(count, built, len(sent), [one for one, _ in taken], [other for _, other in taken], quality)


def measured(*, quick: bool) -> Compared:
    """Start a node, compare, end it. Raises ``motcua.cluster.packages.Missing`` where it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        node = Elasticsearch(Path(folder), free_ports(2))
        try:
            node.start()
            return asyncio.run(compare(node.url, rounds=1 if quick else ROUNDS, most=60 if quick else None))
        finally:
            node.kill()


def figures(*, quick: bool) -> list[Figure]:
    """Measure for the table of all figures."""
    seen = measured(quick=quick)
    about = (
        f"{seen.questions} rated questions over {seen.count} procedures on one node of Elasticsearch, asked of the "
        "search service's own API in process, its JSON read; nothing cached. `python -m benchmarks.elasticsearch`."
    )
    against = "the same query sent by aiohttp, its JSON read"
    found = [
        Figure(
            f"search over Elasticsearch, p{share * 100:.0f}",
            "ms",
            [quantile(one, share) for one in seen.ours],
            against,
            [quantile(one, share) for one in seen.bare],
            about,
            Goal(1.3, of_ratio=True),
        )
        for share in (0.5, 0.95)
    ]
    print(f"built in {seen.built:.1f} s; MRR {seen.quality[0]:.3f}, top three {seen.quality[1]:.3f}")
    return found


def main() -> None:
    """Run the benchmark."""
    heading = machine(real_now())
    print(as_text(figures(quick=False), heading))


if __name__ == "__main__":
    main()
