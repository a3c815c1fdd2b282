"""A small world for the web's tests: real logs, a real board, units, patrols, accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.test import Client

from sizao.core.clock import ManualClock
from sizao.core.ids import content_id
from sizao.core.schemas import COMMAND_RESULT, DETECTION, LIVE, POSITION, REGISTER
from sizao.log import live
from sizao.log.datadir import DataDir

from .migrated import Migrated
from .processes import keep_filled

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai: no row of the decision table for the night applies."""

UNITS = [
    {"code": "zd", "name_zh": "市交警支队", "name_en": "Detachment", "level": "detachment",
     "parent": "", "area": "510400", "at": [26.58, 101.72]},
    {"code": "dd", "name_zh": "东区大队", "name_en": "East Brigade", "level": "brigade",
     "parent": "zd", "area": "510402", "at": [26.58, 101.71]},
    {"code": "dd1", "name_zh": "东区一中队", "name_en": "East 1st", "level": "squadron",
     "parent": "dd", "area": "510402", "at": [26.585, 101.716]},
    {"code": "dd2", "name_zh": "东区二中队", "name_en": "East 2nd", "level": "squadron",
     "parent": "dd", "area": "510402", "at": [26.589, 101.670]},
    {"code": "xd", "name_zh": "西区大队", "name_en": "West Brigade", "level": "brigade",
     "parent": "zd", "area": "510403", "at": [26.60, 101.60]},
    {"code": "xd1", "name_zh": "西区一中队", "name_en": "West 1st", "level": "squadron",
     "parent": "xd", "area": "510403", "at": [26.5985, 101.603]},
    {"code": "gd", "name_zh": "高速公路大队", "name_en": "Expressway Brigade", "level": "brigade",
     "parent": "zd", "area": "510411", "at": [26.535, 101.83], "road_class": "expressway"},
    {"code": "gd1", "name_zh": "高速一中队", "name_en": "Expressway 1st", "level": "squadron",
     "parent": "gd", "area": "510411", "at": [26.564, 101.861], "road_class": "expressway"},
    {"code": "gs", "name_zh": "高速公路公司", "name_en": "Expressway Operator", "level": "partner",
     "parent": "zd", "agency": "highway"},
    {"code": "jt", "name_zh": "市交通运输局", "name_en": "Transport Bureau", "level": "partner",
     "parent": "zd", "agency": "transport"},
]  # fmt: skip

EAST = (26.585, 101.716)
WEST = (26.5985, 101.603)

PATROLS = [
    {"call_sign": "东一01", "unit": "dd1", "vehicle": "19900000001"},
    {"call_sign": "东一02", "unit": "dd1", "vehicle": "19900000002"},
    {"call_sign": "东二01", "unit": "dd2", "vehicle": "19900000003"},
    {"call_sign": "西一01", "unit": "xd1", "vehicle": "19900000004"},
]

VEHICLES = [
    {"vehicle": "19800000001", "plate": "川D·A0001", "plate_colour": 2, "kind": "heavy_truck",
     "enterprise": "e1", "enterprise_name": "虚构货运一公司", "area": "510402"},
    {"vehicle": "19800000002", "plate": "川D·A0002", "plate_colour": 2, "kind": "hazmat",
     "enterprise": "e2", "enterprise_name": "虚构危运公司", "area": "510403"},
    {"vehicle": "19800000003", "plate": "川D·A0003", "plate_colour": 2, "kind": "line_coach",
     "enterprise": "e3", "enterprise_name": "虚构客运公司", "area": "510403"},
    {"vehicle": "19900000001", "plate": "川D·J0001警", "plate_colour": 4, "kind": "police",
     "enterprise": "dd1", "enterprise_name": "东区一中队", "area": "510402"},
]  # fmt: skip

TRUCK, HAZMAT, COACH, POLICE = (row["vehicle"] for row in VEHICLES)

PASSWORD = "four-early-test"
PEOPLE = {
    "op-zd": ("operator", "zd"),
    "lead-zd": ("leader", "zd"),
    "lead-dd": ("leader", "dd"),
    "op-dd": ("operator", "dd"),
    "off-dd1": ("officer", "dd1"),
    "off-dd2": ("officer", "dd2"),
    "lead-xd": ("leader", "xd"),
    "off-xd1": ("officer", "xd1"),
    "audit": ("auditor", "zd"),
    "admin": ("admin", "zd"),
    "nobody": ("officer", None),
    "pa-gs": ("partner", "gs"),
    "pa-jt": ("partner", "jt"),
}


