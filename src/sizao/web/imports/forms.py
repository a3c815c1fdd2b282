"""What the mapping screen sends, as a mapping; checked before any row is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.coordinates import DATUMS
from sizao.feeds.tables.kinds import kind_named
from sizao.feeds.tables.mapping import TableMapping, from_dict
from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.values.base import Column
from sizao.web.imports.models import Batch
from sizao.web.pages import words

CONSTANTS = ("kind", "area", "road")
"""Fields that a person may set for the whole table, where the kind has them."""


def mapping_of(batch: Batch, given: Mapping[str, str]) -> TableMapping:
    """The mapping on the screen: ``c-INDEX`` names the field of a column, ``k-FIELD`` a constant.

    A field that two columns claim keeps the first; :func:`problem_of` says so. What the screen
    does not show (this source's own codes) is kept.
    """
    kind = kind_named(batch.kind)
    saved = from_dict(batch.options["mapping"])
    columns: dict[str, str] = {}
    for index, column in enumerate(batch.look["columns"]):
        name = given.get(f"c-{index}", "")
        if name in kind.by_field:
            columns.setdefault(name, column["name"])
    constants = {
        name: value.strip()
        for name in CONSTANTS
        if name in kind.by_field and (value := given.get(f"k-{name}", "")).strip()
    }
    datum = given.get("datum", "wgs84")
    return TableMapping(
        kind.name,
        columns,
        constants,
        saved.values,
        datum if datum in DATUMS else "wgs84",
        saved.zone,
    )


def problem_of(batch: Batch, mapping: TableMapping, given: Mapping[str, str]) -> str:
    """Why this mapping cannot be checked, in the user's language; "" if it can."""
    kind = kind_named(batch.kind)
    claims = [given.get(f"c-{index}", "") for index in range(len(batch.look["columns"]))]
    twice = next((name for name in claims if name and claims.count(name) > 1), "")
    if twice:
        field = kind.by_field.get(twice)
        name = words.pick(field.zh, field.en) if field else twice
        return _("有两列都对应到「{name}」，请只留一列。").format(name=name)
    for group in mapping.missing():
        names = " / ".join(
            words.pick(kind.by_field[one].zh, kind.by_field[one].en) for one in group
        )
        return _("还缺一列：{names}。没有它一行也导不进去。").format(names=names)
    for name, value in mapping.constants.items():
        field = kind.by_field[name]
        try:
            field.parse(value, Column())
        except Bad:
            return _("整表固定值「{name}」填的不对：{takes}").format(
                name=words.pick(field.zh, field.en), takes=words.pick(*field.parse.takes)
            )
    return ""


def options_of(given: Mapping[str, str]) -> dict[str, Any]:
    """What to do with records that are there, and whether one bad row stops all."""
    existing = given.get("existing", "")
    return {
        "existing": existing if existing in ("skip", "update") else "",
        "strict": given.get("strict") == "1",
    }


def place_of(given: Mapping[str, str]) -> dict[str, Any]:
    """Sheet and header row; what is no row number lets the header be found."""
    row = given.get("header_row", "").strip()[:9]
    return {"sheet": given.get("sheet", ""), "header_row": int(row) if row.isdecimal() else 0}
