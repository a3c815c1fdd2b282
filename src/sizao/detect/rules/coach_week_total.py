"""Coach driver more than 44 h at the wheel in 7 days (客运驾驶员7日累计驾驶时间).

Definition
----------
As ``coach_day_total``, word for word, with another window and another limit: the window ends with
the hour now running and holds the 167 before it, 6 days 23 h to 7 days in all, and the limit is
``max_driving_min`` (2640 minutes, 44 h). Driving in the oldest hour may be missed.

Source: 道路旅客运输企业安全管理规范 (2018) art. 38, ``fatigue.coach`` (found); kinds
``detect.coaches`` (recalled); the numbers for reading samples ``detect.fatigue`` (proposed) in the
rule book; the hour is the program's.
"""

from __future__ import annotations

from sizao.detect.totals import DrivingTotal, few_of


class CoachWeekTotal(DrivingTotal):
    """The rule; the module's docstring is its definition."""

    id = "coach_week_total"
    code_version = 3
    pieces = 168
    piece_s = 3600
    few_dtype = few_of(pieces)
    law_parameter = "max_driving_7d"
