"""Loading units and accounts; and indicators over the cases that concern a unit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sizao.core.errors import ConfigError
from sizao.web.cases import services as cases
from sizao.web.indicators.services import indicators, series
from sizao.web.units import services
from sizao.web.units.models import PatrolUnit, Unit, User
from sizao.web.units.territory import territory

from .conftest import UNITS, World


def test_loading_again_updates_and_keeps_ids(world: World):
    before = dict(Unit.objects.values_list("code", "pk"))
    renamed = [{**UNITS[0], "name_zh": "新名支队"}, *UNITS[1:]]
    assert services.load_units(reversed(renamed)) == len(UNITS), "any order will do"
    assert dict(Unit.objects.values_list("code", "pk")) == before
    assert territory().root.name_zh == "新名支队", "the kept tree follows"


def test_paths_name_the_units_above(world: World):
    squadron = world.unit("dd1")
    above = [int(part) for part in squadron.path.strip("/").split("/")]
    assert above == [world.unit("zd").pk, world.unit("dd").pk, squadron.pk]


def test_moving_a_unit_moves_those_below_it_and_their_cases(world: World):
    case = world.raise_case()
    brigade = world.unit("dd")
    brigade.parent = world.unit("xd")
    brigade.save()
    assert world.unit("dd1").path.startswith(world.unit("xd").path)
    for name in ("off-dd1", "lead-dd", "lead-xd", "op-zd"):
        assert type(case).objects.for_user(world.user(name)).count() == 1, name
    assert territory().squadron("510402", "", 26.585, 101.716).code == "dd1"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**UNITS[1], "code": "n", "parent": "nowhere"}, "without a known parent: n"),
        ({**UNITS[1], "code": "n", "level": "team"}, "unknown level 'team'"),
    ],
)
def test_a_bad_row_changes_nothing(world: World, row: dict, message: str):
    with pytest.raises(ConfigError, match=message):
        services.load_units([{**UNITS[1], "name_zh": "改名"}, row])
    assert not Unit.objects.filter(code="n").exists()
    assert world.unit("dd").name_zh == "东区大队"


def test_loading_patrols_keeps_their_task(world: World):
    PatrolUnit.objects.filter(call_sign="东一01").update(state="assigned")
    services.load_patrols([{"call_sign": "东一01", "unit": "dd1", "vehicle": "1"}])
    patrol = PatrolUnit.objects.get(call_sign="东一01")
    assert (patrol.state, patrol.vehicle) == ("assigned", "1")
    with pytest.raises(ConfigError, match="unknown unit 'x'"):
        services.load_patrols([{"call_sign": "x", "unit": "x", "vehicle": ""}])


def test_demo_accounts_hang_together_and_are_made_once(world: World, client):
    accounts = services.create_demo_accounts()
    services.create_demo_accounts()
    assert User.objects.filter(username__startswith="demo-").count() == len(accounts) == 6
    squadron, brigade = world.user("demo-squadron"), world.user("demo-brigade")
    assert squadron.path.startswith(brigade.path)
    partner = world.user("demo-partner")
    assert partner.party.agency == "highway"
    assert partner.path == ""
    for account in accounts:
        given = {"username": account.username, "password": account.password}
        assert client.post("/login/", given).url == "/"
        client.logout()


def test_preferences_are_checked(world: World):
    user = services.set_preferences(world.user("op-dd"), language="en", theme="dark")
    assert (user.language, user.theme) == ("en", "dark")
    with pytest.raises(ConfigError, match="no language 'fr'"):
        services.set_preferences(user, language="fr")
    page = world.client("op-dd").get("/help/")
    assert page["Content-Language"] == "en"


def values(world: World, name: str, **narrow) -> dict:
    rows = indicators(world.user(name), **narrow)
    return {row.definition.id: row.indicator for row in rows}


def test_a_case_that_escalated_still_counts_for_the_brigade_that_missed_it(world: World):
    case = world.raise_case()
    world.clock.advance(11 * 60)
    world.round()
    case.refresh_from_db()
    assert case.unit.code == "dd"
    world.clock.advance(25 * 60)
    cases.act(world.user("op-dd"), case.pk, "sign", case.version)
    for name in ("op-zd", "lead-dd", "off-dd1"):
        signed = values(world, name)["signed_on_time"]
        assert (signed.numerator, signed.denominator, signed.value) == (0, 1, 0.0), name
    assert values(world, "lead-xd")["signed_on_time"].value is None, "nothing is not 100 %"
    narrowed = values(world, "op-zd", unit=world.unit("xd"))
    assert narrowed["warnings_by_level"].value == 0


def test_a_series_splits_by_when_the_case_was_raised(world: World):
    start = world.now
    world.raise_case()
    world.clock.advance(2 * 3600)
    world.raise_case(vehicle="19800000002")
    spans = series(world.user("op-zd"), start, start + timedelta(hours=3))
    counts = [
        next(row.indicator.value for row in rows if row.definition.id == "warnings_by_level")
        for _, rows in spans
    ]
    assert counts == [1, 0, 1]
