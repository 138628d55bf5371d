"""What is served where: the building's page before everything of the cloud end."""

from django.urls import include, path

from . import views

urlpatterns = [
    path("building/", views.page, name="building"),
    path("building/state", views.state, name="building-state"),
    path("building/stream", views.stream, name="building-stream"),
    path("building/tap", views.tap, name="building-tap"),
    path("building/rex", views.rex, name="building-rex"),
    path("building/input", views.switch, name="building-input"),
    path("building/leaf", views.leaf, name="building-leaf"),
    path("building/keys", views.keys, name="building-keys"),
    path("building/delivery", views.delivery, name="building-delivery"),
    path("building/bank-keys", views.bank_keys, name="building-bank-keys"),
    path("building/bank-lock", views.bank_lock, name="building-bank-lock"),
    path("building/bank-shut", views.bank_shut, name="building-bank-shut"),
    path("building/controller", views.controller, name="building-controller"),
    path("building/walking", views.walking, name="building-walking"),
    path("", include("tools.cloud.urls")),
]
