"""``links.yaml``: a right one is read, a wrong one is told by line and field."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sizao.core.errors import ConfigError
from sizao.feeds.jt809.cipher import Keys
from sizao.runtime.platforms.config import _KEYS, load

RIGHT = """\
links:
  - name: province
    role: lower
    edition: "2019"
    access_code: 44099101
    user: 20180920
    platform_id: "51040000001"
    main: 10.0.0.9:8080
    sub: 0.0.0.0:8081
    announce: 10.1.0.5:8081
    encrypt: true
    key: 256178
    cipher_start: m1
    forward: {kinds: [hazmat], enterprises: ["e1"], from_start: true}
    dialect:
      vehicle_prefix: "yes"
      alarm_times: 2
  - name: county
    role: upper
    edition: "2011"
    access_code: 5
    user: 6
    main: 0.0.0.0:8082
    addresses: ["10.2.0.7"]
    duty: {every_min: 60, answer_s: 90, question: "谁在值班？"}
"""
SECRETS = """\
jt809:province: {password: "20180920", m1: 30000000, ia1: 20000000, ic1: 20000000}
jt809:county: {password: abc}
"""


def written(folder: Path, text: str = RIGHT, secrets: str = SECRETS) -> tuple[Path, Path]:
    (folder / "links.yaml").write_text(text, encoding="utf-8")
    path = folder / "secrets.yaml"
    path.write_text(secrets, encoding="utf-8")
    path.chmod(0o600)
    return folder / "links.yaml", path


def test_a_right_file(tmp_path: Path) -> None:
    province, county = load(*written(tmp_path))
    assert province.role == "lower"
    assert province.main == ("10.0.0.9", 8080)
    assert province.sub == ("0.0.0.0", 8081)
    assert province.params.down_link == ("10.1.0.5", 8081)
    assert province.params.keys == Keys(30000000, 20000000, 20000000, "m1")
    assert province.params.encrypt
    assert province.params.password == "20180920"
    assert province.params.dialect.vehicle_prefix == "yes"
    assert province.params.dialect.alarm_times == 2
    assert province.forward.kinds == {"hazmat"}
    assert province.forward.from_start
    assert county.params.edition == "2011"
    assert county.params.addresses == ("10.2.0.7",)
    assert (county.params.duty_every_s, county.params.duty_answer_s) == (3600, 90)


def test_no_file_is_no_links(tmp_path: Path) -> None:
    assert load(tmp_path / "links.yaml", tmp_path / "secrets.yaml") == []
    assert load(*written(tmp_path, "")) == []
    assert load(*written(tmp_path, "links:")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("role: lower", "role: below", 'line 3: role: \'below\': expected "upper" or "lower"'),
        ('edition: "2019"', "edition: 2019", "line 4: edition: 2019"),
        ("access_code: 44099101", "access_code: many", "line 5: access_code: expected a number"),
        ("user: 20180920", "usr: 1", "line 6: usr: unknown"),
        ('platform_id: "51040000001"', "platform_id: 51040000001", "line 7: platform_id"),
        ("main: 10.0.0.9:8080", "main: 10.0.0.9", "line 8: main: '10.0.0.9': expected HOST:PORT"),
        ("announce: 10.1.0.5:8081", "confirm_s: 5", "announce: needed"),
        ("encrypt: true", "encrypt: maybe", "line 11: encrypt: expected true or false"),
        ("cipher_start: m1", "cipher_start: m2", "line 13: cipher_start"),
        ("kinds: [hazmat]", "kinds: [tank]", "line 14: kinds: 'tank'"),
        ('vehicle_prefix: "yes"', "vehicle_prefix: yes", "line 16: vehicle_prefix: True"),
        ("alarm_times: 2", "alarm_times: 4", "line 17: alarm_times: 4; known are 2, 3"),
        ("alarm_times: 2", "alarms: 4", "line 17: alarms: unknown in dialect"),
        ("name: county", "name: province", "province: a link like it"),
        ("name: county", "name: a b", "line 18: name: letters"),
        ("name: county", "name: town", "line 18: name: no password for jt809:town"),
        ("every_min: 60", "every_min: -1", "every_min: expected a number above 0"),
        ("links:", "link:", "expected one list, links"),
    ],
)
def test_a_wrong_file(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in RIGHT
    with pytest.raises(ConfigError) as error:
        load(*written(tmp_path, RIGHT.replace(old, new)))
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("secrets", "said"),
    [
        (SECRETS.replace("20180920", "123456789"), "longer than 8 bytes"),
        (SECRETS.replace("m1: 30000000", "m1: x"), "must be numbers"),
        (SECRETS.replace(", m1: 30000000, ia1: 20000000, ic1: 20000000", ""), "no m1, ia1, ic1"),
    ],
)
def test_wrong_secrets(secrets: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(*written(tmp_path, secrets=secrets))
    assert said in str(error.value)
    assert "123456789" not in str(error.value)


def test_the_reference_page_lists_every_field() -> None:
    page = Path(__file__).resolve().parents[3] / "docs/reference/jt809.md"
    section = page.read_text(encoding="utf-8").split("## links.yaml")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    assert {name for cell in cells for name in re.findall(r"`(\w+)`", cell)} == _KEYS
