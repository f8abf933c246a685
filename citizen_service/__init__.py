"""A person's own space: what the State holds about them, what they are told, and who saw their data.

Owns: profiles, notices (one per fact and channel) and the copy of accesses that the person may read.
Publishes: nothing yet (mandates and consents will go on citizen.events.v1).
Listens to: dossier.events.v1.
"""
