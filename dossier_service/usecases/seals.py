"""Signatures of PDFs: checked in a worker process that starts with the first file, so that pyHanko is loaded there."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path

from kernel.errors import Text, Unavailable

PATIENCE = 20.0


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
    """The worker process; starts on first use."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def check(self, data: bytes, authorities: Path) -> Verdict:
        """Return what can be said of a PDF; ``authorities`` is the PEM file of those whose seals are known here.

        ``Unavailable`` (``seals_unavailable``) when the worker dies of it or takes too long.
        """
        if self._pool is None:
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        asked = asyncio.get_running_loop().run_in_executor(self._pool, _in_worker, data, str(authorities))
        try:
            word, signer, at = await asyncio.wait_for(asked, PATIENCE)
        except (BrokenProcessPool, TimeoutError):
            await self._stop()
            raise Unavailable(
                "seals_unavailable",
                Text("Chưa kiểm tra được tệp này. Bạn thử lại sau ít phút.", "The file cannot be checked now."),
                retry_after=10,
            ) from None
        return Verdict(Word(word), signer, datetime.fromisoformat(at) if at else None)

    async def close(self) -> None:
        """Stop the worker."""
        if self._pool is not None:
            await self._stop()

    async def _stop(self) -> None:
        pool, self._pool = self._pool, None
        if pool is None:
            return
        for process in list((pool._processes or {}).values()):
            process.kill()
        await asyncio.to_thread(pool.shutdown, cancel_futures=True)


def _in_worker(data: bytes, authorities: str) -> tuple[str, str, str]:
    found: tuple[str, str, str] = import_module("dossier_service.usecases.sealroom").looked_at(data, authorities)
    return found
