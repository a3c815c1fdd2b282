"""A response level is proposed from numbers and started by another person, never alone."""

from __future__ import annotations

from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case
from sizao.web.places.models import ResponseLevel
from tests.web.conftest import World
from tests.web.warnings.test_places import raised

NUMBERS = {"hours": "26", "cities": "3", "provinces": "1", "reason": "滑坡断道，抢通要一天以上"}


def blocked(world: World) -> Case:
    return raised(world, kind="landslide", road_class="expressway").case


def test_proposed_with_reasons_started_by_another_and_shown(world: World) -> None:
    case = blocked(world)
    operator, leader = world.client("op-zd"), world.client("lead-zd")
    url = f"/cases/{case.pk}/response-level/"
    page = operator.get(f"/cases/{case.pk}/").content.decode()
    assert page.count('data-level-met="no"') == 4
    assert "相关省级公安机关联合" in page
    assert operator.post(url, NUMBERS).status_code == 302
    made = ResponseLevel.objects.get()
    assert (made.level, made.state) == (3, "asked")
    own = operator.post(url, {"decision": "accept"})
    assert own.status_code == 422
    assert ResponseLevel.objects.get().state == "asked"
    assert leader.post(url, {"decision": "accept", "remark": "启动"}).status_code == 302
    page = operator.get(f"/cases/{case.pk}/").content.decode()
    assert "3 级响应" in page
    actions = AuditEntry.objects.filter(action__startswith="response.")
    assert sorted(actions.values_list("action", flat=True)) == [
        "response.accepted", "response.ask",
    ]  # fmt: skip
    assert leader.post(url, {"end": "1", "reason": "抢通"}).status_code == 302
    assert operator.post(url, {"decision": "accept"}).status_code == 302
    assert "级响应</span>" not in operator.get(f"/cases/{case.pk}/").content.decode()


def test_numbers_below_every_level_propose_nothing(world: World) -> None:
    case = blocked(world)
    url = f"/cases/{case.pk}/response-level/"
    client = world.client("op-zd")
    for over in ({"hours": "5"}, {"hours": "x"}, {"reason": " "}, {"provinces": "0"}):
        answer = client.post(url, {**NUMBERS, **over})
        assert answer.status_code == 422
        assert "data-notice" in answer.content.decode()
    assert not ResponseLevel.objects.exists()
    assert client.post(url, NUMBERS).status_code == 302
    assert client.post(url, NUMBERS).status_code == 422, "one waits already"


def test_it_is_for_expressways_and_not_for_a_speeding_truck(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    assert "data-response-level" not in page
