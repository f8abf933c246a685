"""REST door of the catalogue: everything here is public, cacheable and carries an ETag."""

from pathlib import Path

from fastapi import FastAPI

from kernel.clock import Clock
from kernel.db import Database
from kernel.web import make_app
from kernel.workdays import Calendar
from services_catalog.api.editing import editing_routes
from services_catalog.api.information import information_routes
from services_catalog.api.motions import motion_routes
from services_catalog.api.offices import office_routes
from services_catalog.api.places import place_routes
from services_catalog.api.procedures import procedure_routes
from services_catalog.settings import HERE
from services_catalog.store.information import read_information

PREFIX = "/api/catalog/v1"


def make_api(
    *,
    database: Database,
    procedures: Path,
    seed: Path,
    information: Path = HERE / "information",
    clock: Clock | None = None,
    demo: bool = False,
) -> FastAPI:
    """Return the app.

    ``procedures`` and ``information`` = the folders with what we wrote, ``seed`` = the one with the national lists.
    """
    calendar = Calendar.load()
    ours = read_information(information)
    app = make_app(title="Catalogue", prefix=PREFIX)
    app.include_router(procedure_routes(database=database, procedures=procedures, seed=seed))
    app.include_router(place_routes(database=database))
    app.include_router(editing_routes(database=database, procedures=procedures, clock=clock or Clock()))
    app.include_router(motion_routes(database=database, procedures=procedures, clock=clock or Clock()))
    app.include_router(information_routes(database=database, information=ours, calendar=calendar))
    app.include_router(office_routes(database=database, clock=clock or Clock(), calendar=calendar, demo=demo))
    return app
