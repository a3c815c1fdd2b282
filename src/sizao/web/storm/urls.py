"""Addresses of the storm's own steps; its page is the inbox."""

from __future__ import annotations

from django.urls import path

from sizao.web.storm import pages

urlpatterns = [path("inbox/groups/sign/", pages.sign, name="group-sign")]
