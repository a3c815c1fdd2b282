"""Admin: the register."""

from django.contrib import admin

from sizao.web.audit.admin import Audited
from sizao.web.fleet.models import Enterprise, Vehicle


@admin.register(Enterprise)
class EnterpriseAdmin(Audited, admin.ModelAdmin):
    list_display = ["id", "name"]
    search_fields = ["id", "name"]


@admin.register(Vehicle)
class VehicleAdmin(Audited, admin.ModelAdmin):
    list_display = ["id", "plate", "kind", "enterprise", "area"]
    list_filter = ["kind"]
    search_fields = ["id", "plate"]
