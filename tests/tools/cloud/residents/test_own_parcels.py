"""What residents do with parcels on their own page: leave something for somebody, send back, take more time."""

from datetime import timedelta
from typing import Any

import pytest
from cloud_world import as_entered
from resident import Residence

from tools.cloud.lockers import deliveries, notices, privacy
from tools.cloud.members import links
from tools.cloud.models import ApiToken, Bank, Change, Delivery, Notice, Person, Role
from tools.cloud.privacy import archive
from tools.cloud.residents import parcels, policy, shown
from tools.cloud.services import clock


@pytest.fixture
def bank(home: Residence) -> Bank:
    policy.change(home.tenant, {"parcels": True, "parcel_days": 7})
    return home.add_bank()[0]


def page(home: Residence, client: Any) -> str:
    answer = client.get(f"/me/{home.person.pk}/parcels")
    assert answer.status_code == 200
    return answer.content.decode()


def left(home: Residence, client: Any, bank: Bank, days: int = 3, follow: bool = True, **said: Any) -> Any:
    due = (clock.now() + timedelta(days=days)).date()
    wanted = {"at": bank.pk, "name": "Kari Moe", "email": "kari@example.test", "due": due, **said}
    return client.post(f"/me/{home.person.pk}/parcels/leave", wanted, follow=follow)


def do(home: Residence, client: Any, what: str, row: Delivery, **said: Any) -> str:
    wanted = {"do": what, "delivery": row.pk, **said}
    return client.post(f"/me/{home.person.pk}/parcels/do", wanted, follow=True).content.decode()


def lies(row: Delivery, **said: Any) -> Delivery:
    values = {"state": "deposited", "compartment": 2, "size": "S", "deposited_at": clock.now(), **said}
    Delivery.objects.filter(pk=row.pk).update(**values)
    row.refresh_from_db()
    return row


def brought(home: Residence, bank: Bank, **said: Any) -> Delivery:
    """A parcel for Ingrid that a courier's program has brought."""
    links.make_token(home.tenant, "Posten", Role.COURIER)
    token = ApiToken.objects.get(name="Posten")
    about = as_entered(email=home.person.user.email, description="Sko")
    row, _ = deliveries.make(bank, about, token=token, reference="RR1", due_at=clock.now() + timedelta(days=2))
    return lies(row, **said)


def test_a_resident_leaves_something_and_never_learns_how_it_is_taken_out(home: Residence, bank: Bank) -> None:
    client = home.browser(home.person)
    said = left(home, client, bank, description="Nøkler").content.decode()
    row = Delivery.objects.get(giver=home.person)
    of = deliveries.codes_of(row)
    assert row.kind == "hand-over" and row.made_by == home.person.user and row.recipient is None
    assert deliveries.spaced(of.deposit) in said and of.deposit in said and "For Kari Moe" in said
    assert deliveries.spaced(of.pick_up) not in said and of.pick_up not in said
    told = {(one.kind, notices.address(one)) for one in Notice.objects.filter(delivery=row)}
    assert told == {("to leave", home.person.user.email)}
    lies(row)
    notices.make(row, Notice.Kind.DEPOSITED, clock.now())
    said = page(home, client)
    assert "only they have the code" in said
    assert not any(code in said for code in (of.pick_up, deliveries.spaced(of.pick_up), of.deposit, "/parcel/"))
    other = home.browser(home.other)
    assert "Kari" not in other.get(f"/me/{home.other.pk}/parcels").content.decode()
    assert other.get(f"/me/{home.person.pk}/parcels").status_code == 404


def test_what_is_for_another_resident_shows_on_their_page(home: Residence, bank: Bank) -> None:
    client, other = home.browser(home.person), home.browser(home.other)
    left(home, client, bank, name="Ola", email=home.other.user.email.upper())
    row = lies(Delivery.objects.get(giver=home.person))
    assert row.recipient_id == home.other.pk
    assert "/parcel/" in other.get(f"/me/{home.other.pk}/parcels").content.decode()


def test_what_somebody_leaves_for_themselves_is_to_fetch_once_it_lies_there(home: Residence, bank: Bank) -> None:
    left(home, home.browser(home.person), bank)
    row = Delivery.objects.get(giver=home.person)
    Delivery.objects.filter(pk=row.pk).update(recipient=home.person)
    for state, fetched in ((row.state, False), ("deposited", True)):
        lies(row, state=state)
        told = shown.all_parcels(home.person)
        assert (len(told["fetch"]), len(told["leave"])) == ((1, 0) if fetched else (1, 1))


def test_what_was_not_left_yet_is_taken_back_and_nothing_else(home: Residence, bank: Bank) -> None:
    client = home.browser(home.person)
    left(home, client, bank)
    row = Delivery.objects.get(giver=home.person)
    do(home, client, "never_mind", row)
    row.refresh_from_db()
    assert row.state == "cancelling" and Change.objects.filter(user=home.person.user, after__do="cancel").exists()
    left(home, client, bank)
    second = lies(Delivery.objects.filter(giver=home.person).latest("pk"))
    assert "only what you have not left yet" in do(home, client, "never_mind", second).lower()
    second.refresh_from_db()
    assert second.state == "deposited"


