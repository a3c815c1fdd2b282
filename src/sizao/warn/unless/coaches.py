"""Edges of the coach rules: night speed, night driving, hours of a day and a week, 02:00-05:00."""

from __future__ import annotations

from sizao.core.rulebook import entry
from sizao.warn.facts import Facts
from sizao.warn.unless.edge import Edge


def night_speed(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    rule = entry("detect.speeding")
    tolerance = 1 + float(rule.value("tolerance")) / 100
    margin, shortest = float(rule.value("margin")), float(rule.value("min_duration"))
    ratio = float(entry("fatigue.coach_night_speed").value("ratio"))
    night = entry("fatigue.night_definition")
    return (
        Edge("夜间车速不高于", "at night, never faster than", facts.limit * tolerance + margin,
             facts.measured, "km/h"),
        Edge("该处日间限速不低于", "a limit by day of at least",
             (facts.measured - margin) / tolerance / ratio, facts.limit / ratio, "km/h"),
        Edge("超速持续短于", "over the limit for less than", shortest,
             max(facts.end_s - facts.start_s, shortest), "s"),
        Edge(f"不在夜间（{night.value('start')}—{night.value('end')}）",
             f"not at night ({night.value('start')} to {night.value('end')})"),
    )  # fmt: skip


def night_driving(facts: Facts) -> tuple[Edge, ...]:
    """The rest that was missing, by the rule book as it is now."""
    rest = float(entry("fatigue.coach").value("min_rest"))
    night = entry("fatigue.night_definition")
    return (
        Edge("夜间连续驾驶不超过", "driven at night without a rest for at most", facts.limit,
             facts.measured, "min"),
        Edge("其间停车休息满", "a rest on the way of at least", rest, None, "min"),
        Edge("其间换人驾驶（另一人刷卡）", "another driver, by the card in the reader"),
        Edge(f"超时部分不在夜间（{night.value('start')}—{night.value('end')}）",
             f"the time beyond it not at night ({night.value('start')} to {night.value('end')})"),
    )  # fmt: skip


def day(facts: Facts) -> tuple[Edge, ...]:
    """The driver's hours in 24 h."""
    return _total(facts, "24小时内累计驾驶不超过", "at the wheel in 24 h for at most")


def week(facts: Facts) -> tuple[Edge, ...]:
    """The driver's hours in 7 days."""
    return _total(facts, "7日内累计驾驶不超过", "at the wheel in 7 days for at most")


def _total(facts: Facts, zh: str, en: str) -> tuple[Edge, ...]:
    hours = Edge(zh, en, facts.limit, facts.measured, "min")
    if facts.severity == "unknown_driver":
        return (
            hours,
            Edge("其间由两人轮换驾驶（未插卡，须查行车日志）",
                 "two people taking turns (no card was in: see the trip log)"),
        )  # fmt: skip
    return (
        hours,
        Edge("超出的时间由另一人驾驶（插卡）", "another driver for the time beyond, by his card"),
        Edge("驾驶人身份卡由他人使用", "his card used by somebody else"),
    )


def curfew(facts: Facts) -> tuple[Edge, ...]:
    """By the parameters of the rule book as it is now; the detection names the version it had."""
    hours = entry("fatigue.coach_curfew")
    grace = float(entry("detect.coach_curfew").value("min_driving"))
    span = f"{hours.value('start')}—{hours.value('end')}"
    edges = [
        Edge(f"{span}之间行驶少于", f"driven between {span.replace('—', ' and ')} for less than",
             grace, facts.measured, "min"),
    ]  # fmt: skip
    if facts.severity == "service_unknown":
        edges.append(
            Edge("台账登记为准许夜间运行的班线（当前未登记班线类型）",
                 "registered for a service that may run then (no service is registered)")
        )  # fmt: skip
    else:
        edges.append(
            Edge("所跑班线准许夜间运行（单程不超过）",
                 "a service that may run then (one way, of at most)",
                 float(hours.value("exempt_max_one_way")), None, "km")
        )  # fmt: skip
    return tuple(edges)
