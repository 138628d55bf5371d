"""What recipients are told: kept in the outbox, leaving only where it is wanted; reminders, more time, taken back."""

from datetime import timedelta
from typing import Any

import pytest
from locker_world import made
from test_locker_pages import client

from tools.cloud.models import Change, Delivery, Notice
from tools.terminal import Problem


def due(locker: Any, board: Any, hours: float, compartment: int = 3) -> tuple[Delivery, Any]:
    """A parcel that waits, to be picked up within so many hours."""
    from tools.cloud.lockers import about, deliveries
    from tools.cloud.services import clock

    said = about.entered(name="Ingrid Solheim", email="ingrid@example.test", phone="+47 900 00 000")
    locker.bank.refresh_from_db()
    row, of = deliveries.make(locker.bank, said, due_at=clock.now() + timedelta(hours=hours))
    board.types(of.deposit, compartment=compartment)
    row.refresh_from_db()
    return row, of


def test_a_deposit_tells_the_recipient_in_each_way_and_nothing_leaves_by_itself(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    due(locker, board, 48)
    assert sorted(Notice.objects.values_list("kind", "way", "state")) == [
        ("deposited", "email", "waiting"),
        ("deposited", "sms", "waiting"),
    ]
    assert sending.plugin() is None
    assert sending.once(None, clock.now(), lambda *_, **__: 200) == 0
    assert set(Notice.objects.values_list("state", flat=True)) == {"waiting"}


def test_a_plug_in_sends_it_with_the_code_that_opens(locker: Any, board: Any) -> None:
    from django.utils.translation import override

    from tools.cloud.lockers import deliveries, sending
    from tools.cloud.services import clock

    _, of = due(locker, board, 48, compartment=7)
    left: list[tuple[str, ...]] = []
    with override("en"):
        assert sending.once(lambda *said: left.append(said), clock.now(), lambda *_, **__: 200) == 2
        assert sending.once(lambda *said: left.append(said), clock.now(), lambda *_, **__: 200) == 0
    (way, to, subject, text), (_, number, _, _) = left
    assert (way, to, subject, number) == ("email", "ingrid@example.test", "Parcel at Pakkeboks", "+47 900 00 000")
    assert "compartment 7" in text and deliveries.spaced(of.pick_up) in text
    assert of.deposit[:10] not in text.replace(" ", "")


def test_a_plug_in_that_fails_is_tried_again_and_why_is_shown(locker: Any, board: Any, time_now: Any) -> None:
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    due(locker, board, 48)

    def fails(*_: str) -> None:
        raise OSError("no route to the mail server")

    assert sending.once(fails, clock.now()) == 0
    assert b"no route to the mail server" in client(locker, "owner").get("/outbox/").content
    time_now.now += 11
    assert sending.once(lambda *_: None, clock.now()) == 2


def test_what_was_picked_up_meanwhile_is_told_no_more(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import sending
    from tools.cloud.services import clock

    _, of = due(locker, board, 48)
    board.types(of.pick_up)
    left: list[Any] = []
    assert sending.once(lambda *said: left.append(said), clock.now()) == 0 and not left
    assert set(Notice.objects.values_list("state", "why")) == {("failed", "the parcel does not wait any more")}


@pytest.mark.parametrize("named", ["no.such.module:send", "json:no_such", "::"])
def test_a_plug_in_that_cannot_be_loaded_is_refused(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    from tools.cloud.lockers import sending

    monkeypatch.setenv("NOTICES", named)
    with pytest.raises(Problem, match="cannot be loaded"):
        sending.plugin()
    monkeypatch.setenv("NOTICES", "json:dumps")
    assert sending.plugin() is not None


def test_the_outbox_shows_what_would_leave_and_no_code(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    _, of = due(locker, board, 48)
    page = client(locker, "viewer").get("/outbox/").content.decode()
    assert "Nothing leaves" in page and "ingrid@example.test" in page and "in compartment 3" in page
    assert deliveries.spaced(of.pick_up) not in page and of.pick_up[:10] not in page
    for role in ("guard", "installer", "courier"):
        assert client(locker, role).get("/outbox/").status_code == 403


def test_a_notice_goes_with_what_it_was_about(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import privacy
    from tools.cloud.services import clock

    _, of = due(locker, board, 48)
    board.types(of.pick_up)
    privacy.forget(clock.now() + timedelta(days=100))
    page = client(locker, "owner").get("/outbox/").content.decode()
    assert "ingrid@example.test" not in page and "Erased with its delivery." in page


def test_a_parcel_is_reminded_of_once_then_overdue_once(locker: Any, board: Any, time_now: Any) -> None:
    from tools.cloud.lockers import overdue
    from tools.cloud.services import clock

    due(locker, board, 72)
    Notice.objects.all().delete()
    for hours, told in ((40, []), (9, ["reminder"] * 2), (1, []), (23, ["overdue"] * 2), (5, [])):
        time_now.now += hours * 3600
        overdue.tidy(clock.now())
        overdue.tidy(clock.now())
        assert list(Notice.objects.values_list("kind", flat=True)) == told, hours
        Notice.objects.all().delete()
    assert b"Overdue" in client(locker, "owner").get(f"/lockers/{locker.bank.pk}/").content


def test_more_time_is_told_and_begins_anew(locker: Any, board: Any, time_now: Any) -> None:
    from tools.cloud.lockers import deliveries, overdue
    from tools.cloud.services import clock

    row, _ = due(locker, board, 30)
    time_now.now += 31 * 3600
    overdue.tidy(clock.now())
    Notice.objects.all().delete()
    deliveries.extend(row, clock.now() + timedelta(days=3))
    row.refresh_from_db()
    assert (row.reminded_at, row.overdue_at) == (None, None)
    assert set(Notice.objects.values_list("kind", flat=True)) == {"extended"}
    entry = Change.objects.filter(kind="delivery", what="changed").get()
    assert entry.before["due_at"] < entry.after["due_at"]
    with pytest.raises(Problem, match="no more time than it has"):
        deliveries.extend(row, clock.now() + timedelta(days=2))
    time_now.now += 4 * 86_400
    overdue.tidy(clock.now())
    assert Notice.objects.filter(kind="overdue").count() == 2


def test_taking_it_back_shows_the_code_keeps_who_and_ends_as_returned(locker: Any, board: Any) -> None:
    row, of = due(locker, board, 30, compartment=4)
    page = client(locker, "owner").post(f"/deliveries/{row.pk}/take-back")
    assert of.pick_up in page.content.decode()
    assert Change.objects.get(kind="delivery", what="asked").after == {"do": "take back"}
    assert board.types(of.pick_up) == 4
    row.refresh_from_db()
    assert row.state == "returned"
    again = client(locker, "owner").post(f"/deliveries/{row.pk}/take-back", follow=True)
    assert b"There is" in again.content or b"there is nothing to take back" in again.content
    assert of.pick_up not in again.content.decode()


def test_what_got_more_time_after_all_ends_as_picked_up(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries
    from tools.cloud.services import clock

    row, of = due(locker, board, 30)
    deliveries.take_back(row)
    deliveries.extend(row, clock.now() + timedelta(days=3))
    board.types(of.pick_up)
    row.refresh_from_db()
    assert row.state == "picked up"


def test_what_is_cancelled_or_not_deposited_cannot_be_taken_back(locker: Any, board: Any) -> None:
    from tools.cloud.lockers import deliveries

    row, _ = made(locker)
    with pytest.raises(Problem, match="nothing to take back"):
        deliveries.take_back(row)


def test_what_never_came_is_cancelled_by_itself(locker: Any, wire: Any, board: Any, time_now: Any) -> None:
    from tools.cloud.lockers import overdue
    from tools.cloud.services import clock

    row, of = made(locker)
    time_now.now += 61 * 86_400
    overdue.tidy(clock.now())
    board.connect()
    wire.poll()
    row.refresh_from_db()
    assert row.state == "cancelled" and board.types(of.deposit) == 0
