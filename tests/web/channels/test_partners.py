"""A partner agency sees what is addressed to it, without personal data, and nothing else."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test import Client
from django.test.utils import override_settings
from django.urls import get_resolver

from sizao.web.audit.models import AuditEntry
from sizao.web.cases.models import Case
from sizao.web.channels import services
from sizao.web.channels.models import Delivery, Notice
from sizao.web.live.models import OutboxEvent
from sizao.web.live.visit import visit
from sizao.web.units import partners
from sizao.web.units.models import Unit
from sizao.web.warnings.models import Warning
from tests.web import test_permissions as permissions
from tests.web.conftest import TRUCK, World
from tests.web.test_streams import async_client, lines, run

EXPRESSWAY = {"road": "G5", "road_class": "expressway", "area": "510411", "severity": "ge70",
              "measured": 130.0, "lat": 26.564, "lon": 101.861}  # fmt: skip

OPEN = {
    # To whom it is addressed; the other agency gets 404.
    ("partner", "GET"): (200, 200),
    ("partner-notice", "GET"): (200, 404),
    ("partner-act", "POST"): (302, 404),
    ("partner-shown", "POST"): (204, 404),
    # Hazards that the first has to put right.
    ("partner-hazards", "GET"): (200, 200),
    ("partner-hazard", "GET"): (200, 404),
    ("partner-hazard-act", "POST"): (409, 404),
    ("partner-hazard-photo", "GET"): (200, 404),
    # Its tasks of response plans; none runs here. Who sees which is in the plans' own tests.
    ("tasks", "GET"): (200, 200),
    ("task-act", "POST"): (404, 404),
    ("api:cap", "GET"): (200, 404),
    ("cap-feed", "GET"): (200, 200),
    ("help", "GET"): (200, 200),
    # What belongs to an account.
    ("login", "GET"): (302, 302),
    ("logout", "POST"): (302, 302),
    ("preferences", "POST"): (302, 302),
    # Sent on to its own page.
    ("map", "GET"): (302, 302),
    # The API's description and its front, which is nothing, are no stranger's business here.
    ("api:openapi-json", "GET"): (403, 403),
}
"""What a partner's account gets where it is not simply refused."""


def expected(name: str, method: str, row: str) -> tuple[int, int]:
    stranger = int(row.split()[0])
    if (name, method) in OPEN:
        return OPEN[name, method]
    if stranger in (200, 503):  # open to anybody
        return (stranger, stranger)
    return (403, 403)


def told_world(world: World) -> Case:
    case = world.raise_case()
    permissions.one_notice(world, case)
    return case


@pytest.mark.parametrize(("column", "who"), [(0, "pa-gs"), (1, "pa-jt")])
def test_matrix_of_partners(world: World, column: int, who: str):
    case = permissions.furnish(world)
    wanted, found = {}, {}
    for (name, method), row in permissions.MATRIX.items():
        wanted[name, method] = expected(name, method, row)[column]
        with transaction.atomic():
            if name == "partner-act":
                url = permissions.address(name, case)
                given = {"action": "acknowledge", "version": 1}
                found[name, method] = world.client(who).post(url, given).status_code
            else:
                found[name, method] = permissions.call(world.client(who), method, name, case)
            transaction.set_rollback(True)
    assert found == wanted


def test_control_without_the_list_of_addresses_pages_open(world: World):
    """The same account with the middleware taken out: what nobody thought of is open."""
    from django.conf import settings

    told_world(world)
    assert world.client("pa-gs").get("/units/").status_code == 403
    rest = [name for name in settings.MIDDLEWARE if not name.endswith("PartnersOwnPages")]
    with override_settings(MIDDLEWARE=rest):
        assert world.client("pa-gs").get("/units/").status_code == 200
        # And even then the account's empty path shows it nothing of the police's.
        assert TRUCK not in world.client("pa-gs").get("/inbox/").content.decode()
        assert world.client("pa-gs").get("/api/v1/cases").json()["count"] == 0


def test_every_entry_of_its_rail_opens(world: World):
    told_world(world)
    client = world.client("pa-gs")
    page = client.get("/partner/").content.decode()
    rail = re.search(r'<nav class="sz-rail.*?</nav>', page, re.DOTALL)[0]
    addresses = set(re.findall(r'href="(/[^"#?]*)"', rail))
    assert "/help/" in addresses
    for address in addresses:
        assert client.get(address, follow=True).status_code == 200, address


def test_every_listed_address_exists():
    every = set(permissions.names(get_resolver()))
    assert every >= partners.ADDRESSES


def test_a_token_opens_no_more_than_the_browser(world: World):
    case = told_world(world)
    bearer = world.bearer("pa-gs")
    client = Client()
    warning = case.warnings.first().pk
    assert client.get("/api/v1/cases", **bearer).status_code == 403
    assert client.get(f"/api/v1/vehicles/{TRUCK}", **bearer).status_code == 403
    assert client.get("/stream/meta", **bearer).status_code == 403
    assert client.get(f"/api/v1/warnings/{warning}/cap", **bearer).status_code == 200
    assert client.get(f"/api/v1/warnings/{warning}/cap", **world.bearer("pa-jt")).status_code == 404
    feed = client.get("/cap/feed.xml", **bearer).content.decode()
    assert warning in feed
    assert warning not in client.get("/cap/feed.xml", **world.bearer("pa-jt")).content.decode()


def test_nothing_that_a_partner_reads_names_a_vehicle(world: World):
    case = told_world(world)
    notice = Notice.objects.get()
    client = world.client("pa-gs")
    pages = [
        client.get("/partner/").content,
        client.get(f"/partner/{notice.pk}/").content,
        client.get(f"/api/v1/warnings/{case.warnings.first().pk}/cap").content,
        client.get("/cap/feed.xml").content,
        json.dumps(list(OutboxEvent.objects.filter(name="notice").values("data"))).encode(),
    ]
    for page in pages:
        for secret in (case.plate, TRUCK, "虚构货运一公司", "川D"):
            assert secret
            assert secret.encode() not in page
    assert "川D" in world.client("op-zd").get(f"/cases/{case.pk}/").content.decode(), "control"


