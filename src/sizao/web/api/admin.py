"""Admin: tokens, to revoke only."""

from django.contrib import admin

from sizao.web.api.models import Token
from sizao.web.audit.admin import Audited


@admin.register(Token)
class TokenAdmin(Audited, admin.ModelAdmin):
    list_display = ["user", "hint", "created_at", "expires_at"]
    readonly_fields = ["user", "digest", "hint", "created_at"]

    def has_add_permission(self, request):
        return False
