"""A house with a bank where residents may unlock the first door, two people who have accounts, and one next door."""

from typing import Any

from cloud_world import House, Stopped
from django.test import Client

from tools.cloud.doors import door_rules
from tools.cloud.models import Person, Role, User
from tools.cloud.residents import accounts, policy

ENGLISH = {"accept-language": "en"}


class Residence(House):
    """Ingrid has the card 1204 and is in the group of both doors; Ola is in it too."""

    def __init__(self, time_now: Stopped, name: str = "Solsiden", seed: int = 0) -> None:
        super().__init__(name, time_now, seed)
        policy.change(self.tenant, {"unlock": True, "guests": True})
        door_rules.change(self.doors[0], {"residents": True})
        self.admin = User.objects.named(f"admin-{seed}@example.test")
        self.tenant.memberships.create(user=self.admin, role=Role.ADMINISTRATOR)
        self.other = self.add_person("Ola Nordmann")
        self.doors = list(self.controller.doors.all())

    def browser(self, person: Person) -> Client:
        """Signed in by the link that an administrator made."""
        email = f"{person.name.split()[0].lower()}-{person.pk}@example.test"
        token = accounts.link(person, self.admin) if person.user_id else accounts.invite(person, email, self.admin)
        client = Client(headers=ENGLISH)
        assert client.post(f"/enter/{token}").status_code == 302
        person.refresh_from_db()
        return client

    def administrator(self, user: Any = None) -> Client:
        client = Client(headers=ENGLISH)
        client.force_login(user or self.admin, backend="django.contrib.auth.backends.ModelBackend")
        return client
