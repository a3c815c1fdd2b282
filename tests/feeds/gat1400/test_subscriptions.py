"""Subscribe objects and notifications."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds.forms import Problem
from sizao.feeds.gat1400.messages import unwrap
from sizao.feeds.gat1400.subscriptions import (
    FORM,
    Subscription,
    notification,
    read_subscription,
    subscribe_message,
)
from tests.feeds.test_forms import JSON

ROW = {"checkpoint": "D1", "tollgate": "T1", "source": "gat1400:P1"}


def test_what_we_ask_reads_back() -> None:
    sent = subscribe_message(
        "S1",
        title="过车",
        address="http://10.0.0.1:6811/VIID/SubscribeNotifications",
        resource="D1, D2;D3",
        org="O",
        begin_us=1_790_000_000_000_000,
        end_us=1_790_000_100_000_000,
        pause_s=5,
    )
    (one,) = unwrap(json.loads(json.dumps(sent)), "Subscribe")
    name, cancels, found = read_subscription(one, "gat1400:UP")
    assert (name, cancels) == ("S1", False)
    assert isinstance(found, Subscription)
    assert (found.resources, found.pause_s) == (("D1", "D2", "D3"), 5)
    assert [found.active(us) for us in (1_789_999_999_000_000, 1_790_000_000_000_000)] == [
        False,
        True,
    ]
    assert found.over(1_790_000_100_000_000)


@pytest.mark.parametrize(
    ("resources", "wanted"),
    [((), True), (("D1",), True), (("T1", "x"), True), (("P1",), True), (("D2",), False)],
)
def test_resources_choose(resources: tuple[str, ...], wanted: bool) -> None:
    assert Subscription("S1", "gat1400:UP", "http://x", resources=resources).wants(ROW) is wanted


def test_what_a_platform_sent_does_not_go_back_to_it() -> None:
    assert not Subscription("S1", "gat1400:P1", "http://x").wants(ROW)


def test_a_notification_sent_again_has_the_same_name() -> None:
    one = Subscription("S1", "gat1400:UP", "http://x")

    def name(*ids: str) -> Any:
        message = notification(one, [{"MotorVehicleID": id} for id in ids], 0)
        (sent,) = unwrap(message, "SubscribeNotification")
        return sent["NotificationID"]

    assert name("M1", "M2") == name("M1", "M2") != name("M1")


@settings(deadline=None)
@given(sent=JSON | st.dictionaries(st.sampled_from([field.name for field in FORM.fields]), JSON))
def test_any_json_is_a_subscription_or_a_reason(sent: Any) -> None:
    name, _, found = read_subscription(sent, "gat1400:UP")
    assert isinstance(found, Subscription | Problem)
    name.encode()