def test_a_stream_of_a_partner_carries_its_notices_only(threaded: World):
    case = told_world(threaded)

    async def scenario(name: str, wanted: int) -> list[str]:
        with visit():
            answer = await clients[name].get("/stream/events", headers={"Last-Event-ID": "0"})
            return [event for event, _ in await lines(answer, wanted)]

    async def refused() -> int:
        with visit():
            return (await clients["pa-gs"].get("/stream/vehicles")).status_code

    clients = {name: async_client(threaded, name) for name in ("pa-gs", "op-zd", "pa-jt")}
    assert run(scenario("pa-gs", 2)) == ["message", "notice"]
    assert "case" in run(scenario("op-zd", 4)), "control: the police hear the case"
    assert run(refused()) == 403
    with pytest.raises((TimeoutError, asyncio.TimeoutError)):
        asyncio.run(asyncio.wait_for(scenario("pa-jt", 2), 1.0))
    assert case.pk
    connection.close()


@pytest.mark.parametrize(("role", "unit"), [("officer", "gs"), ("auditor", "gs"), ("leader", "gs"),
                                            ("partner", "zd"), ("partner", None)])  # fmt: skip
def test_a_mistaken_account_sees_nothing(world: World, role: str, unit: str | None):
    """A police role on an agency, a partner on the detachment: refused, and blind all the same."""
    told_world(world)
    user = world.user("pa-gs")
    user.role, user.unit = role, world.unit(unit) if unit else None
    with pytest.raises(ValidationError, match="联动单位"):
        user.full_clean()
    user.save()
    user = world.user("pa-gs")
    assert (user.sees_all, user.path, user.acts, user.reads_audit) == (False, "", False, False)
    assert not Case.objects.for_user(user).exists()
    assert world.client("pa-gs").get("/cases/").status_code == 403


def test_the_polices_lists_of_units_have_no_partners(world: World):
    assert {"gs", "jt"} & set(Unit.objects.values_list("code", flat=True)) == set()
    assert set(Unit.parties.values_list("code", flat=True)) == {"gs", "jt"}
    assert "gs" not in world.client("op-zd").get("/api/v1/units").content.decode()
    assert world.unit("zd").children.filter(code="gs").count() == 0


# Who is told, and what it answers


def test_a_warning_on_the_expressway_tells_its_operator(world: World):
    case = world.raise_case(**EXPRESSWAY)
    notice = Notice.objects.get(party__code="gs")
    assert (notice.rows, notice.warning_id) == (["expressway_operator"], case.warnings.first().pk)
    assert (notice.acknowledge_by - notice.told_at).total_seconds() == 15 * 60
    states = dict(notice.deliveries.values_list("channel", "state"))
    assert states["inbox"] == Delivery.State.DELIVERED
    assert Warning.objects.for_user(world.user("pa-gs")).count() == 1
    assert not Warning.objects.for_user(world.user("pa-jt")).exists()
    world.raise_case(vehicle="19800000002")  # a national road: not the operator's
    assert Notice.objects.filter(party__code="gs").count() == 1


def test_telling_again_changes_nothing(world: World):
    case = told_world(world)
    permissions.one_notice(world, case)
    assert Notice.objects.count() == 1


def test_acknowledging_and_replying_are_seen_by_the_police_and_audited(world: World):
    case = told_world(world)
    notice = Notice.objects.get()
    client = world.client("pa-gs")
    client.get(f"/partner/{notice.pk}/")
    assert notice.deliveries.get(channel="inbox").state == Delivery.State.READ
    url = f"/partner/{notice.pk}/act/"
    assert client.post(url, {"action": "acknowledge", "version": 1}).status_code == 302
    answer = client.post(url, {"action": "acknowledge", "version": 1})
    assert answer.status_code == 409
    assert "已由pa-gs确认" in answer.content.decode()
    assert client.post(url, {"action": "reply", "text": " "}).status_code == 422
    assert client.post(url, {"action": "reply", "text": "已派清障车"}).status_code == 302
    told = world.client("off-dd1").get(f"/partner/{notice.pk}/").content.decode()
    assert "已派清障车" in told
    assert case.number in told
    actions = AuditEntry.objects.filter(object_type="notice").values_list("action", flat=True)
    assert set(actions) == {"notice.acknowledge", "notice.reply"}
    entries = AuditEntry.objects.filter(object_type="notice").values_list("data", flat=True)
    assert "清障" not in str(list(entries)), "the words stay in the reply"


def test_two_operators_of_an_agency_cannot_both_acknowledge(world: World):
    told_world(world)
    notice = Notice.objects.get()
    services.acknowledge(world.user("pa-gs"), notice.pk, 1)
    with pytest.raises(services.TransitionError, match="已由"):
        services.acknowledge(world.user("pa-gs"), notice.pk, 1)


def test_when_the_case_ends_the_party_hears_it(world: World):
    from sizao.web.cases.services import act

    case = told_world(world)
    user = world.user("op-zd")
    for action, more in (("sign", {}), ("dismiss", {"reason": "误报"})):
        case.refresh_from_db()
        act(user, case.pk, action, case.version, **more)
    notice = Notice.objects.get()
    assert notice.lifted_at == world.now
    assert "已解除" in world.client("pa-gs").get(f"/partner/{notice.pk}/").content.decode()
    assert Warning.objects.for_user(world.user("pa-gs")).count() == 1, "CAP still carries the end"
