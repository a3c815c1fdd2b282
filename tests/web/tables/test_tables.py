"""A table from draft to the day it holds: trial, two persons, version on each warning."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest

from sizao.core.errors import TransitionError
from sizao.web import twoperson
from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case
from sizao.web.tables import editing, services, trial
from sizao.web.tables.books import edition
from sizao.web.tables.models import Version
from sizao.web.warnings.models import Warning
from tests.web.conftest import World
from tests.web.places.conftest import Sky, sky  # noqa: F401 - a fixture

LOOSER = {"level": "orange", "merge_min": "30"}


def edited(version: Version, **given: str) -> Any:
    return lambda text: editing.with_row(text, "speeding-20", given)


def drafted(world: World, **given: str) -> Version:
    user = world.user("op-zd")
    version = services.begin(user, "detections")
    return services.edit(user, version.pk, 0, edited(version, **(given or LOOSER)), {})


def asked(world: World, days: int = 0) -> Version:
    version = drafted(world)
    trial.run(version.pk)
    starts = services.today() + timedelta(days=days)
    return services.ask(world.user("op-zd"), version.pk, 1, starts, "夜间重点管控")


def test_a_change_holds_from_its_day_and_stands_on_each_warning(world: World) -> None:
    version = asked(world, days=1)
    services.decide(world.user("lead-zd"), version.pk, True, "同意")
    world.raise_case()
    assert Warning.objects.get().level_code == "yellow"
    assert Warning.objects.get().table_version == "2026-01-01"
    world.clock.advance(86_400)
    world.raise_case()
    later = Warning.objects.order_by("-issued").first()
    assert later is not None
    assert (later.level_code, later.table_version) == ("orange", version.name)
    assert str(later.table_date) == "2026-11-24"
    actions = list(AuditEntry.objects.order_by("seq").values_list("action", flat=True))
    assert [one for one in actions if one.startswith("table.")] == [
        "table.draft", "table.edit", "table.ask", "table.accepted",
    ]  # fmt: skip


def test_the_trial_shows_what_would_have_been_raised_and_raises_nothing(world: World) -> None:
    for _ in range(3):
        world.clock.advance(3 * 3600)
        world.append(world.detection())
    world.round()
    before = (Warning.objects.count(), Case.objects.count())
    version = drafted(world)
    said = trial.run(version.pk)
    assert said["before"]["total"] == said["after"]["total"] == 3
    assert said["differ"]["changed"] == 2  # the third was orange already, by repeats
    assert said["after"]["unit"] == {"dd1": 2, "dd": 1}
    assert (Warning.objects.count(), Case.objects.count()) == before
    world.clock.advance(31 * 86_400)
    assert trial.run(version.pk)["facts"] == 0


def test_facts_of_places_are_replayed_too(world: World, sky: Sky) -> None:  # noqa: F811 - a fixture
    sky.readings(sky.reading(visibility_m=450.0))
    sky.readings(sky.reading("b", visibility_m=700.0, lat=27.5))
    user = world.user("op-zd")
    version = services.begin(user, "places")
    services.edit(
        user, version.pk, 0,
        lambda text: editing.with_row(text, "visibility-500", {"c-below_measured": "800"}), {},
    )  # fmt: skip
    said = trial.run(version.pk)
    assert (said["before"]["total"], said["after"]["total"]) == (1, 2)
    assert said["differ"] == {"added": 1, "removed": 0, "changed": 0}


def test_one_person_cannot_change_a_table_alone(world: World, monkeypatch) -> None:
    version = asked(world)
    for who in ("op-zd", "lead-dd", "audit", "admin", "off-dd1"):
        with pytest.raises(TransitionError):
            services.decide(world.user(who), version.pk, True)
    world.raise_case()
    assert Warning.objects.get().level_code == "yellow"

    # The control: without the rule of two persons the asker's own word is enough.
    def alone(_user: Any, row: Version, *_: Any) -> Version:
        row.state, row.decided_at = "accepted", world.now
        row.save()
        return row

    monkeypatch.setattr(twoperson, "decide", alone)
    services.decide(world.user("op-zd"), version.pk, True)
    world.clock.advance(7200)
    world.raise_case()
    assert Warning.objects.order_by("-issued")[0].level_code == "orange"


def test_what_is_refused_or_taken_back_changes_nothing(world: World) -> None:
    version = asked(world)
    services.decide(world.user("lead-zd"), version.pk, False, "先观察")
    assert edition("detections", services.today()).name == "2026-01-01"
    with pytest.raises(TransitionError, match="已经有了决定"):
        services.decide(world.user("lead-zd"), version.pk, True)
    again = asked(world)
    services.decide(world.user("op-zd"), again.pk, False)
    assert Version.objects.get(pk=again.pk).state == "withdrawn"


def test_an_edit_throws_the_trial_away_and_asking_needs_one(world: World) -> None:
    user = world.user("op-zd")
    version = drafted(world)
    with pytest.raises(TransitionError, match="回放"):
        services.ask(user, version.pk, 1, services.today(), "理由")
    trial.run(version.pk)
    services.edit(user, version.pk, 1, edited(version, level="red"), {})
    assert Version.objects.get(pk=version.pk).replay is None
    with pytest.raises(TransitionError, match="回放"):
        services.ask(user, version.pk, 2, services.today(), "理由")


def test_two_editors_do_not_overwrite_each_other(world: World) -> None:
    version = drafted(world)
    with pytest.raises(TransitionError, match="他人改动"):
        services.edit(world.user("lead-zd"), version.pk, 0, edited(version, level="red"), {})
    with pytest.raises(TransitionError, match="已有一份草稿"):
        services.begin(world.user("lead-zd"), "detections")


def test_a_mistake_names_row_and_key_and_keeps_the_draft(world: World) -> None:
    version = drafted(world)
    for broken in (
        lambda text: text.replace("level: orange", "level: purple", 1),
        lambda text: "rows: [",
        lambda text: editing.without_row(text, "otherwise"),
        lambda text: editing.with_row(text, "no-such", {}),
        lambda text: editing.with_row(text, "speeding-20", {"merge_min": "soon"}),
    ):
        with pytest.raises(TransitionError):
            services.edit(world.user("op-zd"), version.pk, 1, broken, {})
    assert Version.objects.get(pk=version.pk).edits == 1


def test_days_reasons_and_empty_changes(world: World) -> None:
    user = world.user("op-zd")
    version = drafted(world)
    trial.run(version.pk)
    for starts, reason in ((services.today() - timedelta(days=1), "x"), (services.today(), " ")):
        with pytest.raises(TransitionError):
            services.ask(user, version.pk, 1, starts, reason)
    waiting = services.ask(user, version.pk, 1, services.today(), "理由")
    world.clock.advance(2 * 86_400)
    with pytest.raises(TransitionError, match="已过"):
        services.decide(world.user("lead-zd"), waiting.pk, True)
    services.decide(world.user("lead-zd"), waiting.pk, False)
    same = services.begin(user, "detections")
    trial.run(same.pk)
    with pytest.raises(TransitionError, match="没有可变更"):
        services.ask(user, same.pk, 0, services.today(), "理由")
    services.discard(user, same.pk)
    assert services.open_version("detections") is None


@pytest.mark.parametrize(
    ("over", "zh", "en"),
    [
        (
            {"merge_min": "-5"},
            "“并案（分钟）”须大于 0。",
            "The minutes of merging must be above 0.",
        ),
        ({"merge_min": "x"}, "“并案（分钟）”须为数字。", "Minutes of merging must be a number."),
        (
            {"gather_m": "-1"},
            "“同一处（米）”不能小于 0。",
            "The metres of one place are 0 or more.",
        ),
    ],
)
def test_what_was_typed_stays_in_a_refused_row(
    world: World, over: dict[str, str], zh: str, en: str
) -> None:
    """It was refused in the program's English, in a row that was closed again."""
    client = world.client("op-zd")
    client.post("/tables/detections/act/", {"action": "begin"})
    version = services.open_version("detections")
    assert version is not None
    form = {"version": version.pk, "edits": 0, "action": "row", "row": "speeding-20", **LOOSER}
    for language, said in (("zh-hans", zh), ("en", en)):
        client.cookies["django_language"] = language
        answer = client.post("/tables/detections/act/", {**form, **over})
        page = answer.content.decode()
        assert answer.status_code == 422
        assert said in html.unescape(page)
        own = page[page.index('data-row-id="speeding-20"') :]
        own = own[: own.index("</form>")]
        (name, value) = next(iter(over.items()))
        assert "<details open>" in own
        assert re.search(rf'name="{name}"\s+value="{value}"', own)
        assert page.count("<details open>") == 1


