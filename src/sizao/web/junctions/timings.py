"""A better plan for a junction: computed, simulated, adopted by another person."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.errors import ConfigError, ConflictError
from sizao.plan.microsim import program as simulator
from sizao.plan.signals.gain import gain
from sizao.plan.signals.junction import as_data
from sizao.plan.signals.model import Model
from sizao.plan.signals.optimise import optimise, retime
from sizao.plan.signals.program import faults
from sizao.plan.signals.reporting import gain_data, plan_data
from sizao.web import audit
from sizao.web.child import run_child
from sizao.web.clock import feed_now
from sizao.web.junctions import access, files
from sizao.web.junctions.counting import counts
from sizao.web.junctions.models import Count, Junction, Timing
from sizao.web.junctions.register import locked, plan_of, saved, shape_of, step
from sizao.web.refusals import kept
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.junctions")

SEEDS = 10
MOST_SEEDS = 30
Runner = Callable[[Path, Callable[[int, int], None]], None]


def judged(junction: Junction, count: Count, method: str = "cjj") -> dict[str, Any] | None:
    """The plan in force under a count; None without a plan."""
    plan = plan_of(junction)
    if plan is None:
        return None
    shape, counted = shape_of(junction), counts(count)
    model = Model(shape, counted, method)
    return {**plan_data(model, plan), "faults": faults(shape, plan, counted)}


def compute(
    user: User | None,
    junction: Junction,
    count: Count,
    *,
    method: str = "cjj",
    same_phases: bool = False,
    cycle_max: int | None = None,
) -> Timing:
    """Find a better plan and keep both with what they are worth. Raises ConfigError, in words."""
    plan = plan_of(junction)
    if plan is None:
        raise ConfigError(_("先录入现行配时方案，才有可比的对象。"))
    shape, counted = shape_of(junction), counts(count)
    model = Model(shape, counted, method)
    found = (retime if same_phases else optimise)(model, plan, cycle_max)
    before = {**plan_data(model, plan), "faults": faults(shape, plan, counted)}
    after = {**plan_data(model, found.program), "webster_cycle_s": found.webster_s,
             "faults": faults(shape, found.program, counted)}  # fmt: skip
    gained = gain_data(gain(model, plan, found.program))
    with write():
        made = Timing.objects.create(
            junction=junction, count=count, method=method, shape=as_data(shape), before=before,
            after=after, gain=gained, at=feed_now(), by=user.get_username() if user else "system",
            by_name=user.display_name if user else "",
        )  # fmt: skip
        audit.record(
            user, "timing.compute", "junction", junction.pk,
            {"timing": made.pk, "count": count.pk, "saved_s": gained["saved_s"]},
        )  # fmt: skip
    return made


def adopt(user: User, timing_id: int, version: int) -> Timing:
    """The better plan becomes the plan in force: by another person than who computed it.

    Raises ConflictError if not by this person, not any more, or for another shape.
    """
    with write():
        timing = Timing.objects.select_related("junction__unit").select_for_update().get(
            pk=timing_id
        )  # fmt: skip
        junction = locked(timing.junction_id, version)
        if not access.may_adopt(user, timing):
            raise ConflictError(_("须由计算人以外的负责人采用，且只采用一次。"))
        if as_data(shape_of(junction)) != timing.shape:
            raise ConflictError(_("进口道已经改过，请按新的进口道重新计算。"))
        timing.adopted_by, timing.adopted_name = user.get_username(), user.display_name
        timing.adopted_at = feed_now()
        timing.save()
        junction.plan = timing.after["plan"]
        saved(junction)
        step(junction, user, "adopt", _("周期 {n} 秒").format(n=timing.after["cycle_s"]))
        audit.record(
            user, "timing.adopt", "junction", junction.pk,
            {"timing": timing.pk, "cycle_s": timing.after["cycle_s"]},
        )  # fmt: skip
    return timing


def order_run(user: User | None, timing_id: int, seeds: int = SEEDS) -> Timing:
    """Write down that both plans are to be simulated. Raises ConfigError or ConflictError."""
    if not 2 <= seeds <= MOST_SEEDS:
        raise ConfigError(_("仿真次数须在 2 至 {n} 之间。").format(n=MOST_SEEDS))
    if not simulator.available():
        raise ConfigError(_("没有安装 SUMO 仿真程序。"))
    with write():
        timing = Timing.objects.select_for_update().get(pk=timing_id)
        if timing.busy:
            raise ConflictError(_("这次仿真已在进行。"))
        timing.run, timing.error = Timing.Run.WAITING, ""
        timing.runs_done, timing.runs_whole = 0, 2 * seeds
        timing.outcome = {}
        timing.save()
        audit.record(
            user, "timing.simulate", "junction", timing.junction_id,
            {"timing": timing.pk, "seeds": seeds},
        )  # fmt: skip
    (files.folder(timing) / "stop").unlink(missing_ok=True)
    return timing


def cancel(user: User, timing_id: int) -> Timing:
    """End a simulation that waits or runs; nothing happens to one that is over."""
    with write():
        timing = Timing.objects.select_for_update().get(pk=timing_id)
        if timing.busy:
            files.folder(timing).mkdir(parents=True, exist_ok=True)
            (files.folder(timing) / "stop").touch()
            timing.run = Timing.Run.CANCELLED
            timing.save()
            audit.record(
                user, "timing.cancel", "junction", timing.junction_id, {"timing": timing.pk}
            )
    return timing


def simulate(timing_id: int, runner: Runner | None = None) -> Timing:
    """Do what was ordered. ``runner`` does the arithmetic, else a process of its own.

    Raises nothing that belongs to the run: its row says what went wrong.
    """
    timing = Timing.objects.select_related("junction", "count").get(pk=timing_id)
    if timing.run != Timing.Run.WAITING:
        return timing
    place = files.folder(timing)
    place.mkdir(parents=True, exist_ok=True)
    (place / "job.json").write_text(json.dumps(_job(timing)), encoding="utf-8")
    if not _became(timing, Timing.Run.RUNNING, only=Timing.Run.WAITING):
        return timing
    try:
        (runner or _in_child)(place, lambda part, whole: _progress(timing, part))
        if (place / "stop").exists():
            timing.refresh_from_db()
            return timing
        outcome = json.loads((place / "outcome.json").read_text(encoding="utf-8"))
    except ConfigError as error:
        return give_up(timing, kept(error))
    _became(timing, Timing.Run.DONE, only=Timing.Run.RUNNING, outcome=outcome,
            runs_done=timing.runs_whole)  # fmt: skip
    return timing


def _job(timing: Timing) -> dict[str, Any]:
    return {
        "junction": timing.shape,
        "counts": timing.count.data,
        "before": timing.before["plan"],
        "after": timing.after["plan"],
        "seeds": list(range(1, timing.runs_whole // 2 + 1)),
    }


def _became(timing: Timing, run: str, *, only: str, **values: Any) -> bool:
    """Set the state unless somebody cancelled meanwhile; the row is read anew either way."""
    with write():
        changed = Timing.objects.filter(pk=timing.pk, run=only).update(run=run, **values)
    timing.refresh_from_db()
    return changed == 1


def _progress(timing: Timing, part: int) -> None:
    with write():
        Timing.objects.filter(pk=timing.pk).update(runs_done=part)


def give_up(timing: Timing, why: str) -> Timing:
    """Close a run that did not come to its end."""
    shutil.rmtree(files.folder(timing), ignore_errors=True)
    with write():
        Timing.objects.filter(pk=timing.pk, run__in=Timing.BUSY).update(
            run=Timing.Run.FAILED, error=why[:500]
        )
    timing.refresh_from_db()
    return timing


def mend(at_work: Collection[int]) -> None:
    """Close runs that a process before this one left unfinished."""
    for timing in Timing.objects.filter(run__in=Timing.BUSY).exclude(pk__in=at_work):
        give_up(timing, "程序在运行中停止，请重新开始")


def _in_child(place: Path, done: Callable[[int, int], None]) -> None:
    def told(said: dict[str, Any]) -> None:
        if "done" in said:
            done(said["done"], said["whole"])

    run_child("sizao.web.junctions.compute", place, told)
