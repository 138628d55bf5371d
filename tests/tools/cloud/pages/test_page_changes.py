"""Who changed what: in words, narrowed, a page at a time, and found from the page of what was changed."""

import re
from datetime import timedelta
from typing import Any

from tools.cloud.audit import author
from tools.cloud.audit.author import Author
from tools.cloud.doors import door_rules
from tools.cloud.members import links
from tools.cloud.models import Change
from tools.cloud.people import people, pins
from tools.cloud.services import clock
from tools.cloud.sites import tenants


def entries(client: Any, query: str = "") -> list[str]:
    """The entries as they are read."""
    page = client.get(f"/changes/{query}").content.decode()
    rows = re.findall(r"<li><time.*?</li>", page, re.S)
    return [" ".join(re.sub(r"<[^>]*>", " ", row).replace("&#x27;", "'").split()) for row in rows]


def test_a_change_is_told_in_words(browser: Any, house: Any) -> None:
    client = browser()
    Change.objects.all().delete()
    with author.speaking(lambda: Author(Change.Way.PAGE, user=client.user)):
        door_rules.change(house.doors[0], {"held_ms": 9500, "rex": "shunt", "who": [["card+pin", None]]})
        people.change(house.person, name="Ingrid Berg")
        pins.give(house.person)
    with author.speaking(lambda: Author(Change.Way.COMMAND, account="root")):
        tenants.keep_for(house.tenant, 30)
    told = entries(client)
    who = client.user.email
    assert told[0].endswith(
        f"root on the command line Organisation: changed Log kept for days before: 90 now: 30 {house.tenant.name}"
    )
    assert told[1].endswith(f"{who} PIN: made Active yes Ingrid Berg")
    assert told[2].endswith(f"{who} Person: changed Name before: Ingrid Solheim now: Ingrid Berg Ingrid Berg")
    assert "Counts as held open after before: 30 s now: 9.5 s" in told[3]
    assert "The exit button before: unlocks the door now: does not unlock, but opening is no alarm" in told[3]
    assert told[3].endswith("Asks for before: – now: card and PIN Hovedinngang")


def test_it_is_narrowed_by_who_what_and_when(browser: Any, house: Any) -> None:
    client = browser()
    Change.objects.all().delete()
    token = house.tenant.tokens.get(pk=links.make_token(house.tenant, "program", "viewer").split(".")[0])
    with author.speaking(lambda: Author(Change.Way.API, token=token)):
        people.change(house.person, name="Ingrid Berg")
    house.time.now += timedelta(days=2).total_seconds()
    with author.speaking(lambda: Author(Change.Way.PAGE, user=client.user)):
        door_rules.change(house.doors[0], {"name": "Portrom"})
        door_rules.change(house.doors[1], {"name": "Loft"})
    assert len(entries(client)) == 4
    assert [row.split(": ")[0][-4:] for row in entries(client, f"?by=user-{client.user.pk}")] == ["Door", "Door"]
    assert len(entries(client, f"?by=token-{token.pk}")) == 1
    assert len(entries(client, "?by=itself")) == 1 and entries(client, "?by=command") == []
    assert len(entries(client, "?kind=door")) == 2
    assert entries(client, f"?kind=door&object={house.doors[1].pk}")[0].endswith("Loft")
    assert entries(client, f"?person={house.person.pk}")[0].endswith("Ingrid Berg")
    today = clock.now().date()
    assert len(entries(client, f"?since={today}")) == 2
    assert len(entries(client, f"?until={today - timedelta(days=1)}")) == 2
    for nonsense in ("?by=user-x", "?kind=x", "?object=0", "?before=²", "?person=99", f"?object={10**30}"):
        assert client.get(f"/changes/{nonsense}").status_code == 200, nonsense


def test_it_goes_on_from_page_to_page(browser: Any, house: Any) -> None:
    client = browser()
    Change.objects.all().delete()
    for n in range(125):
        people.change(house.person, name=f"Ingrid {n}")
    first = client.get("/changes/?kind=person").content.decode()
    older = re.search(r'rel="next" href="(\?[^"]*)"', first)
    assert older and 'rel="prev"' not in first and len(entries(client)) == 60
    query = older[1].replace("&amp;", "&")
    second = client.get(f"/changes/{query}").content.decode()
    assert entries(client, query)[0].endswith("Ingrid 64") and 'rel="next"' in second
    newer = re.search(r'rel="prev" href="(\?[^"]*)"', second)
    assert newer and entries(client, newer[1].replace("&amp;", "&"))[-1].endswith("Ingrid 65")


def test_what_was_changed_is_found_from_the_page_of_what_was(browser: Any, house: Any) -> None:
    door, person, group = house.doors[0], house.person, house.group
    places = {
        f"/doors/{door.pk}/": f"?kind=door&amp;object={door.pk}",
        f"/people/{person.pk}/": f"?person={person.pk}",
        f"/groups/{group.pk}/": f"?kind=group&amp;object={group.pk}",
        f"/controllers/{house.controller.pk}/": f"?kind=controller&amp;object={house.controller.pk}",
        "/log/": "",
    }
    for role in ("owner", "administrator"):
        client = browser(role)
        for path, query in places.items():
            assert (f'href="/changes/{query}"' in client.get(path).content.decode()) == (role == "owner"), (role, path)
    assert "/changes/" not in browser().get("/groups/new").content.decode()
