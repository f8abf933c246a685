"""The worker's side of ``pictures``: the only module that loads Pillow and libheif."""

import io
from importlib import import_module

from PIL import Image, ImageOps

SHRINK_OVER = 2 * 1024 * 1024
LONGEST_SIDE = 2600
Image.MAX_IMAGE_PIXELS = 80_000_000


def cleaned(data: bytes, type: str) -> bytes | None:
    """Return the cleaned picture, or None when it is none (runs in the worker). HEIC becomes a JPEG."""
    heic = type == "image/heic"
    if heic:
        import_module("pillow_heif").register_heif_opener(thumbnails=False)
    try:
        with Image.open(io.BytesIO(data), formats=["HEIF"] if heic else ["JPEG", "PNG"]) as opened:
            opened.load()
            picture = ImageOps.exif_transpose(opened)
            return _developed(picture, type, shrink=heic or len(data) > SHRINK_OVER)
    except (OSError, ValueError, SyntaxError, RuntimeError, MemoryError):
        return None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def _developed(picture: Image.Image, type: str, *, shrink: bool) -> bytes:
    if shrink:
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    bare = Image.new(picture.mode, picture.size)
    if picture.mode == "P":
        bare.putpalette(picture.getpalette() or [])
    bare.paste(picture)
    out = io.BytesIO()
    if type == "image/png":
        bare.save(out, "PNG", optimize=True)
    else:
        bare.convert("RGB").save(out, "JPEG", quality=85, progressive=True)
    return out.getvalue()
