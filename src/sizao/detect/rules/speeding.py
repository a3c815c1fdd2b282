"""Speeding: faster than the limit of the matched road, for this vehicle kind, for a while.

Definition (the simulated city's ground truth computes the same from true 1 s speeds)
-----------------------------------------------------------------------------------
A sample is *usable* if it has a satellite fix, a satellite speed and a known limit; any other
sample is treated as if it had not come. A usable sample is *over* if

    speed_kmh > limit_kmh * (1 + tolerance_percent / 100) + margin_kmh

with tolerance 0 % and margin 1 km/h by default: the margin covers the receiver's own error
(0.2 m/s) and nothing else. Each sample is judged by the limit where it was taken, so an episode
may run across a change of limit or road.

An episode

- starts at the first of two consecutive usable over samples, at most ``max_gap_s`` (90 s) apart;
- fires (revision 0) at the first over sample, itself preceded by an over sample, that is
  ``min_duration_s`` (30 s) or more after the start. Duration is event time from sample to sample:
  what lies before the first and after the last over sample is not counted;
- goes on through a single sample that is not over. Before it has fired, two such samples in a row
  end it; afterwards, two or more in a row that reach ``end_below_s`` (20 s) past the last over
  sample end it;
- ends when more than ``max_gap_s`` passes without a usable sample;
- on ending is reported once more (revision 1), if it had fired. ``end`` is the last over sample.

``measured`` and ``limit`` are the speed and the limit at the worst ratio of the two, the earliest
if equal; place, road and severity go with them. Severity is the band of ``measured`` over
``limit`` in percent, lower edge inclusive (``speed.enforcement_codes``): ``lt10``, ``10-20``,
``20-50``, ``50-70``, ``ge70``.

One bad sample makes no episode (two consecutive are needed) and breaks none (one is bridged).
To keep it out of ``measured`` too, an over sample whose ratio of speed to limit jumps up against
the sample before is held until the next usable one shows at least the same ratio less the jump
allowed, and dropped if that does not. The jump allowed is 0.5 (half the limit), 0.15 if the
tachograph's speed contradicts the satellite's by more than ``recorder_agrees_kmh``, and unlimited
if the tachograph agrees and the limit is the same as at the sample before. A road matched wrongly
for one sample is caught in the same way.

Source: 中华人民共和国道路交通安全法 art. 42 (recalled); bands ``speed.enforcement_codes``; the
numbers of this page ``detect.speeding`` (proposed) in the rule book.
"""

from __future__ import annotations


from sizao.core.rulebook import rulebook
from sizao.detect.params import Book, Params, number

CODE_VERSION = 1


def params_from(book: Book) -> Params:
    """The rule's parameters out of a rule book."""
    own = "detect.speeding"
    return {
        "tolerance_percent": number(book, own, "tolerance"),
        "margin_kmh": number(book, own, "margin"),
        "min_duration_s": number(book, own, "min_duration"),
        "max_gap_s": number(book, own, "max_gap"),
        "end_below_samples": number(book, own, "end_below_samples"),
        "end_below_s": number(book, own, "end_below"),
        "jump_ratio": number(book, own, "jump") / 100,
        "jump_contradicted_ratio": number(book, own, "jump_contradicted") / 100,
        "recorder_agrees_kmh": number(book, own, "recorder_agrees"),
        "band_edges_percent": list(book["speed.enforcement_codes"].value("edges")),
    }


class Speeding:
    id = "speeding"
    measured_unit = "km/h"

    def default_params(self) -> Params:
        return params_from(rulebook())
