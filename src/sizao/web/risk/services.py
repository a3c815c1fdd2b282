"""A run from the order to its results. Each step may be called from any thread."""

from __future__ import annotations

import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.utils import timezone

from sizao import __version__
from sizao.core.errors import ConfigError, SaidError
from sizao.web import audit
from sizao.web.audit.services import SYSTEM
from sizao.web.child import run_child
from sizao.web.clock import feed_now
from sizao.web.exposure import services as exposure
from sizao.web.forecast import inputs
from sizao.web.imports import crashes as register
from sizao.web.imports.models import Crash
from sizao.web.ports import installed, ports
from sizao.web.refusals import kept
from sizao.web.risk import files
from sizao.web.risk.models import Assessment
from sizao.web.treatments import services as treatments
from sizao.web.units.models import User
from sizao.web.writing import write

log = logging.getLogger("sizao.risk")

METHODS = ("pooled", "eb")
"""Names of ``risk.estimators.ESTIMATORS``, which would bring a regression library along."""

YEARS = 3
"""Years of a run unless somebody says otherwise: the window of the black-spot rules."""

VERSION = 1
"""Of the way an assessment is put together; estimators are part of the program's version."""

SILENT_S = 2 * 3600.0
"""A run that says nothing for this long is given up."""

Step = Callable[[str, float], None]
"""Told the name of a step as it begins, and the share of the work done before it."""
Runner = Callable[[Path, Step], None]


def usual_years() -> range | None:
    """The last YEARS whole years that have records; the present one if there is no other."""
    moments = Crash.objects.order_by("time").values_list("time", flat=True)
    first, last = moments.first(), moments.last()
    if first is None or last is None:
        return None
    low, high = timezone.localtime(first).year, timezone.localtime(last).year
    now = timezone.localtime(feed_now()).year
    if high >= now and low < now:
        high = now - 1
    return range(max(low, high - YEARS + 1), high + 1)


def open_run(
    user: User | None, *, years: range, method: str = "pooled", threshold: float = 2.0
) -> Assessment:
    """Write down that a run is wanted. Raises ConfigError if it cannot be made."""
    if method not in METHODS:
        raise ConfigError(f"method {method!r} is none of {', '.join(METHODS)}")
    if not years or len(years) > 20:
        raise ConfigError("an assessment needs between 1 and 20 years")
    if not 1.0 <= threshold <= 20.0:
        raise ConfigError("the threshold is 1 to 20 times the mean")
    network = _network()
    with write():
        run = Assessment.objects.create(
            state=Assessment.State.WAITING,
            by=user.get_username() if user is not None else SYSTEM,
            by_name=user.display_name if user is not None else "",
            at=feed_now(),
            first_year=years[0],
            last_year=years[-1],
            method=method,
            version=f"{__version__}/{VERSION}",
            parameters={"threshold": threshold, "network": str(network)},
        )
        audit.record(
            user, "assess", "assessment", run.pk,
            {"years": run.span, "method": method, "threshold": threshold},
        )  # fmt: skip
    return run


def _network() -> Path:
    from django.conf import settings

    path = (ports().data if installed() else settings.DATA).network
    if not path.exists():
        raise SaidError("还没有路网，请先导入", "there is no road network yet: import one first")
    return Path(path)


def run(run_id: int, runner: Runner | None = None) -> Assessment:
    """Do a run that was opened, from the register to the results.

    ``runner`` does the arithmetic; without one a process of its own does. Raises nothing that
    belongs to the run: its row says what went wrong.
    """
    found = Assessment.objects.get(pk=run_id)
    _note(found, state=Assessment.State.WORKING, step="read")
    place = files.folder(found)
    try:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, mode=0o700)
        _gather(found, place)
        (runner or in_child)(place, lambda name, share: _note(found, step=name, progress=share))
        result = json.loads((place / "result.json").read_text(encoding="utf-8"))
    except ConfigError as error:
        return give_up(found, kept(error))
    with write():
        found.summary, found.backtest = result["summary"], result["backtest"]
        found.state, found.progress, found.step = Assessment.State.DONE, 1.0, ""
        found.ended_at = feed_now()
        found.save()
        audit.record(
            None, "assessed", "assessment", found.pk, {"crashes": found.summary["crashes"]}
        )  # fmt: skip
    return found


def _gather(found: Assessment, place: Path) -> None:
    """Put the records of the run's years, and of those before, into its folder."""
    table = pa.table(register.read())
    zone = timezone.get_current_timezone()
    year = pc.year(pc.assume_timezone(_naive(table, zone), str(zone)))
    table = table.filter(pc.less_equal(year, found.last_year))
    if not len(table):
        raise SaidError(
            f"台账里没有这些年的事故，请先导入：{found.last_year}",
            f"no crash up to {found.last_year} is in the register",
        )
    pq.write_table(table, place / "crashes.parquet")
    sources = Counter(table["source"].to_pylist())
    unlocated = len(table) - int(pc.sum(pc.cast(pc.is_valid(table["lat"]), pa.int64())).as_py())
    job = {
        "network": found.parameters["network"],
        "first_year": found.first_year,
        "last_year": found.last_year,
        "method": found.method,
        "threshold": found.parameters["threshold"],
        **_traffic(place),
        "treatments": treatments.for_assessment(),
    }
    (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
    _note(
        found,
        data={
            "sources": dict(sources),
            "unlocated": unlocated,
            "records": len(table),
            "treatments": treatments.stamp(),
        },
    )


def _traffic(place: Path) -> dict[str, object]:
    """What is known of traffic: counts of checkpoints, and a copy of the fleet's sum."""
    told: dict[str, object] = {"counts": inputs.per_day(ports(), feed_now()) if installed() else {}}
    kept = exposure.newest()
    path = exposure.folder(kept) / "fleet.parquet" if kept is not None else None
    if kept is not None and path is not None and path.exists():
        shutil.copyfile(path, place / "fleet.parquet")
        told["fleet_days"] = kept.summary["days"]
    return told


def _naive(table: pa.Table, zone: object) -> pa.Array:
    local = [moment.astimezone(zone).replace(tzinfo=None) for moment in table["time"].to_pylist()]
    return pa.array(local, pa.timestamp("us"))


def in_child(place: Path, step: Step) -> None:
    """Run :mod:`compute` in a process. Raises ConfigError with what it said."""
    run_child(
        "sizao.web.risk.compute",
        place,
        lambda said: step(said["step"], said["share"]),
        silent_s=SILENT_S,
    )


def _note(found: Assessment, **values: object) -> None:
    for name, value in values.items():
        setattr(found, name, value)
    with write():
        found.save(update_fields=list(values))


def give_up(found: Assessment, why: str) -> Assessment:
    """Close a run that did not come to its end."""
    shutil.rmtree(files.folder(found), ignore_errors=True)
    _note(found, state=Assessment.State.FAILED, error=why[:500], ended_at=feed_now(), step="")
    return found


def mend(at_work: Collection[int]) -> None:
    """Close runs that a process before this one left unfinished."""
    for found in Assessment.objects.filter(state__in=Assessment.BUSY).exclude(pk__in=at_work):
        give_up(found, "程序在运行中停止，请重新开始")


def latest() -> Assessment | None:
    """The newest run that has results."""
    return Assessment.objects.filter(state=Assessment.State.DONE).first()


def chosen(number: str) -> Assessment | None:
    """The finished run of a number, else the newest."""
    if number.isdigit():
        found = Assessment.objects.filter(pk=int(number), state=Assessment.State.DONE).first()
        if found is not None:
            return found
    return latest()
