"""API tokens: only a digest is kept."""

from __future__ import annotations

from django.db import models

from sizao.web.units.models import User


class Token(models.Model):
    """A bearer token of an account."""

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", verbose_name="账号")
    digest = models.CharField("摘要", max_length=64, unique=True, help_text="SHA-256")
    hint = models.CharField("开头", max_length=12)
    created_at = models.DateTimeField("创建时间", auto_now_add=True)
    expires_at = models.DateTimeField("有效期至")

    class Meta:
        verbose_name = verbose_name_plural = "接口令牌"

    def __str__(self) -> str:
        return f"{self.user} {self.hint}…"