def test_hours_that_are_none_are_refused(world: World) -> None:
    text = drafted(world).text
    with pytest.raises(TransitionError, match="两个不同整点"):
        editing.with_row(
            text, "speeding-20-passengers-hazmat-night", {"c-hours-from": "6", "c-hours-to": "25"}
        )


def test_a_refused_text_stays_in_sight(world: World) -> None:
    client = world.client("op-zd")
    client.post("/tables/detections/act/", {"action": "begin"})
    version = services.open_version("detections")
    assert version is not None
    form = {"version": version.pk, "edits": 0, "action": "text", "text": "rows: [my own"}
    page = client.post("/tables/detections/act/", form).content.decode()
    assert '<details class="sz-formula" open>' in page
    assert ">rows: [my own</textarea>" in page


def test_the_pages_lead_from_draft_to_approval(world: World, monkeypatch) -> None:
    world.raise_case()
    client, leader = world.client("op-zd"), world.client("lead-zd")
    act = "/tables/detections/act/"
    assert client.post(act, {"action": "begin"}).status_code == 302
    version = services.open_version("detections")
    assert version is not None
    base = {"version": version.pk}
    changed = {**base, "action": "row", "row": "speeding-20", "edits": 0, **LOOSER}
    assert client.post(act, changed).status_code == 302
    stale = client.post(act, changed)
    assert (stale.status_code, "他人改动" in stale.content.decode()) == (422, True)
    monkeypatch.setattr(trial, "start", trial.run)
    client.post(act, {**base, "action": "replay", "edits": 1})
    page = client.get("/tables/detections/").content.decode()
    assert 'data-trial="done"' in page
    assert 'data-differ="changed"' in page
    asked_for = {**base, "action": "ask", "edits": 1, "starts": "2026-11-23", "reason": "试"}
    assert client.post(act, asked_for).status_code == 302
    own = client.post(f"{act}?version={version.pk}", {"decision": "accept"})
    assert own.status_code == 422
    assert (
        leader.post(
            f"{act}?version={version.pk}", {"decision": "accept", "remark": "可"}
        ).status_code
        == 302
    )
    assert "#" in client.get("/tables/").content.decode()
    old = client.get("/tables/detections/?edition=2026-01-01").content.decode()
    assert "sz-level" in old


def test_a_trial_that_a_former_process_left_can_be_begun_again(world: World) -> None:
    version = drafted(world)
    Version.objects.filter(pk=version.pk).update(replay={"state": "running"})
    page = world.client("op-zd").get("/tables/detections/?part=replay").content.decode()
    assert 'data-trial="none"' in page


def test_the_demonstration_has_one_draft_however_often_it_starts(world: World) -> None:
    from sizao.web.tables import demo

    demo.seed("op-zd")
    demo.seed("op-zd")
    assert Version.objects.get().edits == 1
    page = world.client("op-zd").get("/tables/places/").content.decode()
    assert "800 米" in page
