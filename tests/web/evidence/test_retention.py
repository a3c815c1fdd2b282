"""Evidence goes when its time is over and nothing wants it, and the proof stays."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest

from sizao.log import deletions
from sizao.log.deletions import Deletions
from sizao.log.evidence import EvidenceStore
from sizao.web.audit.models import AuditEntry
from sizao.web.audit.services import verify_chain
from sizao.web.cases.models import Case
from sizao.web.evidence import holds, retention
from sizao.web.evidence.follow import follow
from sizao.web.evidence.models import Day, Hold, Piece, Retained
from sizao.web.evidence.periods import period, periods, what_of
from sizao.web.evidence.retention import ACTION, Sweep, proofs
from sizao.web.reports.models import Report, ReportPhoto
from tests.web.conftest import COACH, World
from tests.web.reports.conftest import png

from .conftest import age, send


def sweep(world: World, days: float) -> None:
    """A whole run, ``days`` after the records were appended."""
    follow(world.ports.evidence)
    wall_s = age(world, days)
    world.clock.advance(1)
    run = Sweep(world.data.evidence, world.ports.evidence, world.now, wall_s=wall_s)
    while run.step():
        pass


def there(world: World, name: str) -> bool:
    return EvidenceStore(world.data.evidence).has(name)


def test_each_kind_has_its_period():
    assert what_of("gat1400:cam1", "p1") == "passage"
    assert what_of("weigh:ws1", "w1") == "weighing"
    assert what_of("reports", "R1") == "report"
    assert what_of("jt808", "aa") == "alarm"
    assert what_of("jt808", None) == "media"
    assert {what for kinds in periods().values() for what in kinds} == set(deletions.KINDS)
    assert period("passage") < period("alarm")


def test_what_is_past_its_time_goes_and_what_is_not_stays(world: World):
    passage = send(world, b"passage", source="gat1400:cam1", refers_to="p1", subject="cam1")
    alarm = send(world, b"alarm", subject=COACH, refers_to="aa")
    sweep(world, 29)
    assert there(world, passage)
    sweep(world, 31)
    assert not there(world, passage)
    assert there(world, alarm), "an alarm's file is kept longer"
    sweep(world, 184)
    assert not there(world, alarm)
    assert Piece.objects.get(evidence=alarm).deleted_at is not None


def test_a_deletion_is_proven(world: World):
    names = {send(world, f"p{n}".encode(), source="gat1400:c", refers_to="p") for n in range(5)}
    sweep(world, 31)
    [entry] = AuditEntry.objects.filter(action=ACTION)
    assert entry.data["pieces"] == 5
    assert entry.data["outcome"] == {"gone": 5}
    assert entry.data["kinds"] == {"passage": 5}
    assert entry.data["reasons"] == {"expired": 5}
    path = Deletions(world.data.evidence).folder / f"{entry.object_id}.list"
    assert {one.name for one in deletions.pieces(path)} == names
    assert deletions.digest(path) == entry.data["sha256"]
    assert [one.intact for one in proofs(world.data.evidence)] == [True]
    assert verify_chain().intact
    path.write_bytes(path.read_bytes()[:-34])
    assert [one.intact for one in proofs(world.data.evidence)] == [False]


def test_an_open_case_keeps_its_evidence_and_a_closed_one_for_three_years(world: World):
    case = world.raise_case()
    picture = send(world, b"truck", refers_to="aa")
    sweep(world, 400)
    assert there(world, picture)
    assert [(one.evidence, one.why) for one in Retained.objects.all()] == [(picture, "case")]
    Case.objects.filter(pk=case.pk).update(closed=True, changed_at=world.now)
    sweep(world, 400)
    assert there(world, picture)
    assert Retained.objects.get().why == "closed"
    world.clock.advance(1097 * 86_400)
    sweep(world, 1500)
    assert not there(world, picture)
    assert not Retained.objects.exists()
    [entry] = AuditEntry.objects.filter(action=ACTION)
    assert entry.data["reasons"] == {"released": 1}


def test_pictures_of_what_its_warnings_rest_on_stay_with_a_case(world: World):
    case = world.raise_case(rule="section_speed", evidence=["passages:p1", "passages:p2"])
    ends = [
        send(world, name.encode(), source="gat1400:cam1", refers_to=name, subject="cam1")
        for name in ("p1", "p2", "p3")
    ]
    sweep(world, 31)
    assert [there(world, one) for one in ends] == [True, True, False]
    assert {one.why for one in Retained.objects.all()} == {"case"}
    Case.objects.filter(pk=case.pk).update(closed=True, changed_at=world.now)
    sweep(world, 400)
    assert {one.why for one in Retained.objects.all()} == {"closed"}
    world.clock.advance(1097 * 86_400)
    sweep(world, 1500)
    assert not any(there(world, one) for one in ends)


def test_control_of_a_case_elsewhere_nothing_is_kept(world: World):
    world.raise_case(vehicle=COACH)
    picture = send(world, b"truck", refers_to="aa")
    sweep(world, 400)
    assert not there(world, picture)


def test_a_hold_keeps_one_piece_until_it_is_released(world: World):
    user = world.user("op-zd")
    picture = send(world, b"passage", source="gat1400:c", refers_to="p1", subject="c")
    hold = holds.set_hold(user, reason="检察院调取", days=900, evidence=picture)
    sweep(world, 31)
    assert there(world, picture)
    assert Retained.objects.get().why == "hold"
    holds.release(user, hold, "已移交")
    sweep(world, 31)
    assert not there(world, picture)
    said = AuditEntry.objects.filter(object_id=picture).order_by("seq")
    assert [(one.action, one.actor) for one in said] == [
        ("evidence.hold", "op-zd"),
        ("evidence.hold_released", "op-zd"),
    ]


def test_a_hold_ends_by_itself(world: World):
    picture = send(world, b"passage", source="gat1400:c", refers_to="p1", subject="c")
    holds.set_hold(world.user("op-zd"), reason="x", days=2, evidence=picture)
    sweep(world, 31)
    assert there(world, picture)
    world.clock.advance(3 * 86_400)
    sweep(world, 31)
    assert not there(world, picture)


def test_a_hold_on_a_closed_case_outlasts_three_years(world: World):
    case = world.raise_case()
    picture = send(world, b"truck", refers_to="aa")
    Case.objects.filter(pk=case.pk).update(closed=True, changed_at=world.now)
    holds.set_hold(world.user("op-zd"), reason="诉讼中", days=3000, case=case)
    world.clock.advance(2000 * 86_400)
    sweep(world, 2000)
    assert there(world, picture)
    assert Retained.objects.get().why == "hold"


def test_photos_of_an_open_report_stay(world: World):
    from sizao.web.reports.rounds import flush
    from sizao.web.reports.submit import Given, submit

    report = submit(Given("hazard", "26.585", "101.716", text="护栏", photos=[png()]),
                    channel="citizen", source="reports")  # fmt: skip
    flush(world.commands_log)
    [photo] = ReportPhoto.objects.all()
    sweep(world, 400)
    assert there(world, photo.evidence)
    Report.objects.filter(pk=report.pk).update(state="closed")
    sweep(world, 400)
    assert not there(world, photo.evidence)
    page = world.client("op-zd").get(f"/reports/{report.number}/")
    assert "已按期删除" in page.content.decode()
    answer = world.client("op-zd").get(f"/reports/{report.number}/photos/1/")
    assert (answer.status_code, "已按期删除" in answer.content.decode()) == (410, True)


def test_a_photo_missing_without_a_tombstone_is_not_called_deleted(world: World):
    from sizao.web.reports.submit import Given, submit

    report = submit(Given("hazard", "26.585", "101.716", text="护栏", photos=[png()]),
                    channel="citizen", source="reports")  # fmt: skip
    [photo] = ReportPhoto.objects.all()
    EvidenceStore(world.data.evidence).path(photo.evidence).unlink()
    answer = world.client("op-zd").get(f"/reports/{report.number}/photos/1/")
    assert answer.status_code == 404


def test_the_same_picture_sent_again_is_as_young_as_its_last_record(world: World):
    first = send(world, b"same", source="gat1400:c", refers_to="p1", subject="c")
    follow(world.ports.evidence)
    wall_s = age(world, 31)
    path = EvidenceStore(world.data.evidence).path(first)
    os.utime(path, (wall_s - 86_400, wall_s - 86_400))  # as if put again a day ago
    Sweep(world.data.evidence, world.ports.evidence, world.now, wall_s=wall_s).step()
    assert there(world, first)
    [entry] = AuditEntry.objects.filter(action=ACTION)
    assert entry.data["outcome"] == {"newer": 1}


class Killed(Exception):
    """The process ends here."""


@pytest.mark.parametrize("where", ["remove", "record", "finish"])
def test_a_run_that_is_killed_is_finished_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, where: str
):
    names = [send(world, f"p{n}".encode(), source="gat1400:c", refers_to="p") for n in range(4)]

    def die(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        if where == "remove":
            real = EvidenceStore.remove
            left = iter([True, True])

            def two(store: EvidenceStore, name: str, not_after_s: float) -> str:
                if next(left, None) is None:
                    raise Killed
                return real(store, name, not_after_s)

            patched.setattr(EvidenceStore, "remove", two)
        elif where == "record":
            patched.setattr(retention.Sweep, "_record", die)
        else:
            patched.setattr(Deletions, "finish", die)
        with pytest.raises(Killed):
            sweep(world, 31)
    gone = [name for name in names if not there(world, name)]
    assert len(gone) == (2 if where == "remove" else 4)
    for name in gone:
        assert Deletions(world.data.evidence).find(name) is not None, "gone without a tombstone"
    sweep(world, 31)
    assert not any(there(world, name) for name in names)
    assert AuditEntry.objects.filter(action=ACTION).count() == 1, "one deletion, one entry"
    assert [one.intact for one in proofs(world.data.evidence)] == [True]
    assert Deletions(world.data.evidence).unfinished() == []


def test_days_say_what_there_is_and_what_went(world: World):
    for n in range(3):
        send(world, f"p{n}".encode(), source="gat1400:c", refers_to="p", subject="c")
    sweep(world, 0)
    [day] = Day.objects.all()
    assert (day.what, day.pieces, day.size, day.gone) == ("passage", 3, 6, 0)
    sweep(world, 31)
    day.refresh_from_db()
    assert (day.gone, day.gone_size) == (3, 6)
    sweep(world, 32)
    day.refresh_from_db()
    assert day.gone == 3, "counted once"


def test_more_than_a_helping_is_swept_in_steps(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(retention, "ROWS", 2)
    names = [send(world, f"p{n}".encode(), source="gat1400:c", refers_to="p") for n in range(7)]
    sweep(world, 31)
    assert not any(there(world, name) for name in names)
    counted = sum(one.data["pieces"] for one in AuditEntry.objects.filter(action=ACTION))
    assert counted == 7


def test_holds_want_a_reason_a_length_and_a_piece(world: World):
    from sizao.core.errors import TransitionError

    user = world.user("op-zd")
    picture = send(world, b"x")
    for given in (
        {"reason": " ", "days": 3, "evidence": picture},
        {"reason": "x", "days": 0, "evidence": picture},
        {"reason": "x", "days": 3651, "evidence": picture},
        {"reason": "x", "days": 3, "evidence": "0" * 64},
        {"reason": "x", "days": 3, "evidence": "../../etc"},
    ):
        with pytest.raises(TransitionError):
            holds.set_hold(user, **given)
    hold = holds.set_hold(user, reason="x", days=3, evidence=picture)
    with pytest.raises(TransitionError):
        holds.release(user, hold, "")
    assert Hold.objects.get().released_at is None
    assert hold.until - hold.set_at == timedelta(days=3)
