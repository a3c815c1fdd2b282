"""What was done, in words: the codes of the audit log are for programs.

A code is a subject and a step, ``case.escalate``. What a subject's own steps are called stands
where they are defined; the others mean the same for every subject. A code or a part that has no
word yet is shown as it is.
"""

from __future__ import annotations

from collections.abc import Mapping

from sizao.govern.hazards import steps as hazards
from sizao.respond import measures
from sizao.respond import steps as cases
from sizao.respond.plans import steps as plans
from sizao.web.junctions.words import ACTIONS as JUNCTION
from sizao.web.pages.words import pick
from sizao.web.reports import steps as reports

SUBJECTS = {
    "admin": ("后台登记", "administration"),
    "assessment": ("风险评估", "assessment"),
    "audit": ("路口检查", "junction audit"),
    "briefing": ("早报", "briefing"),
    "calendar": ("日历", "calendar"),
    "call": ("警情", "call"),
    "case": ("案件", "case"),
    "control": ("终端指令", "terminal order"),
    "delivery": ("送达", "delivery"),
    "detection": ("检测", "detection"),
    "drill": ("演练", "exercise"),
    "enterprise": ("企业", "enterprise"),
    "enterprise_review": ("企业评定", "review of enterprises"),
    "evidence": ("证据", "evidence"),
    "fence": ("电子围栏", "fence"),
    "field": ("外勤", "field"),
    "finding": ("检查项", "finding"),
    "fleet_sum": ("流量汇总", "fleet sum"),
    "forecast": ("风险预报", "forecast"),
    "group": ("预警组", "group"),
    "handover": ("交接班", "handover"),
    "hazard": ("隐患", "hazard"),
    "hazards": ("隐患", "hazards"),
    "hotlist": ("布控", "hot list"),
    "import": ("导入", "import"),
    "junction": ("路口", "junction"),
    "link": ("平台链路", "link"),
    "listing": ("挂牌督办", "listed supervision"),
    "measure": ("管制措施", "measure"),
    "notice": ("通报", "notice"),
    "patrol": ("警力", "patrol"),
    "patrols": ("警力", "patrols"),
    "plan": ("预案", "plan"),
    "platform": ("上级平台", "platform"),
    "presence": ("谁在现场", "who was there"),
    "quarantine": ("隔离数据", "quarantine"),
    "register": ("登记", "register"),
    "report": ("群众上报", "report"),
    "response": ("应急响应", "response level"),
    "response_plan": ("预案", "response plan"),
    "risk": ("风险", "risk"),
    "risk-report": ("研判报告", "risk report"),
    "roster": ("排班", "roster"),
    "rule": ("检测规则", "rule"),
    "shift": ("班次", "shift"),
    "source": ("数据源", "source"),
    "storm": ("风暴模式", "storm"),
    "table": ("分级表", "table"),
    "timing": ("信号配时", "signal timing"),
    "token": ("接口令牌", "token"),
    "track": ("轨迹", "track"),
    "treatment": ("治理", "treatment"),
    "unit": ("单位", "unit"),
    "units": ("单位", "units"),
    "user": ("账号", "account"),
    "vehicle": ("车辆", "vehicle"),
    "warning": ("预警", "warning"),
}

