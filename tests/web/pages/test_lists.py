"""Inbox, case list, search, units, indicators, audit: filters, order, export."""

from __future__ import annotations

import csv
import io
import json
import re

from tests.web.conftest import COACH, HAZMAT, TRUCK, World

WEST = {"lat": 26.5985, "lon": 101.603, "area": "510403"}


def rows_of(page: str) -> list[str]:
    return re.findall(r'data-row="(\d+)"', page)


def test_inbox_puts_unsigned_and_worst_first(world: World) -> None:
    blue = world.raise_case(measured=68.0, severity="10-20")
    worst = world.raise_case(vehicle=HAZMAT, vehicle_kind="hazmat", measured=120.0, severity="ge70")
    signed = world.raise_case(vehicle=COACH, vehicle_kind="line_coach", measured=115.0,
                              severity="ge70")  # fmt: skip
    client = world.client("op-zd")
    client.post(f"/cases/{signed.pk}/act/", {"action": "sign", "version": signed.version})
    page = client.get("/inbox/").content.decode()
    assert rows_of(page) == [str(worst.pk), str(blue.pk), str(signed.pk)]
    assert worst.level > blue.level


def test_inbox_filters(world: World) -> None:
    east = world.raise_case()
    west = world.raise_case(vehicle=HAZMAT, **WEST)
    client = world.client("op-zd")
    client.post(f"/cases/{west.pk}/act/", {"action": "sign", "version": west.version})
    assert rows_of(client.get("/inbox/?unit=dd").content.decode()) == [str(east.pk)]
    assert rows_of(client.get("/inbox/?state=raised").content.decode()) == [str(east.pk)]
    assert rows_of(client.get("/inbox/?state=active").content.decode()) == [str(west.pk)]
    assert rows_of(client.get("/inbox/?kind=fatigue").content.decode()) == []
    assert "没有符合筛选的预警" in client.get("/inbox/?kind=fatigue").content.decode()
    # Nonsense is no filter, and another brigade's unit is no unit.
    assert len(rows_of(client.get("/inbox/?level=pink&state=x&unit=zzz").content.decode())) == 2
    assert rows_of(world.client("lead-dd").get("/inbox/?unit=xd").content.decode()) == [
        str(east.pk)
    ]


def test_inbox_is_calm_when_empty(world: World) -> None:
    page = world.client("op-zd").get("/inbox/").content.decode()
    assert "没有未结预警" in page
    assert 'data-unsigned="0"' in page


