"""The inbox in a storm: entered and left by load, groups signed with one key, nothing lost."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.live.models import OutboxEvent
from sizao.web.sources.models import SourceEvent
from sizao.web.storm import services
from sizao.web.storm.models import Spell
from tests.web.conftest import WEST, World

MANY = 45


def flood(world: World, count: int = MANY, **over: object) -> None:
    """So many trucks speed at one place; a few in the west do worse."""
    rows = [
        world.detection(
            vehicle=f"1970000{n:04}", start=world.now - timedelta(seconds=90 + n), **over
        )
        for n in range(count)
    ]
    world.append(*rows)
    world.round()


def worse(world: World, count: int = 3) -> None:
    west = {"area": "510403", "lat": WEST[0], "lon": WEST[1], "severity": "ge70", "measured": 130.0}
    rows = [world.detection(vehicle=f"1980001{n:04}", **west) for n in range(count)]
    world.append(*rows)
    world.round()


def watch(world: World, minutes: float = 0) -> int:
    world.clock.advance(minutes * 60)
    return services.watch(world.now)


def stormy(name: str) -> bool:
    return Spell.objects.filter(unit__code=name, ended_at=None).exists()


def page(world: World, name: str = "op-zd", query: str = "") -> str:
    return world.client(name).get(f"/inbox/?part=rows{query}").content.decode()


def test_a_desk_that_is_flooded_turns_to_groups_and_back_when_it_is_calm(world: World):
    assert watch(world) == 0
    assert "data-storm" not in page(world)
    flood(world)
    worse(world)
    watch(world)
    assert stormy("zd")
    assert stormy("dd")
    assert not stormy("xd"), "three are no storm in the west"
    shown = page(world)
    assert "风暴模式" in shown
    assert shown.count("data-group=") == 2
    levels = re.findall(r'data-level="(\w+)"\s+data-row', shown)
    assert levels[0] == "orange", "the worst first, though the other group is larger"
    assert levels[1] != "orange"
    assert "签收本组" in shown
    assert AuditEntry.objects.filter(action="storm.begin", object_id="zd").count() == 1
    assert watch(world) >= 2
    assert Spell.objects.filter(unit__code="zd").count() == 1, "one storm, not one a look"
    for case in Case.objects.all():
        services.cases.act(world.user("op-zd"), case.pk, "sign", case.version)
    watch(world, 11)  # nothing new in ten minutes, nothing to sign
    assert stormy("zd"), "it waits for the calm to last"
    watch(world, 4)
    assert stormy("zd")
    watch(world, 1.1)
    assert not stormy("zd")
    assert "data-storm" not in page(world)
    told = OutboxEvent.objects.filter(name="storm", data__unit="zd")
    assert [event.data["on"] for event in told] == [True, False], "open pages are told"


def test_one_signature_for_a_group_as_it_was_shown(world: World):
    flood(world)
    watch(world)
    user = world.user("op-zd")
    cell_m, (group,) = services.groups(user)
    flood(world, 3, rule="speeding", road="G353", measured=76.0, severity="10-20",
          lat=26.5851)  # come after it was shown  # fmt: skip
    newer = Case.objects.filter(pk__gt=group.upto).count()
    done = services.sign_group(user, group.key, cell_m, group.upto)
    assert (done.signed, done.others, done.refused) == (MANY, 0, 0)
    assert Case.objects.filter(state="signed").count() == MANY
    assert Case.objects.filter(state="raised").count() == newer, "what was not seen is not signed"
    assert CaseEvent.objects.filter(action="sign", actor="op-zd").count() == MANY
    assert AuditEntry.objects.filter(action="case.sign").count() == MANY
    entry = AuditEntry.objects.get(action="storm.sign_group")
    assert entry.data == {"signed": MANY, "others": 0, "refused": 0, "upto": group.upto}
    again = services.sign_group(user, group.key, cell_m, group.upto)
    assert (again.signed, again.others) == (0, 0)


def test_by_the_page_with_its_words_and_refusals(world: World):
    flood(world)
    watch(world)
    cell_m, (group,) = services.groups(world.user("op-zd"))
    given = {"key": group.key, "cell": str(round(cell_m)), "upto": str(group.upto)}
    assert world.client("audit").post("/inbox/groups/sign/", given).status_code == 403
    assert world.client("pa-gs").post("/inbox/groups/sign/", given).status_code == 403
    foreign = world.client("lead-xd").post("/inbox/groups/sign/", given)
    assert "已签收 0 件" in foreign.content.decode(), "the west brigade has no such group"
    answer = world.client("op-zd").post("/inbox/groups/sign/", given)
    assert f"已签收 {MANY} 件" in answer.content.decode()
    for bad in ({}, {**given, "cell": "x"}, {**given, "upto": "-1"}):
        assert world.client("op-zd").post("/inbox/groups/sign/", bad).status_code == 200


def test_an_officer_signs_only_what_is_the_squadrons(world: World):
    flood(world, 35, severity="50-70", measured=95.0)
    watch(world)
    commanded = Case.objects.filter(unit__code="dd1").count()
    cell_m, found = services.groups(world.user("off-dd1"))
    done = [services.sign_group(world.user("off-dd1"), one.key, cell_m, one.upto) for one in found]
    assert sum(one.signed for one in done) == commanded
    assert sum(one.refused for one in done) == 35 - commanded


def test_two_operators_sign_one_group_and_each_case_is_signed_once(threaded: World):
    world = threaded
    flood(world, 40)
    services.watch(world.now)
    cell_m, (group,) = services.groups(world.user("op-zd"))
    found: dict[str, services.Signed] = {}

    def sign(name: str) -> None:
        from django.db import connection

        found[name] = services.sign_group(world.user(name), group.key, cell_m, group.upto)
        connection.close()

    threads = [threading.Thread(target=sign, args=(name,)) for name in ("op-zd", "lead-zd")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.signed for one in found.values()) == 40
    assert CaseEvent.objects.filter(action="sign").count() == 40
    assert sum(one.signed + one.others for one in found.values()) <= 80


def test_who_takes_over_sees_the_same_storm(world: World):
    flood(world)
    watch(world)
    first, second = page(world, "op-zd"), page(world, "lead-zd")
    assert second.count("data-group=") == first.count("data-group=") == 1
    assert f"×{MANY}" in second


def test_a_group_opens_as_a_list_and_all_of_it_can_be_seen_one_by_one(world: World):
    flood(world)
    worse(world)
    watch(world)
    cell_m, found = services.groups(world.user("op-zd"))
    assert page(world, query="&view=list").count("data-row=") == MANY + 3
    for one in found:
        shown = page(world, query=f"&group={round(cell_m)}-{one.key}")
        assert shown.count("data-row=") == len(one.items)
    assert "没有符合筛选的预警" in page(world, query="&group=5000-nothing")


def test_a_silent_source_is_not_buried_by_the_storm(world: World):
    (world.data.root / "sources.yaml").write_text(
        "sources: [{id: 'weather:a', name_zh: 高速气象站, name_en: a, owner: {party: a}}]"
    )
    flood(world)
    watch(world)
    SourceEvent.objects.create(
        id="x", source="weather:a", topic="weather_readings", started=world.now,
        noticed=world.now,
    )  # fmt: skip
    shown = page(world)
    assert "data-storm" in shown
    assert "高速气象站" in shown
    assert shown.index("data-silent-notice") < shown.index("data-storm")


def test_operators_are_who_may_sign_and_has_a_page_open(world: World, monkeypatch):
    from sizao.web.live import hub

    names = ("op-zd", "lead-zd", "audit", "op-dd", "pa-gs")
    open_pages = {world.user(name).pk for name in names}
    monkeypatch.setattr(hub, "watching", lambda: open_pages)
    people = services.operators()
    assert people == {world.unit("zd").pk: 2, world.unit("dd").pk: 1}
    flood(world)
    load = services.loads(world.now)[world.unit("zd").pk]
    assert (load.unsigned, load.operators, load.unsigned_each) == (MANY, 2, MANY / 2)


@pytest.mark.parametrize("view", ["", "&view=list", "&state=raised"])
def test_english(world: World, view: str):
    flood(world)
    watch(world)
    user = world.user("op-zd")
    user.language = "en"
    user.save()
    shown = page(world, query=view)
    assert "Storm mode" in shown
    assert "签收本组" not in shown