@pytest.fixture(scope="session")
def migrated(pytestconfig: pytest.Config) -> Iterator[Migrated]:
    with Migrated(pytestconfig.cache.mkdir("migrated")) as kept:
        yield kept


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Migrations that have run are not run again; the file goes with its folder."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    migrated: Migrated, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The test database is a file like the real one: threads and WAL behave as they will."""
    from django.conf import settings

    file = tmp_path_factory.mktemp("db") / "desk.sqlite"
    migrated.copy_to(file)
    settings.DATABASES["default"]["TEST"]["NAME"] = str(file)


def _people_and_units() -> None:
    """Units, patrols, register and accounts: the same in every test."""
    from django.db import connection

    from sizao.web.fleet.services import load_register
    from sizao.web.units import services
    from sizao.web.units.models import Unit, User

    services.load_units(UNITS)
    services.load_patrols(PATROLS)
    load_register(pa.RecordBatch.from_pylist(VEHICLES, schema=REGISTER))
    for name, (role, unit) in PEOPLE.items():
        User.objects.create_user(
            name,
            password=PASSWORD,
            role=role,
            unit=Unit.everyone.get(code=unit) if unit else None,
            is_staff=role == "admin",
            is_superuser=role == "admin",
        )
    with connection.cursor() as cursor:  # each test's audit log begins with the test
        cursor.execute("DELETE FROM audit_auditentry")


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any, migrated: Migrated) -> None:
    """Fill the database once: every test rolls back to this."""
    from django.conf import settings
    from django.test.utils import override_settings

    migrated.keep(Path(settings.DATABASES["default"]["NAME"]))
    with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=QUICK):
        _people_and_units()
    keep_filled()


def fill_again() -> None:
    """Fill the database where a test with threads, before this one, emptied it."""
    from sizao.web.units.models import Unit

    if not Unit.objects.exists():
        _people_and_units()


QUICK = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = QUICK
    settings.AXES_ENABLED = True


@pytest.fixture(autouse=True)
def _lengths_count() -> Iterator[None]:
    """SQLite keeps a text of any length where PostgreSQL refuses one that is too long."""
    from django.db.models.signals import pre_save

    pre_save.connect(_fits)
    yield
    pre_save.disconnect(_fits)


def _fits(sender: Any, instance: Any, **_: object) -> None:
    for one in sender._meta.concrete_fields:
        value = getattr(instance, one.attname)
        if one.max_length and isinstance(value, str) and one.get_internal_type() != "TextField":
            assert len(value) <= one.max_length, (sender.__name__, one.name, value)


