"""From hazard to model junction: audits, differences, criteria, and two people for acceptance."""

from __future__ import annotations

import pytest

from sizao.core.errors import ConfigError, ConflictError
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.junctions import audits, life, register, timings
from sizao.web.junctions.counting import keep
from sizao.web.junctions.criteria import criteria
from sizao.web.junctions.items import items
from sizao.web.junctions.models import Audit, Junction
from tests.plan.signals.conftest import FLOWS
from tests.web.conftest import WEST, World
from tests.web.reports.conftest import png

from .conftest import PLAN, audited, counted, registered

LINE = ("N", "stop_line")


def step(world: World, junction: Junction, who: str, name: str, note: str = "") -> Junction:
    junction.refresh_from_db()
    life.act(world.user(who), junction.pk, junction.version, name, note)
    junction.refresh_from_db()
    return junction


def test_a_junction_belongs_to_whose_road_it_is(world: World, junction: Junction) -> None:
    assert junction.unit.code == "dd1"
    assert junction.plan["cycle_s"] == 148
    with pytest.raises(ConflictError):
        registered(world, name="又一个")  # the same place
    with pytest.raises(ConflictError):
        register.register(
            world.user("op-dd"), name="西", lat=WEST[0], lon=WEST[1], shape=junction.shape
        )


def test_a_stale_change_is_refused(world: World, junction: Junction) -> None:
    user = world.user("op-dd")
    register.change(user, junction.pk, junction.version, contact="张三")
    with pytest.raises(ConflictError):
        register.change(user, junction.pk, junction.version, plan=PLAN)


def test_a_plan_that_no_longer_fits_is_dropped(world: World, junction: Junction) -> None:
    shape = {**junction.shape, "arms": [dict(arm) for arm in junction.shape["arms"]]}
    shape["arms"][0]["lanes"] = [{"turns": "T"}]
    changed = register.change(world.user("op-dd"), junction.pk, junction.version, shape=shape)
    assert changed.plan == {}


def test_an_audit_ends_when_everything_is_answered(world: World, junction: Junction) -> None:
    user = world.user("off-dd1")
    audit = audits.begin(user, junction)
    assert audits.begin(world.user("op-dd"), junction) == audit  # one open audit
    audits.answer(user, audit.pk, "N", [audits.Said("lighting", "good")])
    assert audits.progress(audit).missing["N"] == len(items()) - 1
    with pytest.raises(ConflictError):
        audits.finish(user, audit.pk)


@pytest.mark.parametrize(
    "said",
    [
        audits.Said("no_such", "good"),
        audits.Said("lighting", "perhaps"),
        audits.Said("lighting", "none"),  # without a reason
        audits.Said("lighting", "defect", "  "),
        audits.Said("lighting", "defect", "坏了", b"no picture"),
    ],
)
def test_an_answer_needs_its_words_and_a_real_photo(
    world: World, junction: Junction, said: audits.Said
) -> None:
    audit = audits.begin(world.user("off-dd1"), junction)
    with pytest.raises(ConfigError):
        audits.answer(world.user("off-dd1"), audit.pk, "N", [said])
    assert not audit.findings.exists()


def test_a_photo_is_kept_as_evidence(world: World, junction: Junction) -> None:
    audit = audits.begin(world.user("off-dd1"), junction)
    audits.answer(
        world.user("off-dd1"), audit.pk, "N", [audits.Said("lighting", "defect", "灯灭", png())]
    )
    finding = audit.findings.get()
    url = f"/junctions/photo/{finding.pk}/"
    assert world.client("op-dd").get(url).status_code == 200
    assert world.client("lead-xd").get(url).status_code == 404
    # Answered again without a photo: the first photo stays.
    audits.answer(world.user("off-dd1"), audit.pk, "N", [audits.Said("lighting", "defect", "还灭")])
    finding.refresh_from_db()
    assert (finding.note, bool(finding.photo)) == ("还灭", True)


def test_a_finished_audit_does_not_change(world: World, junction: Junction) -> None:
    audit = audited(world, junction, {})
    with pytest.raises(ConflictError):
        audits.answer(world.user("off-dd1"), audit.pk, "N", [audits.Said("lighting", "good")])


