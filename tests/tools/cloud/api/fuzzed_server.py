"""A cloud end with a house in it, for test_api_fuzz.py: fuzzed_server.py PORT.

Prints what each role sends to be known as one line of JSON, then serves.
"""

import json
import sys
import time

import django
import uvicorn

import tools  # noqa: F401 - MicroPython's names, before any firmware file

django.setup()

from cloud_world import House, Stopped  # noqa: E402
from django.test import Client  # noqa: E402
from tables import make_tables  # noqa: E402

from tools.cloud.members import links  # noqa: E402
from tools.cloud.models import ApiToken, Membership, Role, User  # noqa: E402

MEMBERS = ("owner", "auditor", "receptionist")


def member(house: House, role: str) -> list[str]:
    """No token has this role: the session of a browser."""
    user = User.objects.named(f"{role}@example.test")
    Membership.objects.create(user=user, tenant=house.tenant, role=role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    secret = "c" * 32
    return [f"Cookie: sessionid={client.cookies['sessionid'].value}; csrftoken={secret}", f"X-CSRFToken: {secret}"]


def main(port: int) -> None:
    make_tables()
    house = House("Solsiden", Stopped(time.time()))
    known = {
        role: [f"Authorization: Bearer {links.make_token(house.tenant, role, Role(role))}"] for role in ApiToken.ROLES
    }
    known |= {role: member(house, role) for role in MEMBERS}
    print(json.dumps(known), flush=True)
    uvicorn.run("tools.cloud.asgi:application", host="127.0.0.1", port=port, log_level="error")


if __name__ == "__main__":
    main(int(sys.argv[1]))
