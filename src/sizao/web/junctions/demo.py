"""Three made-up junctions of the demonstration: one hazardous, one under works, one model.

The simulation of the first was recorded (``samples/hazard.*``), so that it can be seen without the
simulator; it is shown only while the plans are those it was recorded for.
"""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from importlib import resources
from typing import Any

import yaml
from django.utils import translation

from sizao.plan.signals.junction import as_data, junction_of
from sizao.plan.signals.program import as_data as plan_data
from sizao.web import audit as journal
from sizao.web.clock import feed_now
from sizao.web.junctions import counting, files, register, timings
from sizao.web.junctions.items import edition, items
from sizao.web.junctions.life import STEPS
from sizao.web.junctions.models import Audit, Finding, Junction, Timing
from sizao.web.reports.place import place_of
from sizao.web.writing import write

PLACES = {
    "hazard": (26.585241, 101.715092),
    "works": (26.591080, 101.726181),
    "model": (26.580505, 101.699392),
}
_WHO = "demo"
_DEFECTS: dict[str, list[dict[tuple[str, str], str]]] = {
    "hazard": [
        {
            ("N", "stop_line"): "停止线磨光，夜间看不清",
            ("E", "walk_time"): "行人绿灯走不完全程，常滞留在路中",
            ("E", "truck_turn_warning"): "大货车右转多，没有危险区提示",
            ("S", "crossing"): "人行横道缺损五道",
            ("W", "non_motor_lane"): "非机动车道被停车占用约60米",
            ("W", "sign_visible"): "行道树遮挡禁止停车标志",
        }
    ],
    "works": [
        {
            ("S", "priority_sign"): "支路没有让行标志",
            ("S", "sight_triangle"): "转角绿篱高于1.2米，遮挡视线",
            ("E", "lighting"): "三盏路灯不亮，人行横道无照明",
        }
    ],
    "model": [{("N", "refuge"): "过街无安全岛"}, {}],
}
_NOT_HERE = {"priority_sign": "本进口有信号灯控制", "speed_hump": "城市干路不设",
             "ramp_to_flat": "平原路段，无坡道接入"}  # fmt: skip


def sample(name: str) -> dict[str, Any]:
    """A junction file of the demonstration, in the form of ``sizao junction``."""
    folder = resources.files("sizao.web.junctions") / "samples"
    found: dict[str, Any] = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


def seed() -> int:
    """Make what is missing; returns how many junctions were made."""
    made = 0
    with translation.override("zh-hans"):
        for name in PLACES:
            raw = sample(name)
            if not Junction.objects.filter(name=raw["junction"]["name"]).exists():
                _one(name, raw)
                made += 1
    return made


def _one(name: str, raw: dict[str, Any]) -> None:
    now = feed_now()
    lat, lon = PLACES[name]
    shape = as_data(junction_of(raw["junction"]))
    kept = {key: value for key, value in shape.items() if key != "name"}
    with write():
        junction = Junction.objects.create(
            name=shape["name"], unit=place_of(lat, lon).unit, lat=lat, lon=lon, shape=kept,
            plan=raw["plan"], contact="路政科（演示）", changed_at=now,
        )  # fmt: skip
        # Through the register's own form, so that change intervals stand in it.
        plan = register.plan_of(junction)
        if plan is not None:
            junction.plan = plan_data(plan, junction_of(shape).movements())
            junction.save()
        register.step(junction, None, "register", "演示数据")
        journal.record(None, "register", "junction", junction.pk, {"demo": name})
    count = counting.keep(
        None, junction, raw["counts"], source="typed",
        counted_at=now - timedelta(days=3), note="演示数据",
    )  # fmt: skip
    walks = _DEFECTS[name]
    for number, defects in enumerate(walks):
        _audit(junction, defects, now - timedelta(days=40 * (len(walks) - number)))
    timing = timings.compute(None, junction, count)
    if name == "hazard":
        _recorded(timing)
    if name == "model":
        with write():
            timing.adopted_by = timing.adopted_name = _WHO
            timing.adopted_at = now - timedelta(days=2)
            timing.save()
            junction.plan = timing.after["plan"]
    _state(junction, name, now)


def _audit(junction: Junction, defects: dict[tuple[str, str], str], at: Any) -> None:
    with write():
        audit = Audit.objects.create(
            junction=junction, edition=edition(), started_at=at, by=_WHO, by_name="演示民警"
        )
        Finding.objects.bulk_create(
            Finding(
                audit=audit, arm=arm.id, item=item, at=at, by=_WHO,
                answer="defect" if (arm.id, item) in defects
                else "none" if item in _NOT_HERE else "good",
                note=defects.get((arm.id, item), _NOT_HERE.get(item, "")),
            )
            for arm in register.shape_of(junction).arms
            for item in items()
        )  # fmt: skip
        audit.finished_at = at + timedelta(minutes=50)
        audit.save()


def _state(junction: Junction, name: str, now: Any) -> None:
    """Where the junction stands, with the steps that led there."""
    way = {"hazard": ["mark"], "works": ["mark", "begin"],
           "model": ["mark", "begin", "ask", "accept", "model"]}[name]  # fmt: skip
    with write():
        for action in way:
            junction.state = STEPS[action][1]
            register.step(junction, None, action, "演示数据")
        if name == "works":
            junction.works_at = now - timedelta(days=6)
        register.saved(junction)


def _recorded(timing: Timing) -> None:
    """Put the recorded simulation beside the plans it was recorded for; else leave it undone."""
    folder = resources.files("sizao.web.junctions") / "samples"
    kept = json.loads((folder / "hazard.outcome.json").read_text(encoding="utf-8"))
    if (kept["before"], kept["after"]) != (timing.before["plan"], timing.after["plan"]):
        return
    files.folder(timing).mkdir(parents=True, exist_ok=True)
    for which in files.FILMS:
        packed = (folder / f"hazard.{which}.film.gz").read_bytes()
        files.film(timing, which).write_bytes(gzip.decompress(packed))
    with write():
        timing.run, timing.outcome = Timing.Run.DONE, kept["outcome"]
        timing.runs_done = timing.runs_whole = 2 * len(kept["outcome"]["seeds"])
        timing.save()
