"""Small copies of pictures for lists, made once and kept beside the store.

Pictures come from strangers: only the formats below are opened, nothing of more than 60 million
dots, and what cannot be read has no small copy. The copy carries nothing that the camera wrote.
"""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from pathlib import Path

from PIL import Image, ImageOps

from sizao.log.evidence import EvidenceStore, space

WIDTH, HEIGHT = 320, 240
"""Dots at most: twice of what a list shows, for fine screens."""
MAX_DOTS = 60_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")


def thumb(store: EvidenceStore, name: str) -> bytes | None:
    """JPEG of the small copy; None if the piece is no picture that we open.

    Raises EvidenceError if the piece is missing or was changed.
    """
    kept = store.thumb_path(name)
    # The picture must be there too: a copy never outlives what was deleted.
    if kept.is_file() and store.has(name):
        return kept.read_bytes()
    made = shrink(store.read(name))
    if made is not None and not space(store.root).full:
        _keep(kept, made)
    return made


def shrink(data: bytes) -> bytes | None:
    """A picture at most WIDTH by HEIGHT as JPEG, the right way up; None if we cannot read it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_DOTS:
                    return None
                picture.draft("RGB", (WIDTH, HEIGHT))
                turned = ImageOps.exif_transpose(picture)
                turned.thumbnail((WIDTH, HEIGHT))
                output = io.BytesIO()
                turned.convert("RGB").save(output, "JPEG", quality=75, optimize=True)
    except Exception:
        # A decoder that meets damaged bytes raises whatever it likes; none of it is ours.
        return None
    return output.getvalue()


def _keep(path: Path, data: bytes) -> None:
    """No harm if that fails: it is made again."""
    draft: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(draft).replace(path)
    except OSError:
        if draft is not None:
            Path(draft).unlink(missing_ok=True)
