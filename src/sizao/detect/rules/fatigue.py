"""Continuous driving: more than 4 h without a stop of at least 20 min (连续驾驶).

Definition (the simulated city's ground truth computes the same from true 1 s speeds)
-----------------------------------------------------------------------------------
"连续驾驶机动车超过4小时未停车休息或者停车休息时间少于20分钟": a stop shorter than 20 min does not
interrupt continuous driving, so what counts is the time *elapsed* since driving began after the
last qualifying rest, short stops included. It is not the sum of the minutes at the wheel.

- Speed of a sample: the satellite's if there is a fix, else the tachograph's. A sample with
  neither is treated as if it had not come. *Moving* is above ``moving_above_kmh`` (5), else
  *standing*. What a sample shows holds until the next one.
- A run begins at the first moving sample ever seen, after a qualifying rest, or of another driver.
- A stop begins at its first standing sample and lasts until the latest standing one, or the first
  moving one that ends it. It is a *qualifying rest* as soon as it has lasted ``min_rest_min``
  (20) or more: 19 min is none, 20 min is one. The run then ends where the stop began.
- A single moving sample between two standing ones, all within ``spike_displacement_m`` (100 m) of
  where the stop began, does not break the stop: it is a speed spike of a parked vehicle.
- A *gap* is more than ``max_gap_s`` (300) without a usable sample. Its length is neither driving
  nor, of itself, rest: it is taken off the elapsed time. If both ends have a place and they are
  less than ``rest_displacement_m`` (500 m) apart, the vehicle stood (device off at rest): the gap
  is a stop, joined with the standing before and after it, and so a rest if that makes 20 min. If
  the vehicle went elsewhere, or nobody knows, no stop reaches across it; a gap of that sort longer
  than ``forget_gap_min`` (120) ends the run, because nothing is known about it.
- Driver change: a known driver code followed, at once or after unknown ones, by a different known
  code ends the run, and the new driver's begins with his first moving sample. "Unknown" is a state
  of its own: it neither ends a run nor stands for a person. A driver who returns after less than
  ``min_rest_min`` takes up the run he left: swapping cards for a moment is no rest.

The rule fires (revision 0) at the first sample at which

    elapsed = time - start of the run - gaps inside the run  >  max_continuous_min (240)

and the vehicle was driving until that sample: it moves, or it is the first standing one after
moving. A stop can therefore never make the rule fire, only driving on can. Exactly 4 h is lawful.
Revision 1 follows when the run ends, as soon as that is known: ``end`` is the last moment of
driving (where the resting stop began, or the last sample before the change of driver or the
forgotten gap).

``measured`` is the elapsed time in minutes at ``end``, ``limit`` is 240; the place is that of the
last driving sample. ``driver`` is the last known code of the run, null if none was known. Severity
is ``over_limit``: the law knows one step, points depend on the vehicle (``fatigue.points``).
``quality`` says ``gap`` if the run contains one.

Source: 中华人民共和国道路交通安全法实施条例 (2004) art. 62(7), ``fatigue.continuous_any`` (found);
the numbers for reading samples ``detect.fatigue`` (proposed) in the rule book. The coach rules
(night 2 h, day and week totals) are not part of this rule.
"""

from __future__ import annotations

from sizao.core.rulebook import rulebook
from sizao.detect.params import Book, Params, number

CODE_VERSION = 1


def params_from(book: Book) -> Params:
    """The rule's parameters out of a rule book."""
    law, own = "fatigue.continuous_any", "detect.fatigue"
    return {
        "max_continuous_min": number(book, law, "max_continuous"),
        "min_rest_min": number(book, law, "min_rest"),
        "moving_above_kmh": number(book, own, "moving_above"),
        "max_gap_s": number(book, own, "max_gap"),
        "rest_displacement_m": number(book, own, "rest_displacement"),
        "spike_displacement_m": number(book, own, "spike_displacement"),
        "forget_gap_min": number(book, own, "forget_gap"),
    }


class Fatigue:
    id = "fatigue"
    measured_unit = "min"

    def default_params(self) -> Params:
        return params_from(rulebook())
