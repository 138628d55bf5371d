"""The written contract and the code are one: made from wire.py, and kept by what both ends really say."""

import json
import re
import struct
import tempfile
from pathlib import Path
from random import Random
from typing import Any

import sim.mcu  # noqa: F401  before any firmware file is imported
from firmware.controller.cloud import wire
from tools import contract


def fits(value: Any, schema: dict[str, Any]) -> bool:
    """The part of JSON Schema that the contract uses."""
    kinds = {"object": dict, "array": list, "string": str, "integer": int, "null": type(None)}
    wanted = schema.get("type", [])
    names = [wanted] if isinstance(wanted, str) else wanted
    if names and (isinstance(value, bool) or not isinstance(value, tuple(kinds[name] for name in names))):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, int) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        return False
    if isinstance(value, str) and (
        len(value) > schema.get("maxLength", len(value)) or not re.search(schema.get("pattern", ""), value)
    ):
        return False
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        rest = schema.get("items", {})
        return len(value) >= schema.get("minItems", 0) and all(
            fits(one, first[n] if n < len(first) else rest) for n, one in enumerate(value)
        )
    if isinstance(value, dict):
        if set(schema.get("required", [])) - set(value):
            return False
        known, other = schema.get("properties", {}), schema.get("additionalProperties", {})
        return all(fits(one, known.get(name, other)) for name, one in value.items())
    return True


def test_what_is_committed_is_what_wire_says_now() -> None:
    assert json.loads((contract.CLOUD / "asyncapi.json").read_text()) == contract.asyncapi()
    assert (contract.CLOUD / "README.md").read_text() == contract.page()


def test_every_message_of_the_wire_is_in_it_and_no_other() -> None:
    numbers = {name: value for name, value in vars(wire).items() if name.isupper() and isinstance(value, int)}
    assert {name: said["kind"] for name, said in contract.messages().items()} == {
        name: value for name, value in numbers.items() if name not in ("VERSION", "MAX_MESSAGE")
    }
    assert set(contract.messages()) == set(contract.PACKED) | set(contract.JSON)
    for way in ("up", "down"):
        kinds = [said["kind"] for said in contract.messages().values() if said["way"] == way]
        assert len(set(kinds)) == len(kinds)


def test_both_ends_know_every_message_that_comes_to_them() -> None:
    from firmware.controller.cloud import message_handlers
    from tools import umqtt

    assert umqtt.path()
    session = (contract.ROOT / "tools/cloud/ingest/session.py").read_text()
    sync = (contract.CLOUD / "sync.py").read_text()
    bank = "".join((contract.CLOUD / f"{name}_messages.py").read_text() for name in ("stock", "allotment"))
    for name, said in contract.messages().items():
        if name == "STOCK_STATE":
            continue  # the cloud has no banks yet
        if said["way"] == "up":
            assert f"wire.{name}: self." in session, name
        elif name != "PONG":
            heard = f"{name}: self." in sync or f"[{name}] = self." in bank
            assert heard or said["kind"] in message_handlers._DOES, name


def test_what_a_controller_says_is_as_the_contract_says() -> None:
    from sim.fuzz.board import UTC, HandBoard
    from sim.mcu.chip import use

    said: list[bytes] = []
    with tempfile.TemporaryDirectory() as folder:
        board = HandBoard(Path(folder), Random(1))
        told = board.told
        board.told = lambda: said.extend(more := told()) or more  # type: ignore[method-assign, func-returns-value]
        board.connect()
        assert board.channel is not None
        for number, do in enumerate(("identify", "diagnostics", "explode")):
            order = {"id": number, "do": do, "door": 0, "expires": UTC + 9}
            assert fits(order, contract.JSON["COMMAND"]) == (do != "explode")
            board.deliver(board.channel.seal(wire.json_message(wire.COMMAND, order)))
        board.deliver(board.channel.seal(wire.packed(wire.BUCKETS_ASKED, "<HB", 0, 2)))
        offer = {"build": "abcdef012345", "head": 300}
        assert fits(offer, contract.JSON["UPDATE"])
        board.deliver(board.channel.seal(wire.packed(wire.UPDATE, "<I", 0xFFFFFFFF) + json.dumps(offer).encode()))
        order = {"id": 9, "do": "lockdown", "door": 0, "expires": UTC + 9}
        board.deliver(board.channel.seal(wire.json_message(wire.COMMAND, order)))
        board.told()
        use(None)
    names = {kind["kind"]: name for name, kind in contract.messages().items() if kind["way"] == "up"}
    seen = set()
    for message in said:
        name = names[message[0]]
        seen.add(name)
        if name in contract.JSON:
            assert fits(wire.read_json(message), contract.JSON[name]), message
        else:
            layout, then = contract.PACKED[name]
            size = 1 + struct.calcsize(layout)
            assert len(message) >= size if then else len(message) == size, name
    assert {"HELLO", "EVENTS", "TIME_ASKED", "RESULT", "BUCKETS", "UPDATE_STATE", "DOOR_STATUS"} <= seen
