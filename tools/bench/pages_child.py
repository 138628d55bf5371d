"""One database with a big house in it, and who asks for its pages, for pages.py: a process of its own, told by lines.

    python -m tools.bench.pages_child fill|open PEOPLE EVENTS DOORS RECORDS FEW

The environment says which database. `fill` puts the house there first; `open` finds the one that is there. Prints as a
line of JSON what is asked; then, for each line that comes in, [index, how often], a line with its figures.
"""

import gc
import json
import logging
import pickle
import sys
import time
from pathlib import Path
from typing import Any

import django

import tools  # noqa: F401 - MicroPython's names, before any firmware file

LONG_S = 2.0  # what takes longer once is not asked so often
KEPT = "house.pickle"  # beside the data: what was asked of the house that is there


def main(do: str, *size: str) -> None:
    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from tools.cloud.row_security import admitted
    from tools.cloud.services import loaded

    admitted.from_now_on(admitted.HOST)
    kept = Path(settings.DATA) / KEPT
    if do == "fill":
        call_command("migrate", verbosity=0)
        kept.write_bytes(pickle.dumps(_fill([int(n) for n in size])))
    sessions, wanted = pickle.loads(kept.read_bytes())  # our own, of this run
    loaded.stays()  # as a server does when it begins
    logging.disable(logging.WARNING)  # of what answers no GET, below
    clients = {who: _client(key) for who, key in sessions.items()}
    there = [one for one in wanted if clients[one.who].get(one.addresses[0]).status_code not in (302, 405)]
    print(json.dumps([one.name for one in there]), flush=True)
    for line in sys.stdin:
        index, times = json.loads(line)
        print(json.dumps(_measure(clients[there[index].who], there[index], times)), flush=True)


def _fill(size: list[int]) -> tuple[dict[str, str], list[Any]]:
    from django.db import connection, transaction
    from django.test import Client

    from tools.bench.big_house import BigHouse, Size
    from tools.bench.pages_asked import everything

    with transaction.atomic():
        house = BigHouse(Size(*size))
    with connection.cursor() as cursor:  # as both do by themselves in time
        cursor.execute("ANALYZE")
    sessions = {}
    for who in ("owner", "keeper", "resident"):
        client = Client()
        client.force_login(getattr(house, who), backend="django.contrib.auth.backends.ModelBackend")
        sessions[who] = client.cookies["sessionid"].value
    return sessions, [one for one in everything(house) if not one.file]


def _client(session: str) -> Any:
    from django.conf import settings
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1", headers={"accept-language": "nb"}, raise_request_exception=True)
    client.cookies[settings.SESSION_COOKIE_NAME] = session
    return client


def _measure(client: Any, asked: Any, times: int) -> dict[str, Any]:
    """Milliseconds of each try, the most bytes and queries of one."""
    from django.db import connection, reset_queries

    took: list[float] = []
    most = {"bytes": 0, "queries": 0, "status": 0}
    gc.collect()
    for n in range(times):
        connection.force_debug_cursor = n == 0  # the first is counted, and not measured
        reset_queries()
        began = time.perf_counter()
        answer = client.get(asked.addresses[n % len(asked.addresses)])
        ms = 1000 * (time.perf_counter() - began)
        size = len(answer.content)
        if n == 0:
            most["queries"] = len(connection.queries_log)
        else:
            took.append(ms)
        most = {**most, "bytes": max(most["bytes"], size), "status": max(most["status"], answer.status_code)}
        if ms > 1000 * LONG_S and n:
            break
    connection.force_debug_cursor = False
    return {"ms": took, **most}


if __name__ == "__main__":
    main(*sys.argv[1:])
