"""A coach whose own terminal says that it carries too many (客车超员报警).

Definition
----------
As ``dsm_fatigue`` gathers alarms: of kinds ``kinds`` (``video.over_capacity``, a bit in the video
item of a report, so that each report that bears it is one alarm) of one vehicle, in order of event
time, an episode taking in every alarm at most ``gap_min`` (10) after the last. Alarms at less than
``min_speed_kmh`` (5) do not count: people stand up at a stop. It fires at the ``min_alarms``-th (3)
and is told once more when it is over.

``measured`` is the number of reports with the bit, ``limit`` the least that would have fired less
one. Severity is ``device_over_capacity``: how many were on board nobody knows, a person is to
count. Detections of this rule and of ``over_capacity``, a count against the seats, join one
warning.

Source: JT/T 1078-2016 table 14, bit 4 of item 0x14 (recalled); ``detect.capacity_alarm``
(proposed).
"""

from __future__ import annotations

from sizao.detect.record_rules.dsm_fatigue import DsmFatigue


class CapacityAlarm(DsmFatigue):
    """The rule; the module's docstring is its definition."""

    id = "capacity_alarm"
    entry = "detect.capacity_alarm"

    def severity(self, level: int) -> str:
        return "device_over_capacity"
