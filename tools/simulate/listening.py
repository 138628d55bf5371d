"""What a soak's checks hear of boards and cloud: what each says that it holds, seals, opens and calls stored."""

import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.virtual.controller import VirtualController
    from sim.virtual.promises import Promises

from firmware.controller.cloud import wire
from tools.simulate.books import Books

ROW = "SELECT public_id, name, log_epoch, acked FROM cloud_controller WHERE id = %s"
ACKED = "SELECT acked FROM cloud_controller WHERE public_id = %s"


def listen_to_boards(promises: "Promises", known: "KnownVersions") -> None:
    """5: the access list that a board says it holds is one that the cloud made."""
    from tools.cloud.ingest import store

    keep = store.table
    boards = {one.settings["controller"]: one for one in promises.building.controllers}

    def table(controller: int, version: int, digest: int) -> None:
        from tools.cloud.models import Controller

        one = boards[Controller.objects.values_list("public_id", flat=True).get(pk=controller)]
        promises.checks["access list"] += 1
        if version and not known(one, version, digest):
            text = f"{one.name} says that it holds access list {version}, {digest:016x}: the cloud never made it"
            promises.red("access list", text)
        keep(controller, version, digest)

    store.table = table


def listen_to_channels(promises: "Promises") -> None:
    """7: what the boards and the cloud take for new."""
    from firmware.controller.cloud.channel import Channel

    opens, seals = Channel.open, Channel.seal

    def sealed_by(end: Any, message: Any) -> Any:
        sealed = seals(end, message)
        promises.messages.closed(end, sealed)
        return sealed

    def opened(end: Any, sealed: bytes) -> Any:
        message = opens(end, sealed)
        promises.opened(end, sealed)
        return message

    Channel.open, Channel.seal = opened, sealed_by  # type: ignore[method-assign]


def acknowledged(controller: "VirtualController") -> int:
    """Up to which event the cloud has all that a controller recorded."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(ACKED, [controller.settings["controller"]])
        return int(cursor.fetchone()[0])


def kept(controller: "VirtualController", door: int) -> int | None:
    """Days that an event is kept."""
    from tools.cloud.rules.rules import RETENTION_DAYS

    return RETENTION_DAYS if door else None


class KnownVersions:
    """Whether the cloud ever made an access list. It remembers what a restored cloud has forgotten."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, int, str]] = set()

    def remember(self) -> None:
        """Before a backup takes the place of this database."""
        from tools.cloud.models import AclChange

        self._seen.update(AclChange.objects.values_list("controller__public_id", "version", "digest"))

    def __call__(self, controller: "VirtualController", version: int, digest: int) -> bool:
        from tools.cloud.models import AclChange, Controller

        wanted = controller.settings["controller"], version, f"{digest:016x}"
        if wanted in self._seen:
            return True
        lists = AclChange.objects.filter(controller__public_id=wanted[0], version=version, digest=wanted[2])
        now = Controller.objects.filter(public_id=wanted[0], acl_version=version, acl_digest=wanted[2])
        if lists.exists() or now.exists():
            self._seen.add(wanted)
            return True
        return False


def said_by_cloud(promises: "Promises", books: Books, controller: int, message: bytes) -> None:
    """3, 7 and 9, as the cloud seals a message: what it calls stored is committed, no command comes twice, no name."""
    promises.sealed(message)
    if message[0] == wire.COMMAND:
        number = wire.read_json(message)["id"]
        if number in books.commands:
            promises.red("command", f"the cloud sends command {number} a second time")
        books.commands.add(number)
    elif message[0] == wire.STORED:
        from django.db import connection

        epoch, sequence = struct.unpack("<II", message[1:9])
        with connection.cursor() as cursor:  # often, and a queryset takes ten times as long
            cursor.execute(ROW, [controller])
            public_id, name, log_epoch, acked = cursor.fetchone()
        promises.links.told[name] = sequence
        promises.checks["acknowledged"] += 1
        books.most[public_id] = max(books.most.get(public_id, 0), sequence)
        if connection.in_atomic_block or (log_epoch == epoch and sequence > acked):
            promises.red("acknowledged", f"{name}: the cloud acknowledges event {sequence} before it is committed")
