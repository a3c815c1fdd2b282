"""Every URL of the site. Pages are the page app's; what machines talk to is here."""

from __future__ import annotations

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

admin.site.site_header = "四早 Sizao 管理"
admin.site.site_title = "四早管理"
admin.site.index_title = "单位、账号与登记"

urlpatterns = [
    path("admin/", admin.site.urls),
]
if find_spec("sizao.web.pages"):
    urlpatterns.append(path("", include("sizao.web.pages.urls")))
