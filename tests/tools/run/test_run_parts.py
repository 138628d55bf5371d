"""The parts of `portvakt run` that need no board: its folder, its children, its ports, its figures."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.run import environment, folder
from tools.run.child import READY
from tools.run.children import Child, ChildFailed, own
from tools.run.percentile import percentile
from tools.terminal import Problem


def test_a_run_never_empties_a_folder_that_no_run_has_made(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(Problem, match="--data"):
        folder.fresh(tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_a_run_makes_its_own_folder_anew_and_holds_it(tmp_path: Path) -> None:
    data = tmp_path / "run"
    os.close(folder.fresh(data))
    (data / "controller-1").mkdir()
    (data / "controller-1" / "log.img").touch()
    lock = folder.fresh(data)
    assert [path.name for path in data.iterdir()] == [".run"]
    with pytest.raises(Problem, match="runs in"):
        folder.fresh(data)
    os.close(lock)


def test_a_port_that_was_asked_for_is_that_or_none() -> None:
    with environment.bind(0) as taken:
        taken.listen()
        with pytest.raises(OSError):
            environment.bind(taken.getsockname()[1])


def test_only_plain_mqtt_addresses_suit_the_boards() -> None:
    assert environment.address_of("mqtt://broker.example:2883") == ("broker.example", 2883)
    assert environment.address_of("mqtt://broker.example") == ("broker.example", 1883)
    for url in ("mqtts://broker.example", "broker.example"):
        with pytest.raises(Problem, match="MQTT_URL"):
            environment.address_of(url)


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([], 0.5) is None
    assert percentile([7.0], 0.99) == 7.0
    assert percentile(list(range(1, 101)), 0.5) == 50
    assert percentile(list(range(1, 101)), 0.99) == 99


def test_a_child_that_is_killed_starts_again() -> None:
    async def story() -> None:
        said: list[str] = []
        child = Child("sleeper", sleeper("ready"), said.append, ready="ready")
        await child.start()
        first = child.pid
        child.kill()
        await child.until_ready()
        assert child.pid not in (None, first) and child.restarts == 1
        assert said == ["the sleeper ended (killed by signal 9), starting it again"]
        await child.stop()
        assert child.pid is None

    asyncio.run(story())


def test_a_child_that_cannot_start_says_why() -> None:
    async def story() -> None:
        child = Child("liar", [sys.executable, "-c", "print('no such broker')"], lambda text: None, ready="ready")
        child.patience = 0.5
        with pytest.raises(ChildFailed, match="no such broker"):
            await child.start()
        await child.stop()

    asyncio.run(story())


def test_the_broker_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    port = environment.mqtt_of(None)[0].rpartition(":")[2]
    command = own("broker", port, str(tmp_path))
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *command], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert parent.stdout.readline().strip() == READY
    parent.kill()
    parent.wait()
    end = time.monotonic() + 5
    while runs(child) and time.monotonic() < end:
        time.sleep(0.05)
    orphan = runs(child)
    if orphan:
        os.kill(child, signal.SIGKILL)
    assert not orphan


# Starts a command with a pipe as its standard input, says its number, and sleeps.
PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
print(child.pid, flush=True)
time.sleep(60)
"""


def sleeper(word: str) -> list[str]:
    return [sys.executable, "-c", f"import time; print('{word}', flush=True); time.sleep(60)"]


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
