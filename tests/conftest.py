"""What every test may lean on: the board's modules and umqtt on the path, and skips that say why."""

import gc
import shutil
import sys
from pathlib import Path

import pytest

import sim.mcu  # noqa: F401  before any firmware file is imported
from tools import umqtt

MICROPYTHON = Path(sys.executable).with_name("micropython")
CHROMIUM = (shutil.which("chromium") or shutil.which("google-chrome")) and shutil.which("chromedriver")
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

sys.path.insert(0, str(umqtt.path()))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("mosquitto") and not MOSQUITTO:
            item.add_marker(pytest.mark.skip(reason="mosquitto is not installed"))
        if item.get_closest_marker("chromium") and not CHROMIUM:
            item.add_marker(pytest.mark.skip(reason="chromium and its driver are not installed"))
        if item.get_closest_marker("micropython") and not MICROPYTHON.exists():
            item.add_marker(pytest.mark.skip(reason="there is no MicroPython wheel for this machine"))


def pytest_collection_finish() -> None:
    """What collecting has loaded stays: no collection need look through it again, and the firmware asks for many."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def micropython() -> str:
    """The command that runs the real MicroPython."""
    if not MICROPYTHON.exists():
        pytest.skip("there is no MicroPython wheel for this machine")
    return str(MICROPYTHON)


@pytest.fixture
def mosquitto() -> str:
    """The mosquitto program."""
    if not MOSQUITTO:
        pytest.skip("mosquitto is not installed")
    return MOSQUITTO
