"""Search: one index over everything public.

Owns: the index under ``DATA/index`` and its own copy of what it indexes (``services/search.db``).
Publishes: nothing.
Listens to: ``catalog.v1`` (procedures, life events, guides, questions; everything else there is passed over).
Keeps: what people did not find, by week, without those who asked (``model/missed.py``).

The words people use (abbreviations, chat spellings, everyday names) are data: ``model/words.toml`` and
``model/common.toml``.
"""
