"""Every column that holds a moment to come: the clocks that watch it, or why none has to.

A test knows all columns of dates and times. A new one that is no record of what has happened
belongs to one of the two lists.
"""

from __future__ import annotations

from collections.abc import Mapping

WATCHED: Mapping[str, tuple[str, ...]] = {
    "cases.Case.deadline": ("case.sign", "case.first_action", "case.feedback", "case.verify"),
    "cases.Case.escalate_at": (
        "case.sign", "case.first_action", "case.feedback", "case.verify",
        "task.acknowledge", "task.finish",
    ),
    "response.PlanTask.acknowledge_by": ("task.acknowledge",),
    "response.PlanTask.finish_by": ("task.finish",),
    "measures.ControlMeasure.deadline": ("measure.approve", "measure.begin", "measure.lift"),
    "measures.ControlMeasure.until_at": ("measure.lift",),
    "calls.Notice.due_at": ("call.report",),
    "calls.Notice.receipt_due": ("call.receipt",),
    "calls.Told.due_at": ("call.tell",),
    "calls.Call.callback_due": ("call.callback",),
    "channels.Notice.acknowledge_by": ("notice.acknowledge",),
    "hazards.Hazard.deadline": ("hazard.rectify",),
    "hazards.Hazard.rings_at": ("hazard.remind", "hazard.rectify"),
    "hazards.Hazard.protected_until": ("hazard.protect",),
    "listings.Listing.deadline": ("hazard.rectify",),
    "listings.Interim.due": ("listing.interim",),
    "review.Finding.due": ("review.finding",),
    "reports.Report.expected_at": ("report.answer",),
    "evidence.Hold.until": ("evidence.hold",),
}  # fmt: skip
"""``app.Model.field`` to ids of ``respond.clock_registry``."""

_ASKED = "在用到时按日期取用：没有谁必须做什么，因此不会超时"
_EXPIRES = "过时不再发送：由发送方在发送前核对，没有人的时限"
_PURGE = "到期即删，由保存期限的清理任务执行并记入审计"

NO_CLOCKS: Mapping[str, str] = {
    "tables.Version.starts": _ASKED,
    "response.OwnPlan.valid_from": _ASKED,
    "warnings.Warning.until": "预报的有效期，写在预警上；案件的时限另计",
    "enterprises.Review.last_day": "评估所用记录的末日，是事实",
    "forecast.Notice.until": "预报失效后不再显示，没有人的时限",
    "fleet.Vehicle.inspection_until": "登记事实；检测规则按日期判断",
    "fleet.Vehicle.scrap_until": "登记事实；检测规则按日期判断",
    "units.PatrolUnit.shift_until": "警力列表上的事实；派警时提示，不约束谁",
    "roster.Shift.start": "排班事实；值班由谁担任按时间查询",
    "roster.Shift.end": "排班事实；值班由谁担任按时间查询",
    "roster.Unavailable.start": "排班事实",
    "roster.Unavailable.end": "排班事实",
    "patrol_plan.Stay.shift_start": "计划内容",
    "patrol_plan.Stay.shift_end": "计划内容",
    "patrol_plan.Stay.arrive": "计划内容",
    "patrol_plan.Stay.leave": "计划内容",
    "measures.ControlMeasure.from_at": "计划开始；measure.begin 由它起算",
    "measures.TerminalText.expires_at": _EXPIRES,
    "platforms.Order.expires_at": _EXPIRES,
    "platforms.VehicleText.expires_at": _EXPIRES,
    "channels.Delivery.next_at": "发送线程的下次尝试，不是人的时限",
    "drills.Drill.next_at": "演练脚本的下一条，到时自动播放",
    "api.Token.expires_at": "令牌过期即失效，登录时核对",
    "calls.CallContact.delete_after": _PURGE,
    "reports.ReportContact.delete_after": _PURGE,
    "hazards.Hazard.promised": "原定期限，只作记录；现行期限见 deadline",
    "briefing.Briefing.until": "简报所述时段的止，已成事实",
    "sources.QuarantineOrder.until": "重读命令所述时段的止，已成事实",
    "hotlist.Entry.until": "布控到期即失效，比对时按时间判断；续期须重新申请",
    "rules.Trial.until": "试算所取时段的止，已成事实",
    "storm.Spell.calm_since": "风暴转静的时刻，已成事实",
    "clocks.Miss.due_at": "超时记录本身",
}
"""``app.Model.field`` to the reason why no clock watches it."""
