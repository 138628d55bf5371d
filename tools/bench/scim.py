"""From a directory's PATCH (SCIM, active=false) to the boards that hold the card no more: bench revocation by SCIM."""

import json as json_
from typing import Annotated, Any

import typer

from tools.bench import revocation
from tools.bench.goals import show
from tools.terminal import Json

BOARDS = 100
LEAVERS = 100

Figures = dict[str, Any]


def measure(boards: int = BOARDS, leavers: int = LEAVERS) -> Figures:
    directory = _Directory()
    figures = revocation.measure(boards, leavers, directory.switch_off, directory.provision)
    for goal in figures["goals"]:
        goal["name"] = goal["name"].replace("revocation p99", "switched off to refused, p99")
    return figures


class _Directory:
    """Entra ID, as it says that somebody has left: one request through all of the cloud end but the socket."""

    def __init__(self) -> None:
        self._users: dict[int, tuple[int, str]] = {}  # card: user, token

    def provision(self) -> None:
        """Everybody who holds a card becomes the directory's; and it has asked something once, as one that runs has."""
        from tools.cloud.models import Credential, ScimUser
        from tools.cloud.scim import tokens

        made: dict[int, str] = {}
        for card in Credential.objects.select_related("person__tenant"):
            person = card.person
            said = {"tenant": person.tenant, "user_name": person.name, "user_key": person.name.casefold()}
            row = ScimUser.objects.create(person=person, said={"active": True}, **said)
            if person.tenant_id not in made:
                made[person.tenant_id] = tokens.make(person.tenant, "bench")
            self._users[card.pk] = row.pk, made[person.tenant_id]
        self._ask("get", *next(iter(self._users.values())))

    def switch_off(self, card: int) -> None:
        said = {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "Replace", "path": "active", "value": "False"}],
        }
        assert self._ask("patch", *self._users[card], said)["active"] is False

    def _ask(self, method: str, user: int, token: str, said: Any = None) -> Any:
        from django.test import Client

        body = {} if said is None else {"data": json_.dumps(said), "content_type": "application/scim+json"}
        client = Client(SERVER_NAME="127.0.0.1", headers={"authorization": f"Bearer {token}"})
        answer = getattr(client, method)(f"/scim/v2/Users/{user}", **body)
        assert answer.status_code == 200, answer.content
        return answer.json()


def bench(
    boards: Annotated[int, typer.Option("--boards", help="How many controllers.", min=5)] = BOARDS,
    leavers: Annotated[int, typer.Option("--leavers", help="How many people leave.", min=10)] = LEAVERS,
    json: Json = False,
) -> None:
    """From a directory that switches somebody off to the boards' tables."""
    show(json, measure(boards, leavers))
