"""Where the desk has read up to."""

from __future__ import annotations

from django.db import models


class Cursor(models.Model):
    """Reading position in a topic, moved in the transaction of its effects."""

    topic = models.CharField("主题", primary_key=True, max_length=200)
    seq = models.PositiveBigIntegerField("位置", default=0)

    class Meta:
        verbose_name = verbose_name_plural = "读取位置"
