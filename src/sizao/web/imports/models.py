"""Imports and what they brought: batches, crashes, and what an undoing needs."""

from __future__ import annotations

from django.db import models

from sizao.core.severity import classes_1991, grades_2007
from sizao.feeds.tables.kinds import KINDS

KIND_CHOICES = [(kind.name, kind.words.zh) for kind in KINDS.values()]


class SavedMapping(models.Model):
    """How the tables of one source are read, kept from its last import."""

    kind = models.CharField("类型", max_length=16, choices=KIND_CHOICES)
    source = models.CharField("来源", max_length=64)
    data = models.JSONField("对应关系")
    updated_at = models.DateTimeField("更新时间")
    updated_by = models.CharField("更新人", max_length=150)

    class Meta:
        verbose_name = verbose_name_plural = "列对应关系"
        constraints = [models.UniqueConstraint(fields=["kind", "source"], name="one_mapping")]

    def __str__(self) -> str:
        return f"{self.kind} {self.source}"


class Batch(models.Model):
    """One import: a file, what was chosen for it, and what became of it."""

    class State(models.TextChoices):
        READING = "reading", "正在读取"
        MAPPING = "mapping", "待对应"
        CHECKING = "checking", "正在检查"
        CHECKED = "checked", "待确认"
        STORING = "storing", "正在导入"
        DONE = "done", "已导入"
        FAILED = "failed", "未导入"
        UNDONE = "undone", "已撤销"

    kind = models.CharField("类型", max_length=16, choices=KIND_CHOICES)
    source = models.CharField("来源", max_length=64)
    file_name = models.CharField("文件名", max_length=200)
    size = models.PositiveBigIntegerField("大小")
    sha256 = models.CharField("文件摘要", max_length=64)
    state = models.CharField("状态", max_length=10, choices=State.choices, db_index=True)
    progress = models.FloatField("进度", default=0.0)
    by = models.CharField("操作人", max_length=150)
    by_name = models.CharField("姓名", max_length=64, blank=True)
    at = models.DateTimeField("上传时间", db_index=True)
    ended_at = models.DateTimeField("结束时间", null=True)
    options = models.JSONField("选择", default=dict)
    """sheet, header_row, mapping, existing, strict"""
    look = models.JSONField("表格概貌", default=dict)
    preview = models.JSONField("预览", default=dict)
    counts = models.JSONField("计数", default=dict)
    error = models.JSONField("原因", default=dict)
    undone_at = models.DateTimeField("撤销时间", null=True)
    undone_by = models.CharField("撤销人", max_length=150, blank=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入批次"
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind} {self.source} {self.state}"

    @property
    def busy(self) -> bool:
        """Work on it is under way."""
        return self.state in (self.State.READING, self.State.CHECKING, self.State.STORING)

    @property
    def open(self) -> bool:
        """It waits for somebody, or is being worked on."""
        return self.busy or self.state in (self.State.MAPPING, self.State.CHECKED)


class ReportRow(models.Model):
    """A row of the file that a report names: bad, repeated, or stored with a note."""

    class Lot(models.TextChoices):
        BAD = "bad", "有问题"
        REPEATED = "repeated", "重复"
        NOTE = "note", "提示"

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="report", verbose_name="批次")
    row = models.PositiveIntegerField("行号")
    lot = models.CharField("类别", max_length=8, choices=Lot.choices)
    problems = models.JSONField("问题")
    cells = models.JSONField("原行", default=list)
    """The row as it came, without personal columns; for bad rows only, to be mended."""

    class Meta:
        verbose_name = verbose_name_plural = "报告行"
        ordering = ["pk"]
        indexes = [models.Index(fields=["batch", "lot", "row"])]

    def __str__(self) -> str:
        return f"{self.batch_id} {self.row} {self.lot}"


class Crash(models.Model):
    """A recorded crash, and where it came from. No persons."""

    source = models.CharField("来源", max_length=64)
    number = models.CharField("事故编号", max_length=64)
    time = models.DateTimeField("事故时间", db_index=True)
    hour_known = models.BooleanField("知道时刻", default=True)
    lat = models.FloatField("纬度", null=True)
    lon = models.FloatField("经度", null=True)
    road = models.CharField("道路编号", max_length=32, blank=True)
    stake_m = models.FloatField("桩号（米）", null=True)
    direction = models.CharField("方向", max_length=16, blank=True)
    place = models.CharField("地点", max_length=200, blank=True)
    area = models.CharField("行政区划", max_length=12, blank=True)
    severity_2007 = models.CharField(
        "事故等级（493号令）", max_length=24, blank=True, choices=list(grades_2007().items())
    )
    severity_1991 = models.CharField(
        "事故分类（1991）", max_length=16, blank=True, choices=list(classes_1991().items())
    )
    procedure = models.CharField("事故类型", max_length=16, blank=True)
    dead = models.PositiveSmallIntegerField("死亡人数", null=True)
    injured = models.PositiveSmallIntegerField("受伤人数", null=True)
    serious = models.PositiveSmallIntegerField("重伤人数", null=True)
    loss_cny = models.FloatField("直接财产损失（元）", null=True)
    parties = models.CharField("当事方类型", max_length=200, blank=True)
    collision = models.CharField("事故形态", max_length=16, blank=True)
    weather = models.CharField("天气", max_length=12, blank=True)
    light_condition = models.CharField("照明条件", max_length=12, blank=True)
    surface = models.CharField("路面情况", max_length=12, blank=True)
    cause = models.CharField("事故原因", max_length=64, blank=True)
    hit_and_run = models.BooleanField("逃逸", null=True)
    description = models.CharField("简要案情", max_length=1000, blank=True)
    batch = models.ForeignKey(Batch, models.PROTECT, related_name="crashes", verbose_name="批次")
    row = models.PositiveIntegerField("行号")

    class Meta:
        verbose_name = verbose_name_plural = "交通事故"
        ordering = ["-time"]
        constraints = [models.UniqueConstraint(fields=["source", "number"], name="one_crash")]

    def __str__(self) -> str:
        return f"{self.source} {self.number}"


class Change(models.Model):
    """A record as it was before an import changed it; ``before`` is null where it made it."""

    batch = models.ForeignKey(Batch, models.CASCADE, related_name="changes", verbose_name="批次")
    model = models.CharField("记录类型", max_length=16)
    key = models.CharField("编号", max_length=64)
    before = models.JSONField("原值", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "导入前的值"

    def __str__(self) -> str:
        return f"{self.batch_id} {self.model} {self.key}"
