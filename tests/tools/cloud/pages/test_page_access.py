"""Who may open and change what: each role, in its own tenant and in another's, asked of the functions themselves."""

from typing import Any

import pytest


@pytest.fixture
def two(house: Any, stranger: Any) -> Any:
    """A person who is a guard of the house and an administrator elsewhere, and a viewer of the house."""
    from tools.cloud.models import Membership, User

    guard, viewer = User.objects.named("guard@example.test"), User.objects.named("viewer@example.test")
    Membership.objects.create(user=guard, tenant=house.tenant, role="guard")
    Membership.objects.create(user=guard, tenant=stranger.tenant, role="administrator")
    Membership.objects.create(user=viewer, tenant=house.tenant, role="viewer")
    return guard, viewer


def asked(method: str = "GET", user: Any = None, **headers: str) -> Any:
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory

    request = RequestFactory().generic(method, "/people/", headers=headers)
    request.user, request.session = user or AnonymousUser(), {}  # type: ignore[assignment]
    return request


@pytest.mark.parametrize(
    "right", ["look", "people", "log", "alarms", "duress", "release", "change", "install", "members"]
)
def test_a_right_counts_in_the_tenant_where_one_has_it_and_nowhere_else(
    house: Any, stranger: Any, two: Any, right: str
) -> None:
    """Whoever administers one building must not thereby release doors or read logs in another."""
    from django.core.exceptions import PermissionDenied

    from tools.cloud.models import Right
    from tools.cloud.models.rights import ROLES
    from tools.cloud.pages import access

    guard, viewer = two
    wanted = Right(right)
    for user, roles in ((guard, {house: "guard", stranger: "administrator"}), (viewer, {house: "viewer"})):
        with_it = [of.tenant for of, role in roles.items() if wanted in ROLES[role]]
        assert sorted(row.pk for row in access.tenants(user, wanted)) == sorted(row.pk for row in with_it)
        for of in (house, stranger):
            may = of.tenant in with_it
            assert access.may(user, of.tenant.pk, wanted) is may
            if may:
                access.must(user, of.tenant.pk, wanted)
            else:
                with pytest.raises(PermissionDenied, match="administrator"):
                    access.must(user, of.tenant.pk, wanted)


def test_only_administrators_change_and_only_at_home(house: Any, stranger: Any, two: Any) -> None:
    from django.core.exceptions import PermissionDenied

    from tools.cloud.pages import access

    guard, viewer = two
    assert [row.pk for row in access.changeable(guard)] == [stranger.tenant.pk]
    assert not access.changeable(viewer).exists()
    assert access.may_change(guard, stranger.tenant.pk) and not access.may_change(guard, house.tenant.pk)
    access.must_change(guard, stranger.tenant.pk)
    for user, of in ((guard, house), (viewer, house), (viewer, stranger)):
        with pytest.raises(PermissionDenied):
            access.must_change(user, of.tenant.pk)


def test_what_is_offered_is_what_the_roles_allow_together(house: Any, two: Any) -> None:
    from tools.cloud.models.rights import ROLES
    from tools.cloud.pages import access

    guard, viewer = two
    assert access.everything(viewer) == {right.value for right in ROLES["viewer"]}
    assert access.everything(guard) == {right.value for right in ROLES["guard"] | ROLES["administrator"]}
    assert access.everything(asked().user) == set()
    offered = access.offered(asked(user=viewer))
    assert set(offered["may"]) == access.everything(viewer) and not offered["banks_there"]
    assert set(access.offered(asked())["may"]) == set()
    request = asked()
    del request.user
    offered = {name: value or None for name, value in access.offered(request).items() if name != "help_page"}
    counted = ("alarms_standing", "help_waiting", "requests_overdue", "purge_behind", "breach_due")
    assert offered == dict.fromkeys(("may", "banks_there", "is_somebody", *counted))


def test_alarms_are_counted_for_who_may_see_them(house: Any, stranger: Any, two: Any, record: Any) -> None:
    from firmware.controller import events
    from tools.cloud.alarms import alarms
    from tools.cloud.pages import access
    from tools.cloud.services import clock

    record(events.DOOR_FORCED, 1)
    record(events.DOOR_FORCED, 2)
    record(events.GRANTED_DURESS, 1, person=house.person)
    alarms.gather(clock.now())
    guard, viewer = two
    assert access.offered(asked(user=guard))["alarms_standing"] == 3
    assert access.offered(asked(user=viewer))["alarms_standing"] == 2, "of duress a viewer does not know"
    assert access.offered(asked())["alarms_standing"] == 0


