"""What a controller's messages change in the database. Times are arguments; few queries a message."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from firmware.controller.cloud import wire
from firmware.controller.cloud.channel import Refused

from ..access_list.prepared import Given, Insert, Prepared
from ..alarms import codes
from ..controllers import twins
from ..controllers.troubles import Troubles, Work
from ..doors.locks import WHY
from ..lockers import happened
from ..log import chain
from ..models import AclChange, Command, Controller, Event, Gap

DoorStatus = dict[str, list[int]]  # of doors that do not stand as usual: {number: [why, until, since]}
Packed = tuple[int, int, int, int, int, int, bytes | None, int]  # as records.unpack_event gives it


ANSWER = timedelta(seconds=10)  # after the expiry of a command its answer may still come

_GOES_ON = Prepared(
    lambda: Controller.objects.filter(pk=Given("controller"), log_epoch=Given("epoch"), acked=Given("before")),
    acked=Given("last"),
)
_PUTS = Prepared(
    lambda: (
        AclChange.objects.filter(controller=Given("controller"), key=Given("key"), op=AclChange.Op.PUT)
        .order_by("version")
        .values_list("at", "credential")
    )
)
_EVENTS = Insert(Event)
_SEEN = Prepared(
    lambda: Controller.objects.filter(pk=Given("controller")), last_seen=Given("at"), confirmed_at=Given("at")
)
_SENT = Prepared(lambda: Command.objects.filter(state=Command.State.SENT).values_list("expires_at"))
_NOT_SENT = Prepared(
    lambda: Command.objects.filter(state=Command.State.QUEUED, expires_at__lte=Given("before")),
    state=Command.State.EXPIRED,
    why="the controller was not reached",
    ended_at=Given("now"),
)
_NOT_ANSWERED = Prepared(
    lambda: Command.objects.filter(state=Command.State.SENT, expires_at__lte=Given("before")),
    state=Command.State.UNKNOWN,
    why="no answer",
    ended_at=Given("now"),
)


@dataclass(frozen=True)
class Hello:
    """What a controller says of itself when a session begins."""

    acl: int
    digest: str
    rules: int
    epoch: int
    first: int
    last: int
    firmware: str
    health: dict[str, Any]
    door_status: DoorStatus | None  # None: it says nothing of its doors

    @classmethod
    def read(cls, message: bytes) -> "Hello":
        """Raises Refused."""
        try:
            fields = fields_of(message)
            firmware, digest = fields["firmware"], fields["digest"]
            if type(firmware) is not str or type(digest) is not str or len(digest) != 16 or len(firmware) > 40:
                raise ValueError("firmware or digest")
            numbers = {name: number(fields[name]) for name in ("acl", "rules", "epoch", "first", "last")}
            health: dict[str, Any] = {
                name: number(fields[name]) for name in ("boot", "buckets", "doors", "heap", "longest") if name in fields
            }
            refused = fields.get("refused", {})
            if not isinstance(refused, dict) or len(refused) > 20:
                raise ValueError("refused")
            start = fields.get("chain")
            if start is not None:
                health["chain"] = _chain_start(start)
            health["refused"] = {str(word)[:20]: number(count) for word, count in refused.items()}
            stands = fields.get("standing", ())  # null: all as usual
            said = None if stands == () else _door_status([] if stands is None else stands)
            return cls(digest=f"{int(digest, 16):016x}", firmware=firmware, health=health, door_status=said, **numbers)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Refused("malformed") from None


def fields_of(message: bytes) -> dict[str, Any]:
    """A JSON message of a board. Raises ValueError also for text that no database keeps: NUL, half a surrogate pair."""
    fields: dict[str, Any] = wire.read_json(message)
    text = json.dumps(fields, ensure_ascii=False, allow_nan=False)
    text.encode()
    if "\\u0000" in text:
        raise ValueError("text")
    return fields


def number(value: Any) -> int:
    """A u32 of a JSON message. Raises ValueError."""
    if type(value) is not int or not 0 <= value <= 0xFFFFFFFF:
        raise ValueError("not a u32")
    return value


def _chain_start(start: Any) -> list[Any]:
    """[sequence number, key as hex]. Raises ValueError."""
    if type(start) is not list or len(start) != 2 or type(start[1]) is not str or len(bytes.fromhex(start[1])) != 16:
        raise ValueError("chain")
    return [number(start[0]), start[1]]


def _door_status(groups: Any) -> DoorStatus:
    """What DOOR_STATUS carries. Raises ValueError."""
    if type(groups) is not list:
        raise ValueError("standing")
    found: DoorStatus = {}
    for group in groups:
        if type(group) is not list or len(group) < 4:
            raise ValueError("standing")
        why, until, since, *doors = [number(value) for value in group]
        if why not in WHY:
            raise ValueError("why")
        found |= {str(door): [why, until, since] for door in doors if 1 <= door <= 255}
    return found


def door_status(controller: int, message: bytes) -> None:
    """Keeps how a controller says its doors stand. Raises Refused."""
    try:
        said = _door_status(wire.read_json(message)["standing"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("malformed") from None
    with transaction.atomic():
        before = Controller.objects.select_for_update().filter(pk=controller).values_list("door_status").first()
        if before is None:
            raise Refused("unknown")
        now = _remembered(said, before[0])
        if now != before[0]:
            Controller.objects.filter(pk=controller).update(door_status=now)


def _remembered(said: DoorStatus, before: DoorStatus | None) -> DoorStatus:
    """A board that has started does not know since when; it was told before."""
    old = before or {}
    return {
        door: [why, until, since or (old[door][2] if door in old and old[door][0] == why else 0)]
        for door, (why, until, since) in said.items()
    }


def hello(controller: int, said: Hello, now: datetime) -> int:
    """Keeps what a controller says of itself. Returns up to which event its log is stored here.

    Only a hello can tell that events are gone: they are put on record as a gap, and the count goes on after it.
    """
    start = said.health.pop("chain", None)  # a secret until the log has moved on: it stays out of what is shown
    with transaction.atomic():
        acked = _acked(controller, said.epoch)
        chain.check_new(controller, said.epoch, now)
        twins.look(controller, said.epoch, now)
        if start is not None:
            chain.keep_key(controller, said.epoch, start[0], bytes.fromhex(start[1]))
        if said.last >= said.first > acked + 1:
            Gap.objects.get_or_create(
                controller_id=controller,
                epoch=said.epoch,
                first=acked + 1,
                defaults={"last": said.first - 1, "noticed_at": now},
            )
            acked = said.first - 1
        before = Controller.objects.filter(pk=controller).values_list("door_status", flat=True).get()
        Controller.objects.filter(pk=controller).update(
            door_status=None if said.door_status is None else _remembered(said.door_status, before),
            held_acl_version=said.acl,
            held_acl_digest=said.digest,
            held_rules_version=said.rules,
            log_epoch=said.epoch,
            acked=acked,
            firmware=said.firmware,
            health=said.health,
            last_seen=now,
            confirmed_at=now,
        )
        return acked


def _acked(controller: int, epoch: int) -> int:
    """Up to which event of that epoch all are stored or known to be gone. Locks the controller."""
    row = Controller.objects.select_for_update().filter(pk=controller).values_list("log_epoch", "acked").first()
    if row is None:
        raise Refused("unknown")
    if row[0] == epoch:
        return row[1]
    # Another log than before: a new one, or an old board that is back.
    last = Event.objects.filter(controller=controller, epoch=epoch).order_by("-sequence").values_list("sequence")
    gap = Gap.objects.filter(controller=controller, epoch=epoch).order_by("-last").values_list("last")
    return max([0, *(found[0] for found in (last.first(), gap.first()) if found)])


@dataclass(frozen=True)
class Stored:
    """up_to: all events up to this one are stored. ahead: the batch left some out, none of it was kept.

    conflicts: events that are stored here with another content. A log that was put back in time has them.
    new: those that were not here before. ended: a delivery of the bank has, so its board lacks a number.
    """

    up_to: int
    ahead: bool = False
    conflicts: int = 0
    new: Sequence[Event] = ()
    ended: bool = False


def events(
    controller: int,
    tenant: int,
    epoch: int,
    batch: Sequence[Packed],
    now: datetime,
    raw: Mapping[int, bytes],
    log: chain.Follower,
    troubles: Troubles,
) -> Stored:
    """Keeps a batch, contiguous by sequence number. What is here already is left as it is.

    tenant: the controller's. raw: each event's record by its number. log: follows the chain; of no use any more when
    this raises.
    """
    first, last = batch[0][0], batch[-1][0]
    with transaction.atomic():
        # Nearly every batch begins where the last one ended: one update says so, and locks the controller.
        if _GOES_ON.update(controller=controller, epoch=epoch, before=first - 1, last=last):
            rows = _keep(controller, tenant, epoch, batch, now, raw, log)
            return Stored(last, new=rows, ended=happened.take(controller, rows, troubles))
        acked = _acked(controller, epoch)
        if first > acked + 1:
            return Stored(acked, ahead=True)
        old = [packed for packed in batch if packed[0] <= acked]
        conflicts = _conflicts(controller, epoch, old) if old else 0
        new = [packed for packed in batch if packed[0] > acked]
        if new:
            rows = _keep(controller, tenant, epoch, new, now, raw, log)
            Controller.objects.filter(pk=controller).update(log_epoch=epoch, acked=last)
            return Stored(last, conflicts=conflicts, new=rows, ended=happened.take(controller, rows, troubles))
        return Stored(acked, conflicts=conflicts)


def _keep(
    controller: int,
    tenant: int,
    epoch: int,
    new: Sequence[Packed],
    now: datetime,
    raw: Mapping[int, bytes],
    log: chain.Follower,
) -> list[Event]:
    whose = _resolve(controller, new)
    found = {packed[0]: log.take(raw[packed[0]]) for packed in new}
    for why in sorted({why for _, why in found.values() if why}):
        chain.alarm(controller, why, now)
    rows = [_event(controller, epoch, packed, whose, now, raw[packed[0]][20:28], found[packed[0]][0]) for packed in new]
    for row in rows:
        row.tenant_id = tenant
    # A second worker may have come first: the constraint decides, and both acknowledge.
    _EVENTS.rows(vars(row) for row in rows)
    return rows


def _event(
    controller: int,
    epoch: int,
    packed: Packed,
    whose: Mapping[tuple[bytes, int], int | None],
    now: datetime,
    mac: bytes,
    in_place: bool | None,
) -> Event:
    sequence, utc, code, point, extra, flags, key, count = packed
    door, compartment = codes.place(code, point, extra)
    return Event(
        controller_id=controller,
        epoch=epoch,
        sequence=sequence,
        utc=datetime.fromtimestamp(utc, UTC) if utc else None,
        code=code,
        door_number=door,
        compartment=compartment,
        extra=extra,
        flags=flags,
        count=count,
        key=key,
        chain=mac,
        chain_ok=in_place,
        credential_id=whose.get((key, utc)) if key is not None else None,
        received_at=now,
    )


def _conflicts(controller: int, epoch: int, batch: Sequence[Packed]) -> int:
    stored = {
        row[0]: row[1:]
        for row in Event.objects.filter(
            controller=controller, epoch=epoch, sequence__range=(batch[0][0], batch[-1][0])
        ).values_list("sequence", "utc", "code", Event.POINT, "extra", "key", "anonymous")
    }
    conflicts = 0
    for sequence, utc, code, door, extra, _, key, _ in batch:
        if code and sequence in stored:  # 0: it has expired on the board since
            at, *was, old_key, anonymous = stored[sequence]
            same_key = anonymous or (None if old_key is None else bytes(old_key)) == key
            same_time = (int(at.timestamp()) if at else 0) == utc
            conflicts += not (same_key and same_time and was == [code, door, extra])
    return conflicts


def _resolve(controller: int, batch: Sequence[Packed]) -> dict[tuple[bytes, int], int | None]:
    """Whose key it was at the time of the event: {(key, utc): credential}. A card may have changed hands since."""
    keys = sorted({packed[6] for packed in batch if packed[6] is not None})
    if not keys:
        return {}
    held = {key: _PUTS.rows(controller=controller, key=key) for key in keys}
    whose: dict[tuple[bytes, int], int | None] = {}
    for packed in batch:
        utc, key = packed[1], packed[6]
        if key is not None and held[key]:
            puts_then = [c for at, c in held[key] if not utc or int(at.timestamp()) <= utc]
            whose[key, utc] = puts_then[-1] if puts_then else held[key][0][1]
    return whose


def table(controller: int, version: int, digest: int) -> None:
    """Keeps what a controller says its credential table holds."""
    changed = Controller.objects.filter(pk=controller).update(
        held_acl_version=version, held_acl_digest=f"{digest:016x}"
    )
    if not changed:
        raise Refused("unknown")


def result(controller: int, message: bytes, now: datetime) -> None:
    """Keeps what became of a command. Raises Refused."""
    try:
        fields = fields_of(message)
        name, state, why, data = fields["id"], fields["result"], fields.get("why", ""), fields.get("data", {})
        if type(name) is not int or not 0 < name < 1 << 63 or type(why) is not str or not isinstance(data, dict):
            raise ValueError("id, why or data")
        if state not in (Command.State.DONE, Command.State.EXPIRED, Command.State.REFUSED):
            raise ValueError("result")
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused("malformed") from None
    sent = Command.objects.filter(pk=name, controller=controller, state__in=[Command.State.SENT, Command.State.UNKNOWN])
    if not sent.update(state=state, why=why[:100], data=data, ended_at=now):
        raise Refused("unexpected")


def take(command: Command, now: datetime) -> bool:
    """Marks a queued command as sent; that it may be sent is decided here, once, for every worker."""
    return bool(
        Command.objects.filter(pk=command.pk, state=Command.State.QUEUED, expires_at__gt=now).update(
            state=Command.State.SENT
        )
    )


def give_up(command: Command, now: datetime) -> None:
    """A command that cannot be made into a message is not tried again."""
    Command.objects.filter(pk=command.pk, state=Command.State.QUEUED).update(
        state=Command.State.REFUSED, why="the cloud could not send it", ended_at=now
    )


def end_commands(now: datetime) -> None:
    """Commands that can no longer be sent have expired; answers that have not come by now are not known."""
    _NOT_SENT.update(before=now, now=now)
    _NOT_ANSWERED.update(before=now - ANSWER, now=now)


def answers_over() -> datetime | None:
    """When the wait for the answer to a command is over."""
    return min((expires_at + ANSWER for (expires_at,) in _SENT.rows()), default=None)


def seen(moments: Mapping[int, datetime]) -> None:
    """Keeps when controllers were last heard, authenticated: {controller: when}."""
    with transaction.atomic():
        _SEEN.update_each({"controller": pk, "at": at} for pk, at in sorted(moments.items()))


def refused(counts: Mapping[int, Mapping[str, int]], troubles: Troubles) -> None:
    """Adds to the counts of refused messages: {controller: {why: how many}}."""
    with transaction.atomic():
        for row in Controller.objects.select_for_update().filter(pk__in=sorted(counts)).only("pk", "refused"):
            with troubles.aside(Work.COUNTS, row.pk), transaction.atomic():
                for why, count in sorted(counts[row.pk].items()):
                    row.refused[why] = row.refused.get(why, 0) + count
                row.save(update_fields=["refused"])
