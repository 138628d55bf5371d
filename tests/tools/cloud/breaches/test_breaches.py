"""A breach from its entry to its end: the 72 hours, the notices, what was done, and that it is forgotten in time."""

from datetime import timedelta
from typing import Any

import pytest
from breached import SAID, Breached
from cloud_world import House, Stopped
from django.utils.translation import override

from tools.cloud.breaches import breaches, notices, shown
from tools.cloud.controllers import lost
from tools.cloud.models import Breach, BreachEntry, BreachNotice, Change, Exposure, Look, Role, Tenant
from tools.cloud.models.retention import BREACHES
from tools.cloud.privacy import held, statement
from tools.cloud.services import clock, housekeeping
from tools.terminal import Problem

What = BreachEntry.What


@pytest.fixture
def stranger(time_now: Stopped) -> House:
    return House("Naboen", time_now, seed=9)


def told(row: Breach) -> list[str]:
    return list(row.entries.values_list("what", flat=True))


def test_the_clock_runs_from_when_it_was_known_until_the_authority_was_told(hit: Breached) -> None:
    row = hit.opened()
    assert row.due_at == clock.now() + timedelta(hours=72)
    assert "72 hours left" in _clock(row)
    hit.wait(hours=49)
    assert "23 hours left" in _clock(row) and shown.clock_of(row)["look"] == "warn"
    hit.wait(hours=24)
    assert "Overdue by 1 hour" in _clock(row) and shown.clock_of(row)["look"] == "bad"
    with pytest.raises(Problem, match="write why, as the authority asks"):
        breaches.enter(row, What.AUTHORITY, "", clock.now())
    assert told(row) == ["opened"], "what is refused leaves nothing"
    breaches.enter(row, What.AUTHORITY, "the post was shut", clock.now())
    row.refresh_from_db()
    assert row.told_at == clock.now() and "Late, with the reason" in _clock(row)
    hit.wait(days=2)
    breaches.enter(row, What.AUTHORITY, "what was found since", clock.now())
    row.refresh_from_db()
    assert row.told_at == clock.now() - timedelta(days=2), "the first time counts"


def test_it_is_in_time_when_they_were_told_in_time_and_that_is_entered_later(hit: Breached) -> None:
    row = hit.opened()
    hit.wait(hours=71)
    at = clock.now()
    hit.wait(hours=30)
    breaches.enter(row, What.AUTHORITY, "", at)
    row.refresh_from_db()
    assert row.told_at == at and _clock(row) == "In time"