def test_a_second_audit_says_what_changed(world: World, junction: Junction) -> None:
    first = audited(world, junction, {LINE: "磨光", ("E", "lighting"): "灯灭"})
    assert audits.difference(first) is None
    second = audited(world, junction, {LINE: "磨光", ("S", "crossing"): "磨光"})
    found = audits.difference(second)
    assert found is not None
    assert (found.mended, found.new, found.still) == (
        (("E", "lighting"),), (("S", "crossing"),), (LINE,),
    )  # fmt: skip
    total = 4 * len(items())
    assert audits.score(second) == pytest.approx((total - 2) / total)


def test_the_whole_way_takes_two_people_and_a_clean_audit(world: World, junction: Junction) -> None:
    audited(world, junction, {LINE: "磨光"})
    with pytest.raises(ConfigError):
        life.act(world.user("op-dd"), junction.pk, junction.version, "mark")  # no reason
    step(world, junction, "op-dd", "mark", "停止线看不清")
    step(world, junction, "op-dd", "begin")
    with pytest.raises(ConflictError):
        step(world, junction, "op-dd", "ask")  # nobody looked since
    world.clock.advance(3600)
    audited(world, junction, {LINE: "还在"})
    with pytest.raises(ConflictError):
        step(world, junction, "op-dd", "ask")  # control: a defect is left
    audited(world, junction, {})
    step(world, junction, "op-dd", "ask")
    assert junction.state == "review"
    with pytest.raises(ConflictError):
        step(world, junction, "op-dd", "accept")  # who asked does not accept
    step(world, junction, "lead-dd", "accept")
    assert junction.state == "accepted"
    facts = junction.steps.get(action="accept").facts
    assert facts[0]["answer"] == "yes"
    assert verify_chain().intact


def test_a_model_junction_needs_every_criterion(world: World, junction: Junction) -> None:
    Junction.objects.filter(pk=junction.pk).update(state="accepted", asked_by="op-dd")
    junction.refresh_from_db()
    by = {one.code: one.answer for one in criteria(junction)}
    assert by["signal_timing_reviewed"] == "no"
    assert by["waiting_areas"] == "unknown"  # not audited: unknown is not met
    with pytest.raises(ConflictError, match="精品路口"):
        step(world, junction, "lead-dd", "model")
    audited(world, junction, {})
    count = counted(world, junction)
    timing = timings.compute(world.user("op-dd"), junction, count)
    junction.refresh_from_db()
    timings.adopt(world.user("lead-dd"), timing.pk, junction.version)
    junction.refresh_from_db()
    left = [one for one in criteria(junction) if one.answer != "yes"]
    assert {one.code for one in left} <= {"hazards_open_zero"}, left


def test_a_relapse_is_a_hazard_again(world: World, junction: Junction) -> None:
    Junction.objects.filter(pk=junction.pk).update(state="model", asked_by="op-dd")
    step(world, junction, "op-dd", "mark", "又发生两起事故")
    assert (junction.state, junction.asked_by) == ("hazard", "")
    entry = AuditEntry.objects.latest("seq")
    assert entry.action == "junction.mark"


def test_two_open_audits_cannot_be(world: World, junction: Junction) -> None:
    from django.db import IntegrityError, transaction

    audits.begin(world.user("off-dd1"), junction)
    with pytest.raises(IntegrityError), transaction.atomic():
        Audit.objects.create(junction=junction, edition="x", started_at=world.now, by="x")


def test_what_the_system_did_is_said_so(world: World, junction: Junction) -> None:
    """A reader of Chinese read the code, "system"."""
    keep(
        None,
        junction,
        {"minutes": 60, "peak": 0.92, "vehicles": FLOWS},
        source="typed",
        counted_at=world.now,
    )
    page = world.client("op-dd").get(f"/junctions/{junction.pk}/counts/").content.decode()
    lead = page[page.index("sz-lead") :]
    assert " ".join(lead[: lead.index("</p>")].split()).endswith("· 系统")
