from __future__ import annotations

from django.apps import AppConfig


class PlanConfig(AppConfig):
    name = "sizao.web.plan"
    label = "patrol_plan"
    verbose_name = "巡逻勤务方案"
