"""What Elasticsearch is told: how documents lie in an index and what a plan is as a query. Plain JSON, no client.

All text is folded and expanded by our own code before it gets here, so nothing is analysed but by white space.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from search_service.model.documents import MATCHED, NARROWING, SCORED, Document, narrowing, searched, terms
from search_service.model.plan import CANDIDATES, TIE, Clause, Plan, Way

SCHEMA = 2
LONGEST = 8_000

Json = dict[str, Any]


def described(edition: str, replicas: int) -> Json:
    """Return settings and mapping of a new index. One shard: scores, counts and the order of changes are whole."""
    scored: Json = {"type": "text", "analyzer": "whitespace", "index_options": "freqs"}
    matched: Json = {"type": "keyword", "doc_values": False, "ignore_above": LONGEST}
    fields: dict[str, Json] = {
        "id": {"type": "keyword"},
        "body": {"type": "object", "enabled": False},
        **dict.fromkeys(SCORED, scored),
        **dict.fromkeys((*MATCHED, *NARROWING), matched),
    }
    return {
        "settings": {"number_of_shards": 1, "number_of_replicas": replicas, "refresh_interval": "1s"},
        "mappings": {
            "dynamic": "strict",
            "_meta": {"edition": edition, "schema": SCHEMA},
            "_source": {"includes": ["body"]},
            "properties": fields,
        },
    }


def indexed(document: Document) -> Json:
    """Return what is sent of ``document``."""
    found = terms(document)
    words: Mapping[str, Any] = searched(found)
    return {
        "id": document.id,
        "body": asdict(document),
        **{name: " ".join(words[name]) for name in SCORED},
        **{name: list(words[name]) for name in MATCHED},
        **{name: list(values) for name, values in narrowing(document).items()},
    }


def asked(plan: Plan) -> Json:
    """Return the search for the best candidates: their ids and scores, nothing else."""
    query: Json = {"should": [_best(clause, TIE) for clause in plan.clauses]}
    if plan.starts:
        query["must"] = [_best(plan.starts, 0.0)]
    else:
        query["minimum_should_match"] = 1
    if plan.only:
        query["filter"] = [{"term": {name: value}} for name, value in plan.only]
    return {
        "query": {"bool": query},
        "size": CANDIDATES,
        "_source": False,
        "stored_fields": "_none_",
        "docvalue_fields": ["id"],
        "track_total_hits": False,
    }


def _best(clause: Clause, tie: float) -> Json:
    ways = [_way(way) for way in clause]
    return ways[0] if len(ways) == 1 else {"dis_max": {"queries": ways, "tie_breaker": tie}}


def _way(way: Way) -> Json:
    if way.constant:
        return {"constant_score": {"filter": {"term": {way.field: way.value}}, "boost": way.score}}
    return {"term": {way.field: {"value": way.value, "boost": way.score}}}
