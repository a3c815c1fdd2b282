"""The case page: explain, act, refuse with the reason, show who was first."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from tests.web.conftest import COACH, TRUCK, World

HTMX = {"HTTP_HX_REQUEST": "true"}


def post(client, case, action: str, version: int | None = None, **fields):
    given = {"action": action, "version": case.version if version is None else version, **fields}
    return client.post(f"/cases/{case.pk}/act/", given, **HTMX)


def test_explains_the_grade_with_source_and_certainty(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-dd").get(f"/cases/{case.pk}/").content.decode()
    assert "为什么定这个等级" in page
    assert "75" in page
    assert "60 km/h" in page
    assert "data-certainty=" in page
    assert "不作为处罚依据" in page
    assert "只有卫星速度" in page  # data quality in words


def test_links_of_the_map_do_not_run_together(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-dd").get(f"/cases/{case.pk}/").content.decode()
    _, _, links = page.partition("位置与轨迹")
    links, _, _ = links.partition("</header>")
    assert "".join(re.sub("<[^>]*>", "", links).split()) == "登记隐患·在大图上看"


def test_primary_button_is_the_legal_next_step(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-dd").get(f"/cases/{case.pk}/").content.decode()
    head, _, _ = page.partition("sz-next-clock")
    assert 'value="sign"' in head
    assert 'data-key="s"' in head
    assert 'data-dialog="sz-do-dispatch"' not in head  # not before it is signed


def test_whole_loop_by_post(world: World) -> None:
    case = world.raise_case()
    client = world.client("op-dd")
    answer = post(client, case, "sign")
    assert answer.status_code == 200, answer.content
    assert 'data-state="signed"' in answer.content.decode()
    case.refresh_from_db()
    post(client, case, "dispatch", units=["东一01"])
    case.refresh_from_db()
    assert case.state == "dispatched"
    body = post(client, case, "control", measure="terminal_text", text="请减速").content.decode()
    assert 'data-delivery="queued"' in body
    assert "请减速" in body
    measure = case.texts.get()
    world.round()
    world.result(measure.command, "acknowledged")
    world.round()
    body = client.get(f"/cases/{case.pk}/?part=live").content.decode()
    assert 'data-delivery="acknowledged"' in body
    assert "终端已应答" in body
    case.refresh_from_db()
    assert post(client, case, "resolve", reason="已减速").status_code == 200
    case.refresh_from_db()
    refused = post(client, case, "verify")
    assert refused.status_code == 422
    assert "须由另一人核实" in refused.content.decode()
    assert post(world.client("lead-dd"), case, "verify").status_code == 200
    case.refresh_from_db()
    assert case.closed


def test_second_operator_sees_who_was_first(world: World) -> None:
    case = world.raise_case()
    assert post(world.client("op-dd"), case, "sign").status_code == 200
    answer = post(world.client("lead-dd"), case, "sign")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert 'data-notice="conflict"' in page
    assert "op-dd" in page
    assert "签收" in page
    # Without htmx the whole page comes back, with the same words.
    plain = world.client("lead-dd").post(
        f"/cases/{case.pk}/act/", {"action": "sign", "version": case.version}
    )
    assert plain.status_code == 409
    assert 'data-notice="conflict"' in plain.content.decode()


def test_who_may_not_act_is_told_so_and_nothing_changes(world: World) -> None:
    case = world.raise_case()
    client = world.client("audit")
    answer = post(client, case, "sign")
    assert "不能操作" in answer.content.decode()
    case.refresh_from_db()
    assert case.state == "raised"
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert 'value="sign"' not in page.partition("sz-next-clock")[0]


def test_version_that_is_no_number_changes_nothing(world: World) -> None:
    case = world.raise_case()
    for version in ("", "x", "-1", "1e9"):
        answer = post(world.client("op-dd"), case, "sign", version)
        assert answer.status_code == 409, version
    case.refresh_from_db()
    assert case.state == "raised"


def test_units_are_proposed_by_travel_time(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-dd").get(f"/cases/{case.pk}/?part=units").content.decode()
    assert page.index("东一") < page.index("东二01")
    assert "分钟" in page
    assert "西一01" not in page  # not of this brigade


def test_texts_of_people_are_escaped(world: World) -> None:
    case = world.raise_case()
    client = world.client("op-dd")
    post(client, case, "sign")
    case.refresh_from_db()
    post(client, case, "control", measure="terminal_text", text="<script>alert(1)</script>")
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page


def test_late_case_shows_how_late_and_its_escalation(world: World) -> None:
    case = world.raise_case()
    client = world.client("op-zd")
    assert 'data-phase="late"' not in client.get(f"/cases/{case.pk}/").content.decode()
    world.clock.advance(timedelta(hours=1).total_seconds())
    assert 'data-phase="late"' in client.get(f"/cases/{case.pk}/").content.decode()
    world.round()
    page = client.get(f"/cases/{case.pk}/").content.decode()
    assert "超时已升级" in page
    assert 'data-action="escalate"' in page


def test_auditor_reads_masked_plates(world: World) -> None:
    case = world.raise_case(vehicle=COACH)
    assert "川D·A0003" in world.client("op-zd").get(f"/cases/{case.pk}/").content.decode()
    page = world.client("audit").get(f"/cases/{case.pk}/").content.decode()
    assert "川D·A0003" not in page
    assert "川D·A***3" in page


def test_looking_at_a_vehicle_is_written_down(world: World) -> None:
    from sizao.web.audit.models import AuditEntry

    world.raise_case()
    page = world.client("off-dd1").get(f"/vehicles/{TRUCK}/").content.decode()
    assert "川D·A0001" in page
    entry = AuditEntry.objects.filter(action="vehicle.read").latest("seq")
    assert (entry.actor, entry.object_id) == ("off-dd1", TRUCK)
    assert world.client("off-xd1").get(f"/vehicles/{TRUCK}/").status_code == 404


def test_the_track_of_a_run_of_hours_is_given_on_its_case(world: World) -> None:
    start = world.now - timedelta(hours=4, minutes=10)
    case = world.raise_case(rule="fatigue", start=start, end=world.now, measured=250, limit=240)
    page = world.client("op-dd").get(f"/cases/{case.pk}/").content.decode()
    address = unescape(re.search(r'data-track="([^"]+)"', page)[1])
    answer = world.client("op-dd").get(address)
    assert answer.status_code == 200, answer.content
    # The same hours without the case as their ground are refused.
    assert world.client("op-dd").get(address.split("&purpose")[0]).status_code == 422


def test_drawer_shows_speed_limit_and_place(world: World) -> None:
    world.board({"vehicle": TRUCK, "speed_kmh": 88.0, "limit_kmh": 60.0, "active": "speeding"})
    page = world.client("op-dd").get(f"/vehicles/{TRUCK}/?panel=1").content.decode()
    assert "<b>88</b>" in page
    assert "限速 60" in page
    assert "G353 K1+000" in page
    assert "data-track=" in page
    world.board({"vehicle": TRUCK, "speed_kmh": None, "limit_kmh": None})
    page = world.client("op-dd").get(f"/vehicles/{TRUCK}/?panel=1").content.decode()
    assert "未报速度" in page


def test_ladder_says_done_now_and_passed_over(world: World) -> None:
    from sizao.web.pages.ladder import ladder

    case = world.raise_case()

    def standings(next_step: str = "") -> str:
        case.refresh_from_db()
        return " ".join(rung.standing for rung in ladder(case, next_step))

    assert standings("sign") == "done now ahead ahead ahead ahead ahead"
    client = world.client("op-dd")
    post(client, case, "sign")
    assert standings("control") == "done done ahead ahead now ahead ahead"
    post(client, case, "control", measure="terminal_text", text="请减速")
    assert standings("resolve") == "done done skipped skipped done now ahead"
    assert standings() == "done done skipped skipped done now ahead"
