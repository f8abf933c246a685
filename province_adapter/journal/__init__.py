"""The journal: one SQLite file on the participant's disk, fsynced at every commit, held by one process."""

from province_adapter.journal.journal import Journal

__all__ = ["Journal"]
