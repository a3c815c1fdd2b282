"""Watching the load of every desk, and signing a whole group."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Count

from sizao.core.errors import ConflictError, TransitionError
from sizao.core.rulebook import entry
from sizao.respond import storm
from sizao.respond.grouping import WHOLE, Group, Item, group, readable
from sizao.web import audit
from sizao.web.cases import services as cases
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.live import hub
from sizao.web.live.outbox import publish
from sizao.web.storm.models import Spell
from sizao.web.units.models import Unit, User
from sizao.web.writing import write

EVERY_S = 5.0
CHUNK = 20
"""Cases signed in a transaction, so that a large group keeps nobody waiting."""


def loads(now: datetime) -> dict[int, storm.Load]:
    """What lies on the desk of every police unit: unit id to load. Two queries, however many cases:
    cases are counted by who sees them, of which there are few different answers."""
    window = timedelta(seconds=storm.limits().window_s)
    unsigned = _by_reach(Case.objects.open().filter(state="raised"))
    arrived = _by_reach(Case.objects.filter(raised_at__gt=now - window, raised_at__lte=now))
    people = operators()
    return {
        unit.pk: storm.Load(
            _of(unit, unsigned), _of(unit, arrived), max(1, people.get(unit.pk, 0))
        )
        for unit in Unit.objects.all()
    }  # fmt: skip


def _by_reach(rows) -> list[tuple[str, int]]:
    return list(rows.order_by().values_list("reach").annotate(n=Count("pk")))


def _of(unit: Unit, counts: list[tuple[str, int]]) -> int:
    if unit.parent_id is None:  # the root sees everything
        return sum(many for _, many in counts)
    return sum(many for reach, many in counts if f"|{unit.path}" in reach)


def operators() -> dict[int, int]:
    """Unit id to its people with a page open who may sign."""
    watching = User.objects.filter(pk__in=hub.watching(), unit__agency="")
    acting = watching.filter(role__in=(User.Role.OPERATOR, User.Role.LEADER, User.Role.OFFICER))
    return dict(acting.order_by().values_list("unit").annotate(n=Count("pk")))


def watch(now: datetime) -> int:
    """Look at every desk: storms begin, die down and end. Returns how many are on."""
    open_spells = {one.unit_id: one for one in Spell.objects.filter(ended_at=None)}
    within, on = storm.limits(), 0
    for unit_id, load in loads(now).items():
        spell = open_spells.get(unit_id)
        before = storm.Storm() if spell is None else storm.Storm(
            True, spell.began_at.timestamp(),
            spell.calm_since.timestamp() if spell.calm_since else None,
        )  # fmt: skip
        after = storm.step(before, load, now.timestamp(), within)
        on += after.on
        if spell is None and after.on:
            _begin(unit_id, load, now)
        elif spell is not None:
            _go_on(spell, after, load, now)
    return on


def _begin(unit_id: int, load: storm.Load, now: datetime) -> None:
    with write():
        spell = Spell.objects.create(
            unit_id=unit_id, began_at=now, operators=load.operators, unsigned=load.unsigned,
            arrived=load.arrived, peak_unsigned=load.unsigned, peak_arrived=load.arrived,
        )  # fmt: skip
        audit.record(
            None, "storm.begin", "unit", spell.unit.code,
            {"unsigned": load.unsigned, "arrived": load.arrived, "operators": load.operators},
        )  # fmt: skip
        _announce(spell)


def _go_on(spell: Spell, after: storm.Storm, load: storm.Load, now: datetime) -> None:
    calm = None if after.calm_since_s is None else datetime.fromtimestamp(after.calm_since_s, UTC)
    seen = (load.operators, load.unsigned, load.arrived)
    if after.on and calm == spell.calm_since and seen == (
        spell.operators, spell.unsigned, spell.arrived,
    ):  # fmt: skip
        return
    with write():
        spell.operators, spell.unsigned, spell.arrived = seen
        spell.peak_unsigned = max(spell.peak_unsigned, load.unsigned)
        spell.peak_arrived = max(spell.peak_arrived, load.arrived)
        spell.calm_since = calm
        if not after.on:
            spell.ended_at = now
            audit.record(
                None, "storm.end", "unit", spell.unit.code,
                {"peak_unsigned": spell.peak_unsigned, "peak_arrived": spell.peak_arrived},
            )  # fmt: skip
            _announce(spell)
        spell.save()


def _announce(spell: Spell) -> None:
    publish("storm", f"|{spell.unit.path}|", {"unit": spell.unit.code, "on": not spell.ended_at})


def current(user: User) -> Spell | None:
    """The storm of the user's desk, or None."""
    if not user.path:
        return None
    return Spell.objects.filter(unit=user.unit, ended_at=None).first()


_COLUMNS = (
    "pk", "kind", "level", "state", "raised_at", "deadline", "place", "road", "area", "lat", "lon",
)  # fmt: skip


def _items(user: User) -> list[Item]:
    """The open cases that a user sees. One query of few columns: there are thousands."""
    rows = Case.objects.for_user(user).open().order_by()
    return [
        Item(
            pk, kind, level, state == "raised", raised.timestamp(),
            deadline.timestamp() if deadline else None, place, road, area, lat, lon,
        )
        for pk, kind, level, state, raised, deadline, place, road, area, lat, lon
        in rows.values_list(*_COLUMNS)
    ]  # fmt: skip


def groups(user: User) -> tuple[float, list[Group]]:
    """The open cases that a user sees, in as few groups as can be read; and the size of a group's
    square in metres, which is part of a group's name."""
    book = entry(storm.RULE)
    return readable(
        _items(user), float(book.value("place_cell")), int(book.value("groups_most"))
    )  # fmt: skip


def group_of(user: User, key: str, cell_m: float) -> Group | None:
    """A group as it was shown in squares of that size, with what it holds now."""
    if cell_m != WHOLE and not 100 <= cell_m <= 1e6:
        return None
    return next((one for one in group(_items(user), cell_m) if one.key == key), None)


@dataclass(frozen=True)
class Signed:
    """What one signature for a group did."""

    signed: int
    others: int
    """Signed by somebody else meanwhile."""
    refused: int
    """Not this user's to sign."""


def sign_group(user: User, key: str, cell_m: float, upto: int) -> Signed:
    """Sign what is unsigned in a group, as it was shown: nothing that came after case ``upto``.

    Each case is signed by itself with its own timeline line and audit entry; one that somebody
    else was faster with is left as it is and counted.
    """
    found = group_of(user, key, cell_m)
    wanted = [] if found is None else [
        item.id for item in found.items if item.unsigned and item.id <= upto
    ]  # fmt: skip
    signed = others = refused = 0
    for start in range(0, len(wanted), CHUNK):
        with write():
            for case_id in wanted[start : start + CHUNK]:
                version = Case.objects.values_list("version", flat=True).get(pk=case_id)
                try:
                    cases.act(user, case_id, "sign", version)
                    signed += 1
                except NotAllowedError:
                    refused += 1
                except (TransitionError, ConflictError):
                    others += 1
    with write():
        audit.record(
            user, "storm.sign_group", "group", key,
            {"signed": signed, "others": others, "refused": refused, "upto": upto},
        )  # fmt: skip
    return Signed(signed, others, refused)