STEPS = {
    "accepted": ("批准", "approved"),
    "acknowledge": ("确认", "acknowledged"),
    "add": ("新增", "added"),
    "adopt": ("采用", "adopted"),
    "answer": ("答复", "answered"),
    "ask": ("申请", "asked for"),
    "away": ("记为不可排班", "noted as away"),
    "bare": ("无临时防护", "unprotected"),
    "begin": ("开始", "begun"),
    "cancel": ("取消", "cancelled"),
    "change": ("修改", "changed"),
    "compute": ("计算", "computed"),
    "confirm": ("核实", "confirmed"),
    "contact_read": ("查看联系方式", "contact read"),
    "contacts_deleted": ("到期删除联系方式", "contacts deleted"),
    "create": ("新建", "created"),
    "delete": ("删除", "deleted"),
    "deleted": ("到期删除", "deleted at the end of its time"),
    "discard": ("丢弃", "discarded"),
    "document_read": ("下载文书", "document read"),
    "done": ("完成", "done"),
    "draft": ("起草", "drafted"),
    "drop": ("撤下", "dropped"),
    "edit": ("修改", "edited"),
    "end": ("结束", "ended"),
    "enter": ("登记", "entered"),
    "escalate": ("超时升级", "escalated"),
    "failed": ("失败", "failed"),
    "file": ("下载附件", "file read"),
    "full": ("空间不足", "no room left"),
    "heard": ("恢复上报", "heard again"),
    "hit": ("命中", "hit"),
    "hold": ("保留", "held"),
    "hold_over": ("保留到期", "hold over"),
    "hold_released": ("解除保留", "hold released"),
    "in": ("接班", "taken over"),
    "inject": ("演练注入", "injected"),
    "interim": ("中期报告", "interim report"),
    "interim_late": ("中期报告逾期", "interim report late"),
    "issue": ("发布", "issued"),
    "join": ("并案", "joined"),
    "key": ("生成密钥", "key made"),
    "key_revoked": ("撤销密钥", "key revoked"),
    "late": ("逾期未答复", "late"),
    "lifting": ("解除督办", "lifting"),
    "list": ("挂牌", "listed"),
    "look": ("查看", "looked at"),
    "missed": ("未按时确认", "missed"),
    "notice": ("督办通知", "notice"),
    "notice_read": ("通知已读", "notice read"),
    "off": ("停用", "switched off"),
    "on": ("启用", "switched on"),
    "order": ("下达", "ordered"),
    "out": ("交班", "handed over"),
    "panel": ("会审", "panel"),
    "raise": ("立案", "raised"),
    "read": ("查看", "read"),
    "receive": ("收到", "received"),
    "refuse": ("不批准", "refused"),
    "refused": ("不批准", "refused"),
    "remind": ("提醒", "reminded"),
    "remove": ("撤控", "removed"),
    "replay": ("重新解码", "decoded again"),
    "replayed": ("补入", "replayed"),
    "reply": ("回复", "replied"),
    "retry": ("重发", "sent again"),
    "review_file": ("下载复盘附件", "review file read"),
    "room": ("空间恢复", "room again"),
    "shift": ("改报值班人员", "sent to who is on duty"),
    "sign_group": ("成组签收", "group signed"),
    "silent": ("静默", "silent"),
    "simulate": ("仿真", "simulated"),
    "start": ("启动", "started"),
    "state": ("改状态", "state set"),
    "swap_accepted": ("批准换班", "swap approved"),
    "swap_ask": ("申请换班", "swap asked for"),
    "swap_refused": ("不批准换班", "swap refused"),
    "swap_withdrawn": ("撤回换班", "swap withdrawn"),
    "text": ("下发文本", "text sent"),
    "try": ("试算", "tried"),
    "try.cancel": ("取消试算", "trial cancelled"),
    "try.read": ("查看试算", "trial read"),
    "undo": ("撤销", "undone"),
    "unlist": ("摘牌", "unlisted"),
    "unmanned": ("无人值班", "unmanned"),
    "untold": ("未能通知", "untold"),
    "unwatched": ("停止监视", "no longer watched"),
    "upload": ("上传", "uploaded"),
    "withdraw": ("撤回", "withdrawn"),
    "withdrawn": ("撤回", "withdrawn"),
}

