"""A board with a bank as the cloud sees it: a stock in a list, doors that do as they are told."""

import struct
from binascii import crc32
from typing import Any

from fake_controller import FakeController

from firmware.controller import events, records
from firmware.controller.access import codes
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import wire
from firmware.controller.storage.allotments import ENTRY

HELD, PARCEL, ENDED = range(3)


class BankBoard(FakeController):
    """stock: in each slot (number, key, state). lying: {delivery: compartment}."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stock: list[tuple[int, bytes, int]] = [(0, bytes(16), HELD)] * codes.SLOTS
        self.lying: dict[int, int] = {}
        self.allotted = {n: struct.pack(ENTRY, n, 0, 0, 0, b"") for n in range(1, 9)}
        self.emptied: list[tuple[int, int]] = []  # shared ones that somebody has looked into, and which time
        self.full: set[int] = set()  # not to be allotted: a parcel lies there
        self.turns: dict[int, int] = {}  # of shared ones that somebody has
        self.utc = 0

    def connect(self) -> "BankBoard":
        super().connect()
        self.say_stock()
        self.say_allotted()
        return self

    # What it says

    def words(self) -> list[int]:
        return [number | state << 30 for number, _, state in self.stock]

    def say_stock(self, first: int = 0, count: int = 0) -> None:
        words = self.words()
        part = words[first : first + count]
        sum_ = crc32(struct.pack(f"<{codes.SLOTS}I", *words))
        self.say(wire.packed(wire.STOCK_STATE, "<IB", sum_, first) + struct.pack(f"<{len(part)}I", *part))

    def mark(self, n: int) -> int:
        return int.from_bytes(self.allotted[n][1:3], "little")

    def say_allotted(self, first: int = 1, count: int = 0) -> None:
        marks = [self.mark(n) for n in range(first, first + count)]
        sum_ = crc32(b"".join(self.allotted.values()))
        self.say(wire.packed(wire.ALLOT_STATE, "<IB", sum_, first) + struct.pack(f"<{len(marks)}H", *marks))

    def opens_to(self, card: int) -> list[int]:
        """Compartments of a 26-bit card."""
        key = credential_key(self.table_key, card_value(26, card))
        return [n for n, entry in self.allotted.items() if key in (entry[8:15], entry[15:22], entry[22:29])]

    def happens(self, code: int, compartment: int = 0, number: int = 0, extra: int = 0, key: Any = None) -> None:
        """An event, on the log and sent."""
        key = number.to_bytes(7, "little") if number else key
        flags = events.TIME_TRUSTED if self.utc else 0
        self.log.append(records.pack_event(self.last + 1, self.utc, code, compartment, extra, flags, key))
        if code == events.ALLOTMENT_TAKEN:
            self.turns[compartment] = extra
        elif code == events.ALLOTMENT_FREE:
            self.turns.pop(compartment, None)
        self.send_events(self.last, self.last)

    # What people do at it

    def types(self, digits: str, compartment: int = 1) -> int:
        """10 or 13 digits at the keypad. Returns the compartment that opens; 0: wrong."""
        number, key, state = self.stock[codes.slot(digits)]
        if state == HELD and codes.matches(digits.encode(), key, codes.DEPOSIT, number):
            self.lying[number] = compartment
            self._becomes(number, PARCEL)
            self._opens_and_shuts(compartment)
            self.happens(events.DELIVERY_DEPOSITED, compartment, number)
            return compartment
        if state == PARCEL and codes.matches(digits.encode(), key, codes.PICK_UP, number):
            compartment = self.lying.pop(number)
            self._becomes(number, ENDED)
            self._opens_and_shuts(compartment)
            self.happens(events.DELIVERY_PICKED_UP, compartment, number)
            return compartment
        return 0

    def _becomes(self, number: int, state: int) -> None:
        _, key, _ = self.stock[number % codes.SLOTS]
        self.stock[number % codes.SLOTS] = number, key if state != ENDED else bytes(16), state

    def _opens_and_shuts(self, compartment: int) -> None:
        for code in (events.COMPARTMENT_RELEASED, events.COMPARTMENT_OPENED, events.COMPARTMENT_CLOSED):
            self.happens(code, compartment)

    # What it is told

    def _do(self, message: bytes) -> None:
        if message[0] == wire.STOCK:
            for at in range(1, len(message), 20):
                (number,) = struct.unpack_from("<I", message, at)
                there, _, state = self.stock[number % codes.SLOTS]
                if number > there and state != PARCEL:
                    self.stock[number % codes.SLOTS] = number, message[at + 4 : at + 20], HELD
            self.say_stock()
        elif message[0] == wire.STOCK_ASKED:
            self.say_stock(*message[1:3])
        elif message[0] == wire.ALLOT:
            for at in range(1, len(message), 29):
                entry = message[at : at + 29]
                n, mark, kind, until = struct.unpack_from("<BHBI", entry)
                if not kind and self.turns.get(n, until) != until:
                    continue  # whoever takes it back did not know
                if mark == self.mark(n) or (not self.mark(n) and n not in self.full):
                    self.allotted[n] = entry if kind else struct.pack(ENTRY, n, 0, 0, 0, b"")
            self.say_allotted()
        elif message[0] == wire.ALLOT_ASKED:
            self.say_allotted(*message[1:3])
        elif message[0] == wire.COMMAND and wire.read_json(message)["do"] == "cancel":
            self._cancel(wire.read_json(message))
        elif message[0] == wire.COMMAND and wire.read_json(message)["do"] == "empty":
            command = wire.read_json(message)
            self.emptied.append((command["compartment"], command["turn"]))
            self.say(wire.json_message(wire.RESULT, {"id": command["id"], "result": "done", "why": ""}))
            self.happens(events.ALLOTMENT_FREE, command["compartment"], extra=command["turn"])
        else:
            super()._do(message)

    def _cancel(self, command: dict[str, Any]) -> None:
        number = command["delivery"]
        held = self.stock[number % codes.SLOTS]
        done = held[0] == number and held[2] == HELD
        result = {"id": command["id"], "result": "done" if done else "refused", "why": "" if done else "not now"}
        self.say(wire.json_message(wire.RESULT, result))
        if done:
            self._becomes(number, ENDED)
            self.happens(events.DELIVERY_CANCELLED, 0, number)
