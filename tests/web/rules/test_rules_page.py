"""Rules: shown with their sources; changed by two people, with a reason, and audited."""

from __future__ import annotations

import re

import pytest
import yaml

from sizao.core.errors import TransitionError
from sizao.core.rule_parameters import names as parameter_names
from sizao.core.rule_parameters import parameter
from sizao.detect import registry
from sizao.runtime.sources import Sources
from sizao.web.audit.models import AuditEntry
from sizao.web.rules import entering, services
from sizao.web.rules.catalogue import rules
from sizao.web.rules.models import Change
from sizao.web.rules.origins import origins
from sizao.web.units.models import User

from ..conftest import World


@pytest.fixture
def second(world: World) -> User:
    """Another leader of the detachment."""
    return world.user("lead-zd")


def asked(world: World, **over) -> Change:
    given = {"rule": "speeding", "params": {"margin_kmh": 3.0}, "enabled": True, "reason": "试行"}
    return services.ask(world.user("op-zd"), **{**given, **over})


def test_every_rule_is_listed_with_its_source_and_certainty(world: World):
    page = world.client("audit").get("/rules/").content.decode()
    for rule in registry.every():
        assert f'data-rule="{rule.id}"' in page
        assert rules()[rule.id].sources, f"{rule.id} reads no entry of the rule book"


def test_sources_are_what_the_rule_reads():
    """Not a list kept beside: the law's entry and the project's own."""
    ids = {one.id for one in rules()["fatigue"].sources}
    assert {"fatigue.continuous_any", "detect.fatigue"} <= ids
    assert rules()["fatigue"].certainty == "proposed", "the weakest of them"


def test_one_rule_shows_text_numbers_and_history(world: World):
    page = world.client("op-zd").get("/rules/fatigue/").content.decode()
    assert "中华人民共和国道路交通安全法实施条例" in page
    assert "max_continuous_min" in page
    assert "没有变更过" in page
    assert world.client("op-zd").get("/rules/none/").status_code == 404


def test_a_change_takes_a_reason_and_a_second_person(world: World, second: User):
    change = asked(world)
    with pytest.raises(TransitionError, match="不能批准自己"):
        services.decide(world.user("op-zd"), change, True)
    assert services.in_force("speeding") is None
    assert not world.ports.data.rules.exists()
    services.decide(second, change, True, "同意")
    assert services.in_force("speeding").params == {"margin_kmh": 3.0}
    assert yaml.safe_load(world.ports.data.rules.read_text()) == {"speeding": {"margin_kmh": 3.0}}
    entries = AuditEntry.objects.filter(object_type="rule").order_by("seq")
    actions = list(entries.values_list("action", "actor"))
    assert actions == [("rule.ask", "op-zd"), ("rule.accepted", "lead-zd")]


