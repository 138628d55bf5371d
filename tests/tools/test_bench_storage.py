"""`portvakt bench storage`: every contender is measured on the real MicroPython, and misses are said."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tools import layouts
from tools.bench import growth, storage

PORTVAKT = Path(sys.executable).with_name("portvakt")


@pytest.fixture(scope="module")
def quick() -> Any:
    if not PORTVAKT.with_name("micropython").exists():
        pytest.skip("no MicroPython wheel for this machine")
    run = subprocess.run(
        [PORTVAKT, "bench", "storage", "--quick", "--json"], capture_output=True, text=True, timeout=100, check=False
    )
    found = json.loads(run.stdout.strip().splitlines()[-1])
    missed = [goal["name"] for goal in found["goals"] if not goal["met"]]
    assert run.returncode == (1 if missed else 0), run.stderr
    assert all(f"{name:<32}" in run.stderr for name in missed)
    return found


@pytest.mark.micropython
def test_every_contender_is_measured_at_every_size(quick: Any) -> None:
    for name in ("ours", *storage.PEERS):
        assert list(quick["growth"][name]) == ["100", "300"], name
        for figures in quick["growth"][name].values():
            assert "failed" not in figures, name
            assert figures["find"]["n"] and figures["change"]["n"] and figures["startup"]["n"]


@pytest.mark.micropython
def test_ours_does_what_its_design_says(quick: Any) -> None:
    ours = quick["growth"]["ours"]["300"]
    assert ours["find"]["reads"]["max"] == 1
    assert ours["find"]["bytes_read"]["max"] == 4096
    assert ours["record"]["programs"]["max"] == 1
    assert ours["record"]["erases"]["max"] == 0
    # 20 us + 4096 x 0.1 us; 30 us + 32 x 2.5 us, and 20 us + 32 x 0.1 us to read it back.
    assert ours["find"]["flash_us"]["p99"] == pytest.approx(429.6)
    assert ours["record"]["flash_us"]["p50"] == pytest.approx(133.2)


@pytest.mark.micropython
def test_the_picture_shows_every_contender(quick: Any) -> None:
    picture = ElementTree.fromstring(growth.svg(quick))
    lines = [one.get("class", "").split()[-1] for one in picture.iter() if one.tag.endswith("polyline")]
    assert sorted(set(lines)) == sorted(("ours", *storage.PEERS))
    assert len(lines) == 3 * 5


@pytest.mark.micropython
def test_littlefs_pays_with_erases_and_json_with_memory(quick: Any) -> None:
    assert quick["append_log"]["record"]["erases"]["mean"] > 0.5
    rams = [quick["growth"]["json_dict"][size]["ram"] for size in ("100", "300")]
    assert rams[1] > 2 * rams[0]
    assert quick["growth"]["sorted_file"]["300"]["change"]["erases"]["mean"] >= 1


@pytest.mark.micropython
def test_modelled_time_is_flash_and_two_hundred_times_the_interpreter(quick: Any) -> None:
    for name in ("ours", *storage.PEERS):
        change = quick["growth"][name]["300"]["change"]
        modelled = change["flash_us"]["mean"] + 200 * change["interpreter_us"]["mean"]
        assert change["modelled_us"]["mean"] == pytest.approx(modelled, rel=0.001), name


def test_a_table_is_as_large_as_it_must_be() -> None:
    assert layouts.credentials(storage.sectors_for(50_000)) >= 50_000
    assert layouts.credentials(storage.sectors_for(50_000) - 1) < 50_000


def test_frames_meet_erases_by_chance() -> None:
    wear = {"log_erases": 80, "state_erases": 0, "events": 10_000, "acl_erases": 20, "changes": 1_000}
    found = storage.damaged({"wear": wear, "snapshot": {"erases": 281, "modelled_s": 270.0}})
    assert found["during a snapshot"] == pytest.approx(281 * 0.045 / 270)
    assert found["on a normal day"] == pytest.approx(100 * 0.045 / 86_400)


def test_a_miss_is_a_miss_on_both_sides() -> None:
    assert not storage._most("erases", 0.011, "erases", 0.01)["met"]
    assert storage._most("erases", 0.01, "erases", 0.01)["met"]
    assert not storage._least("cards", 49_999, "cards", 50_000)["met"]
    assert storage._least("cards", 50_000, "cards", 50_000)["met"]
