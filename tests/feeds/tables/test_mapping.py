"""Mappings: proposals from Chinese headers, files, what is refused."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sizao.core.errors import ConfigError
from sizao.feeds.tables.checking import check
from sizao.feeds.tables.fields import normal, whole
from sizao.feeds.tables.kinds import KINDS
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping, from_dict, from_yaml, propose
from sizao.feeds.tables.reading import read
from sizao.feeds.tables.table import Table
from tests.feeds.tables import files

HEADERS = {
    "crash": {
        "事故编号": "id", "事故发生时间": "time", "经度（GCJ02）": "lon", "纬度（GCJ02）": "lat",
        "公里桩号": "stake_m", "道路代码": "road", "事故地点": "place", "死亡人数(人)": "dead",
        "受伤人数": "injured", "重伤人数": "serious", "直接经济损失（元）": "loss_cny",
        "事故形态": "collision", "天气情况": "weather", "照明条件": "light_condition",
        "路表情况": "surface", "事故认定原因": "cause", "是否逃逸": "hit_and_run",
        "简要案情": "description",
    },
    "vehicle": {
        "号牌号码": "plate", "号牌种类": "plate_class", "车牌颜色": "plate_colour",
        "终端手机号": "vehicle", "车辆类型": "kind", "所属企业": "enterprise_name",
        "统一社会信用代码": "enterprise", "最大允许总质量(kg)": "gross_kg",
        "核定载质量（吨）": "payload_kg", "准牵引总质量": "towed_kg", "核定载客人数": "seats",
        "车轴数": "axles", "检验有效期止": "inspection_until", "强制报废期止": "scrap_until",
    },
    "enterprise": {
        "业户编号": "id", "业户名称": "name", "经营范围": "kind", "行政区划代码": "area",
        "24小时值班电话": "duty_phone",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", list(HEADERS))
def test_usual_headers_are_all_proposed(kind):
    header = HEADERS[kind]
    found = read(files.csv_bytes(tuple(header), [("x",) * len(header)]), KINDS[kind])
    assert isinstance(found, Table)
    proposal = propose(found, KINDS[kind])
    assert {column: name for name, column in proposal.mapping.columns.items()} == header
    assert not proposal.mapping.missing()


def test_names_are_compared_without_width_case_spaces_and_units():
    assert normal(" 核定载质量（ｋｇ）") == normal("核定载质量")
    assert whole("事故等级（493号令）") != whole("事故等级")
    assert normal("（备注）") == "(备注)"


def test_what_was_saved_goes_first_as_far_as_it_fits():
    found = read(files.csv_bytes(("编号", "时间点", "纬度", "经度"), [("1", "2", "3", "4")]))
    saved = TableMapping("crash", {"time": "时间点", "dead": "没有这列"}, datum="gcj02")
    again = propose(found, KINDS["crash"], saved).mapping
    assert again.columns["time"] == "时间点"
    assert "dead" not in again.columns
    assert again.datum == "gcj02"
    assert again.columns["lat"] == "纬度"


def test_a_mapping_survives_its_file():
    mapping = TableMapping(
        "crash", {"id": "事故编号"}, {"area": "510402"}, {"weather": {"1": "晴"}}, "bd09", "UTC"
    )
    assert from_dict(mapping.as_dict()) == mapping
    text = "kind: crash\ncolumns: {id: 编号}\nvalues: {weather: {1: 晴, 9: null}}\n"
    assert from_yaml(text).values == {"weather": {"1": "晴", "9": ""}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "needs `kind: crash`"),
        ("kind: bicycle", "no kind of record 'bicycle'"),
        ("{kind: crash, colums: {}}", "unknown entries colums"),
        ("{kind: crash, columns: {when: a}}", "no field 'when' in crash"),
        ("{kind: crash, columns: [a]}", "`columns` must be a mapping"),
        ("{kind: crash, values: {weather: 1}}", "each entry of `values`"),
        ("{kind: crash, datum: beijing54}", "datum 'beijing54'"),
        ("{kind: crash, zone: Mars/Olympus}", "no time zone 'Mars/Olympus'"),
        ("kind: [", "not YAML"),
    ],
)
def test_a_wrong_mapping_file_says_what_is_wrong(text, says):
    with pytest.raises(ConfigError, match=says):
        from_yaml(text, "m.yaml")


SHIPPED = sorted((Path(__file__).resolve().parents[3] / "docs/assets/mappings").glob("*.yaml"))

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
DATA = {
    "nyc-collisions.yaml": "nyc-staten-island/crashes.csv.gz",
    "switrs-collisions.yaml": "switrs-sunnyvale/collisions.csv.gz",
}


@pytest.mark.parametrize("path", SHIPPED, ids=[path.name for path in SHIPPED])
def test_shipped_mappings_read_the_data_they_are_for(path):
    mapping = from_yaml(path.read_text(encoding="utf-8"), path.name)
    assert not mapping.missing()
    file = SHARED / DATA[path.name]
    if not file.exists():
        pytest.skip("the public data sets are not beside this checkout")
    with gzip.open(file) as packed:
        data = b"".join(line for line, _ in zip(packed, range(1500), strict=False))
    table = read(data, KINDS["crash"])
    now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    result = check(table, mapping, Known(now, ZoneInfo(mapping.zone)))
    assert len(result.good) == 1499
    assert not result.problems
    assert {note.code for note in result.notes} <= {"perhaps_twice", "hour_unknown"}
