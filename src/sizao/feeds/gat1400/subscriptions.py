"""Subscriptions: who wants which passages, sent where.

A subscription is a Subscribe object (GA/T 1400.4): the upper platform posts it to the lower one,
which then posts notifications to ReceiveAddr until it ends or is cancelled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sizao.core.ids import content_id
from sizao.feeds.forms import Field, Form, Problem
from sizao.feeds.gat1400.status import local_time

PASSAGES = "13"
"""SubscribeDetail of passages, by convention of public implementations."""

CANCEL = 1
"""OperateType."""

FORM = Form(
    (
        Field("SubscribeID", "text", doc="Identifier, given by the subscriber", high=64),
        Field("Title", "text", doc="In words", high=256),
        Field("SubscribeDetail", "text", doc="Comma list of what; 13 passages", high=256),
        Field("ResourceURI", "text", doc="Devices or tollgates; empty is all", high=4096),
        Field("ApplicantName", "text", doc="Who asks", high=64),
        Field("ApplicantOrg", "text", doc="Whose unit asks", high=128),
        Field("BeginTime", "time", doc="From when"),
        Field("EndTime", "time", doc="Until when; missing: until cancelled"),
        Field("ReceiveAddr", "text", doc="Where notifications go", high=512),
        Field("ReportInterval", "number", "s", "Pause between notifications", low=0, high=86_400),
        Field("OperateType", "integer", doc="0 subscribe, 1 cancel", low=0, high=9),
    )
)
"""Fields of a Subscribe object that are used."""

LEAST_PAUSE_S = 1.0
PAUSE_S = 3.0


@dataclass(frozen=True)
class Subscription:
    """One subscription we serve. Times are microseconds, None is open."""

    id: str
    subscriber: str
    """Source id of the platform that asked."""
    address: str
    title: str = ""
    resources: tuple[str, ...] = ()
    begin_us: int | None = None
    end_us: int | None = None
    pause_s: float = PAUSE_S

    def active(self, now_us: int) -> bool:
        return (self.begin_us is None or self.begin_us <= now_us) and not self.over(now_us)

    def over(self, now_us: int) -> bool:
        return self.end_us is not None and now_us >= self.end_us

    def wants(self, row: Mapping[str, Any]) -> bool:
        """Whether a PASSAGE row belongs into it. What came from the subscriber does not go back,
        or two platforms that subscribe to each other would never stop."""
        if row["source"] == self.subscriber:
            return False
        return not self.resources or bool(
            {row["checkpoint"], row["tollgate"], row["source"].partition(":")[2]}
            & set(self.resources)
        )


def read_subscription(sent: Any, subscriber: str) -> tuple[str, bool, Subscription | Problem]:
    """A Subscribe object: its id, whether it cancels, and the subscription or what is wrong with
    it. Never raises."""
    if not isinstance(sent, Mapping):
        return "", False, Problem("bad_value", "a Subscribe is an object")
    values, problems = FORM.read(sent)
    name = values["SubscribeID"] or ""
    cancel = values["OperateType"] == CANCEL
    if not name:
        return "", cancel, Problem("missing_field", "SubscribeID is required")
    lost = {problem.detail.partition(":")[0] for problem in problems}
    if lost & {"BeginTime", "EndTime", "ReportInterval", "OperateType"}:
        return name, cancel, problems[0]
    found = Subscription(
        name,
        subscriber,
        values["ReceiveAddr"] or "",
        values["Title"] or "",
        tuple(part for part in re.split(r"[,;\s]+", values["ResourceURI"] or "") if part),
        values["BeginTime"],
        values["EndTime"],
        max(values["ReportInterval"] or PAUSE_S, LEAST_PAUSE_S),
    )
    if cancel:
        return name, True, found
    detail = values["SubscribeDetail"]
    if detail is not None and PASSAGES not in re.split(r"[,;\s]+", detail):
        return name, False, Problem("bad_value", f"SubscribeDetail: only {PASSAGES} (passages)")
    if not found.address:
        return name, False, Problem("missing_field", "ReceiveAddr is required")
    return name, False, found


def subscribe_message(
    name: str,
    *,
    title: str,
    address: str,
    resource: str,
    org: str,
    begin_us: int,
    end_us: int,
    pause_s: int,
    cancel: bool = False,
) -> dict[str, Any]:
    """The body of POST or PUT /VIID/Subscribes."""
    sent = {
        "SubscribeID": name,
        "Title": title,
        "SubscribeDetail": PASSAGES,
        "ResourceURI": resource,
        "ApplicantName": org,
        "ApplicantOrg": org,
        "BeginTime": local_time(begin_us),
        "EndTime": local_time(end_us),
        "ReceiveAddr": address,
        "ReportInterval": pause_s,
        "OperateType": CANCEL if cancel else 0,
    }
    return {"SubscribeListObject": {"SubscribeObject": [sent]}}


def notification(
    subscription: Subscription, objects: Sequence[Mapping[str, Any]], now_us: int
) -> dict[str, Any]:
    """A notification with MotorVehicle objects. The same objects give the same NotificationID, so
    that one sent again can be known."""
    ids = [str(one["MotorVehicleID"]) for one in objects]
    sent = {
        "NotificationID": content_id("notification", subscription.id, *ids),
        "SubscribeID": subscription.id,
        "Title": subscription.title,
        "TriggerTime": local_time(now_us),
        "InfoIDs": ",".join(ids),
        "MotorVehicleObjectList": {"MotorVehicleObject": list(objects)},
    }
    return {"SubscribeNotificationListObject": {"SubscribeNotificationObject": [sent]}}


def subscribe_object(one: Subscription) -> dict[str, Any]:
    """A subscription as the platform that asked for it may read it back."""
    return {
        "SubscribeID": one.id,
        "Title": one.title,
        "SubscribeDetail": PASSAGES,
        "ResourceURI": ",".join(one.resources),
        "BeginTime": None if one.begin_us is None else local_time(one.begin_us),
        "EndTime": None if one.end_us is None else local_time(one.end_us),
        "ReceiveAddr": one.address,
        "ReportInterval": round(one.pause_s),
        "OperateType": 0,
        "SubscribeStatus": 0,
    }