def test_what_came_by_a_courier_goes_back_once_and_its_code_stands_there(home: Residence, bank: Bank) -> None:
    client = home.browser(home.person)
    row = brought(home, bank, state="picked up", ended_at=clock.now())
    assert "Send it back" in page(home, client)
    said = do(home, client, "send_back", row)
    back = Delivery.objects.get(kind="return")
    assert (back.giver_id, back.token_id, back.reference) == (home.person.pk, row.token_id, "RR1 (return)")
    assert deliveries.spaced(deliveries.codes_of(back).deposit) in said and "For Posten" in said
    assert deliveries.codes_of(back).pick_up not in said
    assert "Send it back" not in page(home, client)
    assert "Nobody would fetch" in do(home, client, "send_back", row)
    by_hand, _ = deliveries.make(bank, as_entered(email=home.person.user.email), user=home.admin)
    lies(by_hand, state="picked up", ended_at=clock.now())
    assert "Nobody would fetch" in do(home, client, "send_back", by_hand), "no courier made it"
    assert Delivery.objects.filter(kind="return").count() == 1


def test_more_time_is_taken_within_the_days_of_the_house(home: Residence, bank: Bank) -> None:
    client = home.browser(home.person)
    row = brought(home, bank)
    do(home, client, "more", row, days=2)
    row.refresh_from_db()
    first = row.due_at
    assert first is not None and timedelta(days=3) < first - clock.now() < timedelta(days=5)
    do(home, client, "more", row, days=31)
    row.refresh_from_db()
    assert row.due_at == row.deposited_at + timedelta(days=7), "no longer than that"
    assert "no more time" in do(home, client, "more", row, days=1)
    assert 'name="days"' not in page(home, client)
    Delivery.objects.filter(pk=row.pk).update(due_at=first, taking_back_at=clock.now())
    assert "no more time" in do(home, client, "more", row, days=1), "somebody takes it out already"


def test_the_house_says_whether_and_the_limits_hold(home: Residence, bank: Bank) -> None:
    client = home.browser(home.person)
    assert left(home, client, bank, days=9).status_code == 422
    assert left(home, client, bank, email="", phone="").status_code == 422
    for _n in range(parcels.AT_ONCE):
        assert left(home, client, bank, follow=False).status_code == 302
    assert "you leave 3 parcels already" in left(home, client, bank).content.decode().lower()
    Delivery.objects.filter(giver=home.person).update(state="cancelled", ended_at=clock.now())
    for _n in range(parcels.A_DAY - parcels.AT_ONCE):
        assert left(home, client, bank, follow=False).status_code == 302
    assert "leave more tomorrow" in left(home, client, bank).content.decode()
    Delivery.objects.filter(giver=home.person).update(made_at=clock.now() - timedelta(days=2), state="cancelled")
    elsewhere = Residence(home.time, "Naboen", 5).add_bank()[0]
    assert left(home, client, elsewhere).status_code == 422, "a bank of theirs only"
    row = brought(home, bank)
    policy.change(home.tenant, {"parcels": False})
    made = Delivery.objects.count()
    assert "lets nobody do that" in left(home, client, bank).content.decode()
    assert "lets nobody do that" in do(home, client, "more", row, days=1)
    lies(row, state="picked up", ended_at=clock.now())
    assert "lets nobody do that" in do(home, client, "send_back", row)
    assert Delivery.objects.count() == made and "Leave something" not in page(home, client)


def test_nobody_does_anything_with_the_parcels_of_others(home: Residence, bank: Bank) -> None:
    client, other = home.browser(home.person), home.browser(home.other)
    row = brought(home, bank)
    left(home, client, bank)
    mine = Delivery.objects.get(giver=home.person)
    for what, which in (("more", row), ("send_back", row), ("never_mind", mine), ("more", mine)):
        wanted = {"do": what, "delivery": which.pk, "days": 1}
        assert other.post(f"/me/{home.other.pk}/parcels/do", wanted).status_code == 404
        assert other.post(f"/me/{home.person.pk}/parcels/do", wanted).status_code == 404
    lies(mine, due_at=clock.now() + timedelta(days=1))
    assert "no more time" in do(home, client, "more", mine, days=1), "it is whoever fetches it that needs time"
    mine.refresh_from_db()
    assert mine.due_at == clock.now() + timedelta(days=1)


def test_who_left_something_is_forgotten_with_it_and_told_of_it(home: Residence, bank: Bank) -> None:
    client = home.browser(home.person)
    left(home, client, bank)
    told = archive.data_of(Person.objects.get(pk=home.person.pk), False, clock.now())["kinds"]["delivery"]["rows"]
    assert [set(one["about"]) for one in told] == [{"giver", "giver_email"}], "of whom it is for: that is theirs"
    Delivery.objects.update(state="picked up", ended_at=clock.now())
    privacy.forget(clock.now() + timedelta(days=91))
    assert not Delivery.objects.exclude(giver=None).exists()
