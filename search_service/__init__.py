"""Search: one index over everything public.

Owns: the index under ``DATA/index`` and its own copy of what it indexes (``services/search.db``).
Publishes: nothing.
Listens to: ``catalog.v1`` (revisions and heads of procedures; everything else there is passed over).

The words people use (abbreviations, chat spellings, everyday names) are data: ``model/words.toml`` and
``model/common.toml``.
"""
