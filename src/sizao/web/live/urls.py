"""URLs of the streams."""

from django.urls import path

from sizao.web.live import views

urlpatterns = [
    path("vehicles", views.vehicles, name="stream-vehicles"),
    path("events", views.events, name="stream-events"),
    path("meta", views.meta, name="stream-meta"),
]
