"""Admin: the audit log to read only, and the mixin that writes admin changes into it."""

from django.contrib import admin

from sizao.web import audit
from sizao.web.audit.models import AuditEntry
from sizao.web.writing import write


class Audited:
    """Mixin of every admin class that can change something."""

    def _note(self, request, action, obj, data):
        with write():
            audit.record(request.user, f"admin.{action}", obj._meta.model_name, obj.pk, data)

    def log_addition(self, request, obj, message):
        self._note(request, "add", obj, {"what": message, "name": str(obj)})
        return super().log_addition(request, obj, message)

    def log_change(self, request, obj, message):
        self._note(request, "change", obj, {"what": message, "name": str(obj)})
        return super().log_change(request, obj, message)

    def log_deletions(self, request, queryset):
        for obj in queryset:
            self._note(request, "delete", obj, {"name": str(obj)})
        return super().log_deletions(request, queryset)


@admin.register(AuditEntry)
class AuditAdmin(admin.ModelAdmin):
    list_display = ["seq", "at", "actor", "action", "object_type", "object_id"]
    search_fields = ["actor", "action", "object_id"]

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
