"""Texts to terminals: of a case to one, of a measure to everybody in its area.

Each is a row here, an order in the command log, and gets its receipt from there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np

from sizao.core.ids import content_id
from sizao.core.rulebook import entry
from sizao.roads.shapes import inside
from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.config import config
from sizao.web.live import outbox
from sizao.web.live.board import Board
from sizao.web.measures.models import ControlMeasure, TerminalText
from sizao.web.units.models import User
from sizao.web.writing import write

RULE = "control.area_text"


def order_for_case(case: Case, user: User, text: str, version: int, now: datetime) -> None:
    """Queue a text to the case's own terminal, within the caller's transaction."""
    one = TerminalText.objects.create(
        case=case,
        command=content_id("command", case.number, version),
        vehicle=case.vehicle,
        text=text,
        ordered_by=user,
        ordered_at=now,
        expires_at=now + timedelta(minutes=config.text_expiry_min.read()),
    )
    outbox.control_event(one)


def text_areas(look: Callable[[], Board], now: datetime) -> int:
    """Text the terminals that are in an area of a measure in force and were not texted for it.

    Called each round of the desk: so those inside are texted when it begins, and those that enter
    while it stands. At most ``per_minute`` texts a minute leave the house, and none to a vehicle
    that got another measure's text within ``per_vehicle``: whoever is still inside is texted
    later. ``look`` gives the live board, and is asked only if somebody needs it. Returns how many
    were queued.
    """
    measures = list(
        ControlMeasure.objects.in_force()
        .filter(kind="area_text")
        .select_related("case", "unit")
        .order_by("begun_at", "pk")
    )
    if not measures:
        return 0
    board = look()
    if not len(board):
        return 0
    rule = entry(RULE)
    room = int(rule.value("per_minute")) - _lately(now - timedelta(minutes=1)).count()
    if room <= 0:
        return 0
    quiet_since = now - timedelta(minutes=float(rule.value("per_vehicle")))
    quiet = set(_lately(quiet_since).values_list("vehicle", flat=True))
    oldest_us = int((now.timestamp() - float(rule.value("position_age")) * 60) * 1e6)
    fresh = (board.time_us >= oldest_us) & ~board.police
    sent = 0
    for measure in measures:
        rows = np.flatnonzero(fresh & inside(measure.geometry, board.lat, board.lon))
        if not len(rows):
            continue
        told = set(measure.texts.values_list("vehicle", flat=True))
        wanted = [
            board.vehicle[row]
            for row in rows
            if board.vehicle[row] not in told
            and board.vehicle[row] not in quiet
            and _concerns(measure, board, int(row))
        ][: room - sent]
        if wanted:
            _queue(measure, wanted, now)
            quiet.update(wanted)
            sent += len(wanted)
    return sent


def _lately(since: datetime):
    return TerminalText.objects.filter(measure__isnull=False, ordered_at__gt=since)


def _concerns(measure: ControlMeasure, board: Board, row: int) -> bool:
    if not measure.vehicles:
        return True
    return board.batch.column("kind")[row].as_py() in measure.vehicles.split(",")


def _queue(measure: ControlMeasure, vehicles: list[str], now: datetime) -> None:
    with write():
        TerminalText.objects.bulk_create(
            [
                TerminalText(
                    case=measure.case,
                    measure=measure,
                    command=content_id("measure-text", measure.number, vehicle),
                    vehicle=vehicle,
                    text=measure.text,
                    ordered_by=measure.ordered_by,
                    ordered_at=now,
                    expires_at=now + timedelta(minutes=config.text_expiry_min.read()),
                )
                for vehicle in vehicles
            ]
        )
        audit.record(None, "measure.text", "measure", measure.number, {"vehicles": len(vehicles)})
