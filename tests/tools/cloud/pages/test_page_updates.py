"""Rollouts on the pages: who sees which, and how each controller fares."""

from typing import Any

import pytest


@pytest.fixture
def rolled(house: Any, time_now: Any) -> Any:
    """rolled(state, ...): a rollout of a build to these controllers, the house's when none are named."""
    from tools.cloud.models import Release, Rollout, RolloutBoard
    from tools.cloud.services import clock

    def begin(state: str, *controllers: Any, sent: int = 0, **fields: Any) -> Any:
        now = clock.now()
        release, _ = Release.objects.get_or_create(
            build="abcdef012345", defaults={"folder": "", "size": 1000, "added_at": now}
        )
        rollout = Rollout.objects.create(release=release, percent=10, started_at=now, **fields)
        for one in controllers or (house.controller,):
            RolloutBoard.objects.create(rollout=rollout, controller=one, state=state, at=now, sent=sent)
        return rollout

    return begin


def text(client: Any) -> str:
    page = client.get("/updates/")
    assert page.status_code == 200
    return page.content.decode()


def test_a_rollout_says_how_each_controller_fares(browser: Any, house: Any, rolled: Any) -> None:
    rolled("sending", sent=420)
    page = text(browser())
    assert "abcdef012345" in page and "for 10 % of all controllers" in page and "Under way" in page
    assert house.controller.name in page and "Being sent 42 %" in page and "0 of 1 controller keeps it" in page


def test_of_many_controllers_those_come_first_that_somebody_should_look_at(
    browser: Any, house: Any, rolled: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cloud_world import BOARD, counted_bytes

    from tools.cloud.controllers import enrol
    from tools.cloud.models import RolloutBoard
    from tools.cloud.updates import views

    monkeypatch.setattr(views, "BOARDS_SHOWN", 2)
    others = [
        enrol.enrol(house.site, f"Oppgang {letter}", BOARD, doors=[], urandom=counted_bytes(ord(letter) << 32))[0]
        for letter in "BCD"
    ]
    rolled("kept", house.controller, *others)
    RolloutBoard.objects.filter(controller=others[2]).update(state="silent")
    RolloutBoard.objects.filter(controller=others[1]).update(state="sending")
    page = text(browser())
    assert page.index("Oppgang D") < page.index("Oppgang C")
    assert "Oppgang A" not in page and "Oppgang B" not in page and "And 2 more." in page
    assert "2 of 4 controllers keep it" in page


def test_one_that_failed_says_so_and_what_to_do(browser: Any, rolled: Any) -> None:
    rolled("returned")
    from tools.cloud.models import Rollout
    from tools.cloud.updates import updates

    assert updates.settle(Rollout.objects.get())
    page = text(browser())
    assert "Ended early" in page and "Back at the old firmware" in page
    assert "1 controller went back to the old firmware or fell silent. Look at it" in page


def test_before_the_first_one_the_page_says_how_to_begin(browser: Any) -> None:
    assert "portvakt release --help" in text(browser())
    assert 'href="/updates/"' in browser().get("/sites/").content.decode()


def test_nobody_sees_the_controllers_of_another_tenant(browser: Any, stranger: Any, rolled: Any) -> None:
    rolled("kept", stranger.controller)
    assert "abcdef012345" not in text(browser())
    rollout = rolled("kept")
    rollout.boards.create(controller=stranger.controller, state="silent", at=rollout.started_at)
    page = text(browser())
    assert "1 of 1 controller keeps it" in page and "Silent" not in page


@pytest.mark.parametrize(
    ("role", "status"), [("installer", 200), ("administrator", 200), ("viewer", 403), ("guard", 403)]
)
def test_it_is_for_those_who_install(browser: Any, rolled: Any, role: str, status: int) -> None:
    rolled("kept")
    client = browser(role=role)
    assert client.get("/updates/").status_code == status
    assert ('href="/updates/"' in client.get("/sites/").content.decode()) == (status == 200)
