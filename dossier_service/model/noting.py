"""What the nation itself notes in a dossier's history: state and version stay the owner's."""

from datetime import datetime
from typing import Any

from dossier_service.model.dossier import Dossier, advance
from dossier_service.model.happened import DossierChanged
from dossier_service.model.reports import Stamps, Writer


def noted(
    dossier: Dossier, what: str, *, note: str, at: datetime, role: str = "citizen", **more: Any
) -> tuple[Dossier, DossierChanged]:
    """Return the dossier with one more entry of type ``what`` and the event of the same name.

    ``note`` is a line for people; ``more`` goes into the entry. ``at`` is business time (aware), clamped to the step
    before.
    """
    at = max(at, dossier.updated_at)
    moved = advance(dossier, updated_at=at, occurred_at=at)
    writer = Writer(moved, Stamps(at, at))
    writer.write(what, what, {"role": role, "note": note, "state": moved.state_digest, **more}, step=what)
    return writer.dossier, writer.changes[0]
