"""Defects to plant: each a small piece of source text and what stands in its place.

The old text must stand in its module exactly once, so that a defect whose code has changed says so.
"""

from dataclasses import dataclass

AUTHOR, READER = "its author", "a second reader"

F, S, C = "firmware.controller.", "firmware.controller.storage.", "tools.cloud.ingest."
CLOUD, BANK = "firmware.controller.cloud.", "firmware.controller.points.compartments"
PARCELS = "firmware.controller.deliveries"
OWN = "firmware.controller.own_compartments"
LINE = "firmware.controller.outputs.lock_line"


@dataclass(frozen=True)
class Defect:
    """chosen_by: the author of the code, or a second reader who has not written it. bank: it needs one. own: and one
    with compartments that are somebody's own."""

    name: str
    module: str
    old: str
    new: str
    chosen_by: str = AUTHOR
    bank: bool = False
    own: bool = False

    @property
    def place(self) -> str:
        """Where it is hunted: "own", "bank", or at doors: ""."""
        return "own" if self.own else "bank" if self.bank else ""


_AUTHOR = (
    # The control loop and what is unit.
    ("strike before record", F + "loop", "        self.record(code & 255, now, unit.number, code >> 8, key)\n",
     "        unit.release(now)\n        self.record(code & 255, now, unit.number, code >> 8, key)\n"),
    ("no record of the exit button", F + "door_unit", "record(RELEASED_REX, now, self.number)", "pass"),
    ("a tap waits for the link", F + "loop", "bits, number = frame\n",
     "bits, number = frame; clock.wait(300, lambda: not self.sync.open)\n"),
    ("the watchdog is not fed", F + "loop", "self._watchdog.feed()", "pass"),
    ("card numbers in the log", F + "loop",
     "            self.answer(unit, self.look(card_value(bits, number), unit.number, now), now)\n",
     "            tap = self.look(card_value(bits, number), unit.number, now)\n"
     "            tap.key = card_value(bits, number)\n            self.answer(unit, tap, now)\n"),
    ("the strike stays", F + "points.door", "self.released = bool(self.holds)", "pass"),
    ("a forced door is no news", F + "points.door", "return self.forced\n", "return None\n"),
    ("strikes released at a start", F + "board",
     'value=1 - strike["active"]), strike', 'value=strike["active"]), strike'),
    ("contacts are not debounced", F + "readers.input", "< _DEBOUNCE_MS", "< 0"),
    ("a bit too many is no harm", F + "readers.wiegand", "elif count in FRAMES:", "elif count > 8:"),
    ("parity is not looked at", F + "readers.wiegand", "if sum(bits[:half]) % 2 or not sum(bits[half:count]) % 2:",
     "if False:"),
    # The decision.
    ("any door of a profile", F + "access.decision", "return 0 if tap.door in tap.profile else DENIED_DOOR",
     "return 0 if tap.profile else DENIED_DOOR"),
    ("expiry is ignored", F + "access.decision", "DENIED_EXPIRED if tap.utc >= end else 0", "0"),
    ("expiry in local time", F + "access.decision", "if tap.utc >= end else", "if tap.utc + 3600 >= end else"),
    ("no clock, no expiry", F + "access.decision", "return DENIED_NO_CLOCK", "return 0"),
    # Storage.
    ("log without CRC", S + "log", "        if whole(event):\n", "        if min(event) < 255:\n"),
    ("table without CRC", S + "table", "if not whole(view[at : at + size]):", "if min(view[at : at + size]) == 255:"),
    ("journal without CRC", S + "state", "if not whole(record):", "if min(record) == 255:"),
    ("the pending erase is forgotten", S + "log", "            flash.erase(sector)\n", ""),
    ("sequence numbers wrap", S + "log", "buf, 24, self.last + 1,", "buf, 24, self.last + 1 & 255,"),
    ("a sequence number is used again", S + "log", "                self.last += 1\n",
     "                self.last += 1 if self.last % 40 else 0\n"),
    ("the last event is forgotten at a start", S + "log_start", "log.last = before + lost",
     "log.last = max(0, before + lost - 1)"),
    ("a removal is forgotten", S + "table", "            self._change(key, record)\n",
     "            record and self._change(key, record)\n"),
    ("a removed slot stays", S + "table", "not self.flash.write(start + at, _REMOVED)", "False"),
    ("changes without a journal", S + "table", "self.note(version, digest, count, changes)",
     "self.note(version, digest, count)"),
    ("a start does not finish changes", S + "table",
     "            for _ in self._make(changes):\n                pass\n", "            pass\n"),
    ("nobody looks for bits that turned over", F + "loop", "            step(self.table)\n", "            pass\n"),
    ("a bit that turned over costs an event", S + "log_read", "record[:] = mended(record) or record", "pass"),
    ("a worn sector is not told", F + "recorder_upkeep", "recorder.append(fault[0], now, 0, fault[1])", "pass"),
    ("events are not read back", S + "log", "if self.flash.read(at, self.slot_buf) == self._event:", "if True:"),
    ("an emergency finds no room", "tools.cloud.doors.commands",
     "        if before and _expiry(expires_at) <= before[0]:\n", "        if False:\n"),
    ("an emergency is forgotten at a start", F + "door_modes", "self._emergency = loop.journal.get(EMERGENCY)",
     "self._emergency = 0"),
    ("a snapshot's digest is not compared", S + "table_snapshot", "if self._sum == digest:", "if True:"),
    # The link, on the board.
    ("sent is as good as stored", CLOUD + "sync", "self._sent = first + count - 1",
     "self._sent = first + count - 1; log.acknowledge(self._sent)"),
    ("an acknowledgement is for everything", CLOUD + "sync", "log.acknowledge(sequence)", "log.acknowledge(log.last)"),
    ("a batch is never sent again", CLOUD + "sync", "            self._sent = log.acknowledged\n", ""),
    ("a delta from any version", CLOUD + "sync", "if old == loop.table.version:", "if True:"),
    ("a new session opens the door", CLOUD + "sync", "        self.open = True\n",
     "        self.open = True\n        loop.release(loop.doors[0], 16, now)\n"),
    ("a late command counts", CLOUD + "commands", "if type(expires) is not int or utc >= expires:",
     "if type(expires) is not int:"),
    ("any answer tells the time", CLOUD + "sync",
     "bytes(message[1:9]) != nonce or ticks.diff(self._ask_time, now) < _ASK_AGAIN_MS - _TIME_MS", "False"),
    ("an update is kept without proof", CLOUD + "trial", "if not (self._read or steady or _answer(loop.doors)):",
     "if False:"),
    ("a release that nobody signed is taken", CLOUD + "update", "if not signed(digest(path), signature,",
     "if False and not signed(digest(path), signature,"),
    # The channel, at both ends.
    ("replays are taken", CLOUD + "channel", "if counter <= way.counter:", "if False:"),
    ("tags are not compared", CLOUD + "channel", "if not same(way.tag(view[:-TAG]), sealed[-TAG:]):", "if False:"),
    ("no encryption", CLOUD + "channel", '= mixed.to_bytes(len(piece), "little")', "= piece"),
    # The cloud.
    ("acknowledged before stored", C + "session", "stored = store.events(",
     'self.send(wire.packed(wire.STORED, "<II", epoch, batch[-1][0])); stored = store.events('),
    ("what is ahead is stored", C + "store", "if first > acked + 1:", "if False:"),
    ("the board's word for what is stored", C + "store", "acked = _acked(controller, said.epoch)", "acked = said.last"),
    ("a command is sent again", C + "store",
     "Command.objects.filter(pk=command.pk, state=Command.State.QUEUED, expires_at__gt=now).update(",
     "True or Command.objects.filter(pk=command.pk).update("),
    ("one tenant's trouble stops the work of all", "tools.cloud.controllers.troubles",
     "        except AWAY:\n            raise\n", "        except Exception:\n            raise\n"),
    ("a command that another worker took is sent", C + "ingest", "        if store.take(command, now):\n",
     "        if store.take(command, now) or True:\n"),
    ("a board's doors are made one by one", "tools.cloud.controllers.enrol",
     "    Door.objects.bulk_create(made.values())\n", "    [one.save() for one in made.values()]\n"),
    ("the later of two administrators wins", "tools.cloud.doors.door_rules", "        lock(door)\n", ""),
    ("taken rights stay in the cloud", "tools.cloud.access_list.acl", "if key not in wanted)", "if False)"),
    ("names in the rules", "tools.cloud.rules.rules", "    _check(fields, controller.board)\n    return fields\n",
     "    from ..models import Person\n"
     '    return fields | {"people": list(Person.objects.values_list("name", flat=True))}\n'),
)  # fmt: skip

