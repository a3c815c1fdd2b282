"""The registry of sources: what a file may say, what it promises, who may send."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from sizao.core.clock import SHANGHAI
from sizao.core.errors import ConfigError
from sizao.core.source_access import (
    load_access,
    load_secrets,
    new_key,
    revoke_keys,
    switch_off,
    switch_on,
)
from sizao.core.source_book import SourceBook
from sizao.core.sources import DAY_S, PROMISES, Promise
from sizao.core.sources_file import load_registry, read_registry

WEIGH = """
unknown: {jt808: refuse}
sources:
  - id: jt808
    name_zh: 直连终端
    name_en: Terminals
    owner: {party: 科技科, role: 值班室, contact: 2101}
    contract:
      - {topic: positions, interval_s: 30, per: vehicle, complete: 0.95, silence_s: 300}
      - {topic: driver_cards}
  - id: weigh:ws1
    name_zh: 云岭治超站
    name_en: Yunling weigh station
    owner: {party: 公路管理局}
    contract:
      - {topic: weighings, per_hour: 40, active: "06:00-22:00", complete: 0.9, silence_s: 3600}
    quota: {records_per_hour: 10, bytes_per_hour: 1000}
    valid_from: 2026-01-01
    valid_until: 2026-12-31
"""


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).timestamp()


def test_a_good_file_says_what_it_says() -> None:
    registry, problems = read_registry(WEIGH)
    assert problems == []
    assert list(registry.sources) == ["jt808", "weigh:ws1"]
    weigh = registry.sources["weigh:ws1"]
    assert weigh.kind == "weigh"
    assert weigh.owner.party == "公路管理局"
    assert registry.sources["jt808"].owner.contact == "2101"
    promise = weigh.promise("weighings")
    assert promise is not None
    assert promise.active == ((6 * 3600, 22 * 3600),)
    assert weigh.quota.records_per_hour == 10
    assert [source.id for source in registry.of_kind("weigh")] == ["weigh:ws1"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("id: jt808", "id: jt88"), "source 'jt88': `id` has no known kind"),
        (("id: weigh:ws1", "id: 'weigh:w s'"), "`id` must be KIND or KIND:NAME"),
        (("name_zh: 直连终端", "name_zh:"), "source 'jt808': `name_zh` is missing"),
        (("per_hour: 40", "per_hour: many"), "contract line 1: `per_hour` must be a number"),
        (("per_hour: 40", "per_hour: -4"), "`per_hour` must be a number of records above zero"),
        (("per_hour: 40", "per_hour: .nan"), "`per_hour` must be a number of records above zero"),
        (("per_hour: 40", "per_hour: 40, interval_s: 9"), "`interval_s` or `per_hour`, not both"),
        (("complete: 0.9,", "complete: 90,"), "`complete` must be at most 1"),
        (('"06:00-22:00"', "06:00"), '`active` must be like "06:00-22:00"'),
        (('"06:00-22:00"', '"06:00-25:00"'), "`active` has no such time of day"),
        (('"06:00-22:00"', '["06:00-12:00", "11:00-13:00"]'), "windows that overlap"),
        (("topic: weighings", "topic: positions"), "a weigh source has no topic 'positions'"),
        (
            ("owner: {party: 公路管理局}", "owner: 公路"),
            "source 'weigh:ws1': owner: expected fields",
        ),
        (("owner: {party: 公路管理局}", "note: x"), "source 'weigh:ws1': `owner` is missing"),
        (("valid_until: 2026-12-31", "valid_until: 2025-12-31"), "`valid_until` is before"),
        (("valid_from: 2026-01-01", "valid_from: soon"), "`valid_from` must be a day"),
        (("quota: {records", "quota: {record"), "quota: unknown field 'record_per_hour'"),
        (("unknown: {jt808: refuse}", "unknown: {jt808: no}"), "`jt808` must be allow or refuse"),
        (("interval_s: 30, per: vehicle", "per: vehicle"), "`per: vehicle` needs `interval_s`"),
        (("sources:", "source:"), "unknown field 'source'"),
    ],
)
def test_a_mistake_is_named_with_its_entry_and_field(change: tuple[str, str], said: str) -> None:
    assert change[0] in WEIGH
    _, problems = read_registry(WEIGH.replace(*change, 1))
    assert any(said in problem for problem in problems), problems


def test_an_id_is_given_once() -> None:
    _, problems = read_registry(WEIGH + WEIGH.partition("sources:\n")[2])
    assert problems == [
        f"sources.yaml: source {source!r}: `id` appears twice" for source in ("jt808", "weigh:ws1")
    ]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    path.write_text(WEIGH.replace("per_hour: 40", "per_hour: x").replace("id: jt808", "id: jt88"))
    with pytest.raises(ConfigError) as caught:
        load_registry(path)
    assert "per_hour" in str(caught.value)
    assert "jt88" in str(caught.value)


@pytest.mark.parametrize("text", ["[", "- a", "sources: 3", "sources: [3, null]", "3", "\x00"])
def test_any_text_is_answered_with_problems(text: str) -> None:
    _, problems = read_registry(text)
    assert problems


def test_nothing_in_it_is_nobody_registered(tmp_path: Path) -> None:
    assert read_registry("") == (load_registry(tmp_path / "none.yaml"), [])


def test_who_may_send() -> None:
    registry, _ = read_registry(WEIGH)
    noon = at("2026-06-01T12:00")
    assert registry.refusal("weigh:ws1", noon) is None
    codes = {
        source: getattr(registry.refusal(source, noon), "code", None)
        for source in ("jt808", "jt809:x", "weather:x", "replay", "crashes:x", "strange")
    }
    assert codes == {
        "jt808": None,
        "jt809:x": "unknown_source",
        "weather:x": "unknown_source",
        "replay": None,
        "crashes:x": None,
        "strange": "unknown_source",
    }
    early = registry.refusal("weigh:ws1", at("2025-12-31T23:59"))
    late = registry.refusal("weigh:ws1", at("2027-01-01T00:00"))
    assert (early.code if early else "", late.code if late else "") == ("not_yet_valid", "expired")
    assert registry.refusal("weigh:ws1", at("2026-12-31T23:59")) is None


def test_what_is_expected_of_an_hour() -> None:
    hour = int(at("2026-06-01T21:00") // 3600)
    regular = Promise("weighings", per_hour=40, active=((6 * 3600, 22 * 3600 - 900),))
    assert regular.expected(hour) == pytest.approx(30)
    assert regular.expected(hour + 1) == 0
    assert Promise("weather_readings", interval_s=600).expected(hour) == pytest.approx(6)
    assert Promise("weather_notices").expected(hour) is None
    assert Promise("positions", interval_s=30, per="vehicle").expected(hour) is None


def test_silence_counts_active_time_only() -> None:
    by_day = Promise("weighings", active=((6 * 3600, 22 * 3600),), silence_s=3600)
    heard = at("2026-06-01T21:30")
    assert by_day.silent_from(heard, at("2026-06-02T06:20")) is None
    assert by_day.silent_from(heard, at("2026-06-02T06:30")) == at("2026-06-02T06:30")
    always = Promise("weighings", silence_s=3600)
    assert always.silent_from(heard, heard + 3599) is None
    assert always.silent_from(heard, heard + 9000) == heard + 3600
    assert Promise("weighings").silent_from(heard, heard + 10 * DAY_S) is None


def test_a_first_record_is_overdue_after_its_interval_and_some_grace():
    since = at("2026-06-01T12:00")
    late = since + DAY_S
    for promise, due_s in (
        (Promise("weighings", interval_s=60), 60 + 300),
        (Promise("weighings", interval_s=600), 600 + 1200),
        (Promise("weighings", per_hour=4), 900 + 1800),
        (Promise("weighings", per_hour=60, silence_s=7200), 7200),
        (Promise("positions", interval_s=30, per="vehicle", silence_s=600), 600),
    ):
        assert promise.overdue_from(since, late) == since + due_s, promise
        assert promise.overdue_from(since, since + due_s - 1) is None, promise
    for promise in (Promise("reports"), Promise("positions", interval_s=30, per="vehicle")):
        assert promise.overdue_from(since, late) is None, "nobody knows when it is due"
    night = Promise("weighings", interval_s=600, active=((6 * 3600, 22 * 3600),))
    assert night.overdue_from(at("2026-06-01T21:50"), late) == at("2026-06-02T06:20")


def test_a_window_over_midnight_is_two() -> None:
    registry, problems = read_registry(WEIGH.replace("06:00-22:00", "22:00-06:00"))
    assert problems == []
    promise = registry.sources["weigh:ws1"].contract[0]
    assert promise.active == ((0, 6 * 3600), (22 * 3600, DAY_S))
    night = promise.active_s(at("2026-06-01T20:00"), at("2026-06-02T08:00"))
    assert night == 8 * 3600


def test_keys_are_kept_as_salted_hashes_and_rotate(tmp_path: Path) -> None:
    path = tmp_path / "source-access.json"
    old = new_key(path, "reports:app", 1000.0)
    assert old.partition(".")[2] not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    new = new_key(path, "reports:app", 2000.0, keep_old_s=500)
    access = load_access(path)
    assert access.source_of(old, 2400.0) == "reports:app"
    assert access.source_of(old, 2500.0) is None
    assert access.source_of(new, 9999.0) == "reports:app"
    assert access.source_of(new + "x", 9999.0) is None
    assert access.source_of("", 9999.0) is None
    third = new_key(path, "reports:app", 3000.0)
    access = load_access(path)
    assert [access.source_of(key, 3000.0) for key in (old, new, third)] == [
        None,
        None,
        "reports:app",
    ]
    revoke_keys(path, "reports:app")
    assert load_access(path).source_of(third, 3000.0) is None


def test_a_damaged_access_file_is_an_error_with_a_place(tmp_path: Path) -> None:
    path = tmp_path / "source-access.json"
    for text in ("{", "[]", json.dumps({"keys": {"a": [{}]}, "off": {}})):
        path.write_text(text)
        with pytest.raises(ConfigError, match="source-access"):
            load_access(path)


def test_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "secrets.yaml"
    assert load_secrets(path) == {}
    path.write_text("'gat1400:cam1': {user: a, password: geheim}\n")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        load_secrets(path)
    path.chmod(0o600)
    assert load_secrets(path)["gat1400:cam1"]["password"] == "geheim"
    path.write_text("password: {geheim\n")
    with pytest.raises(ConfigError) as caught:
        load_secrets(path)
    assert "geheim" not in str(caught.value)


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SourceBook:
    monkeypatch.setattr("sizao.core.source_book.LOOK_S", 0.0)
    (tmp_path / "sources.yaml").write_text(WEIGH)
    return SourceBook(tmp_path)


def test_a_change_is_seen_and_a_bad_one_is_not_followed(book: SourceBook, tmp_path: Path) -> None:
    noon = at("2026-06-01T12:00")
    path = tmp_path / "sources.yaml"
    path.write_text(WEIGH.replace("weigh:ws1", "weigh:ws2"))
    os.utime(path, ns=(1, 1))
    assert book.refusal("weigh:ws2", noon) is None
    assert book.refusal("weigh:ws1", noon) is not None
    path.write_text("sources: 3")
    os.utime(path, ns=(2, 2))
    assert book.refusal("weigh:ws2", noon) is None
    assert "must be a list" in book.problem
    path.write_text(WEIGH)
    os.utime(path, ns=(3, 3))
    assert book.refusal("weigh:ws1", noon) is None
    assert book.problem == ""


def test_a_source_can_be_switched_off_and_on(book: SourceBook, tmp_path: Path) -> None:
    noon = at("2026-06-01T12:00")
    path = tmp_path / "source-access.json"
    switch_off(path, "weigh:ws1", reason="称台校准", by="demo", at_s=noon)
    refusal = book.refusal("weigh:ws1", noon)
    assert refusal is not None
    assert refusal.code == "switched_off"
    assert "称台校准" in refusal.zh
    switch_on(path, "weigh:ws1")
    assert book.refusal("weigh:ws1", noon) is None


def test_a_quota_refuses_with_an_answer_and_starts_anew_each_hour(book: SourceBook) -> None:
    noon = at("2026-06-01T12:30")
    assert book.over_quota("weigh:ws1", noon, 9, 100) is None
    refusal = book.over_quota("weigh:ws1", noon, 2, 100)
    assert refusal is not None
    assert refusal.code == "over_quota"
    assert "records_per_hour 10" in refusal.en
    assert "31 min" in refusal.en
    # What was refused was not counted: one more record still fits.
    assert book.over_quota("weigh:ws1", noon, 1, 100) is None
    assert book.over_quota("weigh:ws1", noon + 1800, 10, 1000) is None
    too_big = book.over_quota("weigh:ws1", noon + 1800, 0, 1)
    assert too_big is not None
    assert "bytes_per_hour" in too_big.en
    assert book.over_quota("jt808", noon, 10**9, 10**12) is None


def test_a_restart_does_not_give_a_second_quota(book: SourceBook) -> None:
    noon = at("2026-06-01T12:30")
    book.remember_used(int(noon // 3600), {"weigh:ws1": (10, 0)})
    assert book.over_quota("weigh:ws1", noon, 1) is not None


def test_promises_are_topics_with_a_source() -> None:
    assert "positions" in PROMISES
    assert "quarantine" not in PROMISES
    assert "commands" not in PROMISES
