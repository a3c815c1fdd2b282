"""Faults a terminal reports of itself: aerial, power, cameras (终端故障), as episodes.

Definition
----------
As ``terminal_alarm``, for other bits of the alarm word: an episode starts, and fires at once
(revision 0), at the first report in which a bit is up after one in which it was not, or at the
first report ever; it ends (revision 1) when a report comes without the bit, and ``end`` is the
last report with it. A report without an alarm word counts as one without faults. Each bit has
episodes of its own. Severity is the bit's name: ``gnss_module`` (bit 4), ``gnss_antenna_open``
(5), ``gnss_antenna_short`` (6), ``power_low`` (7), ``power_cut`` (8), ``camera`` (11), ``moved``
(28, the terminal's own claim of being towed away).

``measured`` is 1 and ``limit`` 0, unit ``bit``. The place is that of the first report, if it has
one.

A fault is no offence: aerials break. That the carrier must keep the device working is its duty,
and driving on with it cut off may be one.

Source: JT/T 808, alarm word of the position report (recalled); 道路运输车辆动态监督管理办法 (2022)
art. 26 (keeping the device in working order, recalled); ``detect.terminal_fault`` in the rule
book."""

from __future__ import annotations

from sizao.detect.params import Book, Params
from sizao.detect.rules.terminal_alarm import TerminalAlarm, bits_from


class TerminalFault(TerminalAlarm):
    """The rule; the module's docstring is its definition."""

    id = "terminal_fault"
    code_version = 1

    def params_from(self, book: Book) -> Params:
        return bits_from(book, "detect.terminal_fault")