@dataclass
class World:
    """An installation in a temporary folder, with the web wired to it."""

    data: DataDir
    clock: ManualClock
    ports: Any
    detect_log: Any
    feeds_log: Any
    commands_log: Any
    _segments: int = field(default=0)

    @property
    def now(self) -> datetime:
        return self.ports.now()

    def user(self, name: str) -> Any:
        from sizao.web.units.models import User

        return User.objects.select_related("unit").get(username=name)

    def unit(self, code: str) -> Any:
        from sizao.web.units.models import Unit

        return Unit.everyone.get(code=code)

    def client(self, name: str) -> Client:
        client = Client()
        client.force_login(self.user(name), "django.contrib.auth.backends.ModelBackend")
        return client

    def bearer(self, name: str) -> dict[str, str]:
        from sizao.web.api.tokens import create_token

        return {"HTTP_AUTHORIZATION": f"Bearer {create_token(name)}"}

    def detection(self, **over: Any) -> dict[str, Any]:
        """A detection row: the truck, 25 % over for 40 s in the east, unless said otherwise."""
        start = over.get("start", self.now - timedelta(seconds=60))
        rule = over.get("rule", "speeding")
        vehicle = over.get("vehicle", TRUCK)
        row = {
            "id": content_id(rule, "1", vehicle, start),
            "revision": 0,
            "rule": rule,
            "rule_version": "1-test",
            "vehicle": vehicle,
            "vehicle_kind": "heavy_truck",
            "driver": None,
            "start": start,
            "end": start + timedelta(seconds=40),
            "fired": start + timedelta(seconds=40),
            "received": start + timedelta(seconds=41),
            "measured": 75.0,
            "limit": 60.0,
            "measured_unit": "km/h",
            "severity": "20-50",
            "lat": EAST[0],
            "lon": EAST[1],
            "road": "G353",
            "road_class": "national",
            "stake_m": 120_300.0,
            "area": "510402",
            "final": False,
            "evidence": ["a", "b"],
            "quality": "gps_only",
        }
        return {**row, **over}

    def append(self, *rows: dict[str, Any]) -> int:
        """Append detections to the log as the pipeline would; returns the segment's number."""
        batch = pa.RecordBatch.from_pylist(list(rows), schema=DETECTION)
        return self.detect_log.append({"detections": batch})["detections"]

    def round(self) -> int:
        """One round of the desk."""
        from sizao.web.desk.thread import run_round

        return run_round(self.ports)

    def raise_case(self, **over: Any) -> Any:
        """A detection through the log and the desk; returns the newest case."""
        from sizao.web.cases.models import Case

        self.append(self.detection(**over))
        self.round()
        return Case.objects.order_by("-pk").first()

    def result(self, command: str, state: str, vehicle: str = TRUCK, detail: str = "") -> None:
        """What the gateway would append about an order."""
        row = {"command": command, "time": self.now, "vehicle": vehicle, "state": state,
               "detail": detail}  # fmt: skip
        batch = pa.RecordBatch.from_pylist([row], schema=COMMAND_RESULT)
        self.feeds_log.append({"command_results": batch})

    def positions(self, *rows: dict[str, Any]) -> None:
        empty = dict.fromkeys(POSITION.names)
        batch = pa.RecordBatch.from_pylist([{**empty, **row} for row in rows], schema=POSITION)
        self.feeds_log.append({"positions": batch})

    def board(self, *rows: dict[str, Any]) -> None:
        """Replace the live board."""
        base = {"time": self.now, "received": self.now, "lat": EAST[0], "lon": EAST[1],
                "speed_kmh": 50.0, "heading_deg": 90.0, "limit_kmh": 60.0, "road": "G353",
                "road_class": "national", "stake_m": 1000.0, "area": "510402",
                "kind": "heavy_truck", "active": ""}  # fmt: skip
        live.save(
            pa.RecordBatch.from_pylist([{**base, **row} for row in rows], schema=LIVE),
            self.data.live,
        )


@contextmanager
def installation(root: Path, at_s: float) -> Iterator[World]:
    """The web wired to the logs of a folder, at a moment of the feed clock."""
    from sizao.runtime.embedded.log import SqliteLog
    from sizao.runtime.embedded.quarantine import LogQuarantine
    from sizao.runtime.embedded.tally_reader import LogTallies
    from sizao.runtime.tracks import TrackReader
    from sizao.web import ports as ports_module
    from sizao.web.fleet import directory
    from sizao.web.live import board
    from sizao.web.sources import services as sources
    from sizao.web.units import territory

    data = DataDir(root).create()
    clock = ManualClock(at_s)
    detect_log = SqliteLog(data.detect_log, writer=True)
    feeds_log = SqliteLog(data.feeds_log, writer=True)
    commands_log = SqliteLog(data.commands_log, writer=True)
    ports = ports_module.Ports(
        data=data,
        clock=clock,
        detections=SqliteLog(data.detect_log),
        results=SqliteLog(data.feeds_log),
        commands=commands_log,
        tracks=TrackReader(SqliteLog(data.feeds_log)),
        network=None,
        tallies=[LogTallies(feeds_log), LogTallies(commands_log)],
        quarantines={"feeds": LogQuarantine(feeds_log)},
        evidence={"feeds": feeds_log, "commands": commands_log},
    )
    ports_module.install(ports)
    for forget in (territory.forget, directory.forget, board.forget, sources.forget):
        forget()
    yield World(data, clock, ports, detect_log, feeds_log, commands_log)
    ports_module.install(None)
    for log in (detect_log, feeds_log, commands_log, ports.detections, ports.results):
        log.close()
    for forget in (territory.forget, directory.forget, board.forget):
        forget()


@pytest.fixture
def intake_log(world: World) -> Iterator[Any]:
    """The intake's log, to be written to; the web reads it."""
    from sizao.runtime.embedded.log import SqliteLog
    from sizao.web import ports as ports_module

    with SqliteLog(world.data.intake_log, writer=True) as log:
        world.ports = replace(world.ports, evidence={**world.ports.evidence, "intake": log})
        ports_module.install(world.ports)
        yield log


@pytest.fixture
def world(db: None, tmp_path: Path) -> Iterator[World]:
    with installation(tmp_path / "data", NOON.timestamp()) as made:
        fill_again()
        made.board()
        yield made


@pytest.fixture
def threaded(transactional_db: None, world: World) -> World:
    """The same world, committed for real, for tests with threads."""
    return world
