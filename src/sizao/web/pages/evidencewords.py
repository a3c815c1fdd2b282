"""Words of evidence: kinds, why something is kept, what an alarm's file shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from sizao.web.evidence.models import Piece
from sizao.web.evidence.queries import SHOWN
from sizao.web.pages.words import pick

_NAME = re.compile(r"^\d{2}_\d+_(6[4-7])([0-9A-Fa-f]{2})_")
"""File type, channel, alarm type, ...: T/JSATL 12, 4.6.2 on the names of files."""

_ALARMS = {
    0x6401: ("前向碰撞", "forward collision"),
    0x6402: ("车道偏离", "lane departure"),
    0x6403: ("车距过近", "too close"),
    0x6404: ("行人碰撞", "pedestrian"),
    0x6405: ("频繁变道", "frequent lane change"),
    0x6406: ("道路标识超限", "sign limit"),
    0x6407: ("障碍物", "obstacle"),
    0x6410: ("道路标志识别", "sign seen"),
    0x6411: ("主动抓拍", "snapshot"),
    0x6501: ("疲劳驾驶", "fatigue"),
    0x6502: ("接打电话", "phone"),
    0x6503: ("抽烟", "smoking"),
    0x6504: ("分神驾驶", "distraction"),
    0x6505: ("驾驶员异常", "driver abnormal"),
    0x6510: ("自动抓拍", "snapshot"),
    0x6511: ("驾驶员变更", "driver change"),
    0x6701: ("后方接近", "rear approach"),
    0x6702: ("左侧后方接近", "left rear approach"),
    0x6703: ("右侧后方接近", "right rear approach"),
}
"""What T/JSATL 12 calls the types of its alarms."""


def what_word(what: str) -> str:
    return {
        "passage": _("过车图片"),
        "alarm": _("主动安全报警附件"),
        "media": _("终端多媒体"),
        "weighing": _("称重图片"),
        "report": _("上报照片"),
        "file": _("投递文件原件"),
    }[what]


def why_word(why: str) -> str:
    return {
        "case": _("案件未结"),
        "report": _("上报未办结"),
        "hold": _("已设保留"),
        "closed": _("已结案件，未满留存期"),
    }[why]


def alarm_word(piece: Piece) -> str:
    """What the device saw, from the file's name; empty where it does not say."""
    found = _NAME.match(piece.name)
    if found is None:
        return ""
    if found[1] == "66":
        return pick("胎压异常", "tyre pressure")
    return pick(*_ALARMS.get(int(found[1] + found[2], 16), ("", "")))


@dataclass(frozen=True)
class Tile:
    """One piece as a page shows it."""

    piece: Piece
    what: str
    """The alarm, else the kind of evidence."""
    url: str


def tiles(pieces: QuerySet[Piece], view: str, key: str | int) -> list[Tile]:
    """Pieces for ``evidence/_tiles.html``; ``view`` serves them under ``key``."""
    return [
        Tile(
            piece,
            alarm_word(piece) or what_word(piece.what),
            reverse(view, args=[key, piece.evidence]),
        )
        for piece in pieces[:SHOWN]
    ]
