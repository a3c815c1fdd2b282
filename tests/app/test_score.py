from __future__ import annotations

import json

from click.testing import CliRunner

from sizao.app.commands.score import command
from sizao.sim.score import OVERLAP_S


def test_json_has_every_scored_rule() -> None:
    result = CliRunner().invoke(
        command, ["--vehicles", "30", "--seeds", "1,2", "--hours", "0.25", "--json"]
    )
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert [run["seed"] for run in answer["runs"]] == [1, 2]
    assert set(answer["rules"]) == set(OVERLAP_S)
    total = answer["rules"]["speeding"]["detections"]
    assert total == sum(run["rules"]["speeding"]["detections"] for run in answer["runs"])
    assert total > 0


def test_table_is_for_people() -> None:
    result = CliRunner().invoke(command, ["--vehicles", "20", "--seeds", "1", "--hours", "0.1"])
    assert result.exit_code == 0, result.output
    assert "precision" in result.stdout
    head, *lines = result.stdout.splitlines()
    assert len(lines) == 2 * len(OVERLAP_S), "the one run, and all"
    assert len(head) == len(lines[0])


def test_wrong_seeds_are_said_in_plain_words() -> None:
    result = CliRunner().invoke(command, ["--seeds", "one"])
    assert result.exit_code == 2
    assert "whole numbers" in result.output