_READER = (
    # Times and deadlines.
    ("the strike's deadline is forgotten", F + "door_unit", "due = self.door.deadline()", "due = None"),
    ("a leaf held open is no news", F + "points.door", "            return DOOR_HELD\n", "            return None\n"),
    ("a leaf held open is told again and again", F + "points.door", "self.held = None\n            return DOOR_HELD\n",
     "self.held = ticks.add(now, 5000)\n            return DOOR_HELD\n"),
    ("ticks do not wrap", F + "ticks", "    return ((later - earlier + (PERIOD >> 1)) & (PERIOD - 1)) - (PERIOD >> 1)",
     "    return later - earlier"),
    ("a time that is not known is trusted", F + "recorder", "TIME_TRUSTED if utc else 0", "TIME_TRUSTED"),
    ("a stale nonce is good", CLOUD + "sync", "ticks.diff(self._ask_time, now) < _ASK_AGAIN_MS - _TIME_MS",
     "False"),
    # Who is let in and out.
    ("the exit button is looked at while it is let go", F + "door_unit", "pins.rex.poll(now) and pins.rex.on",
     "pins.rex.poll(now) and not pins.rex.on and self.door.open"),
    ("an expired card passes once more", F + "access.decision", "tap.utc >= end else", "tap.utc >= end + 60 else"),
    ("the rules are gone after a start", CLOUD + "rules_download",
     'os.rename(new, self._path + ".json")', "os.remove(new)"),
    ("a card's old record stays beside its new one", S + "table", "            elif at not in gone:\n",
     "            elif not slot and at not in gone:\n"),
    # Flash.
    ("the header comes before what it stands for", S + "table_upkeep",
     "if not table.flash.write(sector * SECTOR + SLOT, view[SLOT:end]):\n            table.bad += (sector,)\n"
     "        elif settle(table, bucket, sector):\n",
     "if not settle(table, bucket, sector):\n            table.bad += (sector,)\n"
     "        elif table.flash.write(sector * SECTOR + SLOT, view[SLOT:end]):\n"),
    ("the last slot of a sector is not read", S + "log_read", "(log.slot if sector == log.head else SLOTS) - slot)",
     "(log.slot if sector == log.head else SLOTS - 1) - slot)"),
    ("a full journal begins with nothing", S + "state_move", "for kind, value in journal.values.items():",
     "for kind, value in ():"),
    ("the digest forgets what is replaced", S + "table",
     "digest ^= credential_digest(bytes(self.view[at : at + CREDENTIAL]))", "pass"),
    ("what was overwritten is still offered", S + "log", "self._find_oldest(self.after(sector))", "pass"),
    # The link.
    ("another log's acknowledgement is good", CLOUD + "sync", "epoch != log.epoch or sequence > log.last",
     "sequence > log.last + 1000"),
    ("a command is remembered in RAM only", CLOUD + "commands", "loop.journal.set(free, number << 32 | expires)",
     "loop.journal.values[free] = number << 32 | expires"),
    ("one key stream for every message", CLOUD + "channel",
     'struct.pack_into("<II", blocks, at, counter, start + at)', 'struct.pack_into("<II", blocks, at, 1, start + at)'),
    ("a network loop that hangs is left alone", F + "loop", "ticks.diff(now, link.beat) >= _HANGS_MS", "False"),
    ("a release goes to the first door", CLOUD + "commands", 'loop.release(loop.doors[fields["door"] - 1]',
     "loop.release(loop.doors[0]"),
    ("both ways have the same keys", CLOUD + "channel", 'self._in = _Direction(base, b"down")',
     'self._in = _Direction(base, b"up")'),
)  # fmt: skip

