"""Messages of platform links as pages show them, and what became of each order."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class Order(models.Model):
    """A message to another platform: ours, or the answer to a text for a vehicle."""

    class State(models.TextChoices):
        QUEUED = "queued", "待发送"
        SENT = "sent", "已发送"
        REFUSED = "refused", "未能发送"
        EXPIRED = "expired", "已过期"

    id = models.CharField(primary_key=True, max_length=32)
    link = models.CharField("链路", max_length=64, db_index=True)
    kind = models.CharField("报文", max_length=8, help_text="0x9301、0x9302、0x1301、0x1503")
    info_id = models.PositiveBigIntegerField("信息编号", null=True, db_index=True)
    plate = models.CharField("号牌", max_length=24, blank=True)
    plate_colour = models.PositiveSmallIntegerField("号牌颜色", null=True)
    fields = models.JSONField("内容", default=dict)
    ordered_at = models.DateTimeField("下达时间", db_index=True)
    ordered_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="+", verbose_name="下达人"
    )
    expires_at = models.DateTimeField("有效期至")
    log_seq = models.PositiveBigIntegerField("日志位置", null=True)
    state = models.CharField("状态", max_length=8, choices=State.choices, default=State.QUEUED)
    detail = models.CharField("说明", max_length=200, blank=True)
    sent_at = models.DateTimeField("发送时间", null=True)
    msg_sn = models.PositiveBigIntegerField("报文序号", null=True)
    answer = models.CharField("应答", max_length=500, blank=True)
    answer_state = models.CharField(
        "应答情况", max_length=10, blank=True, help_text="answered、late、missed、taken"
    )
    answered_at = models.DateTimeField("应答时间", null=True)

    class Meta:
        verbose_name = verbose_name_plural = "平台间指令"
        ordering = ["-ordered_at"]

    def __str__(self) -> str:
        return f"{self.link} {self.kind} {self.state}"


class Message(models.Model):
    """A message that came: a duty check, a platform's message, a text for a vehicle."""

    id = models.CharField(primary_key=True, max_length=96)
    link = models.CharField("链路", max_length=64, db_index=True)
    kind = models.CharField("报文", max_length=8)
    time = models.DateTimeField("时间", db_index=True)
    plate = models.CharField("号牌", max_length=24, blank=True)
    fields = models.JSONField("内容", default=dict)

    class Meta:
        verbose_name = verbose_name_plural = "平台间报文"
        ordering = ["-time"]

    def __str__(self) -> str:
        return f"{self.link} {self.kind}"


class VehicleText(models.Model):
    """A text of the platform above for one of our terminals (0x9503), passed on as 0x8300."""

    message = models.OneToOneField(
        Message, models.PROTECT, related_name="text", verbose_name="来文"
    )
    command = models.CharField("指令编号", max_length=32, unique=True)
    vehicle = models.CharField("终端号", max_length=32, blank=True)
    text = models.CharField("内容", max_length=500)
    ordered_at = models.DateTimeField("收到时间")
    expires_at = models.DateTimeField("有效期至")
    log_seq = models.PositiveBigIntegerField("日志位置", null=True)
    state = models.CharField("状态", max_length=16, default="queued")
    detail = models.CharField("说明", max_length=200, blank=True)
    answer = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="+", verbose_name="应答"
    )

    class Meta:
        verbose_name = verbose_name_plural = "下发车辆报文"

    def __str__(self) -> str:
        return f"{self.vehicle} {self.state}"
