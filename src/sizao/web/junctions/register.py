"""The register: a junction drafted from the network, corrected by people, with its plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from sizao.core.errors import ConfigError, ConflictError
from sizao.plan.signals import junction as shapes
from sizao.plan.signals import program as programs
from sizao.plan.signals.junction import Junction as Shape
from sizao.plan.signals.program import Program
from sizao.plan.signals.survey import Draft, draft
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.geo import metres_between
from sizao.web.junctions.models import Junction, Step
from sizao.web.ports import installed, ports
from sizao.web.reports.place import place_of
from sizao.web.units.models import User
from sizao.web.writing import write

TOO_NEAR_M = 30.0
"""Another registered junction this near is the same one."""


def shape_of(junction: Junction) -> Shape:
    """The junction's arms and lanes."""
    return shapes.junction_of({"name": junction.name, **junction.shape})


def plan_of(junction: Junction) -> Program | None:
    """The plan in force; None where none is kept."""
    if not junction.plan:
        return None
    return programs.program_of(junction.plan, shape_of(junction))


def drafted(lat: float, lon: float) -> Draft:
    """What the road network says. Raises ConfigError without a network or a junction near."""
    network = ports().network if installed() else None
    if network is None:
        raise ConfigError(_("没有导入路网，请手工填写进口道。"))
    return draft(network, lat, lon)


def register(
    user: User, *, name: str, lat: float, lon: float, shape: dict[str, Any], contact: str = ""
) -> Junction:
    """A new junction; its unit is whose road it is. Raises ConfigError or ConflictError."""
    checked = shapes.junction_of({"name": name, **shape})
    if not name.strip():
        raise ConfigError(_("请填写路口名称。"))
    unit = place_of(lat, lon).unit
    if not (user.path and unit.path.startswith(user.path)):
        raise ConflictError(_("这个地点归其他单位管辖。"))
    with write():
        near = next(
            (
                one
                for one in Junction.objects.filter(
                    lat__range=(lat - 0.001, lat + 0.001), lon__range=(lon - 0.001, lon + 0.001)
                )
                if metres_between(one.lat, one.lon, lat, lon) < TOO_NEAR_M
            ),
            None,
        )
        if near is not None:
            raise ConflictError(_("{name}已登记在此处。").format(name=near.name))
        made = Junction.objects.create(
            name=name.strip()[:80], unit=unit, lat=lat, lon=lon, shape=_kept(checked),
            contact=contact[:120], changed_at=feed_now(),
        )  # fmt: skip
        step(made, user, "register")
        audit.record(user, "register", "junction", made.pk, {"name": made.name, "unit": unit.code})
    return made


def change(
    user: User,
    pk: int,
    version: int,
    *,
    shape: dict[str, Any] | None = None,
    plan: dict[str, Any] | None = None,
    contact: str | None = None,
) -> Junction:
    """Correct arms or lanes, or write down the plan in force. A stale version is refused.

    A plan that no longer fits a changed shape is dropped: it would be judged wrongly.
    """
    with write():
        junction = locked(pk, version)
        said: dict[str, Any] = {}
        if shape is not None:
            junction.shape = _kept(shapes.junction_of({"name": junction.name, **shape}))
            said["shape"] = True
            try:
                plan_of(junction)
            except ConfigError:
                junction.plan = {}
                said["plan_dropped"] = True
        if plan is not None:
            here = shape_of(junction)
            found = programs.program_of(plan, here)
            junction.plan = programs.as_data(found, here.movements())
            said["cycle_s"] = found.cycle_s
        if contact is not None:
            junction.contact = contact[:120]
        saved(junction)
        step(junction, user, "plan" if plan is not None else "shape")
        audit.record(user, "change", "junction", junction.pk, said)
    return junction


def locked(pk: int, version: int | None = None) -> Junction:
    """The row for a change. Raises ConflictError if somebody else was first."""
    junction = Junction.objects.select_related("unit").select_for_update().get(pk=pk)
    if version is not None and junction.version != version:
        raise ConflictError(_("别人刚改过这个路口，请看过最新情况再改。"))
    return junction


def saved(junction: Junction) -> None:
    """Save a changed row under its next version."""
    junction.version += 1
    junction.changed_at = feed_now()
    junction.save()


def _kept(shape: Shape) -> dict[str, Any]:
    kept = shapes.as_data(shape)
    del kept["name"]
    return kept


def step(
    junction: Junction,
    user: User | None,
    action: str,
    note: str = "",
    facts: list[dict[str, Any]] | None = None,
) -> Step:
    """A line of the history; the caller holds the transaction."""
    return Step.objects.create(
        junction=junction, at=feed_now(), action=action, state=junction.state, note=note[:500],
        by=user.get_username() if user else "system",
        by_name=user.display_name if user else "", facts=facts or [],
    )  # fmt: skip
