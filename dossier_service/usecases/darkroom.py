"""The worker's side of ``pictures``: the only module that loads Pillow."""

import io

from PIL import Image, ImageOps

SHRINK_OVER = 2 * 1024 * 1024
LONGEST_SIDE = 2600
Image.MAX_IMAGE_PIXELS = 80_000_000


def cleaned(data: bytes, type: str) -> bytes | None:
    """Return the cleaned picture, or None when it is none (runs in the worker)."""
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "PNG"]) as opened:
            opened.load()
            picture = ImageOps.exif_transpose(opened)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    if len(data) > SHRINK_OVER:
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
