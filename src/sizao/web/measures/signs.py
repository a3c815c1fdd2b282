"""Texts on roadside signs: by the outbox to the signs of the stretch, off again when lifted.

Each round of the desk compares measures with what was told, so a kill between an order and its
notice, or a lifting and the clearing, is mended by the next round. Where no sign is connected, or
one does not take the text, who runs the road is told to show it by hand.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np

from sizao.core.levels import WarningLevel
from sizao.respond.measure_kinds import clock_s
from sizao.respond.measures import Approval, MeasureState
from sizao.web.channels import outbox
from sizao.web.channels.deliveries import state_word
from sizao.web.channels.endpoints import Endpoint, endpoints
from sizao.web.channels.models import Delivery, Notice
from sizao.web.channels.telling import announce, tell
from sizao.web.geo import metres_between
from sizao.web.measures import services
from sizao.web.measures.models import ControlMeasure
from sizao.web.ports import installed, ports
from sizao.web.units.models import Unit
from sizao.web.writing import write

_ON = (Delivery.State.DELIVERED, Delivery.State.READ)
_BRIGHT = (Delivery.State.FAILED, Delivery.State.WAITING)


def follow(now: datetime) -> None:
    """Bring the signs up to the measures."""
    for measure in _open().select_related("unit", "case"):
        if _due(measure, now):
            _show(measure)
        _begin(measure, now)
        _tell_of_failures(measure)
    _take_off(now)


def shown_on(measure: ControlMeasure) -> list[dict[str, object]]:
    """Each sign of a measure with what became of the text there."""
    found = Delivery.objects.filter(notice__about=_about(measure), channel="sign")
    return [
        {"delivery": one, "state": state_word(one.state), "bright": one.state in _BRIGHT}
        for one in found.order_by("endpoint")
    ]


def signs_of(measure: ControlMeasure, known: Iterable[Endpoint]) -> list[Endpoint]:
    """Signs on the measure's road, so near its stretch that who reads one comes to it."""
    points = np.array(_points(measure.geometry.get("coordinates", ())), float).reshape(-1, 2)
    if not len(points):
        return []
    lon, lat = points.T
    return [
        one
        for one in known
        if one.channel == "sign"
        and one.at is not None
        and (not one.road or not measure.road or one.road == measure.road)
        and metres_between(lat, lon, *one.at).min() <= one.reach_km * 1000
    ]


def _points(coordinates) -> list[tuple[float, float]]:
    if len(coordinates) == 2 and all(isinstance(one, int | float) for one in coordinates):
        return [(coordinates[0], coordinates[1])]
    return [point for part in coordinates for point in _points(part)]


def _open():
    return ControlMeasure.objects.open().filter(kind="sign_text")


def _about(measure: ControlMeasure) -> str:
    return f"measure:{measure.pk}"


def _due(measure: ControlMeasure, now: datetime) -> bool:
    standing = measure.standing
    waits = standing.approval is Approval.WAITING and standing.state is MeasureState.ORDERED
    return not waits and measure.from_at <= now


def _show(measure: ControlMeasure) -> None:
    """Once: the notice is the unit's own, its deliveries are the signs."""
    if Notice.objects.filter(about=_about(measure)).exists():
        return
    known = endpoints(ports().data.channels)[0] if installed() else {}
    signs = [one.name for one in signs_of(measure, known.values())]
    with write():
        tell(
            measure.unit,
            key=("measure-sign", measure.number),
            title=(f"情报板发布：{measure.place}", f"On signs: {measure.place}"),
            text=(measure.text, measure.text),
            case=measure.case,
            about=_about(measure),
            level=_level(measure),
            place=measure.place,
            channels=("inbox", "sign"),
            signs=signs,
        )
        if not signs:
            _by_hand(measure, "", "附近没有接入的情报板", "No sign is connected there.")


def _level(measure: ControlMeasure) -> int:
    """What decides which of several texts a sign shows."""
    return measure.case.level if measure.case is not None else WarningLevel.YELLOW.value


def _by_hand(measure: ControlMeasure, sign: str, why_zh: str, why_en: str) -> None:
    tell(
        _keeper(measure),
        key=("measure-by-hand", measure.number, sign),
        title=(
            f"请人工发布情报板：{measure.place}",
            f"Show by hand on signs: {measure.place}",
        ),
        text=(f"“{measure.text}”。{why_zh}。", f"“{measure.text}”. {why_en}"),
        case=measure.case,
        about=f"measure-by-hand:{measure.pk}",
        level=_level(measure),
        place=measure.place,
        channels=("inbox", "browser"),
        acknowledge_s=clock_s("begin"),
    )


def _keeper(measure: ControlMeasure) -> Unit:
    """Who runs the road's signs: on an expressway its operator, else the unit that ordered it."""
    if measure.road_class == "expressway":
        return Unit.parties.filter(agency="highway").first() or measure.unit
    return measure.unit


def _begin(measure: ControlMeasure, now: datetime) -> None:
    """A receipt of a sign is what says that it is up."""
    if measure.state != MeasureState.ORDERED:
        return
    on = Delivery.objects.filter(notice__about=_about(measure), channel="sign", state__in=_ON)
    names = list(on.order_by("endpoint").values_list("endpoint", flat=True))
    if names:
        services.shown(measure.pk, "、".join(names), now)


def _tell_of_failures(measure: ControlMeasure) -> None:
    failed = Delivery.objects.filter(
        notice__about=_about(measure), channel="sign", state=Delivery.State.FAILED
    )
    for one in failed:
        with write():
            _by_hand(
                measure, one.endpoint,
                f"情报板 {one.endpoint} 没有发布成功（{one.detail}）",
                f"The sign {one.endpoint} did not take it ({one.detail}).",
            )  # fmt: skip


def _take_off(now: datetime) -> None:
    """What was lifted or refused leaves the signs, and who was to show it by hand hears that."""
    told = Notice.objects.filter(about__startswith="measure", lifted_at=None)
    if not told.exists():
        return
    standing = set(_open().values_list("pk", flat=True))
    for notice in told.select_related("party", "case"):
        number = int(notice.about.partition(":")[2])
        if number in standing:
            continue
        with write():
            notice.lifted_at = now
            notice.save(update_fields=["lifted_at"])
            outbox.withdraw(notice)
            outbox.clear_signs(notice, now)
            announce(notice, "lifted")
            if notice.about.startswith("measure-by-hand"):
                _take_down(notice, number)


def _take_down(notice: Notice, number: int) -> None:
    tell(
        notice.party,
        key=("measure-take-down", number),
        title=(f"请撤下情报板内容：{notice.place}", f"Take it off the signs: {notice.place}"),
        text=("措施已解除。", "The measure was lifted."),
        case=notice.case,
        about=f"lifted-measure:{number}",
        level=notice.level,
        place=notice.place,
        channels=("inbox", "browser"),
    )
