"""Sign-in, language, and the pages that say what to do next."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, RequestFactory

BUILDING = Path(__file__).parents[4] / "tools/run/pages"


@pytest.fixture
def building_page() -> Callable[[str], str]:
    """The building's page as tools.run would render it; its application is not among the cloud's own."""
    from django.conf import settings
    from django.template.backends.django import DjangoTemplates
    from django.test import override_settings
    from django.utils import translation
    from django.utils.translation import trans_real

    engine = DjangoTemplates(
        {
            "NAME": "run",
            "DIRS": [BUILDING / "templates"],
            "APP_DIRS": True,
            "OPTIONS": dict(settings.TEMPLATES[0]["OPTIONS"]),
        }
    )

    def render(language: str) -> str:
        with override_settings(LOCALE_PATHS=[BUILDING / "locale"]):
            trans_real._translations = {}
            try:
                with translation.override(language):
                    return engine.get_template("run/building.html").render({}, RequestFactory().get("/building/"))
            finally:
                trans_real._translations = {}

    return render


def test_the_sign_in_page_explains_itself() -> None:
    page = Client(headers={"accept-language": "en"}).get("/accounts/login/")
    assert page.status_code == 200
    assert "one-time link" in page.content.decode()
    assert "no passwords" in page.content.decode()


def test_a_link_signs_in_once(house: Any, browser: Any) -> None:
    from tools.cloud.members import links

    token = links.make(browser().user)
    client = Client(headers={"accept-language": "en"}, enforce_csrf_checks=True)
    page = client.get(f"/enter/{token}").content.decode()
    assert "This link signs in <strong>owner-" in page
    assert client.post(f"/enter/{token}").status_code == 403, "another page cannot sign somebody in"
    told = {"csrfmiddlewaretoken": page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]}
    assert client.post(f"/enter/{token}", told).headers["Location"] == "/"
    assert client.get("/").status_code == 200
    used = Client(headers={"accept-language": "en"})
    for again in (used.get, used.post):
        assert "has been used or has expired" in again(f"/enter/{token}", follow=True).content.decode()


def test_a_link_does_not_sign_somebody_over_into_another_account(house: Any, browser: Any) -> None:
    from tools.cloud.members import links
    from tools.cloud.models import SignInLink

    client, other = browser(), browser(role="viewer").user
    token = links.make(other)
    for method in (client.get, client.post):
        answer = method(f"/enter/{token}")
        assert answer.status_code == 409 and "sign out first" in answer.content.decode()
        assert client.session["_auth_user_id"] == str(client.user.pk)
    assert SignInLink.objects.get().used_at is None
    assert client.post("/sign-out", {"next": f"/enter/{token}"}).headers["Location"] == f"/enter/{token}"
    client.post(f"/enter/{token}")
    assert client.session["_auth_user_id"] == str(other.pk)
    for elsewhere in ("https://elsewhere.example/enter/x", "//elsewhere.example/", "/enter/../people/"):
        assert "elsewhere" not in client.post("/sign-out", {"next": elsewhere}).headers["Location"]


def test_signing_out_is_a_post(browser: Any) -> None:
    client = browser()
    assert client.get("/sign-out").status_code == 405
    assert client.post("/sign-out").headers["Location"] == "/accounts/login/"
    assert client.get("/").status_code == 302


def test_pages_come_in_the_language_asked_for(browser: Any) -> None:
    client = browser(language="nb")
    assert "<h1>Dører</h1>" in client.get("/").content.decode()
    client.post("/language", {"language": "en", "next": "/"})
    page = client.get("/").content.decode()
    assert "<h1>Doors</h1>" in page
    assert '<html lang="en">' in page


def test_a_lost_visitor_is_told_where_to_go(browser: Any) -> None:
    answer = browser().get("/nowhere")
    assert answer.status_code == 404
    assert "To the doors" in answer.content.decode()


def test_a_stale_form_says_that_nothing_was_changed(browser: Any, house: Any) -> None:
    strict = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    strict.force_login(browser().user, backend="django.contrib.auth.backends.ModelBackend")
    answer = strict.post(f"/doors/{house.doors[0].pk}/release")
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.content.decode()


def test_a_failure_says_that_the_doors_are_not_affected() -> None:
    from django.utils.translation import override
    from django.views.defaults import server_error

    with override("en"):
        answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "The doors are not affected" in answer.content.decode()


def test_the_building_page_renders_in_both_languages(building_page: Any) -> None:
    assert "<h1>The building</h1>" in building_page("en")
    norwegian = building_page("nb")
    assert "Dra et kort til en leser" in norwegian
    assert "Drag a card" not in norwegian
    assert 'src="/static/run/building.js"' in norwegian
