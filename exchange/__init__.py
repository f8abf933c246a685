"""The national end of the participants' connections.

Owns: lanes (who is connected, what was delivered, what was reported), the items waiting on them, a comparison copy of
every dossier's state digest, and who may hold which lane.
Publishes: province.reports.v1 (what participants report), exchange.events.v1 (connected, lost, acked, quarantined,
redelivery wanted, file stored).
Listens to: province.deliveries.v1, dossier.events.v1, catalog.v1.
"""
