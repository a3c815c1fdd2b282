"""Reports, their photos, their timeline, and the reporter's contact kept apart."""

from __future__ import annotations

from django.db import models

from sizao.web.audit.models import AppendOnly
from sizao.web.reports.catalogue import CHANNELS, Service, known
from sizao.web.units.models import NOTHING, Unit, User


class ReportQuerySet(models.QuerySet):
    def for_user(self, user: User) -> ReportQuerySet:
        """The reports of places that a user's unit, or one below it, is responsible for."""
        if user.sees_all:
            return self
        return self.filter(unit__path__startswith=user.path) if user.path else self.filter(NOTHING)

    def open(self) -> ReportQuerySet:
        """Reports on which something is still to be done."""
        return self.filter(state__in=Report.OPEN)


class Report(models.Model):
    """What somebody reported about a place. Who it was is in :class:`ReportContact`."""

    class State(models.TextChoices):
        NEW = "new", "待受理"
        ACCEPTED = "accepted", "已受理"
        REJECTED = "rejected", "不受理"
        MERGED = "merged", "已合并"
        CLOSED = "closed", "已办结"

    OPEN = ("new", "accepted")

    number = models.CharField("编号", max_length=24, unique=True)
    token = models.CharField("查询码", max_length=40, unique=True)
    digest = models.CharField("内容摘要", max_length=32, db_index=True)
    service = models.CharField("类别", max_length=32, db_index=True)
    attributes = models.JSONField("附加问题", default=dict)
    text = models.TextField("描述", max_length=4000, blank=True)
    media_url = models.CharField("媒体网址", max_length=500, blank=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    address = models.CharField("报告人所述地点", max_length=200, blank=True)
    place = models.CharField("地点", max_length=96, blank=True)
    road = models.CharField("道路", max_length=32, blank=True)
    road_class = models.CharField("道路类别", max_length=24, blank=True)
    area = models.CharField("区县", max_length=12, blank=True)
    channel = models.CharField(
        "渠道", max_length=16, choices=[(code, names[0]) for code, names in CHANNELS.items()]
    )
    source = models.CharField("数据源", max_length=80)
    state = models.CharField(
        "状态", max_length=12, choices=State.choices, default=State.NEW, db_index=True
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="reports", verbose_name="属地单位")
    case = models.ForeignKey(
        "cases.Case", models.PROTECT, null=True, related_name="reports", verbose_name="案件"
    )
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="merged", verbose_name="合并到"
    )
    outcome = models.TextField("答复", blank=True)
    reported_at = models.DateTimeField("上报时间", db_index=True)
    changed_at = models.DateTimeField("更新时间", db_index=True)
    expected_at = models.DateTimeField("承诺答复时间")
    version = models.PositiveIntegerField("版本", default=1)
    log_seq = models.PositiveBigIntegerField("日志位置", null=True, db_index=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        verbose_name = verbose_name_plural = "上报"
        ordering = ["-reported_at", "-pk"]

    def __str__(self) -> str:
        return self.number

    @property
    def about(self) -> Service | None:
        """What was reported, as the services list words it."""
        return known(self.service)

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN


class ReportPhoto(AppendOnly):
    """A photo in the evidence store."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="photos", verbose_name="上报")
    number = models.PositiveSmallIntegerField("序号")
    evidence = models.CharField("证据编号", max_length=64)
    format = models.CharField("格式", max_length=8)
    size = models.PositiveIntegerField("字节")

    class Meta:
        verbose_name = verbose_name_plural = "照片"
        ordering = ["report", "number"]
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="photo_number")]


class ReportContact(models.Model):
    """How to reach the reporter: only what they gave, deleted after a set time."""

    report = models.OneToOneField(
        Report, models.CASCADE, related_name="contact", verbose_name="上报"
    )
    name = models.CharField("称呼", max_length=64, blank=True)
    phone = models.CharField("电话", max_length=32, blank=True)
    email = models.CharField("邮箱", max_length=120, blank=True)
    delete_after = models.DateTimeField("保留至", db_index=True)

    class Meta:
        verbose_name = verbose_name_plural = "联系方式"


class ReportEvent(AppendOnly):
    """One line of a report's timeline."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="events", verbose_name="上报")
    seq = models.PositiveIntegerField("序号")
    at = models.DateTimeField("时间")
    actor = models.CharField("操作人账号", max_length=150)
    actor_name = models.CharField("操作人", max_length=96)
    action = models.CharField("动作", max_length=24)
    text_zh = models.TextField("说明")
    text_en = models.TextField("英文说明")

    class Meta:
        verbose_name = verbose_name_plural = "上报办理过程"
        ordering = ["report", "seq"]
        constraints = [models.UniqueConstraint(fields=["report", "seq"], name="report_event_seq")]
