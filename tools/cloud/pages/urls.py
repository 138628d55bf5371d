"""Which page lies where."""

from django.urls import path, register_converter
from django.urls.converters import IntConverter
from django.views.i18n import set_language

from ..alarms import views as alarms
from ..audit import looks_views as looks
from ..audit import views as changes
from ..breaches import views as breaches
from ..commissioning import views as commissioning
from ..controllers import views as controllers
from ..doors import door_views as door
from ..doors import views as doors
from ..guests import own_views as my_guests
from ..guests import views as guests
from ..help import own_views as my_help
from ..help import views as help_views
from ..lists import views as lists
from ..lockers import views as lockers
from ..log import views as log
from ..members import account_views as account
from ..members import sign_views as sign
from ..members import views as members
from ..partners import views as partners
from ..people import picture_views as picture
from ..people import views as people
from ..privacy import own_views as my_requests
from ..privacy import statement_views as statement
from ..privacy import views as privacy
from ..questions import views as questions
from ..readings import views as readings
from ..residents import admin_views as residents
from ..residents import parcel_views as my_parcels
from ..residents import picture_views as my_picture
from ..residents import views as mine
from ..rules import views as rules
from ..scim import page_views as directory
from ..services import entered
from ..sites import views as sites
from ..updates import views as updates


class Number(IntConverter):
    """Of a row: a longer one is no address. Django answers those for a plain key, and not for one that is another's."""

    regex = f"[0-9]{{1,{entered.MOST_DIGITS}}}"


register_converter(Number, "number")

