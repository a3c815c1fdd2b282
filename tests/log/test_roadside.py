"""Places of devices and the hot list: what is missing is named, half a list is none."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError
from sizao.log.roadside import hot_list, places

ENTRY = """
- entry: H1
  plate: 川di0001
  plate_colour: 2
  from: 2026-03-01T00:00:00+08:00
  until: 2026-03-08T00:00:00+08:00
  purpose: 肇事逃逸核查
  case: C-1
  requested_by: a
  approved_by: b
"""


def written(tmp_path, text):
    path = tmp_path / "file.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_files_nothing_is_known(tmp_path):
    assert places(tmp_path / "none.yaml") == {}
    assert hot_list(tmp_path / "none.yaml") == ()


def test_places(tmp_path):
    path = written(tmp_path, 'kk-1: {lat: 26.5, lon: 101, road: G5, stake_m: 1200, area: "510402"}')
    place = {"lat": 26.5, "lon": 101.0, "road": "G5", "stake_m": 1200.0, "area": "510402"}
    assert places(path) == {"kk-1": place}


SECTION = "sections: [{to: kk-2, length_m: 9000, limit_kmh: 100, limits: {hazmat: 80}}]"


def test_sections(tmp_path):
    path = written(tmp_path, f"kk-1: {{lat: 26.5, lon: 101, {SECTION}}}")
    (section,) = places(path)["kk-1"]["sections"]
    assert section == {
        "to": "kk-2",
        "length_m": 9000.0,
        "limit_kmh": 100.0,
        "limits": {"hazmat": 80.0},
    }


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ("length_m: 9000, ", "", "length_m"),
        ("9000", "0", "above 0"),
        ("9000", "far", "section to kk-2"),
        ("kk-2", "kk-1", "another checkpoint"),
        ("hazmat", "tank", "no vehicle kind 'tank'"),
        ("80", "800", "200 km/h"),
        ("limits", "limit", "a section has"),
        ("[{", "{", "must be a list"),
    ],
)
def test_a_section_that_cannot_be_is_named(tmp_path, good, bad, says):
    text = SECTION.replace(good, bad)
    text = text.replace("}]", "}") if bad == "{" else text
    path = written(tmp_path, f"kk-1: {{lat: 26.5, lon: 101, {text}}}")
    with pytest.raises(ConfigError, match=says):
        places(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[1]", "must map"),
        ("kk-1: {lat: 26.5}", "kk-1: needs lat and lon"),
        ("kk-1: {lat: 126.5, lon: 101}", "kk-1: needs lat and lon"),
        ("kk-1: {lat: north, lon: 101}", "kk-1: could not convert"),
        ("kk-1: {lat: 26, lon: 101, colour: red}", "kk-1: a place has lat"),
        ("kk-1: {", "file.yaml"),
    ],
)
def test_bad_places_are_named(tmp_path, text, says):
    with pytest.raises(ConfigError, match=says):
        places(written(tmp_path, text))


def test_an_entry_of_the_hot_list(tmp_path):
    (entry,) = hot_list(written(tmp_path, ENTRY))
    assert entry["plate"] == "川DI0001"
    assert entry["until"] - entry["from"] == 7 * 86_400_000_000


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("approved_by: b", "approved_by: a", "cannot approve"),
        ("  approved_by: b\n", "", "needs approved_by"),
        ("  case: C-1\n", "", "needs case"),
        ("2026-03-08T00:00:00+08:00", "2026-02-08T00:00:00+08:00", "until must be after"),
        ("2026-03-08T00:00:00+08:00", "soon", "needs until"),
    ],
)
def test_an_entry_without_purpose_end_or_second_person_is_refused(tmp_path, old, new, says):
    with pytest.raises(ConfigError, match=says):
        hot_list(written(tmp_path, ENTRY.replace(old, new)))


def test_an_entry_stands_once(tmp_path):
    with pytest.raises(ConfigError, match="H1 stands twice"):
        hot_list(written(tmp_path, ENTRY + ENTRY))
