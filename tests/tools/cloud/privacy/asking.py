"""A house whose people ask about their data: Ingrid with an account, an owner and an administrator who answer."""

from typing import Any

from cloud_world import House, Stopped
from django.test import Client

from tools.cloud.models import DataRequest, Person, Role, User
from tools.cloud.residents import accounts

ENGLISH = {"accept-language": "en"}


class Asking(House):
    def __init__(self, time_now: Stopped, name: str = "Solsiden", seed: int = 0) -> None:
        super().__init__(name, time_now, seed)
        self.owner = self.member(Role.OWNER)
        self.admin = self.member(Role.ADMINISTRATOR)

    def member(self, role: Any) -> User:
        user = User.objects.named(f"{role}-{self.tenant.pk}@example.test")
        self.tenant.memberships.create(user=user, role=role)
        return user

    def browser(self, person: Person) -> Client:
        """Signed in by the link that an administrator made."""
        email = f"{person.name.split()[0].lower()}-{person.pk}@example.test"
        token = accounts.link(person, self.admin) if person.user_id else accounts.invite(person, email, self.admin)
        client = Client(headers=ENGLISH)
        assert client.post(f"/enter/{token}").status_code == 302
        person.refresh_from_db()
        return client

    def office(self, user: User | None = None) -> Client:
        client = Client(headers=ENGLISH)
        client.force_login(user or self.owner, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def last(self) -> DataRequest:
        return DataRequest.objects.latest("pk")