# At a bank of compartments.
_BANK = (
    # The lock.
    ("a compartment is released without a record", BANK,
     "        if record(COMPARTMENT_RELEASED, now, i + 1, self._why[i]) is False:\n            return\n", ""),
    ("an opening without an answer is sent again", LINE, "        self._leave_alone(_REST_MS, now)\n",
     "        if self._opens:\n            self._queue[self._queued] = self._opens\n            self._queued += 1\n"
     "        self._leave_alone(_REST_MS, now)\n"),
    ("the supply is not asked", BANK,
     "self._sent < 0 and self._run < len(self._ends) and", "self._sent < 0 and"),
    ("a coil counts until its answer only", BANK,
     "self._ends[self._run] = ticks.add(now, self.line.pulse_ms)",
     "self._ends[self._run] = now"),
    ("who is asked for while it opens is opened twice", BANK,
     "        if self.phase[i] not in (REST, STANDS):\n", "        if self.phase[i] not in (REST, STANDS, OPEN):\n"),
    ("a jammed lock is tried on and on", BANK, "            self.flags[i] |= _TWICE\n", ""),
    ("the neighbour's lock opens", LINE, "board, lock = divmod(n - 1, self._each)",
     "board, lock = divmod(n % self.count, self._each)"),
    # What is told.
    ("a jammed compartment is no news", BANK, "        record(COMPARTMENT_STUCK, now, i + 1, how)\n", ""),
    ("a compartment left open is told once", BANK,
     "            self._dues[i] = ticks.add(now, self._left_open_ms)\n            record(COMPARTMENT_LEFT_OPEN",
     "            self.phase[i] = STANDS\n            record(COMPARTMENT_LEFT_OPEN"),
    ("a forced compartment was opened by right", BANK,
     "record(COMPARTMENT_FORCED,", "record(COMPARTMENT_OPENED,"),
    ("a shut compartment is no news", BANK, "        record(COMPARTMENT_CLOSED, now, i + 1)\n", ""),
    ("a contact that lies passes for an opening", BANK,
     "record(COMPARTMENT_BLIND,", "record(COMPARTMENT_RIGHT,"),
    # Parcels and codes.
    ("the digits of a code are not compared", F + "access.codes", "wrong |= typed ^ right", "wrong |= 0"),
    ("a deposit code works on", PARCELS, "if run else one.number in self._again", "if run else True"),
    ("a pick-up code works on", PARCELS, "            one.state = ENDED\n            self._full[compartment - 1] = 0\n",
     "            self._full[compartment - 1] = 0\n"),
    ("a full compartment is given again", PARCELS, "and not self._full[n - 1] and", "and"),
    ("a start does not know which compartments are full", PARCELS,
     "            self._full[one.compartment - 1] = 1\n", ""),
    ("a pick-up opens the compartment next to it", PARCELS, "= one.compartment, self._compartments\n",
     "= one.compartment % len(self._full) + 1, self._compartments\n"),
    ("a deposit is no news", PARCELS,
     "            self.tell(DELIVERY_DEPOSITED, now, compartment, size | unseen, number)\n", ""),
    ("a parcel counts as picked up when its leaf opens", PARCELS, "            if code == COMPARTMENT_CLOSED:\n",
     "            if code == (193 if run[1] == PICK_UP else COMPARTMENT_CLOSED):\n"),
    ("the size is not looked at", PARCELS, "if size <= has and cost", "if cost"),
    ("the stock is not written when a parcel is given a compartment", PARCELS,
     "run[2], 0\n        self.stock.set(one)\n", "run[2], 0\n"),
    ("out of use is forgotten at a start", BANK, "if journal.get(_OUT_OF_USE + i // _BITS) >> i % _BITS & 1:",
     "if False:"),
    ("of two compartments of one delivery only the last one is its own", PARCELS, "        one.before = was\n",
     "        one.before = 0\n        if was:\n            self._full[was - 1] = 0\n"),
    ("a pick-up is answered and not done", PARCELS, "compartments.ask(compartment, TO_PICK_UP)", "True"),
)  # fmt: skip

