"""Offices in the admin: in whose name documents go out. Everything else only by its pages."""

from __future__ import annotations

from django.contrib import admin

from sizao.web.listings.models import Office


@admin.register(Office)
class OfficeAdmin(admin.ModelAdmin):
    list_display = ("unit", "name", "prefix")
