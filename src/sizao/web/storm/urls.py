"""Addresses of the storm's own steps; its page is the inbox."""

from __future__ import annotations

from django.urls import path

from sizao.web.storm import signing

urlpatterns = [path("inbox/groups/sign/", signing.sign, name="group-sign")]
