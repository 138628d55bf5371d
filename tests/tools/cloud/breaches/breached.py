"""A house in which something was stolen: people with cards, an account of each kind, and what they did."""

from datetime import datetime, timedelta
from typing import Any

from cloud_world import House, Stopped, ends
from django.test import Client

from tools.cloud.audit import author
from tools.cloud.breaches import breaches, scopes, shown
from tools.cloud.breaches.affected import Affected
from tools.cloud.models import Breach, Change, Credential, Event, Person, Role, User
from tools.cloud.services import clock

ENGLISH = {"accept-language": "en"}
SAID = "Noen brøt seg inn i oppgang A og tok kontrolleren."


class Breached(House):
    def __init__(self, time_now: Stopped, name: str = "Solsiden", seed: int = 0) -> None:
        super().__init__(name, time_now, seed)
        self.owner = self.member(Role.OWNER)

    def member(self, role: Any) -> User:
        user = User.objects.named(f"{role}-{self.tenant.pk}@example.test")
        self.tenant.memberships.create(user=user, role=role, **ends(role))
        return user

    def at(self, **since: int) -> datetime:
        return clock.now() + timedelta(**since)

    def wait(self, **span: int) -> None:
        self.time.now += timedelta(**span).total_seconds()

    def opened(self, scope: str = "whole", of: Any = None, hours: int = 10, **more: Any) -> Breach:
        """Since so many hours, known since now."""
        said = {"since": self.at(hours=-hours), "until": None, "known_at": clock.now(), "said": SAID, **more}
        with author.speaking(lambda: author.Author(Change.Way.PAGE, self.owner)):
            return breaches.open_one(self.tenant, scope, of=of, **said)

    def passed(self, card: Credential, sequence: int, **more: Any) -> Event:
        now = clock.now()
        return Event.objects.create(
            controller=self.controller, epoch=1, sequence=sequence, utc=now, received_at=now, code=1, door_number=1,
            extra=0, flags=1, credential=card, **more,
        )  # fmt: skip

    def browser(self, user: User | None = None) -> Client:
        client = Client(headers=ENGLISH)
        client.force_login(user or self.owner, backend="django.contrib.auth.backends.ModelBackend")
        return client


def names(row: Breach) -> set[str]:
    """Whom it concerns."""
    return {one["name"] for one in shown.people(found(row)) if one["kind"] == "person"}


def accounts(row: Breach) -> set[str]:
    return set(User.objects.filter(pk__in=found(row).accounts).values_list("email", flat=True))


def kinds(row: Breach) -> set[str]:
    return {one.kept.kind._args[0] for one in found(row).kinds}


def found(row: Breach) -> Affected:
    return scopes.work_out(Breach.objects.get(pk=row.pk))


def person(row: Breach, of: Person) -> dict[str, Any]:
    return next(one for one in shown.people(found(row)) if one["number"] == of.pk and one["kind"] == "person")
