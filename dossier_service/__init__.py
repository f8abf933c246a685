"""Section 2, the dossiers: drafts, filing, requests, files, the owner's reports, due dates, history.

Owns: drafts, dossiers, requests, history, files of dossiers, daily roots of the history.
Publishes: dossier.events.v1 (ids and states, no personal data), province.deliveries.v1 (bodies for the owner).
Listens to: catalog.v1 (revisions, places, participants), province.reports.v1, exchange.events.v1.
"""
