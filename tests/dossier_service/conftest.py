"""The service on both database engines: modules that touch the database use ``database_engine``."""

from tests.engines.schemas import database_engine

__all__ = ["database_engine"]
