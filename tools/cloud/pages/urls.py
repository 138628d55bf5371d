"""Which page lies where."""

from django.urls import path
from django.views.i18n import set_language

from ..alarms import views as alarms
from ..audit import looks_views as looks
from ..audit import views as changes
from ..commissioning import views as commissioning
from ..controllers import views as controllers
from ..doors import door_views as door
from ..doors import views as doors
from ..guests import own_views as my_guests
from ..guests import views as guests
from ..lists import views as lists
from ..lockers import views as lockers
from ..log import views as log
from ..members import account_views as account
from ..members import sign_views as sign
from ..members import views as members
from ..partners import views as partners
from ..people import views as people
from ..questions import views as questions
from ..readings import views as readings
from ..residents import admin_views as residents
from ..residents import views as mine
from ..rules import views as rules
from ..scim import page_views as directory
from ..sites import views as sites
from ..updates import views as updates

app_name = "pages"
urlpatterns = [
    path("", doors.page, name="doors"),
    path("doors/stream", doors.stream, name="doors_stream"),
    path("doors/<int:pk>/release", doors.release, name="release"),
    path("doors/<int:pk>/sure", doors.release_sure, name="release_sure"),
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
    path("tenants/<int:tenant_pk>/partners", partners.page, name="partners"),
    path("partners/<int:pk>/", partners.partner, name="partner"),
    path("partners/<int:pk>/revoke", partners.revoke, name="partner_revoke"),
    path("grants/<int:pk>", people.change_grant, name="grant"),
    path("people/<int:pk>/pin", people.give_pin, name="pin"),
    path("people/<int:pk>/needs", people.needs, name="person_needs"),
    path("people/", people.listing, name="people"),
    path("people/new", people.add, name="person_add"),
    path("people/<int:pk>/", people.person, name="person"),
    path("people/<int:pk>/erase", people.erase, name="person_erase"),
    path("people/<int:pk>/cards", people.give_card, name="card_add"),
    path("people/<int:pk>/read", readings.arm, name="read"),
    path("readings/<int:pk>", readings.follow, name="reading"),
    path("readings/<int:pk>/give", readings.give, name="reading_give"),
    path("readings/<int:pk>/discard", readings.discard, name="reading_discard"),
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
    path("controllers/<int:pk>/commissioning", commissioning.part, name="commissioning"),
    path("controllers/<int:pk>/commission", commissioning.do, name="commission"),
    path("controllers/<int:pk>/lost", controllers.give_up, name="controller_lost"),
    path("alarms/", alarms.page, name="alarms"),
    path("alarms/acknowledge", alarms.acknowledge, name="acknowledge"),
    path("looks/", looks.page, name="looks"),
    path("changes/", changes.page, name="changes"),
    path("people/<int:pk>/export", looks.export, name="export"),
    path("sites/<int:pk>/emergency", sites.emergency, name="emergency"),
    path("controllers/<int:pk>/commands", controllers.asked, name="controller_commands"),
    path("controllers/<int:pk>/do", controllers.do, name="controller_do"),
    path("updates/", updates.page, name="updates"),
    path("questions/", questions.page, name="questions"),
    path("questions/door", questions.door, name="question_door"),
    path("questions/unused", questions.unused_cards, name="question_unused"),
    path("people/<int:pk>/opens", questions.person, name="question_person"),
    path("sites/<int:pk>/inside", questions.roll_call, name="question_inside"),
    path("controllers/<int:pk>/held", questions.controller, name="question_held"),
    path("directory/", directory.page, name="directory"),
    path("tenants/<int:tenant_pk>/directory", directory.make, name="scim_token_add"),
    path("directory/<int:pk>/revoke", directory.revoke, name="scim_token_revoke"),
    path("groups/<int:pk>/directory", directory.let, name="scim_group_let"),
    path("lists/", lists.page, name="lists"),
    path("tenants/<int:tenant_pk>/lists/people", lists.write_people, name="list_people"),
    path("tenants/<int:tenant_pk>/lists/groups", lists.write_groups, name="list_groups"),
    path("lockers/", lockers.listing, name="lockers"),
    path("lockers/<int:pk>/", lockers.page, name="bank"),
    path("lockers/<int:pk>/change", lockers.change, name="bank_change"),
    path("lockers/<int:pk>/open", lockers.open_one, name="bank_open"),
    path("lockers/<int:pk>/allotments/new", lockers.allot, name="allot"),
    path("lockers/<int:pk>/shared/new", lockers.share, name="share"),
    path("allotments/<int:pk>/empty", lockers.say_empty, name="allotment_empty"),
    path("allotments/<int:pk>/take-back", lockers.take_compartment_back, name="allotment_take_back"),
    path("lockers/<int:pk>/use", lockers.use, name="bank_use"),
    path("lockers/<int:pk>/usage.csv", lockers.usage_csv, name="bank_usage"),
    path("lockers/<int:pk>/deliveries/new", lockers.add, name="delivery_add"),
    path("deliveries/<int:pk>/", lockers.delivery, name="delivery"),
    path("deliveries/<int:pk>/cancel", lockers.cancel, name="delivery_cancel"),
    path("deliveries/<int:pk>/extend", lockers.extend, name="delivery_extend"),
    path("deliveries/<int:pk>/take-back", lockers.take_back, name="delivery_take_back"),
    path("deliveries/<int:pk>/move", lockers.move, name="delivery_move"),
    path("deliveries/<int:pk>/return", lockers.give_back, name="delivery_return"),
    path("parcel/<str:token>", lockers.parcel, name="parcel"),
    path("outbox/", lockers.outbox, name="outbox"),
    path("log/", log.page, name="log"),
    path("log/export.csv", log.export, {"kind": "csv"}, name="log_csv"),
    path("log/export.json", log.export, {"kind": "json"}, name="log_json"),
    path("members/", members.page, name="members"),
    path("members/<int:pk>/role", members.role, name="member_role"),
    path("members/<int:pk>/link", members.link, name="member_link"),
    path("members/<int:pk>/sign-out", members.sign_out, name="member_sign_out"),
    path("members/<int:pk>/active", members.active, name="member_active"),
    path("members/<int:pk>/end", members.end, name="member_end"),
    path("tenants/<int:tenant_pk>/members/new", members.invite, name="member_add"),
    path("tenants/<int:tenant_pk>/sign-in", members.choose_sign_in, name="sign_in_choice"),
    path("tenants/<int:tenant_pk>/tokens/new", members.token, name="token_add"),
    path("tokens/<int:pk>/revoke", members.revoke, name="token_revoke"),
    path("account/", account.page, name="account"),
    path("account/sign-out-elsewhere", account.end_others, name="sign_out_elsewhere"),
    path("me/", mine.choose, name="mine"),
    path("me/<int:pk>/", mine.doors, name="my_doors"),
    path("me/<int:pk>/unlock", mine.unlock, name="my_unlock"),
    path("me/<int:pk>/asked", mine.asked, name="my_asked"),
    path("me/<int:pk>/lost", mine.lost, name="my_lost"),
    path("me/<int:pk>/blocked", mine.blocked, name="my_blocked"),
    path("me/<int:pk>/log", mine.log, name="my_log"),
    path("me/<int:pk>/profile", mine.profile, name="my_profile"),
    path("me/<int:pk>/copy", mine.copy, name="my_copy"),
    path("me/<int:pk>/sign-out-elsewhere", mine.sign_out_elsewhere, name="my_sign_out_elsewhere"),
    path("me/<int:pk>/guests", my_guests.page, name="my_guests"),
    path("me/<int:pk>/guests/new", my_guests.add, name="my_guest_add"),
    path("me/<int:pk>/guests/end", my_guests.end, name="my_guest_end"),
    path("guests/", guests.listing, name="guests"),
    path("guests/new", guests.add, name="guest_add"),
    path("guests/<int:pk>/end", guests.end, name="guest_end"),
    path("guest/<str:token>", guests.invitation, name="guest"),
    path("pass/<str:token>", guests.pass_page, name="pass"),
    path("residents/", residents.page, name="residents"),
    path("tenants/<int:tenant_pk>/residents", residents.change, name="residents_change"),
    path("people/<int:pk>/account", residents.invite, name="person_account"),
    path("people/<int:pk>/account/link", residents.link, name="person_account_link"),
    path("people/<int:pk>/account/end", residents.end, name="person_account_end"),
    path("language", set_language, name="language"),
    path("sign-out", sign.out, name="sign_out"),
]
