"""Papers as they come from a phone: upright, without place, camera and author, and small enough for a slow link.

Runs in a worker process that starts with the first paper, so that Pillow, libheif and qpdf are never loaded where
requests are served. One file at a time, each with ``SECONDS`` and ``MEMORY``: a file made to break its reader ends the
worker, and nothing but its own cleaning is lost.
"""

import asyncio
import resource
import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context

from dossier_service.usecases.heic import without_metadata
from kernel.errors import Invalid, Text, Unavailable

SECONDS = 15
MEMORY = 2 * 1024**3


class Pictures:
    """The worker process; starts on first use."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._turn = asyncio.Lock()

    async def clean(self, data: bytes, type: str) -> tuple[bytes, str]:
        """Return the paper without metadata, and its type: pictures upright, shrunk when large, HEIC as JPEG.

        A HEIC picture that cannot be decoded keeps its coding and loses its metadata; a PDF that is signed or that
        gives any doubt stays as it came (see ``bindery``). Raises ``Invalid`` (``file_broken``) for a JPEG or PNG that
        cannot be opened, ``Unavailable`` (``pictures_unavailable``) when the worker died of it.
        """
        done = await asyncio.shield(self._in_turn(data, type))
        if type == "application/pdf":
            return done or data, type
        if type == "image/heic":
            return (done, "image/jpeg") if done else (without_metadata(data), type)
        if done is None:
            raise Unavailable(
                "pictures_unavailable",
                Text("Chưa xử lý được ảnh. Bạn tải lại sau ít phút.", "The picture cannot be handled now. Try again."),
                retry_after=5,
            )
        if not done:
            raise Invalid(
                "file_broken",
                Text("Không mở được ảnh này. Bạn chụp hoặc tải lại.", "This picture cannot be opened. Take it again."),
            )
        return done, type

    async def _in_turn(self, data: bytes, type: str) -> bytes | None:
        """Return what the worker made of it (empty: nothing), or None when it died of it; the next starts a new one."""
        async with self._turn:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(
                    max_workers=1, mp_context=get_context("spawn"), initializer=_bound_memory
                )
            try:
                return await asyncio.get_running_loop().run_in_executor(self._pool, _in_worker, data, type)
            except BrokenProcessPool:
                self._pool = None
                return None

    async def close(self) -> None:
        """Stop the worker."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
            self._pool = None


def _bound_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _in_worker(data: bytes, type: str) -> bytes:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(SECONDS)
    try:
        if type == "application/pdf":
            made: bytes | None = import_module("dossier_service.usecases.bindery").bare_pdf(data)
        else:
            made = import_module("dossier_service.usecases.darkroom").cleaned(data, type)
    finally:
        signal.alarm(0)
    return made or b""
