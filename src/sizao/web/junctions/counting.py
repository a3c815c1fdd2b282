"""Turning counts: typed on the page, or out of a CSV or Excel file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.errors import ConfigError
from sizao.feeds.tables.csvfile import read_csv
from sizao.feeds.tables.table import Refusal
from sizao.feeds.tables.xlsxfile import read_xlsx
from sizao.plan.signals.counts import Counts, counts_of
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.junctions.models import Count, Junction
from sizao.web.junctions.register import shape_of
from sizao.web.pages.words import pick
from sizao.web.units.models import User
from sizao.web.writing import write

MAX_BYTES = 2 << 20
COLUMNS = {
    "arm": ("arm", "进口", "进口道", "方向"),
    "turn": ("turn", "转向", "流向"),
    "vehicles": ("vehicles", "辆数", "机动车", "流量", "合计"),
    "heavy": ("heavy", "大车", "大型车", "其中大型车"),
    "walkers": ("walkers", "行人", "过街行人"),
}
"""Names a column may have."""
_TURNS = {"L": ("l", "left", "左", "左转"), "T": ("t", "through", "直", "直行"),
          "R": ("r", "right", "右", "右转")}  # fmt: skip


def counts(count: Count) -> Counts:
    """A kept count, as timing takes it."""
    return counts_of(count.data, shape_of(count.junction))


def keep(
    user: User | None,
    junction: Junction,
    data: Mapping[str, Any],
    *,
    source: str,
    counted_at: datetime,
    note: str = "",
) -> Count:
    """Keep a count. Raises ConfigError, in words, for one that cannot be."""
    counts_of(data, shape_of(junction))
    with write():
        made = Count.objects.create(
            junction=junction, source=source, counted_at=counted_at, data=dict(data),
            note=note[:200], by=user.get_username() if user else "system",
            by_name=user.display_name if user else "", at=feed_now(),
        )  # fmt: skip
        audit.record(
            user, "count", "junction", junction.pk,
            {"count": made.pk, "source": source, "vehicles": sum(data["vehicles"].values())},
        )  # fmt: skip
    return made


def from_file(data: bytes, junction: Junction, *, minutes: float, peak: float) -> dict[str, Any]:
    """A table with a row a movement: arm, turn, vehicles, perhaps heavy and walkers.

    Arms go by their id or name, turns by L, T, R or 左转, 直行, 右转. Rows of one movement are
    added up, so quarters may stand below each other. Raises ConfigError with the row's number.
    """
    if len(data) > MAX_BYTES:
        raise ConfigError(_("文件超过 {n} MB。").format(n=MAX_BYTES >> 20))
    rows = list(_rows(data))
    needed = {"arm", "turn", "vehicles"}
    header = next((n for n, (_no, row) in enumerate(rows) if _places(row).keys() >= needed), None)
    if header is None:
        raise ConfigError(_("找不到表头：须有“进口”“转向”“辆数”三列。"))
    place = _places(rows[header][1])
    arms = {name: arm.id for arm in shape_of(junction).arms for name in (arm.id, arm.name)}
    vehicles: dict[str, int] = {}
    heavy: dict[str, int] = {}
    walkers: dict[str, int] = {}
    for number, row in rows[header + 1 :]:
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in place.items()}
        if not any(cells.values()):
            continue
        arm = arms.get(cells["arm"])
        if arm is None:
            raise ConfigError(
                _("第 {n} 行：本路口没有进口“{arm}”。").format(n=number, arm=cells["arm"][:40])
            )
        if cells.get("walkers"):
            walkers[arm] = walkers.get(arm, 0) + _whole(cells["walkers"], number)
        if not cells["turn"] and not cells["vehicles"]:
            continue
        turn = next((t for t, names in _TURNS.items() if cells["turn"].lower() in names), None)
        if turn is None:
            raise ConfigError(_("第 {n} 行：转向须为左转、直行或右转。").format(n=number))
        name = f"{arm}.{turn}"
        vehicles[name] = vehicles.get(name, 0) + _whole(cells["vehicles"], number)
        heavy[name] = heavy.get(name, 0) + _whole(cells.get("heavy") or "0", number)
    shares = {n: heavy[n] / vehicles[n] for n in heavy if heavy[n] and vehicles[n]}
    return {"minutes": minutes, "peak": peak, "vehicles": vehicles, "heavy": shares,
            "walkers": walkers}  # fmt: skip


def _rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    found = read_xlsx(data) if data.startswith(b"PK\x03\x04") else read_csv(data)
    if isinstance(found, Refusal):
        raise ConfigError(pick(found.words.zh, found.words.en))
    for row in found.rows:
        yield row.number, ["" if cell is None else str(cell) for cell in row.cells]


def _places(row: list[str]) -> dict[str, int]:
    named = [re.sub(r"\s|（.*?）|\(.*?\)", "", cell).lower() for cell in row]
    return {
        field: at
        for field, names in COLUMNS.items()
        if (at := next((n for n, cell in enumerate(named) if cell in names), None)) is not None
    }


def _whole(text: str, number: int) -> int:
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e6 or value != int(value):
        raise ConfigError(_("第 {n} 行：辆数须为不小于 0 的整数。").format(n=number))
    return int(value)


def template(junction: Junction) -> str:
    """A CSV with a row for each movement, to be filled in."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["进口", "转向", "辆数", "其中大型车", "过街行人"])
    names = {"L": "左转", "T": "直行", "R": "右转"}
    shape = shape_of(junction)
    for movement in shape.movements():
        arm, turn = movement.rsplit(".", 1)
        writer.writerow([shape.arm(arm).name, names[turn], "", "", ""])
    return "\ufeff" + text.getvalue()
