"""Files by key in one object store (a folder, or S3), and what a file really is, by its content.

A file is stored, hashed and checked before the transaction that names it, under a key that ends in its digest. An
upload becomes visible under its key whole or not at all. A store that is away, full or refuses us is ``Unavailable``
(``files_unavailable``), whatever the engine.
"""

import asyncio
import hashlib
import os
import re
import struct
import uuid
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from kernel.clock import real_now
from kernel.errors import Invalid, Text, TooLarge, Unavailable

STEP = 1024 * 1024
PARTIAL = "partial"
HEAD = 64
HEIC = frozenset((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"))
TYPES = ("image/jpeg", "image/png", "image/heic", "application/pdf")

_PARTS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")

_ENCRYPTED = re.compile(rb"/Encrypt\s*(\d+\s+\d+\s+R|<<)")

logger = structlog.get_logger()

FileType = Literal["image/jpeg", "image/png", "image/heic", "application/pdf"]


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written: lower-case hex SHA-256 and bytes."""

    sha256: str
    size: int


class Files:
    """One store. Keys hold letters, digits, dot, dash, underscore and slashes; no part begins with a dot."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def in_folder(cls, folder: str) -> "Files":
        """Return the store in a folder, which is made if missing."""
        return cls(LocalStore(folder, mkdir=True))

    @classmethod
    def on_s3(cls, url: str, *, credentials: tuple[str, str] | None = None) -> "Files":
        """Return the store in a bucket that exists: ``http(s)://host[:port]/bucket[/folder]``, path style.

        ``credentials`` are the access key and its secret. Without them ``AWS_ACCESS_KEY_ID`` and
        ``AWS_SECRET_ACCESS_KEY`` say them, or ``…_FILE`` name files that do; ``AWS_REGION`` is us-east-1 unless said.
        Nothing is asked of the server here. Raises ``ValueError`` for an address or credentials that cannot be used.
        """
        parts = urlsplit(url)
        bucket, _, folder = parts.path.strip("/").partition("/")
        if parts.scheme not in ("http", "https") or not parts.hostname or not bucket:
            raise ValueError("the address of the files must be http(s)://host[:port]/bucket")
        key, secret = credentials or (_secret("AWS_ACCESS_KEY_ID"), _secret("AWS_SECRET_ACCESS_KEY"))
        store = S3Store(
            bucket,
            prefix=folder or None,
            endpoint=f"{parts.scheme}://{parts.netloc}",
            access_key_id=key,
            secret_access_key=secret,
            region=os.environ.get("AWS_REGION", "us-east-1"),
            virtual_hosted_style_request=False,
            client_options={"allow_http": parts.scheme == "http", "connect_timeout": "3s", "timeout": "60s"},
            retry_config={
                "max_retries": 3,
                "retry_timeout": timedelta(seconds=10),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=1),
                    "base": 2,
                },
            },
        )
        return cls(store)

    async def put(self, key: str, data: bytes | AsyncIterator[bytes], *, limit: int | None = None) -> Stored:
        """Store ``data`` under ``key`` and return its digest and size.

        Raises ``TooLarge`` (``file_too_large``) over ``limit`` bytes; nothing is kept then. Raises ``Unavailable``.
        """
        _check_key(key)
        if isinstance(data, bytes):
            _check_size(len(data), limit)
            with _reaching(wanted=False):
                await obstore.put_async(self._store, key, data)
            return Stored(hashlib.sha256(data).hexdigest(), len(data))
        return await self._put_parts(key, data, limit)

    async def move(self, source: str, target: str) -> None:
        """Give a stored file another key; ``target`` appears whole. Raises ``FileNotFoundError``, ``Unavailable``."""
        _check_key(source)
        _check_key(target)
        with _reaching():
            await obstore.rename_async(self._store, source, target)

    async def stream(self, key: str, offset: int = 0) -> AsyncIterator[bytes]:
        """Yield the file from ``offset``, in parts. Raises ``FileNotFoundError``, ``Unavailable``.

        Each part is asked for by itself, so that no connection to the store waits for a slow reader.
        """
        _check_key(key)
        total = await self.size(key)
        if total is None:
            raise FileNotFoundError(key)
        for start in range(offset, total, STEP):
            with _reaching():
                part = await obstore.get_range_async(self._store, key, start=start, end=min(start + STEP, total))
            yield bytes(part)

    async def read(self, key: str) -> bytes:
        """Return the whole file. Raises ``FileNotFoundError``, ``Unavailable``. For files known to be small."""
        return b"".join([chunk async for chunk in self.stream(key)])

    async def size(self, key: str) -> int | None:
        """Return the size in bytes, or None when there is no such file. Raises ``Unavailable``."""
        _check_key(key)
        try:
            with _reaching():
                return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError:
            return None

    async def delete(self, key: str) -> None:
        """Delete the file; it need not exist. Raises ``Unavailable``."""
        _check_key(key)
        try:
            with _reaching():
                await obstore.delete_async(self._store, key)
        except FileNotFoundError:
            return

    async def keys(self, prefix: str = "") -> AsyncIterator[str]:
        """Yield the keys below the folder ``prefix``; uploads under way are not shown. Raises ``Unavailable``."""
        async for item in self._items(prefix):
            if not item["path"].startswith(f"{PARTIAL}/"):
                yield item["path"]

    async def sweep(self, older_than: timedelta) -> int:
        """Delete uploads that a killed process left under way longer ago than ``older_than``; return how many."""
        before = real_now() - older_than
        left = [item["path"] async for item in self._items(PARTIAL) if item["last_modified"] < before]
        for path in left:
            await self.delete(path)
        return len(left)

    async def _items(self, prefix: str) -> AsyncIterator[Any]:
        with _reaching(wanted=False):
            async for batch in obstore.list(self._store, prefix or None):
                for item in batch:
                    yield item

    async def _put_parts(self, key: str, data: AsyncIterator[bytes], limit: int | None) -> Stored:
        partial = f"{PARTIAL}/{uuid.uuid4().hex}"
        digest, size = hashlib.sha256(), 0
        writer = obstore.open_writer_async(self._store, partial)
        try:
            async for chunk in data:
                size += len(chunk)
                _check_size(size, limit)
                digest.update(chunk)
                with _reaching(wanted=False):
                    await writer.write(chunk)
            with _reaching(wanted=False):
                await writer.close()
                await obstore.rename_async(self._store, partial, key)
        except BaseException:
            await asyncio.shield(self._drop(writer, partial))
            raise
        return Stored(digest.hexdigest(), size)

    async def _drop(self, writer: Any, partial: str) -> None:
        """Leave nothing of an upload that broke off; what cannot be deleted now is swept later."""
        with suppress(BaseError, OSError, Unavailable):
            if not writer.closed():
                await writer.close()
        with suppress(Unavailable):
            await self.delete(partial)