def _clock(row: Breach) -> str:
    with override("en"):
        return str(shown.clock_of(row)["text"])


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"until": -20}, "ends after it begins"),
        ({"known_at": 1}, "choose times that are past"),
        ({"since": 1, "known_at": 2}, "choose times that are past"),
        ({"known_at": -20}, "known after it began"),
        ({"said": "  "}, "nothing is written"),
        ({"said": "x" * 4001}, "longer than 4000"),
        ({"scope": "galaxy"}, "choose what is affected"),
        ({"scope": "controller"}, "choose what is affected"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_with_what_to_do(hit: Breached, wrong: dict[str, Any], said: str) -> None:
    times = {name: hit.at(hours=hours) for name, hours in wrong.items() if isinstance(hours, int)}
    with pytest.raises(Problem, match=said):
        hit.opened(**{**wrong, **times})
    assert not Breach.objects.exists() and not Change.objects.filter(kind="breach").exists()


def test_nothing_of_another_organisation_can_be_named(hit: Breached, stranger: House) -> None:
    for scope, of in (("controller", stranger.controller), ("account", Breached(hit.time, "Tredje", 3).owner)):
        with pytest.raises(Problem, match="no such account, controller or token"):
            hit.opened(scope, of)


def test_what_was_done_is_kept_with_who_did_it_and_how_many_that_were(hit: Breached) -> None:
    row = hit.opened("controller", hit.controller)
    breaches.enter(row, What.NOTE, "Politiet er varslet.")
    breaches.enter(row, What.PEOPLE, "Oppslag i oppgangen", clock.now())
    entries = list(row.entries.all())
    assert [one.what for one in entries] == ["opened", "note", "people"]
    assert entries[0].user == hit.owner and bytes(entries[1].note).decode() == "Politiet er varslet."
    assert entries[2].counts == {"people": 1, "perhaps": 0, "accounts": 0, "erased": 0}
    assert {one.what for one in Change.objects.filter(kind="breach")} == {"made"}
    breaches.enter(row, What.NO_AUTHORITY, "Kortene er byttet, ingen risiko.")
    changed = Change.objects.filter(kind="breach", what="changed").get()
    assert "told_at" in changed.after and "Kortene" not in str(changed.after)


def test_it_is_closed_when_it_is_over_and_everybody_was_told_or_need_not_be(hit: Breached) -> None:
    row = hit.opened()
    with pytest.raises(Problem, match="say until when"):
        breaches.close(row, "")
    breaches.describe(row, {"said": SAID, "measures": "Nye kort."}, clock.now(), row.known_at)
    with pytest.raises(Problem, match="the authority was told"):
        breaches.close(row, "")
    breaches.enter(row, What.AUTHORITY, "", clock.now())
    with pytest.raises(Problem, match="the people were told"):
        breaches.close(row, "")
    with pytest.raises(Problem, match="nothing is written"):
        breaches.enter(row, What.NO_PEOPLE, " ")
    breaches.enter(row, What.NO_PEOPLE, "Ingen høy risiko.")
    breaches.close(row, "Skapet har lås nå.")
    for late in (
        lambda: breaches.close(row, ""),
        lambda: breaches.enter(row, What.NOTE, "mer"),
        lambda: breaches.describe(row, {"said": SAID}, clock.now(), row.known_at),
        lambda: breaches.keep_notice(row, "people", "nb", "x"),
    ):
        with pytest.raises(Problem, match="is closed"):
            late()
    assert told(row) == ["opened", "changed", "authority", "no people", "closed"]


ARTICLE_33 = ("What happened", "Whose data, and which", "Likely consequences", "What has been done", "Contact: Kari")


def test_the_draft_to_the_authority_has_what_article_33_asks_for(hit: Breached) -> None:
    statement.ask(hit.tenant, "Kari Moe, kari@example.test")
    row = hit.opened("controller", hit.controller)
    text = notices.of(_fresh(row), "authority", "en").text
    assert all(one in text for one in (*ARTICLE_33, SAID, "the door controller Oppgang A", "About 1 person")), text
    assert "Access lists: keyed hashes" in text and "2 records" in text and "is not over" in text
    assert "Ingrid" not in text and "later than 72 hours" not in text
    norsk = notices.of(_fresh(row), "authority", "nb").text
    assert "Melding om brudd på personopplysningssikkerheten" in norsk and "Datatilsynet" in norsk and SAID in norsk
    assert not [one for one in text.splitlines() if len(one) > 20 and one in norsk and one != SAID], "one language"
    hit.wait(hours=80)
    assert "[write why]" in notices.of(_fresh(row), "authority", "en").text


def test_the_draft_to_people_says_what_they_can_do(hit: Breached) -> None:
    row = hit.opened("controller", hit.controller)
    lost.lost(hit.controller, hit.owner)
    text = notices.of(_fresh(row), "people", "en").text
    assert "Your data at Solsiden" in text and "Use a new card or PIN" in text and "Whom you can ask" in text
    assert "The board was shut out" in text and "1 card or PIN that it knew is still to be replaced" in text
    Exposure.objects.all().delete()
    assert "are replaced or revoked" in notices.of(_fresh(row), "people", "en").text
    assert "Dette kan du gjøre" in notices.of(_fresh(row), "people", "nb").text


@pytest.mark.parametrize("scope", Breach.Scope.values)
def test_there_is_a_draft_of_each_kind_in_each_language(hit: Breached, scope: str) -> None:
    from tools.cloud.members import links

    links.make_token(hit.tenant, "Kalender", Role.VIEWER, hit.owner)
    of = {"account": hit.owner, "controller": hit.controller, "token": hit.tenant.tokens.get()}.get(scope)
    row = hit.opened(scope, of)
    texts = {notices.of(row, to, language).text for to in BreachNotice.To.values for language in notices.LANGUAGES}
    assert len(texts) == 4 and all("%(" not in one for one in texts)
    assert not any(hit.owner.email in one for one in texts), "never whose account it was"


def test_a_text_that_was_saved_stays_until_it_is_drafted_anew(hit: Breached) -> None:
    row = hit.opened()
    breaches.keep_notice(row, "people", "nb", "Til alle: vi har hatt innbrudd.\n\nHilsen styret")
    assert notices.of(row, "people", "nb").text == "Til alle: vi har hatt innbrudd.\n\nHilsen styret"
    assert notices.of(row, "people", "en").kept is None, "the others are drafts"
    assert b"innbrudd" not in bytes(BreachNotice.objects.values_list("text", flat=True).get().kept), "sealed"
    breaches.keep_notice(row, "people", "nb", None)
    assert notices.of(row, "people", "nb").kept is None and not BreachNotice.objects.exists()


def test_what_is_written_is_sealed_in_the_database(hit: Breached) -> None:
    from django.db import connection

    row = hit.opened()
    breaches.enter(row, What.NOTE, "Politiet er varslet.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT said FROM cloud_breach UNION ALL SELECT note FROM cloud_breachentry")
        kept = [bytes(one) for (one,) in cursor.fetchall()]
    assert len(kept) == 3 and not any(b"kontrolleren" in one or b"Politiet" in one for one in kept)


def test_it_is_forgotten_three_years_after_its_end(hit: Breached) -> None:
    going, row = hit.opened(), hit.opened()
    breaches.describe(row, {"said": SAID}, clock.now(), row.known_at)
    breaches.enter(row, What.NO_AUTHORITY, "ingen risiko")
    breaches.enter(row, What.NO_PEOPLE, "ingen risiko")
    breaches.close(row, "")
    assert BREACHES.period is not None
    hit.time.now += BREACHES.period.total_seconds() - 1
    breaches.forget(clock.now())
    assert Breach.objects.count() == 2, "not before"
    hit.wait(days=1, seconds=2)
    assert {one.kept for one in held.too_long(clock.now())} >= {BREACHES}, "a day late it is told"
    housekeeping.tidy(clock.now())
    assert list(Breach.objects.all()) == [going] and not BreachEntry.objects.exclude(breach=going).exists()


def test_the_account_that_is_gone_is_named_no_more(hit: Breached) -> None:
    guard = hit.member(Role.GUARD)
    row = hit.opened("account", guard)
    guard.delete()
    row = _fresh(row)
    with override("en"):
        assert row.account is None and shown.name(row) == "An account: gone since"
    assert notices.of(row, "people", "en").text and not list(shown.people(breaches.scopes.work_out(row)))


def _fresh(row: Breach) -> Breach:
    return Breach.objects.select_related("tenant", "account", "controller", "token").get(pk=row.pk)


def test_looking_at_whom_it_concerns_is_kept(hit: Breached) -> None:
    row = hit.opened()
    assert hit.browser().get(f"/breaches/{row.pk}/").status_code == 200
    look = Look.objects.get()
    assert look.what == "breach" and look.user == hit.owner and look.tenant == Tenant.objects.get()
