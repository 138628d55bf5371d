"""Which page lies where."""

from django.urls import path
from django.views.i18n import set_language

from .views import controllers, door, doors, log, people, rules, sign, sites

app_name = "pages"
urlpatterns = [
    path("", doors.page, name="doors"),
    path("doors/stream", doors.stream, name="doors_stream"),
    path("doors/<int:pk>/release", doors.release, name="release"),
    path("doors/<int:pk>/", door.page, name="door"),
    path("doors/<int:pk>/hold", door.hold, name="hold"),
    path("sites/<int:site_pk>/areas", door.areas, name="areas"),
    path("areas/<int:pk>/remove", door.area_remove, name="area_remove"),
    path("access/", rules.page, name="access"),
    path("groups/new", rules.group, name="group_add"),
    path("groups/<int:pk>/", rules.group, name="group"),
    path("groups/<int:pk>/remove", rules.group_remove, name="group_remove"),
    path("schedules/new", rules.schedule, name="schedule_add"),
    path("schedules/<int:pk>/", rules.schedule, name="schedule"),
    path("schedules/<int:pk>/remove", rules.schedule_remove, name="schedule_remove"),
    path("holidays/new", rules.holiday_add, name="holiday_add"),
    path("holidays/fill", rules.holidays_fill, name="holidays_fill"),
    path("holidays/<int:pk>/remove", rules.holiday_remove, name="holiday_remove"),
    path("grants/<int:pk>", people.change_grant, name="grant"),
    path("people/<int:pk>/pin", people.give_pin, name="pin"),
    path("people/<int:pk>/needs", people.needs, name="person_needs"),
    path("people/", people.listing, name="people"),
    path("people/new", people.add, name="person_add"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/cards", people.give_card, name="card_add"),
    path("people/<int:pk>/groups", people.give_groups, name="groups"),
    path("people/<int:pk>/active", people.set_active, name="person_active"),
    path("cards/<int:pk>/revoke", people.revoke, name="revoke"),
    path("cards/<int:pk>/arrival", people.arrived, name="arrival"),
    path("sites/", sites.listing, name="sites"),
    path("sites/new", sites.add, name="site_add"),
    path("sites/<int:pk>/", sites.change, name="site"),
    path("sites/<int:pk>/remove", sites.remove, name="site_remove"),
    path("sites/<int:site_pk>/controllers/new", controllers.add, name="enrol"),
    path("controllers/<int:pk>/", controllers.page, name="controller"),
    path("controllers/<int:pk>/name", controllers.rename, name="controller_name"),
    path("controllers/<int:pk>/lost", controllers.give_up, name="controller_lost"),
    path("log/", log.page, name="log"),
    path("language", set_language, name="language"),
    path("sign-out", sign.out, name="sign_out"),
]
