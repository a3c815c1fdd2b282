"""Imports: how long other pages take while a large Excel file is read, checked and stored.

The real web process, four people who look at pages, and a workbook of 100,000 made-up crashes
uploaded through the form. The same pages are timed before, in the same minute, as the baseline.
"""

from __future__ import annotations

import io
import itertools
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from openpyxl import Workbook

from sizao.app.benches.soak_people import percentile
from sizao.app.commands.doctor import free_port
from sizao.app.parts import Parts
from sizao.core.errors import SizaoError
from sizao.log.datadir import DataDir

ROWS, QUICK_ROWS = 100_000, 5_000
PEOPLE = 4
PAUSE_S = 0.3
BEFORE_S = 12.0
LIMIT_S = 900.0
PASSWORD = "bench-of-imports"
PAGES = ("/inbox/", "/cases/", "/units/", "/indicators/", "/imports/", "/reports/")
COLUMNS = ("事故编号", "事故时间", "纬度", "经度", "死亡人数", "受伤人数", "事故形态", "天气")
STEPS = ("reading", "checking", "storing")


def run(quick: bool = False) -> dict[str, Any]:
    """Raises SizaoError if a step of the import does not end."""
    rows = QUICK_ROWS if quick else ROWS
    with tempfile.TemporaryDirectory(prefix="sizao-imports-") as folder:
        data = _prepare(Path(folder))
        port = free_port()
        with Parts(data) as parts:
            parts.start("serve", "--data", folder, "--port", str(port))
            parts.wait_ready("serve", 120, lambda: _answers(f"http://127.0.0.1:{port}"))
            people = People(f"http://127.0.0.1:{port}")
            people.start()
            try:
                return _measure(people, data, rows, BEFORE_S / (4 if quick else 1))
            finally:
                people.stop()


def _prepare(folder: Path) -> DataDir:
    """The schematic city, and an account that may import."""
    from sizao.app import setup

    data = DataDir(folder).create()
    for _ in setup.prepare(data, seed=1, vehicles=200):
        pass
    from sizao.web.units.models import Unit, User

    root = Unit.objects.get(parent=None)
    User.objects.create_user("bench", password=PASSWORD, role="operator", unit=root)
    return data


def workbook(rows: int) -> bytes:
    """Made-up crashes with the columns a detachment has."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(
        ["事故编号", "事故时间", "纬度", "经度", "死亡人数", "受伤人数", "事故形态", "天气"]
    )
    for number in range(rows):
        day, minute = number % 28 + 1, number % 1440
        when = f"2025-{number % 12 + 1:02d}-{day:02d} {minute // 60:02d}:{minute % 60:02d}"
        lat, lon = 26.4 + number % 997 / 5000, 101.6 + number % 991 / 5000
        sheet.append([f"YB-{number}", when, lat, lon, 0, number % 3, "追尾", "晴"])
    output = io.BytesIO()
    book.save(output)
    return output.getvalue()


class People:
    """They look at pages one after the other; each answer's time is kept under what went on."""

    def __init__(self, url: str) -> None:
        self.web = _signed_in(url)
        self.phase = "making the file"
        self.took: dict[str, list[float]] = {}
        self.statuses: set[int] = set()
        self._stop = threading.Event()
        self._here = threading.Barrier(PEOPLE + 1)
        self._threads = [
            threading.Thread(target=self._look, args=(url, number), daemon=True)
            for number in range(PEOPLE)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._here.wait(120)  # all have signed in: hashing a password is a load of its own

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        self.web.close()

    def _look(self, url: str, number: int) -> None:
        web = _signed_in(url)
        self._here.wait(120)
        for page in itertools.islice(itertools.cycle(PAGES), number, None):
            if self._stop.wait(PAUSE_S):
                break
            phase, began = self.phase, time.monotonic()
            status = web.get(page).status_code
            self.took.setdefault(phase, []).append(time.monotonic() - began)
            self.statuses.add(status)
        web.close()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/login/", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _signed_in(url: str) -> httpx.Client:
    web = httpx.Client(base_url=url, timeout=120, follow_redirects=True)
    web.get("/login/")
    given = {"username": "bench", "password": PASSWORD, "csrfmiddlewaretoken": _token(web)}
    if web.post("/login/", data=given).url.path == "/login/":
        raise SizaoError("the benchmark's account cannot sign in")
    return web


def _token(web: httpx.Client) -> str:
    return str(web.cookies.get("sizao_csrf"))


def _measure(people: People, data: DataDir, rows: int, before_s: float) -> dict[str, Any]:
    book = workbook(rows)
    people.phase = "before"
    time.sleep(before_s)
    web, lasted = people.web, {}
    people.phase, began = "reading", time.monotonic()
    answer = web.post(
        "/imports/upload/",
        data={"kind": "crash", "source": "bench", "csrfmiddlewaretoken": _token(web)},
        files={"file": ("crashes.xlsx", book)},
    )
    batch = int(answer.url.path.strip("/").rpartition("/")[2])
    _until(data, batch, "mapping")
    lasted["reading"] = time.monotonic() - began
    for step, action, state in (("checking", "check", "checked"), ("storing", "confirm", "done")):
        people.phase, began = step, time.monotonic()
        given = _chosen(batch) if action == "check" else {}
        given |= {"action": action, "csrfmiddlewaretoken": _token(web)}
        status = web.post(f"/imports/{batch}/act/", data=given).status_code
        if status != 200:
            raise SizaoError(f"{action} was answered with {status}")
        _until(data, batch, state)
        lasted[step] = time.monotonic() - began
    people.phase = "after"
    during = [one for step in STEPS for one in people.took.get(step, ())]
    baseline = people.took.get("before", [])
    p95, p95_before = percentile(during, 0.95), percentile(baseline, 0.95)
    return {
        "name": "imports",
        "unit": "s",
        "value": p95,
        "runs": 1,
        "baseline": {"name": "the same pages before the import, p95", "value": p95_before},
        "ratio": round(p95 / p95_before, 2) if p95 and p95_before else None,
        "rows": rows,
        "file_bytes": len(book),
        "pages": len(during),
        "p50_s": percentile(during, 0.5),
        "max_s": percentile(during, 1.0),
        "p95_by_step_s": {step: percentile(people.took.get(step, []), 0.95) for step in STEPS},
        "seconds_by_step": {step: round(one, 1) for step, one in lasted.items()},
        "statuses": sorted(people.statuses),
    }


def _chosen(batch: int) -> dict[str, str]:
    """What the mapping screen sends when nobody changes anything."""
    from sizao.web.imports.models import Batch

    one = Batch.objects.get(pk=batch)
    taken = {column: name for name, column in one.options["mapping"]["columns"].items()}
    columns = [column["name"] for column in one.look["columns"]]
    given = {f"c-{index}": taken.get(name, "") for index, name in enumerate(columns)}
    return given | {"datum": "wgs84", "existing": one.options["existing"]}


def _until(data: DataDir, batch: int, state: str) -> None:
    """Wait for a state, read from the database without asking the server."""
    until = time.monotonic() + LIMIT_S
    found = ""
    while time.monotonic() < until:
        with sqlite3.connect(f"file:{data.database}?mode=ro", uri=True) as database:
            (found,) = database.execute(
                "SELECT state FROM imports_batch WHERE id = ?", (batch,)
            ).fetchone()
        if found == state:
            return
        if found == "failed":
            break
        time.sleep(0.2)
    raise SizaoError(f"the import is {found} and not {state}")
