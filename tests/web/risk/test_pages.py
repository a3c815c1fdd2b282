"""The risk pages: what an empty installation says, and that every number is explained."""

from __future__ import annotations

import csv
import gzip
import io
import json

import numpy as np
from openpyxl import load_workbook

from sizao.web.audit.models import AuditEntry
from sizao.web.hazards.models import Hazard
from sizao.web.risk import files, sitefacts, words
from sizao.web.risk.models import Assessment
from sizao.web.risk.proposals import PROPOSALS, proposals
from tests.web.conftest import World


def text(client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_without_anything_the_pages_say_what_to_do(world: World) -> None:
    client = world.client("op-zd")
    for path in ("/risk/", "/risk/ranking/", "/risk/validation/", "/risk/report/",
                 "/risk/sites/s0/"):  # fmt: skip
        assert "还没有路网" in text(client, path)
    world.ports.network = object()
    assert "还没有事故记录" in text(client, "/risk/")
    assert "/imports/" in text(client, "/risk/")


def test_the_list_explains_each_row(world: World, run: Assessment) -> None:
    client = world.client("off-dd1")
    page = text(client, "/risk/ranking/")
    first = next(row for row in files.results(run).rows if row["rank"] == 1)
    assert first["place"] in page
    assert (
        f"近 3 年记录 {first['observed']} 起，同类路段同期预期 {first['predicted']:.1f} 起" in page
    )
    assert "九成可信区间" in page
    junctions = text(client, "/risk/ranking/?kind=junction")
    assert "四横路 / 四纵路 路口" in junctions
    assert "没有符合条件的地点" in text(client, "/risk/ranking/?q=没有这条路")
    assert text(client, "/risk/ranking/?sort=cost:hsm_2010&only=worse").count("data-site=") >= 1
    reader = world.user("off-dd1")
    reader.language = "en"
    reader.save()
    assert "Black spots ranked" in text(client, "/risk/ranking/")


def test_exports_hold_what_the_filters_show(world: World, run: Assessment) -> None:
    client = world.client("lead-dd")
    rows = files.results(run).rows
    data = client.get("/risk/ranking/?format=csv&kind=junction").content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(data)))
    assert len(lines) - 1 == sum(row["kind"] == "junction" for row in rows)
    assert len({len(line) for line in lines}) == 1
    answer = client.get("/risk/ranking/?format=xlsx")
    sheet = load_workbook(io.BytesIO(answer.content)).active
    assert sheet.max_row - 1 == sum(row["kind"] == "segment" for row in rows)
    assert AuditEntry.objects.filter(action="export", object_type="risk").count() == 2


def test_a_site_shows_its_crashes_and_what_stands_out(world: World, run: Assessment) -> None:
    hot = next(row for row in files.results(run).rows
               if row["kind"] == "junction" and row["rank"] == 1)  # fmt: skip
    page = text(world.client("off-dd1"), f"/risk/sites/{hot['site']}/")
    assert page.count('class="mark"') == min(hot["observed"], 40)
    assert f"{hot['observed']} 起没有记录行驶方向" in page
    assert "碾压" in page or "碾撞行人" in page, "seven of ten there are pedestrians"
    assert "一周各时段" in page
    assert "可选措施" in page
    assert "小字为 95% 区间" in page
    assert "CMF" in page
    assert "/hazards/new/?site=" in page
    auditor = text(world.client("audit"), f"/risk/sites/{hot['site']}/")
    assert 'href="/plans/"' in text(world.client("lead-dd"), f"/risk/sites/{hot['site']}/")
    assert "/hazards/new/?site=" not in auditor
    assert world.client("off-dd1").get("/risk/sites/s99999/").status_code == 404


def test_a_hazard_is_entered_with_the_assessment(world: World, run: Assessment) -> None:
    client = world.client("lead-dd")
    form = text(client, f"/hazards/new/?site=s0&run={run.pk}")
    assert "同类路段" in form
    given = {
        "kind": "black_spot", "text": "护栏缺失", "lat": "26.585", "lon": "101.716", "site": "s0",
        "run": str(run.pk),
    }  # fmt: skip
    answer = client.post("/hazards/new/", given)
    made = Hazard.objects.get()
    assert answer.headers["Location"] == f"/hazards/{made.number}/"
    assert (made.origin, made.origin_ref) == ("risk", f"{run.pk}/s0")
    assert "同类路段" in made.origin_data["sentence"]
    assert made.origin_data["sentence"] in text(client, f"/hazards/{made.number}/")


def test_the_map_gets_columns_and_not_a_document_a_move(world: World, run: Assessment) -> None:
    client = world.client("off-dd1")
    meta = json.loads(text(client, f"/risk/runs/{run.pk}/meta.json"))
    n = len(meta["site"])
    shapes = client.get(meta["shapes"])
    assert shapes.headers["Content-Encoding"] == "gzip"
    features = json.loads(gzip.decompress(shapes.content))["features"]
    assert [one["id"] for one in features] == list(range(n))
    values = np.frombuffer(client.get(meta["values"]).content, "<f4").reshape(-1, n)
    assert len(values) == len(meta["columns"])
    observed = values[meta["columns"].index("observed")]
    assert observed.sum() == 360


def test_the_validation_page_says_how_sure(world: World, run: Assessment) -> None:
    page = text(world.client("audit"), "/risk/validation/")
    assert "只用 2023-2024 年排序" in page
    assert "这个方法做不到什么" in page
    assert "没有发现上报口径突变或不完整的年份" in page
    assert "没有交通量数据" in page
    for one in run.backtest["top_100"].values():
        assert f"{one['lower']:.0f}–{one['upper']:.0f}" in page
    chart = json.loads(page.split('id="sz-capture" type="application/json">')[1].split("<")[0])
    assert [line["values"][1] for line in chart["lines"]] == [
        round(one["capture"]["0.05"] * 100, 1)
        for one in (*run.backtest["baselines"].values(), run.backtest["hindsight"])
    ]
    Assessment.objects.filter(pk=run.pk).update(backtest={**run.backtest, "drift": 0.05})
    page = text(world.client("audit"), "/risk/validation/")
    assert "逐年漂移约 5%" in page
    Assessment.objects.filter(pk=run.pk).update(
        summary={**run.summary, "breaks": [{"kind": "level_shift", "year": 2025, "change": -0.4,
                                            "since": "2025-03", "text": ""}]}
    )  # fmt: skip
    page = text(world.client("audit"), "/risk/validation/")
    assert "2025 年全网事故同时比上年少 40%" in page


def test_the_api_gives_the_same_ranking(world: World, run: Assessment) -> None:
    head = world.bearer("op-zd")
    client = world.client("op-zd")
    runs = client.get("/api/v1/risk/runs", **head).json()
    assert runs["count"] == 1
    assert runs["items"][0]["years"] == "2023-2025"
    page = client.get("/api/v1/risk/sites?kind=junction&limit=2", **head).json()
    assert page["run"] == run.pk
    assert next(one["rank"] for one in page["items"]) == 1
    assert set(page["items"][0]["cost_ranks"]) == {"hsm_2010", "capped", "mild", "equal"}


def test_leads_are_for_values_that_records_can_have() -> None:
    hours = {f"{low:02d}:00–{high:02d}:00" for low, high in sitefacts.BANDS}
    for column, value in PROPOSALS:
        assert value in (hours if column == "hours" else words.FACTORS[column])
    crossing = [("collision", "pedestrian"), ("collision", "nothing"), ("surface", "wet")]
    assert len(proposals(crossing)) == 2