def test_signing_in_the_inbox_keeps_the_filters(world: World) -> None:
    case = world.raise_case()
    client = world.client("op-zd")
    answer = client.post(
        f"/cases/{case.pk}/act/",
        {"action": "sign", "version": case.version, "from": "inbox", "state": "raised"},
        HTTP_HX_REQUEST="true",
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert rows_of(page) == []
    assert case.number in page  # the message in the corner
    again = client.post(
        f"/cases/{case.pk}/act/",
        {"action": "sign", "version": case.version, "from": "inbox"},
        HTTP_HX_REQUEST="true",
    )
    assert again.status_code == 409
    assert 'data-notice="conflict"' in again.content.decode()


def test_case_list_sorts_filters_and_exports(world: World) -> None:
    from sizao.web.audit.models import AuditEntry

    first = world.raise_case()
    second = world.raise_case(vehicle=HAZMAT, vehicle_kind="hazmat", measured=120.0,
                              severity="ge70", **WEST)  # fmt: skip
    client = world.client("op-zd")
    assert rows_of(client.get("/cases/?sort=level").content.decode()) == [
        str(first.pk), str(second.pk),
    ]  # fmt: skip
    assert rows_of(client.get("/cases/?sort=-level").content.decode()) == [
        str(second.pk), str(first.pk),
    ]  # fmt: skip
    assert rows_of(client.get("/cases/?q=A0002").content.decode()) == [str(second.pk)]
    answer = client.get("/cases/?q=A0002&format=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    table = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(table) == 2
    assert table[1][0] == second.number
    assert "川D·A0002" in table[1]
    entry = AuditEntry.objects.latest("seq")
    assert (entry.action, entry.data["rows"]) == ("export", 1)
    # The auditor's file follows the page: masked, and not to be searched by plate.
    masked = world.client("audit").get("/cases/?format=csv").content.decode()
    assert "A0002" not in masked
    assert rows_of(world.client("audit").get("/cases/?q=A0002").content.decode()) == []


def test_a_file_that_was_cut_says_so() -> None:
    from sizao.web.pages.export import within

    assert list(within([[1], [2]], most=2)) == [[1], [2]]
    *rows, last = within(([row] for row in range(9)), most=2)
    assert rows == [[0], [1]]
    assert last == ["未完：仅含前 2 行，请缩小筛选范围后分次导出。"]


def test_the_audit_counts_rows_and_not_the_line_that_says_so(world: World) -> None:
    from django.test import RequestFactory

    from sizao.web.audit.models import AuditEntry
    from sizao.web.pages.export import csv_answer
    from sizao.web.units.models import User

    request = RequestFactory().get("/")
    request.user = User.objects.get(username="op-zd")
    answer = csv_answer(request, "cases", ["n"], [[1], [2], [3]], most=2)
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [line[0] for line in lines[:3]] == ["n", "1", "2"]
    assert lines[3][0].startswith("未完")
    assert AuditEntry.objects.latest("seq").data["rows"] == 2


def test_cells_never_become_formulas() -> None:
    from sizao.web.pages.export import cell

    assert [cell(text) for text in ("=1", "+1", "-1", "@x", "\tx")] == [
        "'=1", "'+1", "'-1", "'@x", "'\tx",
    ]  # fmt: skip
    assert cell(-1) == -1
    assert cell("川D·A0001") == "川D·A0001"


def test_search_goes_to_the_one_thing_meant(world: World) -> None:
    case = world.raise_case()
    client = world.client("op-dd")
    assert client.get(f"/search/?q={case.number}").headers["Location"] == f"/cases/{case.pk}/"
    assert client.get(f"/search/?q={case.number[-7:]}").status_code == 302
    assert rows_of(client.get("/search/?q=A0001").content.decode()) == [str(case.pk)]
    assert rows_of(world.client("lead-xd").get("/search/?q=A0001").content.decode()) == []
    assert "没有找到" in client.get("/search/?q=").content.decode()
    # A stake without a road network finds nothing and breaks nothing.
    assert client.get("/search/?q=G5 K2650%2B300").status_code == 200


def test_stakes_are_read_as_people_write_them(world: World, monkeypatch) -> None:
    from sizao.core.errors import ConfigError
    from sizao.web.pages.views import search

    asked = []

    class Roads:
        def locate(self, ref: str, stake_m: float) -> tuple[int, float, float, float]:
            asked.append((ref, stake_m))
            if ref != "G5":
                raise ConfigError("no such road")
            return 3, 10.0, 26.5, 101.7

    monkeypatch.setattr(world.ports, "network", Roads())
    for text in ("G5 K2650+300", "g5k2650+300", "G5 2650+300", " G5  K2650 + 300 "):
        assert search.stake_place(text) == (26.5, 101.7), text
    assert set(asked) == {("G5", 2_650_300)}
    assert search.stake_place("X9 K1") is None
    assert search.stake_place("川D12345") is None


def test_units_page_counts_what_a_unit_has(world: World) -> None:
    case = world.raise_case()
    client = world.client("op-dd")
    client.post(f"/cases/{case.pk}/act/", {"action": "sign", "version": case.version})
    case.refresh_from_db()
    client.post(
        f"/cases/{case.pk}/act/",
        {"action": "dispatch", "version": case.version, "units": ["东一01"]},
    )
    page = client.get("/units/").content.decode()
    assert "西区大队" not in page
    assert 'data-state="assigned"' in page
    assert case.number in page


def test_indicators_show_their_fraction_and_never_invent(world: World) -> None:
    client = world.client("op-zd")
    page = client.get("/indicators/").content.decode()
    assert "还没有数据" in page
    case = world.raise_case()
    world.clock.advance(60)
    client.post(f"/cases/{case.pk}/act/", {"action": "sign", "version": case.version})
    page = client.get("/indicators/?period=1h").content.decode()
    charts = [
        json.loads(text)
        for text in re.findall(
            r'<script id="[a-z_]+" type="application/json">(.*?)</script>', page, re.S
        )
    ]
    signed = next(chart for chart in charts if chart["unit"] == "%" and any(
        point["denominator"] for point in chart["points"]))  # fmt: skip
    filled = [point for point in signed["points"] if point["denominator"]]
    assert [(point["numerator"], point["denominator"], point["value"]) for point in filled] == [
        (1, 1, 100.0)
    ]
    assert all(point["value"] is None for point in signed["points"] if not point["denominator"])
    table = client.get("/indicators/?period=1h&format=csv").content.decode("utf-8-sig")
    assert len(table.splitlines()) > 20


def test_audit_page_filters_and_tells_a_broken_chain(world: World) -> None:
    from django.db import connection

    world.raise_case()
    world.client("op-zd").get(f"/vehicles/{TRUCK}/")
    client = world.client("audit")
    page = client.get("/audit/?action=vehicle.read&actor=op-zd").content.decode()
    assert 'data-chain="intact"' in page
    assert re.findall(r'data-audit-action="([^"]+)"', page) == ["vehicle.read"]
    with connection.cursor() as cursor:  # what no code of ours can do
        cursor.execute("UPDATE audit_auditentry SET actor = 'somebody' WHERE seq = 2")
    page = client.get("/audit/").content.decode()
    assert 'data-chain="broken"' in page
    assert "<b>2</b>" in page


def test_map_list_carries_what_the_markers_need(world: World) -> None:
    case = world.raise_case()
    page = world.client("op-zd").get("/?part=live").content.decode()
    assert f'data-row="{case.pk}"' in page
    assert f'data-lat="{case.lat}"' in page
    assert 'hx-swap-oob="true"' in page
    features = world.client("op-dd").get("/map/context.geojson").json()["features"]
    names = {feature["properties"]["name"] for feature in features}
    assert "东区大队" in names
    assert "西区大队" not in names