app_name = "pages"
urlpatterns = [
    path("", doors.page, name="doors"),
    path("doors/stream", doors.stream, name="doors_stream"),
    path("doors/<number:pk>/release", doors.release, name="release"),
    path("doors/<number:pk>/sure", doors.release_sure, name="release_sure"),
    path("doors/<number:pk>/", door.page, name="door"),
    path("doors/<number:pk>/hold", door.hold, name="hold"),
    path("sites/<number:site_pk>/areas", door.areas, name="areas"),
    path("areas/<number:pk>/remove", door.area_remove, name="area_remove"),
    path("access/", rules.page, name="access"),
    path("groups/new", rules.group, name="group_add"),
    path("groups/<number:pk>/", rules.group, name="group"),
    path("groups/<number:pk>/remove", rules.group_remove, name="group_remove"),
    path("schedules/new", rules.schedule, name="schedule_add"),
    path("schedules/<number:pk>/", rules.schedule, name="schedule"),
    path("schedules/<number:pk>/remove", rules.schedule_remove, name="schedule_remove"),
    path("holidays/new", rules.holiday_add, name="holiday_add"),
    path("holidays/fill", rules.holidays_fill, name="holidays_fill"),
    path("holidays/<number:pk>/remove", rules.holiday_remove, name="holiday_remove"),
    path("tenants/<number:tenant_pk>/partners", partners.page, name="partners"),
    path("partners/<number:pk>/", partners.partner, name="partner"),
    path("partners/<number:pk>/revoke", partners.revoke, name="partner_revoke"),
    path("partners/<number:pk>/webhook", partners.put_webhook, name="partner_webhook"),
    path("partners/<number:pk>/webhook/end", partners.end_webhook, name="partner_webhook_end"),
    path("grants/<number:pk>", people.change_grant, name="grant"),
    path("people/<number:pk>/pin", people.give_pin, name="pin"),
    path("people/<number:pk>/birth", people.birth, name="person_birth"),
    path("people/<number:pk>/picture", picture.shown, name="person_picture"),
    path("people/<number:pk>/picture/remove", picture.remove, name="person_picture_remove"),
    path("people/<number:pk>/needs", people.needs, name="person_needs"),
    path("people/", people.listing, name="people"),
    path("people/called", people.called, name="people_found"),
    path("people/new", people.add, name="person_add"),
    path("people/<number:pk>/", people.person, name="person"),
    path("people/<number:pk>/erase", people.erase, name="person_erase"),
    path("people/<number:pk>/cards", people.give_card, name="card_add"),
    path("people/<number:pk>/read", readings.arm, name="read"),
    path("readings/<number:pk>", readings.follow, name="reading"),
    path("readings/<number:pk>/give", readings.give, name="reading_give"),
    path("readings/<number:pk>/discard", readings.discard, name="reading_discard"),
    path("people/<number:pk>/groups", people.give_groups, name="groups"),
    path("people/<number:pk>/active", people.set_active, name="person_active"),
    path("people/<number:pk>/directory", directory.join, name="person_directory"),
    path("cards/<number:pk>/revoke", people.revoke, name="revoke"),
    path("cards/<number:pk>/arrival", people.arrived, name="arrival"),
    path("sites/", sites.listing, name="sites"),
    path("sites/new", sites.add, name="site_add"),
    path("sites/<number:pk>/", sites.change, name="site"),
    path("sites/<number:pk>/remove", sites.remove, name="site_remove"),
    path("sites/<number:site_pk>/controllers/new", controllers.add, name="enrol"),
    path("controllers/<number:pk>/", controllers.page, name="controller"),
    path("controllers/<number:pk>/name", controllers.rename, name="controller_name"),
    path("controllers/<number:pk>/commissioning", commissioning.part, name="commissioning"),
    path("controllers/<number:pk>/commission", commissioning.do, name="commission"),
    path("controllers/<number:pk>/lost", controllers.give_up, name="controller_lost"),
    path("alarms/", alarms.page, name="alarms"),
    path("alarms/acknowledge", alarms.acknowledge, name="acknowledge"),
    path("looks/", looks.page, name="looks"),
    path("changes/", changes.page, name="changes"),
    path("breaches/", breaches.page, name="breaches"),
    path("tenants/<number:tenant_pk>/breaches/new", breaches.add, name="breach_add"),
    path("breaches/<number:pk>/", breaches.one, name="breach"),
    path("breaches/<number:pk>/describe", breaches.describe, name="breach_describe"),
    path("breaches/<number:pk>/enter", breaches.enter, name="breach_enter"),
    path("breaches/<number:pk>/close", breaches.close, name="breach_close"),
    path("breaches/<number:pk>/list", breaches.people, name="breach_people"),
    path("breaches/<number:pk>/authority", breaches.notice, {"to": "authority"}, name="breach_authority"),
    path("breaches/<number:pk>/people", breaches.notice, {"to": "people"}, name="breach_to_people"),
    path("people/<number:pk>/export", privacy.export, name="export"),
    path("sites/<number:pk>/emergency", sites.emergency, name="emergency"),
    path("controllers/<number:pk>/commands", controllers.asked, name="controller_commands"),
    path("controllers/<number:pk>/do", controllers.do, name="controller_do"),
    path("updates/", updates.page, name="updates"),
    path("questions/", questions.page, name="questions"),
    path("questions/door", questions.door, name="question_door"),
    path("questions/unused", questions.unused_cards, name="question_unused"),
    path("people/<number:pk>/opens", questions.person, name="question_person"),
    path("sites/<number:pk>/inside", questions.roll_call, name="question_inside"),
    path("controllers/<number:pk>/held", questions.controller, name="question_held"),
    path("directory/", directory.page, name="directory"),
    path("tenants/<number:tenant_pk>/directory", directory.make, name="scim_token_add"),
    path("directory/<number:pk>/revoke", directory.revoke, name="scim_token_revoke"),
    path("groups/<number:pk>/directory", directory.let, name="scim_group_let"),
    path("lists/", lists.page, name="lists"),
    path("tenants/<number:tenant_pk>/lists/people", lists.write_people, name="list_people"),
    path("tenants/<number:tenant_pk>/lists/groups", lists.write_groups, name="list_groups"),
    path("lockers/", lockers.listing, name="lockers"),
    path("lockers/<number:pk>/", lockers.page, name="bank"),
    path("lockers/<number:pk>/change", lockers.change, name="bank_change"),
    path("lockers/<number:pk>/open", lockers.open_one, name="bank_open"),
    path("lockers/<number:pk>/allotments/new", lockers.allot, name="allot"),
    path("lockers/<number:pk>/shared/new", lockers.share, name="share"),
    path("allotments/<number:pk>/empty", lockers.say_empty, name="allotment_empty"),
    path("allotments/<number:pk>/take-back", lockers.take_compartment_back, name="allotment_take_back"),
    path("lockers/<number:pk>/use", lockers.use, name="bank_use"),
    path("lockers/<number:pk>/usage.csv", lockers.usage_csv, name="bank_usage"),
    path("lockers/<number:pk>/deliveries/new", lockers.add, name="delivery_add"),
    path("deliveries/<number:pk>/", lockers.delivery, name="delivery"),
    path("deliveries/<number:pk>/cancel", lockers.cancel, name="delivery_cancel"),
    path("deliveries/<number:pk>/extend", lockers.extend, name="delivery_extend"),
    path("deliveries/<number:pk>/take-back", lockers.take_back, name="delivery_take_back"),
    path("deliveries/<number:pk>/move", lockers.move, name="delivery_move"),
    path("deliveries/<number:pk>/return", lockers.give_back, name="delivery_return"),
    path("parcel/<str:token>", lockers.parcel, name="parcel"),
    path("outbox/", lockers.outbox, name="outbox"),
    path("log/", log.page, name="log"),
    path("log/export.csv", log.export, {"kind": "csv"}, name="log_csv"),
    path("log/export.json", log.export, {"kind": "json"}, name="log_json"),
    path("members/", members.page, name="members"),
    path("members/<number:pk>/role", members.role, name="member_role"),
    path("members/<number:pk>/link", members.link, name="member_link"),
    path("members/<number:pk>/sign-out", members.sign_out, name="member_sign_out"),
    path("members/<number:pk>/active", members.active, name="member_active"),
    path("members/<number:pk>/end", members.end, name="member_end"),
    path("tenants/<number:tenant_pk>/members/new", members.invite, name="member_add"),
    path("tenants/<number:tenant_pk>/sign-in", members.choose_sign_in, name="sign_in_choice"),
    path("tenants/<number:tenant_pk>/tokens/new", members.token, name="token_add"),
    path("tokens/<number:pk>/revoke", members.revoke, name="token_revoke"),
    path("account/", account.page, name="account"),
    path("account/sign-out-elsewhere", account.end_others, name="sign_out_elsewhere"),
    path("me/", mine.choose, name="mine"),
    path("me/<number:pk>/", mine.doors, name="my_doors"),
    path("me/<number:pk>/unlock", mine.unlock, name="my_unlock"),
    path("me/<number:pk>/asked", mine.asked, name="my_asked"),
    path("me/<number:pk>/lost", mine.lost, name="my_lost"),
    path("me/<number:pk>/blocked", mine.blocked, name="my_blocked"),
    path("me/<number:pk>/parcels", my_parcels.page, name="my_parcels"),
    path("me/<number:pk>/parcels/leave", my_parcels.leave, name="my_parcel_leave"),
    path("me/<number:pk>/parcels/do", my_parcels.do, name="my_parcel_do"),
    path("me/<number:pk>/log", mine.log, name="my_log"),
    path("me/<number:pk>/profile", mine.profile, name="my_profile"),
    path("me/<number:pk>/picture", my_picture.shown, name="my_picture"),
    path("me/<number:pk>/picture/give", my_picture.give, name="my_picture_give"),
    path("me/<number:pk>/picture/remove", my_picture.remove, name="my_picture_remove"),
    path("me/<number:pk>/sign-out-elsewhere", mine.sign_out_elsewhere, name="my_sign_out_elsewhere"),
    path("me/<number:pk>/guests", my_guests.page, name="my_guests"),
    path("me/<number:pk>/guests/new", my_guests.add, name="my_guest_add"),
    path("me/<number:pk>/guests/end", my_guests.end, name="my_guest_end"),
    path("guests/", guests.listing, name="guests"),
    path("guests/new", guests.add, name="guest_add"),
    path("guests/<number:pk>/end", guests.end, name="guest_end"),
    path("guest/<str:token>", guests.invitation, name="guest"),
    path("pass/<str:token>", guests.pass_page, name="pass"),
    path("help/", help_views.page, name="help"),
    path("help/<number:pk>/", help_views.one, name="help_request"),
    path("help/<number:pk>/close", help_views.close, name="help_close"),
    path("tenants/<number:tenant_pk>/help", help_views.keep, name="help_keep"),
    path("help/new", my_help.new, name="help_new"),
    path("help/mine/", my_help.mine, name="help_mine"),
    path("help/mine/<number:pk>/", my_help.one, name="help_own"),
    path("residents/", residents.page, name="residents"),
    path("tenants/<number:tenant_pk>/residents", residents.change, name="residents_change"),
    path("people/<number:pk>/account", residents.invite, name="person_account"),
    path("people/<number:pk>/account/link", residents.link, name="person_account_link"),
    path("people/<number:pk>/account/end", residents.end, name="person_account_end"),
    path("privacy/", privacy.queue, name="privacy"),
    path("privacy/kept", privacy.retention, name="kept"),
    path("people/<number:pk>/requests/new", privacy.add, name="request_add"),
    path("requests/<number:pk>/", privacy.page, name="request"),
    path("requests/<number:pk>/extend", privacy.extend, name="request_extend"),
    path("requests/<number:pk>/copy", privacy.copy, name="request_copy"),
    path("requests/<number:pk>/lift", privacy.lift, name="request_lift"),
    path("copy/<str:token>", privacy.fetch, name="copy"),
    path("requests/<number:pk>/erase", privacy.erase, name="request_erase"),
    path("tenants/<number:tenant_pk>/erase-after", privacy.erase_after, name="erase_after"),
    path("tenants/<number:tenant_pk>/privacy-contact", statement.contact, name="privacy_contact"),
    path("statement/<str:token>", statement.page, name="statement"),
    path("requests/<number:pk>/answer", privacy.answer, name="request_answer"),
    path("request/<str:token>", privacy.followed, name="request_followed"),
    path("me/<number:pk>/requests", my_requests.page, name="my_requests"),
    path("me/<number:pk>/requests/back", my_requests.take_back, name="my_request_back"),
    path("language", set_language, name="language"),
    path("sign-out", sign.out, name="sign_out"),
]
