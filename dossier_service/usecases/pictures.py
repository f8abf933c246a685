"""Papers as they come from a phone: upright, without place, camera and author, and small enough for a slow link.

Pillow, libheif and qpdf are loaded in a ``Worker`` alone, never where requests are served.
"""

from importlib import import_module

from dossier_service.usecases.heic import without_metadata
from dossier_service.usecases.worker import Worker, WorkerDied
from kernel.errors import Invalid, Text, Unavailable

SECONDS = 15


class Pictures:
    """The worker that cleans papers."""

    def __init__(self) -> None:
        self._worker = Worker(SECONDS)

    async def clean(self, data: bytes, type: str) -> tuple[bytes, str]:
        """Return the paper without metadata, and its type: pictures upright, shrunk when large, HEIC as JPEG.

        A HEIC picture that cannot be decoded keeps its coding and loses its metadata; a PDF that is signed or that
        gives any doubt stays as it came (see ``bindery``). Raises ``Invalid`` (``file_broken``) for a JPEG or PNG that
        cannot be opened, ``Unavailable`` (``pictures_unavailable``) when the worker died of it.
        """
        done = await self._cleaned(data, type)
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

    async def _cleaned(self, data: bytes, type: str) -> bytes | None:
        """Return what the worker made of it (empty: nothing), or None when it died of it."""
        try:
            return await self._worker.run(_in_worker, data, type)
        except WorkerDied:
            return None

    async def close(self) -> None:
        """Stop the worker."""
        await self._worker.close()


def _in_worker(data: bytes, type: str) -> bytes:
    if type == "application/pdf":
        made: bytes | None = import_module("dossier_service.usecases.bindery").bare_pdf(data)
    else:
        made = import_module("dossier_service.usecases.darkroom").cleaned(data, type)
    return made or b""