# ... whose compartments are somebody's own, or shared.
_OWN = (
    ("a shared compartment that is taken is given to the next card", OWN,
     "return self.allotments.is_free(n) and", "return self.allotments.taken[n - 1] > 0 and"),
    ("who has taken a shared compartment is not written", OWN, "        self.allotments.set(one)\n"
     "        if not self.allotments.get(n).has(key):  # worn flash takes nothing\n"
     "            self._append(ALLOTMENT_FREE, now, n, one.turn(), None)\n            return signal.DENIED\n", ""),
    ("a parcel is put into a compartment of somebody's own", PARCELS,
     "                if self.allotted and self.allotted[n - 1]:\n                    continue\n", ""),
    ("a shared compartment is free when it is shut", OWN, "code == COMPARTMENT_CLOSED and n in self._left",
     "code == COMPARTMENT_CLOSED and self.allotments.get(n).kind == SHARED"),
    ("an own compartment is answered and not opened", OWN, "        self._ask(one.number, key, OWN)\n", ""),
)  # fmt: skip

DEFECTS = {
    one[0]: Defect(*one, chosen_by=chosen_by, bank=table in (_BANK, _OWN), own=table is _OWN)
    for chosen_by, table in ((AUTHOR, _AUTHOR), (READER, _READER), (AUTHOR, _BANK), (AUTHOR, _OWN))
    for one in table
}
