"""Pictures as they are kept: small, drawn anew, with nothing of the file but what is seen."""

from __future__ import annotations

import hashlib
from io import BytesIO

from django.utils.translation import gettext as _

from common.errors import BadInput

MOST_BYTES = 8 * 1024 * 1024
MOST_PIXELS = 40_000_000
LONGEST_SIDE = 640
CONTENT_TYPE = "image/webp"

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def redrawn(content: bytes) -> bytes:
    """A WebP of at most 640 px a side, upright, without the place and camera that files carry.

    Raises BadInput for what is no picture, or too large a one to open.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    if len(content) > MOST_BYTES:
        raise _bad(_("The picture is larger than %(most)d MB.") % {"most": MOST_BYTES // 1024**2})
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as opened:
            # Known from the head of the file, before its pixels are unpacked into memory.
            if opened.width * opened.height > MOST_PIXELS:
                raise _bad(
                    _("The picture has more than %(most)d million pixels.") % {"most": MOST_PIXELS // 10**6}
                )
            upright = ImageOps.exif_transpose(opened)
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            mode = "RGBA" if upright.has_transparency_data else "RGB"
            # A new image has none of the file's metadata.
            drawn = Image.new(mode, upright.size)
            drawn.paste(upright.convert(mode))
    except BadInput:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise _bad(_("This is no picture that can be read; use a JPEG, PNG, WebP or GIF file.")) from error
    out = BytesIO()
    drawn.save(out, "WEBP", quality=82)
    return out.getvalue()


def digest_of(picture: bytes) -> str:
    return hashlib.sha256(picture).hexdigest()


def _bad(detail: str) -> BadInput:
    return BadInput(detail, {"picture": [detail]})
