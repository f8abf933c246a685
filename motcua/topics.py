"""The topics: who publishes them is in docs/architecture.md; all keep 30 days but the compacted catalogue."""

from kernel.log import Topic

TOPICS = (
    Topic("catalog.v1", compact=True),
    Topic("dossier.events.v1"),
    Topic("province.deliveries.v1"),
    Topic("province.reports.v1"),
    Topic("exchange.events.v1"),
    Topic("citizen.events.v1"),
)