def test_the_pipeline_goes_by_it_and_says_so_in_the_version(world: World, second: User):
    before = Sources(world.ports.data)()
    services.decide(second, asked(world), True)
    services.decide(second, asked(world, rule="cloned_plate", params={}, enabled=False), True)
    sources = Sources(world.ports.data)
    after = sources()
    assert after.params["speeding"]["margin_kmh"] == 3.0
    versions = [context.rules[0].version(context.params["speeding"]) for context in (before, after)]
    assert versions[0] != versions[1] == Change.objects.get(rule="speeding").version
    assert "cloned_plate" not in {rule.id for rule in sources.records().rules}


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ({"reason": "  "}, "理由"),
        ({"params": {}}, "没有可变更"),
        ({"params": {"margin_kmh": -1}}, "只能填"),
        ({"params": {"margin": 3}}, "参数有误"),
        ({"rule": "none"}, "没有这条规则"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(world: World, over, says):
    with pytest.raises(TransitionError, match=says):
        asked(world, **over)
    assert not Change.objects.exists()


def test_one_change_of_a_rule_waits_at_a_time(world: World, second: User):
    change = asked(world)
    with pytest.raises(TransitionError, match="等待批准"):
        asked(world, params={"margin_kmh": 4.0})
    services.decide(second, change, False, "先试一周")
    assert asked(world, params={"margin_kmh": 4.0}).state == Change.State.ASKED


def test_a_decided_change_is_decided(world: World, second: User):
    change = asked(world)
    services.decide(second, change, False)
    with pytest.raises(TransitionError, match="已经有了决定"):
        services.decide(second, change, True)


def test_who_asked_may_withdraw(world: World):
    change = services.decide(world.user("op-zd"), asked(world), False)
    assert change.state == Change.State.WITHDRAWN


def test_back_to_the_defaults_is_a_change_too(world: World, second: User):
    services.decide(second, asked(world), True)
    services.decide(second, asked(world, params={}), True)
    assert services.document() == {}
    assert yaml.safe_load(world.ports.data.rules.read_text()) == {}


def test_by_the_form(world: World, second: User):
    defaults = rules()["speeding"].defaults
    form = {f"p-{name}": str(value) for name, value in defaults.items()}
    form |= {"p-margin_kmh": "2", "enabled": "1", "reason": "接收机误差实测"}
    answer = world.client("op-zd").post("/rules/speeding/ask/", form)
    assert answer.status_code == 302
    change = Change.objects.get()
    assert change.params == {"margin_kmh": 2}
    page = world.client("op-zd").get("/rules/speeding/").content.decode()
    assert "接收机误差实测" in page
    assert "批准，立即生效" not in page, "who asked is not offered to accept"
    bad = world.client("op-zd").post("/rules/fatigue/ask/", {"p-max_gap_s": "x", "reason": "r"})
    assert bad.status_code == 422
    assert "max_gap_s" in bad.content.decode()


def test_a_form_filled_before_another_change_takes_nothing_back(world: World, second: User):
    """A form holds every number: the older one would set the other's number back unseen."""
    page = world.client("op-zd").get("/rules/speeding/").content.decode()
    basis = re.search(r'name="basis" value="([^"]+)"', page).group(1)
    services.decide(second, asked(world), True)
    defaults = rules()["speeding"].defaults
    form = {f"p-{name}": entering.text("speeding", name, value) for name, value in defaults.items()}
    form |= {"p-min_duration_s": "45", "enabled": "1", "reason": "试行", "basis": basis}
    answer = world.client("op-zd").post("/rules/speeding/ask/", form)
    assert answer.status_code == 409
    assert "已经变更" in answer.content.decode()
    assert Change.objects.count() == 1
    shown = {one["name"]: one["value"] for one in answer.context["params"]}
    assert shown["margin_kmh"] == "3", "the form shows what holds now"
    # The control: filled from what holds now, the same wish is taken, and the other's number stays.
    form |= {"p-margin_kmh": "3", "basis": answer.context["basis"]}
    assert world.client("op-zd").post("/rules/speeding/ask/", form).status_code == 302
    assert Change.objects.get(state=Change.State.ASKED).params == {
        "margin_kmh": 3,
        "min_duration_s": 45,
    }


def test_an_officer_reads_and_changes_nothing(world: World):
    client = world.client("off-dd1")
    page = client.get("/rules/speeding/").content.decode()
    assert "提交变更申请" not in page
    assert client.post("/rules/speeding/ask/", {"reason": "r"}).status_code == 403


def test_a_file_that_was_lost_is_made_again(world: World, second: User):
    services.decide(second, asked(world), True)
    world.ports.data.rules.unlink()
    assert services.publish(world.ports.data)
    assert not services.publish(world.ports.data), "and only when it has to be"
    assert world.ports.data.rules.exists()


EVERY = [(rule.id, name) for rule in rules().values() for name in rule.defaults]


@pytest.mark.parametrize(("rule", "name"), EVERY)
def test_every_parameter_has_name_unit_range_and_source(rule: str, name: str):
    """A newcomer's rule fails here until its numbers have names in ``rule_parameters.yaml``."""
    said = parameter(rule, name)
    assert said.zh != said.en
    assert re.search(r"[一-鿿]", said.zh)
    default = rules()[rule].defaults[name]
    if entering.editable(default):
        assert said.ranged, "what a person may enter has a range"
    assert said.allows(default)
    assert origins(rule)[name], "no entry of the rule book stands behind it"


def test_nothing_is_named_that_no_rule_has():
    shared, special = parameter_names()
    assert shared == {name for _, name in EVERY}
    assert special <= set(EVERY)


def test_sources_of_a_number_are_those_it_was_read_from():
    found = {name: [one.id for one in of] for name, of in origins("fatigue").items()}
    assert found["max_continuous_min"] == ["fatigue.continuous_any"]
    assert found["reopen_within_min"] == ["detect.reopen"]
    assert found["max_gap_s"] == ["detect.fatigue"]


def test_the_page_says_names_units_and_certainty(world: World):
    page = world.client("op-zd").get("/rules/coach_night_fatigue/").content.decode()
    assert "夜间连续驾驶时间上限" in page
    assert 'type="time"' in page
    assert 'value="22:00"' in page
    assert "可填 30 至 240 分钟" in page
    row = page.split('data-param="max_continuous_min"')[1].split("</tr>")[0]
    assert "《" in row
    assert 'data-certainty="' in row or "已查证" in row or "待核实" in row


def test_what_lies_outside_the_range_is_refused_in_words(world: World):
    client = world.client("op-zd")
    given = {"p-max_continuous_min": "4", "enabled": "1", "reason": "手误"}
    answer = client.post("/rules/fatigue/ask/", given)
    assert answer.status_code == 422
    assert "只能填 30 至 480 分钟" in answer.content.decode()
    assert not Change.objects.exists()
    with pytest.raises(TransitionError):  # and by whatever way it comes
        services.ask(world.user("op-zd"), "fatigue", {"max_continuous_min": 4.0}, True, "手误")


@pytest.mark.parametrize(
    ("rule", "name", "given", "value"),
    [
        ("coach_night_speed", "night_start_min", "22:30", 1350.0),
        ("speeding", "band_edges_percent", "0、10，20, 50", [0, 10, 20, 50]),
        ("speeding", "margin_kmh", " 3 ", 3.0),
        ("over_road_limit", "axles_2_truck_kg", "18500", 18500),
    ],
)
def test_fields_are_read_as_people_write_them(rule: str, name: str, given: str, value: object):
    default = rules()[rule].defaults[name]
    read = entering.read(rule, name, default, given)
    assert read == value
    assert type(read) is type(default)
    assert entering.read(rule, name, default, entering.text(rule, name, default)) == default


def test_versions_are_told_apart_in_words(world: World, second: User):
    first = asked(world, rule="fatigue", params={"max_continuous_min": 210.0})
    page = world.client("lead-zd").get("/rules/fatigue/").content.decode()
    assert "连续驾驶时间上限由4 小时改为3 小时 30 分（减小）" in page
    services.decide(second, first, True)
    off = asked(world, rule="fatigue", params={}, enabled=False)
    services.decide(second, off, True)
    page = world.client("lead-zd").get(f"/rules/fatigue/?a={first.pk}&b={off.pk}").content.decode()
    assert "停用本规则" in page.split("data-compared")[1]
    page = world.client("lead-zd").get(f"/rules/fatigue/?a={first.pk}&b=0").content.decode()
    assert "改为4 小时（增大），恢复规则库默认值" in page.split("data-compared")[1]
    assert world.client("lead-zd").get("/rules/fatigue/?a=999").status_code == 404
