"""Static files: an address with the content's digest is kept for a year, the plain address is asked for again."""

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from kernel.telemetry import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, ready to send."""

    body: bytes
    packed: bytes
    kind: str
    digest: str


class Assets:
    """The ASGI app under ``/static``. Files are read once; they are few and small."""

    def __init__(self, folder: Path) -> None:
        self._by_name: dict[str, Asset] = {
            path.name: _load(path) for path in sorted(folder.iterdir()) if path.is_file()
        }
        self._by_address: Mapping[str, Asset] = {
            _fingerprinted(name, asset.digest): asset for name, asset in self._by_name.items()
        }

    def address(self, name: str) -> str:
        """Return the address that changes whenever the file's content does. Raises ``KeyError`` for no such file."""
        return f"/static/{_fingerprinted(name, self._by_name[name].digest)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request for a file."""
        request = Request(scope, receive)
        if request.method not in ("GET", "HEAD"):
            raise HTTPException(405)
        name = scope["path"].rpartition("/")[2]
        asset = self._by_address.get(name)
        keep = "public, max-age=31536000, immutable" if asset else "public, max-age=600"
        asset = asset or self._by_name.get(name)
        if asset is None:
            raise HTTPException(404)
        await _answer(request, asset, keep)(scope, receive, send)


def _answer(request: Request, asset: Asset, keep: str) -> Response:
    headers = {"cache-control": keep, "etag": f'"{asset.digest}"', "vary": "Accept-Encoding"}
    if f'"{asset.digest}"' in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = asset.body
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"], body = "gzip", asset.packed
    return Response(body, headers=headers, media_type=asset.kind)


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(body, gzip.compress(body, 9, mtime=0), kind, hashlib.sha256(body).hexdigest()[:12])


def _fingerprinted(name: str, digest: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{digest}.{suffix}"
