"""The contract between controller and cloud, written out from wire.py: AsyncAPI 3 with JSON Schema, and a page to read.

python -m tools.contract     writes firmware/controller/cloud/asyncapi.json and README.md
"""

import json
import re
from pathlib import Path
from typing import Any

from firmware.protocol.cloud_side import SHORTEST

ROOT = Path(__file__).resolve().parent.parent
CLOUD = ROOT / "firmware" / "controller" / "cloud"
U32, U16 = 0xFFFFFFFF, 0xFFFF
Schema = dict[str, Any]


def _number(most: int = U32, least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _text(most: int) -> Schema:
    return {"type": "string", "maxLength": most}


def _hex(digits: int) -> Schema:
    return {"type": "string", "pattern": f"^[0-9a-f]{{{digits}}}$"}


def _object(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


_ID: Schema = {"type": ["integer", "string"]}
_STANDING: Schema = {
    "type": "array",
    "items": {"type": "array", "minItems": 4, "prefixItems": [_number(7, 1), _number(), _number(), _number(255, 1)]},
}
# Bodies that are JSON.
JSON: dict[str, Schema] = {
    "HELLO": _object(
        "acl digest rules epoch first last firmware",
        acl=_number(), digest=_hex(16), buckets=_number(U16), rules=_number(), epoch=_number(), first=_number(),
        last=_number(), boot=_number(), firmware=_text(40), doors=_number(255), longest=_number(least=SHORTEST),
        refused={"type": "object", "additionalProperties": _number()},
        chain={"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [_number(), _hex(32)]},
        standing=_STANDING | {"type": ["array", "null"]},
    ),
    "DOOR_STATUS": _object("standing", standing=_STANDING),
    "RESULT": _object(
        "id result", id=_ID, result={"enum": ["done", "expired", "refused"]}, why=_text(100), data={"type": "object"}
    ),
    "UPDATE_STATE": _object(
        "build state", build=_hex(12), next=_number(), why=_text(200),
        state={"enum": ["wanted", "staged", "starting", "running", "kept", "returned", "refused"]},
    ),
    "COMMAND": _object(
        "id do expires", id=_ID, door=_number(255), expires=_number(), until={"type": ["integer", "null"]},
        minutes=_number(60), compartment=_number(255), delivery=_number((1 << 30) - 1, 1), turn=_number(255),
        do={"enum": [
            "release", "hold", "lockdown", "evacuation", "normal", "identify", "restart", "diagnostics",
            "learn", "commission", "try", "open", "audit", "cancel", "empty",
        ]},
    ),
    "UPDATE": _object("build head", build=_hex(12), head=_number(8192, 1), start={"enum": [0, 1, True, False]}),
}  # fmt: skip
# Bodies that are packed: the numbers at their beginning as struct has them, and what follows.
PACKED: dict[str, tuple[str, str]] = {
    "EVENTS": ("<I", "event records of 32 bytes"),
    "BUCKETS": ("<H", "u64 each"),
    "ACL_NOW": ("<IQ", ""),
    "PART_TAKEN": ("<IH", ""),
    "RULES_TAKEN": ("<IH", "what is wrong, at most 200 bytes of text, where they are refused"),
    "CARD_READ": ("<BBQ", "the id of a command as JSON"),
    "TIME_ASKED": ("<8s", ""),
    "STOCK_STATE": ("<IB", "u32 each"),
    "ALLOT_STATE": ("<IB", "u16 each"),
    "PING": ("<", ""),
    "STORED": ("<II", ""),
    "DELTA": ("<II", "changes of 13 bytes"),
    "SNAPSHOT": ("<IHHQH", "credential records of 12 bytes"),
    "BUCKETS_ASKED": ("<HB", ""),
    "RULES": ("<IHH", "bytes of JSON"),
    "SECRETS": ("<B", ""),
    "SECRET": ("<", "32 bytes or none"),
    "PASSED": ("<B", "credentials let in of 12 bytes"),
    "UPDATE": ("<I", "bytes of a release; at offset 0xFFFFFFFF JSON"),
    "TIME": ("<8sQ", ""),
    "STOCK": ("<", "number u32 and key of 16 bytes each"),
    "STOCK_ASKED": ("<BB", ""),
    "ALLOT": ("<", "29 bytes a compartment"),
    "ALLOT_ASKED": ("<BB", ""),
    "PONG": ("<", ""),
}


def messages() -> dict[str, dict[str, Any]]:
    """What wire.py says: {name: {"way": up or down, "kind": type byte, "text": its comment}}."""
    found: dict[str, dict[str, Any]] = {}
    way = ""
    for line in (CLOUD / "wire.py").read_text(encoding="utf-8").splitlines():
        if line.startswith(("# Up:", "# Down:")):
            way = "up" if line.startswith("# Up:") else "down"
        elif line.startswith("def "):
            break
        made = re.match(r"([A-Z_]+) = (0x[0-9A-F]{2})  # (.*)$", line)
        if made and way:
            found[made[1]] = {"way": way, "kind": int(made[2], 16), "text": made[3]}
        elif line.startswith("# ") and found and not line.startswith(("# Up", "# Down", "# HELLO", '# "')):
            found[list(found)[-1]]["text"] += " " + line[2:]
    return found


def asyncapi() -> dict[str, Any]:
    """The contract. What is binary is described by its layout; x-portvakt-kind is the first byte of what is sealed."""
    from firmware.controller.cloud import wire

    made = {}
    for name, said in messages().items():
        entry: dict[str, Any] = {"summary": said["text"], "x-portvakt-kind": said["kind"]}
        if name in PACKED:
            layout, then = PACKED[name]
            entry |= {"contentType": "application/octet-stream", "x-portvakt-layout": layout}
            if then:
                entry["x-portvakt-then"] = then
        else:
            entry["contentType"] = "application/json"
        if name in JSON:
            entry["payload"] = {"$ref": f"#/components/schemas/{name}"}
        made[name] = entry
    channels, operations = {}, {}
    for way, verb in (("up", "receive"), ("down", "send")):
        names = [name for name, said in messages().items() if said["way"] == way]
        channels[way] = {
            "address": f"portvakt/{{controller}}/{way}",
            "parameters": {"controller": {"description": "16 hex digits, random"}},
            "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        }
        operations[f"{verb}{way.title()}"] = {"action": verb, "channel": {"$ref": f"#/channels/{way}"}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Portvakt: controller and cloud",
            "version": str(wire.VERSION),
            "description": "Seen from the cloud. Every message is sealed as channel.py says, at most "
            f"{wire.MAX_MESSAGE} bytes, QoS 0, clean sessions. Numbers are little-endian, times Unix seconds UTC.",
        },
        "defaultContentType": "application/octet-stream",
        "channels": channels,
        "operations": operations,
        "components": {"messages": made, "schemas": JSON},
    }


def page() -> str:
    """The same to read."""
    lines = [
        "# The wire",
        "",
        "Made from wire.py by `python -m tools.contract`; asyncapi.json says the same to programs.",
        "Topics are `portvakt/<controller>/up` and `/down`. channel.py says how",
        "a message is sealed, ../access/README.md what rules are.",
    ]
    for way, title in (("up", "Controller to cloud"), ("down", "Cloud to controller")):
        lines += ["", f"## {title}", "", "| | first byte | body | |", "|---|---|---|---|"]
        for name, said in messages().items():
            if said["way"] == way:
                layout, then = PACKED.get(name, ("JSON", ""))
                body = f"`{layout}`" + (f", then {then}" if then else "") if name in PACKED else "JSON"
                lines.append(f"| {name} | 0x{said['kind']:02X} | {body} | {said['text'].replace('|', 'or')} |")
    return "\n".join(lines) + "\n"


def write() -> None:
    (CLOUD / "asyncapi.json").write_text(json.dumps(asyncapi(), indent=1) + "\n", encoding="utf-8")
    (CLOUD / "README.md").write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    write()
