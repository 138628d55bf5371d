"""Which page lies where."""

from django.urls import path
from django.views.i18n import set_language

from .views import doors, log, people, sign

app_name = "pages"
urlpatterns = [
    path("", doors.page, name="doors"),
    path("doors/stream", doors.stream, name="doors_stream"),
    path("doors/<int:pk>/release", doors.release, name="release"),
    path("people/", people.listing, name="people"),
    path("people/new", people.add, name="person_add"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/cards", people.give_card, name="card_add"),
    path("people/<int:pk>/groups", people.give_groups, name="groups"),
    path("people/<int:pk>/active", people.set_active, name="person_active"),
    path("cards/<int:pk>/revoke", people.revoke, name="revoke"),
    path("cards/<int:pk>/arrival", people.arrived, name="arrival"),
    path("log/", log.page, name="log"),
    path("language", set_language, name="language"),
    path("sign-out", sign.out, name="sign_out"),
]
