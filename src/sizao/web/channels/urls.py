"""Addresses of notices and deliveries."""

from __future__ import annotations

from django.urls import path

from sizao.web.channels import deliveries, pages, receipts

urlpatterns = [
    path("partner/", pages.show, name="partner"),
    path("partner/<int:notice_id>/", pages.one, name="partner-notice"),
    path("partner/<int:notice_id>/act/", pages.act, name="partner-act"),
    path("partner/<int:notice_id>/shown/", receipts.browser, name="partner-shown"),
    path("channels/receipts/<str:name>/", receipts.gateway, name="channel-receipt"),
    path("deliveries/", deliveries.show, name="deliveries"),
    path("deliveries/<int:delivery_id>/retry/", deliveries.retry, name="delivery-retry"),
]
