"""Edges of rules over the feed itself: alarm bits, jumps, silence, two speeds."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def alarm(facts: Facts) -> tuple[Edge, ...]:
    """A bit of the alarm word: nothing but the bit."""
    return (
        Edge("终端上报的报警字中没有这一位", "the alarm word without this bit"),
        Edge("误触发（线路、传感器或安装问题），须与驾驶人核实",
             "set off by mistake (wiring, sensor, mounting): ask the driver"),
    )  # fmt: skip


def fault(facts: Facts) -> tuple[Edge, ...]:
    """The same of a fault."""
    return (
        Edge("终端上报的报警字中没有这一位", "the alarm word without this bit"),
        Edge("故障在首次上报前已经修复", "the fault put right before it was first reported"),
    )


def jump(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.impossible_jump")
    least_m = float(rule.value("min_jump"))
    hours = (facts.end_s - facts.start_s) / 3600
    return (
        Edge("两次定位之间所需车速不高于", "a speed between the two places of at most", facts.limit,
             facts.measured, "km/h"),
        Edge("两次定位相距不超过", "the two places no further apart than", least_m / 1000,
             max(facts.measured * hours, least_m / 1000), "km"),
        Edge("下一个定位又回到原处（单点漂移）", "the next position back again (one stray fix)"),
    )  # fmt: skip


def silence(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.offline_moving")
    return (
        Edge("失去联系不超过", "silent for at most", facts.limit, facts.measured, "min"),
        Edge("恢复时离失联处不超过", "back within", float(rule.value("displacement")), None, "m"),
        Edge("失联前车速不高于", "before it, no faster than", float(rule.value("moving_above")),
             None, "km/h"),
        Edge("终端补传了其间的定位", "the positions in between sent afterwards"),
        Edge("在隧道或信号盲区内（围栏未绘制）", "in a tunnel or blind area (no fence drawn)"),
    )  # fmt: skip


def two_speeds(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.terminal_moved")
    shortest = float(rule.value("min_duration"))
    return (
        Edge("卫星与记录仪车速相差小于", "the two speeds apart by less than", facts.limit,
             facts.measured, "km/h"),
        Edge("不一致的时间短于", "apart for less than", shortest,
             max(facts.end_s - facts.start_s, shortest), "s"),
        Edge("记录仪或其传感器接线有误", "the tachograph or its sensor wired wrongly"),
    )  # fmt: skip
