"""What is written for SUMO and read from it, without SUMO."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from sizao.core.errors import ConfigError
from sizao.plan.microsim import compare, demand, network, outputs, program, signal
from sizao.plan.signals.counts import counts_of
from sizao.plan.signals.junction import Junction, junction_of
from sizao.plan.signals.program import program_of
from tests.plan.signals.conftest import FLOWS, crossroads


@pytest.fixture
def junction() -> Junction:
    return junction_of(crossroads())


def test_the_network_names_every_lane_and_link(junction: Junction) -> None:
    edges = fromstring(network.edges(junction))
    assert len(edges) == 8
    assert all(edge.get("numLanes") == "3" for edge in edges if edge.get("id").startswith("in"))
    links = network.links(junction)
    assert len(links) == 4 * 4  # L, T, T, R of each arm
    # SUMO's lane 0 is at the kerb: the right turn leaves from it into the exit's kerb lane.
    assert ("in0", "out3", 0, 0, "N.R") in links
    assert ("in0", "out1", 2, 1, "N.L") in links
    north = fromstring(network.nodes(junction))[1]
    assert (float(north.get("x")), float(north.get("y"))) == (0, network.ARM_M)


def test_the_signal_says_what_the_plan_says(junction: Junction) -> None:
    raw = {
        "phases": [
            {"movements": ["N.L", "S.L"], "green_s": 12, "yellow_s": 3, "all_red_s": 2},
            {"movements": ["N.T", "N.R", "S.T", "S.R"], "green_s": 30},
            {"movements": ["E.L", "E.T", "E.R", "W.L", "W.T", "W.R"], "green_s": 25},
        ]
    }
    plan = program_of(raw, junction)
    linked = dict(enumerate(one[4] for one in network.links(junction)))
    tree = fromstring(signal.logic(junction, plan, linked))
    phases = tree[0]
    assert sum(float(one.get("duration")) for one in phases) == plan.cycle_s
    first = dict(zip(linked.values(), phases[0].get("state"), strict=False))
    assert (first["N.L"], first["N.T"], first["N.R"]) == ("G", "r", "s")
    third = phases[6].get("state")
    by = {linked[n]: letter for n, letter in enumerate(third)}
    # The left turn gives way to oncoming traffic, the right turn to the oncoming left turn.
    assert (by["E.L"], by["E.T"], by["E.R"], by["N.T"]) == ("g", "G", "g", "r")
    assert phases[1].get("state").count("y") == 2


def test_a_movement_that_goes_on_stays_green(junction: Junction) -> None:
    raw = {
        "phases": [
            {"movements": ["N.L", "N.T", "N.R"], "green_s": 12},
            {"movements": ["N.T", "N.R", "S.T", "S.R"], "green_s": 30},
            {"movements": ["S.L", "S.T", "S.R"], "green_s": 12},
            {"movements": ["E.L", "E.T", "E.R", "W.L", "W.T", "W.R"], "green_s": 25},
        ]
    }
    linked = dict(enumerate(one[4] for one in network.links(junction)))
    tree = fromstring(signal.logic(junction, program_of(raw, junction), linked))
    change = {linked[n]: letter for n, letter in enumerate(tree[0][1].get("state"))}
    assert (change["N.L"], change["N.T"]) == ("y", "G")


def test_the_same_seed_sends_the_same_vehicles(junction: Junction) -> None:
    counts = counts_of({"vehicles": FLOWS, "heavy": {"N.T": 0.5}}, junction)
    text = demand.routes(junction, counts, 1, 3600)
    assert text == demand.routes(junction, counts, 1, 3600)
    assert text != demand.routes(junction, counts, 2, 3600)
    vehicles = fromstring(text).findall("vehicle")
    assert len(vehicles) == pytest.approx(sum(FLOWS.values()), rel=0.1)
    departs = [float(one.get("depart")) for one in vehicles]
    assert departs == sorted(departs)
    heavy = [one for one in vehicles if one.get("type") == "heavy"]
    assert len(heavy) == pytest.approx(FLOWS["N.T"] / 2, rel=0.25)


def test_delay_counts_who_waited_outside_and_who_never_got_in(tmp_path: Path) -> None:
    rows = """<tripinfos>
      <tripinfo id="0" depart="100" departDelay="0" timeLoss="50" waitingCount="1" arrival="200"/>
      <tripinfo id="1" depart="400" departDelay="20" timeLoss="30" waitingCount="2" arrival="500"/>
      <tripinfo id="2" depart="-1" departDelay="90" timeLoss="0" waitingCount="0" arrival="-1"/>
    </tripinfos>"""
    path = tmp_path / "trips.xml"
    path.write_text(rows)
    found = outputs.trips(path, warmup_s=300)
    assert found == outputs.Trips(vehicles=2, delay_s=70.0, stops=1.0, unserved=1)
    path.write_text("<tripinfos/>")
    with pytest.raises(ConfigError, match="no vehicle"):
        outputs.trips(path, warmup_s=300)


def test_the_film_is_what_the_page_reads(tmp_path: Path) -> None:
    path = tmp_path / "film.xml"
    path.write_text(
        '<fcd-export><timestep time="9.5"/><timestep time="10">'
        '<vehicle id="7" x="1.5" y="-300" angle="90" type="heavy"/></timestep>'
        '<timestep time="11"/></fcd-export>'
    )
    film = outputs.film(path, 10, 12)
    assert struct.unpack_from("<4sHHHH", film) == (b"SZJ1", 10, 2, 20, 8)
    assert struct.unpack_from("<HHhhBB", film, 12) == (1, 7, 30, -6000, 64, 1)
    assert film[22:] == b"\0\0"


def test_without_sumo_the_words_say_what_to_install(
    tmp_path: Path, junction: Junction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "find", lambda name: None)
    assert not program.available()
    counts = counts_of({"vehicles": FLOWS}, junction)
    with pytest.raises(ConfigError, match=r"sizao\[sumo\]"):
        compare.compare(tmp_path, junction, counts, None, None, seeds=[1, 2])  # type: ignore[arg-type]  # on purpose


def test_pairs_see_a_difference_that_runs_alone_would_hide() -> None:
    """Control: the same numbers as two separate samples overlap widely."""
    before = [100.0, 140.0, 60.0, 120.0, 80.0]
    after = [one - 3 - 0.2 * number for number, one in enumerate(before)]
    found = compare.paired(before, after)
    assert found.sure
    assert found.mean == pytest.approx(3.4)
    shuffled = [after[2], after[0], after[4], after[1], after[3]]
    assert not compare.paired(before, shuffled).sure
    with pytest.raises(ConfigError):
        compare.paired([1.0], [1.0])
