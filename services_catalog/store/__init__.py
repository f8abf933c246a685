"""The catalogue's tables, their mapping and queries, and the files it is seeded from."""

from services_catalog.store.tables import METADATA, OUTBOX

__all__ = ["METADATA", "OUTBOX"]
