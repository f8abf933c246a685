"""A person's own space: what the State holds about them, what they are told, and who saw their data.

Owns: profiles, notices (one per fact and channel) and the copy of accesses that the person may read.
Publishes: citizen.events.v1 (a message left or was read, or reaches nobody; mandates and consents will follow there).
Listens to: dossier.events.v1, and to its own topic where its database was lost.
"""