_CASE = {name: (one.zh, one.en) for name, one in cases.STEPS.items()}
OWN: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "call": {
        "amend": ("更正", "amended"),
        "arrived": ("联动单位到场", "partner on scene"),
        "callback": ("回访", "called back"),
        "case": ("立案", "case raised"),
        "close": ("办结", "closed"),
        "join": ("并入", "joined"),
        "joined": ("并入另一来电", "another call joined"),
        "late": ("上报逾期", "report upwards late"),
        "leave": ("移出案件", "taken out of the case"),
        "notice": ("事故上报", "accident reported upwards"),
        "receipt": ("上报已签收", "report upwards acknowledged"),
        "take": ("接警", "taken"),
        "told": ("通知联动单位", "partner told"),
        "toll": ("更新伤亡", "toll updated"),
        "unanswered": ("上报逾期未签收", "report upwards not acknowledged in time"),
        "uncalled": ("逾期未回访", "caller not called back in time"),
        "unjoin": ("拆出", "taken out"),
        "unjoined": ("另一来电拆出", "another call taken out"),
        "untold": ("逾期未通知联动单位", "partner not told in time"),
    },
    "case": {
        **_CASE,
        **{name: (zh, en) for name, (_state, zh, en) in plans.ANSWERS.items()},
        "attach": ("上传附件", "file attached"),
        "basis": ("依据变化", "basis changed"),
        "finding": ("复盘发现", "finding of the review"),
        "leave": ("移出来报", "a report taken out"),
        "measure": ("管制措施", "control measure"),
        "plan_start": ("启动预案", "plan started"),
        "task_overdue": ("预案任务超时", "task of the plan overdue"),
    },
    "control": {
        "acknowledged": ("已送达", "delivered"),
        "expired": ("已过期", "expired"),
        "offline": ("终端离线", "terminal offline"),
        "refused": ("终端拒绝", "refused by the terminal"),
        "sent": ("已发送", "sent"),
    },
    "field": {
        **_CASE,
        "measure": ("下达管制措施", "control measure ordered"),
        "photo": ("拍照取证", "photo taken"),
    },
    "hazard": {
        **{name: (one.zh, one.en) for name, one in hazards.STEPS.items()},
        "absorb": ("并入另一隐患", "another hazard merged in"),
        "attach": ("上传附件", "file attached"),
        "open": ("登记", "opened"),
        "release": ("拆出另一隐患", "another hazard taken out"),
    },
    "junction": JUNCTION,
    "measure": {name: (zh, en) for name, (zh, en, _roles) in measures.STEPS.items()},
    "report": {name: (one.zh, one.en) for name, one in reports.STEPS.items()},
}
"""Steps of a subject."""

WHOLE = {
    "approve": ("批准", "Approved"),
    "assess": ("下令风险评估", "Assessment ordered"),
    "assessed": ("风险评估完成", "Assessment done"),
    "change": ("修改", "Changed"),
    "count": ("录入流量", "Counts entered"),
    "create": ("新建", "Created"),
    "enterprises_assessed": ("企业评定完成", "Enterprises assessed"),
    "export": ("导出", "Exported"),
    "fleet_sum": ("汇总营运车辆流量", "Fleet summed up"),
    "forecast": ("下令风险预报", "Forecast ordered"),
    "forecasted": ("风险预报完成", "Forecast done"),
    "load": ("装入登记", "Loaded"),
    "order": ("下令编排勤务", "Plan ordered"),
    "planned": ("勤务编排完成", "Plan done"),
    "preferences": ("改界面设置", "Preferences changed"),
    "register": ("登记", "Registered"),
    "sign_in": ("登录", "Signed in"),
    "sign_in.failed": ("登录失败", "Sign-in failed"),
    "sign_out": ("退出登录", "Signed out"),
    "withdraw": ("撤回", "Withdrawn"),
}


def action_word(code: str) -> str:
    """``case.escalate`` as 案件：超时升级; the code where a part has no word."""
    if code in WHOLE:
        return pick(*WHOLE[code])
    subject, _dot, step = code.partition(".")
    done = OWN.get(subject, {}).get(step) or STEPS.get(step)
    if subject not in SUBJECTS or done is None:
        return code
    zh, en = SUBJECTS[subject]
    return pick(f"{zh}：{done[0]}", f"{en[0].upper()}{en[1:]}: {done[1][0].lower()}{done[1][1:]}")


def object_word(kind: str) -> str:
    """What an entry is about."""
    return pick(*SUBJECTS[kind]) if kind in SUBJECTS else kind
