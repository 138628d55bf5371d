"""A house in a database on disk, for test_backups.py. Run with: make, erase, look, or restore with the power cut."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import django

import tools  # noqa: F401 - MicroPython's names, before any firmware file

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from tools.cloud.members import links, members  # noqa: E402
from tools.cloud.models import Erased, Membership, Person, Role, Session, SignInLink, Tenant, User  # noqa: E402
from tools.cloud.people import people  # noqa: E402
from tools.cloud.privacy import erasing, requests  # noqa: E402
from tools.cloud.residents import accounts  # noqa: E402
from tools.cloud.sites import tenants  # noqa: E402


def make() -> None:
    tenant = tenants.make("Solsiden")
    members.invite(tenant, "eier@example.test", Role.OWNER)
    for name in ("Ingrid Solheim", "Unni Utflytter", "Olav Bakken"):
        people.give_card(people.enter(tenant.pk, name=name), 26, 1000 + Person.objects.count())
    accounts.invite(Person.objects.get(name="Unni Utflytter"), "unni@example.test", None)
    links.make(User.objects.get(email="eier@example.test"), 30)


def erase() -> None:
    """Unni asks, and one of Olav's own accord; somebody new comes."""
    row, _ = requests.make(Person.objects.get(name="Unni Utflytter"), "erasure")
    erasing.begin(row, members=True)
    erasing.carry_out(row)
    people.enter(Tenant.objects.get().pk, name="Kari Ny")


def promote() -> None:
    """The one that is to be erased is the only owner in the backup."""
    person = Person.objects.get(name="Unni Utflytter")
    Membership.objects.update(role=Role.VIEWER)
    Membership.objects.create(user=person.user, tenant=person.tenant, role=Role.OWNER)


def demote() -> None:
    Membership.objects.update(role=Role.OWNER)


def look() -> None:
    told: dict[str, Any] = {
        "people": sorted(Person.objects.values_list("name", flat=True)),
        "users": sorted(User.objects.values_list("email", flat=True)),
        "sessions": Session.objects.count() + SignInLink.objects.count(),
        "erased": Erased.objects.count(),
    }
    print(json.dumps(told))


def cut() -> None:
    """Restores, and the power fails at what is named: nothing of it, and nothing that comes after it, happens."""
    from tools.cloud.backups import archive, backups, place, postgresql, sqlite

    at, file = sys.argv[2], Path(sys.argv[3])
    os.environ["DATABASE_URL"] = os.environ["REAL_URL"]
    there = place.of(settings.DATA)
    journal = sqlite._alone

    def off(*args: Any, **_more: Any) -> None:
        if at == "journal emptied":
            journal(*args)
        os._exit(9)

    places: dict[str, tuple[Any, str]] = {
        "read": (archive, "_facts"), "checked": (backups, "_check"), "migrated": (backups, "_work_on"),
        "tidied": (backups.housekeeping, "tidy"), "in place": (backups.VENDORS[there.vendor], "put_in_place"),
        "journal emptied": (sqlite, "_alone"), "beside": (postgresql, "_run"),
    }  # fmt: skip
    setattr(*places[at], off)
    backups.restore(there, file, settings.DATA, None)


{"make": make, "erase": erase, "promote": promote, "demote": demote, "look": look, "cut": cut}[sys.argv[1]]()
connection.close()
