"""Admin: units, patrols, accounts."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group

from sizao.web.audit.admin import Audited
from sizao.web.units.models import Party, PatrolUnit, Unit, User

admin.site.unregister(Group)  # roles and units decide, not groups


@admin.register(Unit)
class UnitAdmin(Audited, admin.ModelAdmin):
    list_display = ["code", "name_zh", "level", "parent", "area", "roads"]
    list_filter = ["level"]
    search_fields = ["code", "name_zh", "name_en"]


@admin.register(Party)
class PartyAdmin(Audited, admin.ModelAdmin):
    """Partner agencies: an area limits what of the routing table concerns them."""

    list_display = ["code", "name_zh", "agency", "parent", "area"]
    list_filter = ["agency"]
    search_fields = ["code", "name_zh", "name_en"]
    fields = ["code", "name_zh", "name_en", "agency", "parent", "area"]

    def save_model(self, request, obj, form, change):
        obj.level = Unit.Level.PARTNER
        super().save_model(request, obj, form, change)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.base_fields["agency"].required = True
        form.base_fields["parent"].required = True
        return form


@admin.register(PatrolUnit)
class PatrolAdmin(Audited, admin.ModelAdmin):
    list_display = ["call_sign", "unit", "vehicle", "state"]
    list_filter = ["state"]
    search_fields = ["call_sign", "vehicle"]


@admin.register(User)
class AccountAdmin(Audited, UserAdmin):
    list_display = ["username", "display_name", "role", "unit", "is_active"]
    list_filter = ["role", "is_active"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("身份", {"fields": ["display_name", "role", "unit"]}),
        ("偏好", {"fields": ["language", "theme"]}),
        ("权限", {"fields": ["is_active", "is_staff", "is_superuser"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "password1", "password2", "display_name", "role", "unit"]})
    ]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "unit":
            kwargs["queryset"] = Unit.everyone.all()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)
