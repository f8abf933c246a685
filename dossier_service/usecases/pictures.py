"""Photos of papers: turned upright, without place and camera data, and small enough for a slow link.

Runs in a worker process that starts with the first picture, so that Pillow is never loaded where requests are served.
"""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context

from kernel.errors import Invalid, Text, Unavailable


class Pictures:
    """The worker process; starts on first use."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def clean(self, data: bytes, type: str) -> bytes:
        """Return the JPEG or PNG upright, without metadata, shrunk when over 2 MB.

        Raises ``Invalid`` (``file_broken``) for a picture that cannot be opened, ``Unavailable``
        (``pictures_unavailable``) when the worker died of it; the next picture starts a new one.
        """
        if self._pool is None:
            self._pool = ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))
        try:
            done = await asyncio.get_running_loop().run_in_executor(self._pool, _in_worker, data, type)
        except BrokenProcessPool:
            self._pool = None
            raise Unavailable(
                "pictures_unavailable",
                Text("Chưa xử lý được ảnh. Bạn tải lại sau ít phút.", "The picture cannot be handled now. Try again."),
                retry_after=5,
            ) from None
        if done is None:
            raise Invalid(
                "file_broken",
                Text("Không mở được ảnh này. Bạn chụp hoặc tải lại.", "This picture cannot be opened. Take it again."),
            )
        return done

    async def close(self) -> None:
        """Stop the worker."""
        if self._pool is not None:
            await asyncio.to_thread(self._pool.shutdown, cancel_futures=True)
            self._pool = None


def _in_worker(data: bytes, type: str) -> bytes | None:
    cleaned: bytes | None = import_module("dossier_service.usecases.darkroom").cleaned(data, type)
    return cleaned
