"""Photos of hazards: cleaned like those of reports, durable before the row that names them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sizao.core.errors import EvidenceError, TransitionError
from sizao.log.evidence import EvidenceStore
from sizao.web.hazards.models import Hazard, HazardPhoto
from sizao.web.ports import ports
from sizao.web.reports.photos import MAX_BYTES, MAX_PHOTOS, Photo, clean

Kept = tuple[str, str, int]
"""Name in the evidence store, format, bytes."""


def store(photos: Sequence[bytes]) -> list[Kept]:
    """Keep photos; call it before the transaction. Raises TransitionError for what is none."""
    if len(photos) > MAX_PHOTOS:
        raise TransitionError(
            f"最多 {MAX_PHOTOS} 张照片。", f"At most {MAX_PHOTOS} photos.", code="photos"
        )
    cleaned = [_cleaned(data) for data in photos]
    kept = EvidenceStore(ports().data.evidence)
    try:
        return [(kept.put(one.data), one.format, len(one.data)) for one in cleaned]
    except EvidenceError as error:
        raise TransitionError(
            "照片暂时无法保存，请稍后再试。", f"Photos cannot be stored now: {error}",
            code="photos",
        ) from error  # fmt: skip


def _cleaned(data: bytes) -> Photo:
    found = clean(data) if len(data) <= MAX_BYTES else None
    if found is None:
        raise TransitionError(
            f"照片无法识别，请使用 {MAX_BYTES >> 20} MB 以内的 JPEG、PNG 或 WebP。",
            f"A photo must be a JPEG, PNG or WebP of at most {MAX_BYTES >> 20} MB.",
            code="photos",
        )
    return found


def attach(hazard: Hazard, kept: Sequence[Kept], stage: str, seq: int, at: datetime) -> None:
    """Name stored photos, within the caller's transaction."""
    last = hazard.photos.order_by("-number").first()
    start = last.number + 1 if last else 1
    for number, (name, format, size) in enumerate(kept, start):
        HazardPhoto(
            hazard=hazard, number=number, seq=seq, stage=stage, evidence=name, format=format,
            size=size, at=at,
        ).save()  # fmt: skip
