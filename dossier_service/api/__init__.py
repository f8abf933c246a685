"""The REST door under /api/dossiers/v1: thin handlers around the use cases."""

from fastapi import FastAPI

from dossier_service.api import (
    assists,
    claims,
    drafts,
    exemptions,
    files,
    following,
    owned,
    papers,
    payments,
    public,
    ratings,
    resumable,
    screens,
    wallet,
)
from dossier_service.usecases.desk import Desk
from kernel.auth import Verifier
from kernel.web import make_app

PREFIX = "/api/dossiers/v1"
MULTIPART = 64 * 1024


def make(desk: Desk, verifier: Verifier) -> FastAPI:
    """Return the app. Bodies: a dossier's limit, but files may be as large as one file."""

    def body_limit(path: str) -> int:
        if path.endswith("/files"):
            return desk.settings.max_file_bytes + MULTIPART
        return desk.settings.max_dossier_bytes

    app = make_app(title="Dossiers", prefix=PREFIX, body_limit=body_limit)
    app.state.verifier = verifier
    app.state.desk = desk
    for part in (drafts, owned, following, files, resumable, public, papers, ratings, assists, claims, wallet):
        app.include_router(part.ROUTER)
    app.include_router(payments.ROUTER)
    app.include_router(exemptions.ROUTER)
    app.include_router(screens.ROUTER)
    return app
