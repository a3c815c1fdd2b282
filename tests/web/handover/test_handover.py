"""Two people, one note; what is raised while they sign is not lost."""

from __future__ import annotations

import re

import pytest

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AppendOnlyError, AuditEntry
from sizao.web.calls.services import take
from sizao.web.handover import services
from sizao.web.handover.models import Handover
from sizao.web.handover.open_items import collect
from sizao.web.handover.views import paper
from tests.web.conftest import World

CRASH = {"kind": "crash", "dead": "1", "how": "map", "lat": "26.585", "lon": "101.716"}


def handed(world: World) -> Handover:
    note = services.begin(world.user("op-dd"), world.unit("dd"))
    return services.sign_out(world.user("op-dd"), note.number, "对讲机一部在修", note.version)


def keys(note: Handover) -> list[str]:
    return [one["key"] for one in note.items]


def test_the_note_lists_what_is_open_with_its_clocks(world: World) -> None:
    case = world.raise_case()
    call = take(world.user("op-dd"), CRASH, [])
    note = services.begin(world.user("op-dd"), world.unit("dd"))
    assert keys(note) == [f"case:{case.number}", f"notice:{call.number}:1:1",
                          f"call:{call.number}"]  # fmt: skip
    assert note.items[0]["due_s"] is not None
    assert services.begin(world.user("lead-dd"), world.unit("dd")) == note, "one at a time"
    # The west has nothing of it.
    assert collect(world.unit("xd"), world.now) == []


def test_two_people_sign_and_the_new_one_owns_what_is_open(world: World) -> None:
    world.raise_case()
    note = handed(world)
    with pytest.raises(TransitionError, match="不能是同一人"):
        services.sign_in(world.user("op-dd"), note.number, note.version)
    with pytest.raises(TransitionError, match="不能办理"):
        services.sign_in(world.user("audit"), note.number, note.version)
    done = services.sign_in(world.user("lead-dd"), note.number, note.version)
    assert (done.state, done.in_by.username) == ("done", "lead-dd")
    assert services.holder(world.unit("dd"), world.now).username == "lead-dd"
    assert list(AuditEntry.objects.filter(object_id=note.number).order_by("seq")
                .values_list("action", flat=True)) == [
        "handover.begin", "handover.out", "handover.in",
    ]  # fmt: skip
    done.note = "后来改的"
    with pytest.raises(AppendOnlyError):
        done.save()


def test_what_is_raised_while_it_is_signed_is_in_the_note_and_has_to_be_seen(world: World) -> None:
    note = handed(world)
    assert note.items == []
    case = world.raise_case()
    with pytest.raises(services.LateItemsError, match="新增 1 项"):
        services.sign_in(world.user("lead-dd"), note.number, note.version)
    note.refresh_from_db()
    assert (note.state, keys(note)) == ("handed", [f"case:{case.number}"])
    assert note.items[0]["late"]
    # Signing what one saw before is refused: the page is no longer the note.
    with pytest.raises(TransitionError, match="过时"):
        services.sign_in(world.user("lead-dd"), note.number, note.version - 1)
    assert services.sign_in(world.user("lead-dd"), note.number, note.version).state == "done"


def test_without_the_second_look_it_would_be_missing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same hands with the comparison off, and the note does not have it."""
    note = handed(world)
    case = world.raise_case()
    monkeypatch.setattr(services, "_add_late", lambda note, now: 0)
    done = services.sign_in(world.user("lead-dd"), note.number, note.version)
    assert done.state == "done"
    assert f"case:{case.number}" not in keys(done)
    # Even then nobody is without an owner: what is open is read from the database.
    assert [one.key for one in collect(world.unit("dd"), world.now)] == [f"case:{case.number}"]
    assert services.holder(world.unit("dd"), world.now).username == "lead-dd"


def test_what_was_closed_before_the_outgoing_signs_is_not_handed_over(world: World) -> None:
    from sizao.web.cases.services import act

    case = world.raise_case()
    note = services.begin(world.user("op-dd"), world.unit("dd"))
    assert len(note.items) == 1
    leader = world.user("op-zd")
    case = act(leader, case.pk, "sign", case.version)
    case = act(leader, case.pk, "dismiss", case.version, reason="x")
    act(world.user("lead-zd"), case.pk, "verify", case.version)
    note = services.sign_out(world.user("op-dd"), note.number, "", note.version)
    assert note.items == []


def test_pages_and_paper(world: World) -> None:
    world.raise_case()
    client = world.client("op-dd")
    number = client.post("/handovers/new/").headers["Location"].split("/")[-2]
    page = client.get(f"/handovers/{number}/").content.decode()
    assert "G353" in page
    answer = client.post(
        f"/handovers/{number}/act/", {"action": "out", "version": "1", "note": "x"}
    )
    assert answer.status_code == 302
    other = world.client("lead-dd")
    assert other.post(
        f"/handovers/{number}/act/", {"action": "in", "version": "1"}
    ).status_code == 409  # fmt: skip
    assert other.post(
        f"/handovers/{number}/act/", {"action": "in", "version": "2"}
    ).status_code == 302  # fmt: skip
    assert client.get(f"/handovers/{number}.pdf").content.startswith(b"%PDF")
    blocks = paper(Handover.objects.get(number=number)).blocks
    due = [line for block in blocks for line in block.lines if "时限" in line]
    assert due
    assert all(re.search(r"时限 \d{4}-\d\d-\d\d \d\d:\d\d", line) for line in due)
    assert world.client("lead-xd").get(f"/handovers/{number}/").status_code == 404