def test_what_waits_for_somebody_is_counted_where_they_may_work_on_it(house: Any, two: Any, time_now: Any) -> None:
    from tools.cloud.help import requests as help_requests
    from tools.cloud.models import Membership, Role, User
    from tools.cloud.pages import access
    from tools.cloud.privacy import requests

    owner = User.objects.named("owner@example.test")
    Membership.objects.create(user=owner, tenant=house.tenant, role=Role.OWNER)

    def offered(user: Any, *names: str) -> list[Any]:
        found = access.offered(asked(user=user))
        return [found[name] for name in names]

    counted = ("help_waiting", "requests_overdue", "banks_there")
    assert offered(owner, *counted) == [0, 0, False]
    waiting, closed = (
        help_requests.write(two[1], house.tenant, None, "fault", text) for text in ("It squeaks", "It is fine")
    )
    type(closed).objects.filter(pk=closed.pk).update(state="closed")
    requests.make(house.person, "access")
    house.add_bank()
    assert offered(owner, *counted) == [1, 0, True], waiting
    time_now.now += 31 * 86_400
    assert offered(owner, *counted)[1] == 1
    assert offered(two[1], "requests_overdue") == [0], "a viewer works on none"
    assert offered(owner, "help_page") == ["/people/"]


def a_view(request: Any, *args: Any, **kwargs: Any) -> Any:
    """Answers with what it was called with."""
    from django.http import HttpResponse

    return HttpResponse(f"{request.method} {args} {kwargs}")


def test_a_page_needs_a_session_and_htmx_is_taken_to_the_sign_in_page(two: Any) -> None:
    from tools.cloud.pages import access

    guard, _ = two
    view = access.signed_in(a_view)
    assert view.__name__ == "a_view" and view.__doc__ == a_view.__doc__
    assert view(asked(user=guard), 7, door=3).content == b"GET (7,) {'door': 3}"
    for headers, status in (({}, 302), ({"HX-Request": "true"}, 204)):
        answer = view(asked(**headers), 7)
        assert answer.status_code == status
        there, gone = ("Location", "HX-Redirect") if status == 302 else ("HX-Redirect", "Location")
        assert answer.headers[there] == "/accounts/login/?next=/people/" and gone not in answer.headers
    assert view(asked(user=guard, **{"HX-Request": "true"}), 7).status_code == 200


def test_a_page_that_sends_somebody_elsewhere_does_so_by_itself(two: Any) -> None:
    """Only who is not signed in is taken to the sign-in page; a redirect of a view stays one."""
    from django.http import HttpResponseRedirect

    from tools.cloud.pages import access

    guard, _ = two
    answer = access.signed_in(lambda request: HttpResponseRedirect("/doors/"))(
        asked(user=guard, **{"HX-Request": "true"})
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/doors/")
    assert access.by_htmx(asked(**{"HX-Request": "true"})) is True and access.by_htmx(asked()) is False


def test_a_page_of_a_right_is_for_those_who_have_it(two: Any) -> None:
    from django.core.exceptions import PermissionDenied

    from tools.cloud.models import Right
    from tools.cloud.pages import access

    guard, viewer = two
    view = access.needs(Right.RELEASE)(a_view)
    assert view.__name__ == "a_view"
    assert view(asked(user=guard), 1, a=2).content == b"GET (1,) {'a': 2}"
    with pytest.raises(PermissionDenied):
        view(asked(user=viewer))
    assert view(asked()).status_code == 302


def test_what_is_posted_is_done_whole_or_not_at_all_and_a_row_that_is_gone_is_not_found(house: Any) -> None:
    from django.db import connection
    from django.http import Http404

    from tools.cloud.models import Person
    from tools.cloud.pages import access

    before = len(connection.savepoint_ids)
    depths: list[int] = []

    @access.whole
    def view(request: Any, name: str, *, fail: Any = None) -> Any:
        depths.append(len(connection.savepoint_ids) - before)
        Person.objects.create(tenant=house.tenant, name=name)
        if fail:
            raise fail
        return a_view(request, name)

    assert view.__name__ == "view"
    assert view(asked("POST"), "Kari").content == b"POST ('Kari',) {}"
    with pytest.raises(Http404):
        view(asked("POST"), "Per", fail=Person.DoesNotExist())
    with pytest.raises(ValueError, match="x"):
        view(asked("POST"), "Pål", fail=ValueError("x"))
    assert depths == [1, 1, 1], "in a transaction of its own"
    assert set(Person.objects.filter(tenant=house.tenant).values_list("name", flat=True)) == {"Ingrid Solheim", "Kari"}
    assert view(asked("GET"), "Ola").content == b"GET ('Ola',) {}"
    with pytest.raises(Person.DoesNotExist):
        view(asked("GET"), "Liv", fail=Person.DoesNotExist())
    assert depths[3:] == [0, 0], "who only looks locks nothing"
