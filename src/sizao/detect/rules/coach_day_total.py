"""Coach driver more than 8 h at the wheel in 24 h (客运驾驶员24小时累计驾驶时间).

Definition
----------
For vehicles of the ``kinds`` that the coach rules bind. Looked at are pairs of successive samples
of one vehicle:

- A pair is *driven* if both samples show it moving, faster than ``moving_above_kmh`` (5; the
  satellite's speed if there is a fix, else the tachograph's), and lie at most ``max_gap_s`` (300)
  apart; a sample with neither speed shows nothing. Its whole seconds count, from one to the other.
- They belong to the driver whose card was in at the first of the two, whatever vehicle he drove
  before. Where none is known they belong to the vehicle, as its *unknown driver*, and to nobody's
  total; severity says so (``unknown_driver``), because two people may have shared them.
- The window ends with the quarter of an hour now running and holds the 95 before it, 23 h 45 to
  24 h in all: no span of 24 h is overstated, and driving in the oldest quarter may be missed.
  No second counts twice: a quarter of an hour holds 15 min at most.
- Rows count in the order in which they arrive.

The rule fires (revision 0) at the sample with which the total is more than ``max_driving_min``
(480). Exactly 8 h is lawful. ``start`` is that moment, because there the offence begins; the
episode goes on while the total stays above, through stops and rest. It ends at the driver's next
sample at which the total is 480 or less, and is then reported again (revision 1); if he goes on in
another vehicle, the first one's ends there and the other's begins. Of whom nothing is heard until a
week after his window is empty nothing is known any more, and it ends with that
(``forgetting.py``). ``end`` is the last driven sample above. ``measured`` is the highest total in
minutes, place and worst sample go with it.

*Unknown*: a gap of more than ``max_gap_s`` is neither driving nor rest. Unless both its ends have a
place and are less than ``rest_displacement_m`` (500) apart, it may have been driving; ``quality``
then says ``gap`` and ``unknown_min=N``: the true total lies between ``measured`` and N minutes
more. N holds every such gap since the last 24 h without one, so it may be too high.

Points that come late, from after the beginning of such a gap, re-open it for
``reopen_within_min`` (120) after its end: see ``reopen_totals.py``.

Source: 道路旅客运输企业安全管理规范 (2018) art. 38, ``fatigue.coach`` (found); kinds
``detect.coaches`` (recalled); the numbers for reading samples ``detect.fatigue`` (proposed) in the
rule book; the quarter of an hour is the program's.
"""

from __future__ import annotations

from sizao.detect.totals import DrivingTotal, few_of


class CoachDayTotal(DrivingTotal):
    """The rule; the module's docstring is its definition."""

    id = "coach_day_total"
    code_version = 3
    pieces = 96
    piece_s = 900
    few_dtype = few_of(pieces)
    law_parameter = "max_driving_24h"
