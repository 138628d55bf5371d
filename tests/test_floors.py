"""Three floors: tools stands on sim, sim on firmware. Imports only go down, and the cloud end needs no simulator."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLOORS = ("firmware", "sim", "tools")  # from the ground up
# What touches hardware, flash, network or the clock: access and points decide and follow, others do.
OUTSIDE = {"machine", "network", "esp32", "socket", "umqtt", "time", "os", "asyncio", "_thread", "select", "ssl", "tls"}


def imported(file: Path) -> Iterator[str]:
    """Whole names of what a file imports from elsewhere in this repository or from outside, also within functions."""
    package = file.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) + "." if node.level else ""
            yield (base + (node.module or "")).rstrip(".")


def files(folder: str) -> list[Path]:
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, folder
    return found


@pytest.mark.parametrize("floor", FLOORS[:-1])
def test_no_floor_stands_on_one_above_it(floor: str) -> None:
    above = FLOORS[FLOORS.index(floor) + 1 :]
    arrows = {(str(file), name) for file in files(floor) for name in imported(file) if name.split(".")[0] in above}
    assert arrows == set()


@pytest.mark.parametrize("room", ["access", "points"])
def test_what_decides_touches_neither_hardware_nor_clock(room: str) -> None:
    files_of_room = files(f"firmware/controller/{room}")
    assert {(str(f), name) for f in files_of_room for name in imported(f) if name.split(".")[0] in OUTSIDE} == set()


def test_a_board_loads_nothing_of_the_protocol_of_both_ends() -> None:
    firmware = files("firmware/controller")
    assert {(str(f), n) for f in firmware for n in imported(f) if n.startswith("firmware.protocol")} == set()


def test_the_cloud_end_runs_where_there_is_no_simulator(tmp_path: Path) -> None:
    """firmware and tools alone, in a folder of their own: every module of the cloud end, then its own first command."""
    for floor in ("firmware", "tools"):
        (tmp_path / floor).symlink_to(ROOT / floor)
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files("tools/cloud")]
    script = (
        "import importlib, sys, django\n"
        f"sys.path[:0] = [{str(tmp_path)!r}]\n"
        "class NoSim:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'sim' or name.startswith('sim.'):\n"
        "            raise ModuleNotFoundError(f'{name} is not here', name=name)\n"
        "sys.meta_path.insert(0, NoSim())\n"
        "import tools.cloud.command\n"
        "django.setup()\n"
        f"for name in {modules!r}:\n"
        "    importlib.import_module(name)\n"
        "chip = {'machine', 'network', 'esp32'} & set(sys.modules)\n"
        "assert not chip, f'a fake chip is loaded: {chip}'\n"
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0)\n"
    )
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "tools.cloud.settings", "PORTVAKT_DATA": str(tmp_path / "var")}
    for name in ("DATABASE_URL", "MQTT_URL"):
        env.pop(name, None)
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