@contextmanager
def _reaching(*, wanted: bool = True) -> Iterator[None]:
    """Turn what the store says into ``Unavailable``. ``wanted``: a missing object is an answer, no missing bucket."""
    try:
        yield
    except (BaseError, OSError) as error:
        if wanted and isinstance(error, FileNotFoundError):
            raise
        logger.warning("files_unavailable", error=type(error).__name__)
        raise Unavailable(
            "files_unavailable",
            Text("Kho tệp đang tạm nghỉ. Bạn thử lại sau ít phút.", "The file store is away. Try again soon."),
            retry_after=10,
        ) from error


def _secret(name: str) -> str:
    """Return a secret of the environment, or of the file that it names."""
    value, path = os.environ.get(name, ""), os.environ.get(f"{name}_FILE", "")
    if path and not value:
        value = Path(path).read_text().strip()
    if not value:
        raise ValueError(f"files on S3 need {name}, or {name}_FILE with the name of a file")
    return value


def sniff(data: bytes) -> FileType | None:
    """Return the type that the first bytes (64 are enough) show, or None for a type we do not take."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data[4:8] == b"ftyp" and HEIC & {data[8:12], *(data[at : at + 4] for at in range(16, HEAD, 4))}:
        return "image/heic"
    return None


def check_structure(data: bytes, type: str) -> None:
    """Check that ``data`` is a whole file of ``type``: begun rightly, not cut off, its parts add up.

    Raises ``Invalid``: ``empty_file``, ``file_type_not_taken``, ``file_broken``, ``file_encrypted``.
    """
    if not data:
        raise Invalid("empty_file", Text("Tệp này trống. Bạn chọn tệp khác.", "This file is empty. Choose another."))
    if sniff(data[:HEAD]) != type:
        raise Invalid(
            "file_type_not_taken",
            Text("Chỉ nhận ảnh JPEG, PNG, HEIC hoặc tệp PDF.", "Only JPEG, PNG, HEIC images or PDF files are taken."),
        )
    check = {"image/jpeg": _jpeg, "image/png": _png, "image/heic": _heic, "application/pdf": _pdf}[type]
    try:
        whole = check(data)
    except (IndexError, struct.error):
        whole = False
    if not whole:
        raise Invalid(
            "file_broken",
            Text("Tệp bị hỏng hoặc bị cắt. Bạn chụp hoặc tải lại.", "The file is damaged or cut off. Take it again."),
        )
    if type == "application/pdf" and _ENCRYPTED.search(data):
        raise Invalid(
            "file_encrypted",
            Text(
                "Tệp PDF này có mật khẩu nên cơ quan không mở được. Bạn bỏ mật khẩu rồi tải lại.",
                "This PDF is protected by a password, so the office cannot open it. Remove it and upload again.",
            ),
        )


def _jpeg(data: bytes) -> bool:
    at, frame = 2, False
    while data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            frame = width > 0 and height > 0
        if marker == 0xDA:
            return frame and data.rfind(b"\xff\xd9") > at
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        at += 2 + max(length, 2)
    return False


def _png(data: bytes) -> bool:
    at, kinds = 8, []
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        (crc,) = struct.unpack(">I", data[at + 8 + length : at + 12 + length])
        if len(content) != length or zlib.crc32(kind + content) != crc:
            return False
        kinds.append(kind)
        at += 12 + length
        if kind == b"IEND":
            break
    return kinds[0] == b"IHDR" and b"IDAT" in kinds and kinds[-1] == b"IEND"


def _heic(data: bytes) -> bool:
    at, kinds = 0, set()
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        if length == 1:
            (length,) = struct.unpack(">Q", data[at + 8 : at + 16])
        elif length == 0:
            length = len(data) - at
        if length < 8 or at + length > len(data):
            return False
        kinds.add(kind)
        at += length
    return {b"ftyp", b"meta"} <= kinds


def _pdf(data: bytes) -> bool:
    end = data[-2048:]
    return b"%%EOF" in end and b"startxref" in end and re.search(rb"\d+ \d+ obj", data) is not None


def _check_key(key: str) -> None:
    if not _PARTS.fullmatch(key) or len(key) > 500:
        raise ValueError("not a key of the store")


def _check_size(size: int, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise TooLarge("file_too_large", Text("Tệp này lớn quá. Bạn chọn tệp nhỏ hơn.", "This file is too large."))
