"""Admin: the register."""

from django.contrib import admin

from sizao.web.audit.admin import Audited
from sizao.web.fleet import register
from sizao.web.fleet.models import Enterprise, Vehicle
from sizao.web.writing import write


class Published:
    """Mixin: what is changed here reaches the register's file with the desk's next round."""

    def save_model(self, request, obj, form, change):
        with write():
            register.begin_change()
            super().save_model(request, obj, form, change)

    def delete_model(self, request, obj):
        with write():
            register.begin_change()
            super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        with write():
            register.begin_change()
            super().delete_queryset(request, queryset)


@admin.register(Enterprise)
class EnterpriseAdmin(Published, Audited, admin.ModelAdmin):
    list_display = ["id", "name", "kind", "area"]
    list_filter = ["kind"]
    search_fields = ["id", "name"]


@admin.register(Vehicle)
class VehicleAdmin(Published, Audited, admin.ModelAdmin):
    list_display = ["id", "plate", "kind", "enterprise", "area"]
    list_filter = ["kind"]
    search_fields = ["id", "plate"]
