"""REST door of the catalogue: everything here is public, cacheable and carries an ETag."""

from pathlib import Path

from fastapi import FastAPI

from kernel.db import Database
from kernel.web import make_app
from services_catalog.api.places import place_routes
from services_catalog.api.procedures import procedure_routes

PREFIX = "/api/catalog/v1"


def make_api(*, database: Database, procedures: Path, seed: Path) -> FastAPI:
    """Return the app. ``procedures`` = the folder with what we wrote, ``seed`` = the one with the national lists."""
    app = make_app(title="Catalogue", prefix=PREFIX)
    app.include_router(procedure_routes(database=database, procedures=procedures, seed=seed))
    app.include_router(place_routes(database=database))
    return app
