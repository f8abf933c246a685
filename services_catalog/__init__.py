"""What the State offers: procedures and their revisions, forms, guides, participants, places.

Owns: procedures (immutable ``code@revision`` and one head per code), forms and example cases, the 63 participants,
the 3,321 wards with their former names, the rule that finds the office of a procedure at a place,
how offices are reached, planned stops, and the information that ships as files (life events, guides, questions).
Publishes on catalog.v1: procedure_revision_published, procedure_head_moved, place_published, participant_published.
Listens to: nothing.
"""
