"""Signatures of PDFs: checked in a ``Worker``, so that pyHanko is loaded there alone."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from pathlib import Path

from dossier_service.usecases.worker import Worker, WorkerDied
from kernel.errors import Text, Unavailable

SECONDS = 20


class Word(StrEnum):
    """What can be said of a file.

    good = signed by a seal whose authority is known here, and unchanged since; changed = a signature is there but the
    file is not what was signed; stranger = unchanged, but nobody here knows who signed; none = a PDF without
    signature; no_pdf = no PDF at all.
    """

    GOOD = "good"
    CHANGED = "changed"
    STRANGER = "stranger"
    NONE = "none"
    NO_PDF = "no_pdf"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found. ``signer`` is the name in the certificate, ``at`` the time that the signer claims (aware)."""

    word: Word
    signer: str = ""
    at: datetime | None = None


class Seals:
    """The worker that checks signatures."""

    def __init__(self) -> None:
        self._worker = Worker(SECONDS)

    async def check(self, data: bytes, authorities: Path) -> Verdict:
        """Return what can be said of a PDF; ``authorities`` is the PEM file of those whose seals are known here.

        ``Unavailable`` (``seals_unavailable``) when the worker dies of it or takes too long.
        """
        try:
            word, signer, at = await self._worker.run(_in_worker, data, str(authorities))
        except WorkerDied:
            raise Unavailable(
                "seals_unavailable",
                Text("Chưa kiểm tra được tệp này. Bạn thử lại sau ít phút.", "The file cannot be checked now."),
                retry_after=10,
            ) from None
        return Verdict(Word(word), signer, datetime.fromisoformat(at) if at else None)

    async def close(self) -> None:
        """Stop the worker."""
        await self._worker.close()


def _in_worker(data: bytes, authorities: str) -> tuple[str, str, str]:
    found: tuple[str, str, str] = import_module("dossier_service.usecases.sealroom").looked_at(data, authorities)
    return found
