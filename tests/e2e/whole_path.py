"""The whole path on real parts: boards, network, broker, worker, database, pages; and with kills.

The scenarios, for whichever broker: test_whole_path_amqtt.py and test_whole_path_mosquitto.py each run them on one
building (a file each, so that `pytest -n 2 --dist loadfile` runs both at once and starts two buildings, not more).
"""

import os
import time
import urllib.error
from pathlib import Path

import pytest

from tests.e2e.house import Crowd, House, wait

INGRID, OLAV, SOFIE = "Ingrid Solheim", "Olav Bakken", "Sofie Dahl"
FRONT, CELLAR = "Hovedinngang", "Sykkelrom"  # doors of two controllers


def assert_refused_within_a_second(house: House, person: str, door: str) -> None:
    """Taps on and on from now; one that begins when the second is over has to be refused."""
    begun = time.monotonic()
    while True:
        waited = time.monotonic() - begun
        if house.tap(person, door) == "denied":
            return
        assert waited < 1, f"{door} lets {person} in after {waited:.2f} s"


def test_a_tap_moves_the_strike_and_reaches_the_database(house: House) -> None:
    before = house.settled()["figures"]
    assert house.tap(INGRID, FRONT) == "granted"
    assert house.tap("Funnet kort", FRONT) == "denied"
    assert house.tap("Per Moen, flyttet ut", FRONT) == "denied"
    assert house.tap("Birgit Nygård, avisbud", CELLAR) == "denied"
    after = house.settled()["figures"]
    assert after["granted"] == before["granted"] + 1
    assert after["denied"] == before["denied"] + 3
    assert after["stored"] >= before["stored"] + 4
    assert after["lost"] == after["duplicated"] == 0
    why = {line["text"] for line in house.state()["ticker"]}
    assert any("Funnet kort" in text and ("ukjent" in text or "unknown" in text) for text in why)
    assert any("Per Moen" in text and ("kortets tid er ute" in text or "time has run out" in text) for text in why)


def test_a_card_revoked_in_the_cloud_is_refused_within_a_second(house: House) -> None:
    assert house.tap(OLAV, FRONT) == "granted"
    house.revoke(OLAV)
    assert_refused_within_a_second(house, OLAV, FRONT)
    assert house.tap(OLAV, FRONT) == "denied"


def test_a_card_revoked_while_the_network_is_cut_is_refused_within_a_second_of_its_return(house: House) -> None:
    assert house.tap(SOFIE, FRONT) == "granted"
    house.act("controller", controller=0, network=False)
    house.revoke(SOFIE)
    time.sleep(2)
    assert house.tap(SOFIE, FRONT) == "granted", "a door without a network goes on with what it knows"
    house.act("controller", controller=0, network=True)
    assert_refused_within_a_second(house, SOFIE, FRONT)
    house.settled()


def test_a_broker_killed_costs_no_event(house: House) -> None:
    with Crowd(house, INGRID, FRONT) as crowd:
        house.kill_broker()
        time.sleep(4)
    assert len(crowd.verdicts) > 1 and set(crowd.verdicts) == {"granted"}
    figures = house.settled()["figures"]
    assert figures["lost"] == figures["duplicated"] == 0


def test_a_worker_killed_costs_no_event(house: House) -> None:
    with Crowd(house, INGRID, FRONT) as crowd:
        house.kill_worker()
        time.sleep(4)
    assert len(crowd.verdicts) > 1 and set(crowd.verdicts) == {"granted"}
    figures = house.settled()["figures"]
    assert figures["lost"] == figures["duplicated"] == 0


def test_a_worker_killed_between_commit_and_acknowledgement_doubles_no_event(house: House) -> None:
    house.settled()
    house.die_flag.touch()
    with Crowd(house, INGRID, FRONT) as crowd:
        wait(lambda: not house.die_flag.exists(), 10, "the worker to die after its commit")
        time.sleep(1)
    assert set(crowd.verdicts) == {"granted"}
    figures = house.settled()["figures"]
    assert figures["lost"] == figures["duplicated"] == 0


def test_a_controller_killed_comes_back_with_every_event_while_the_other_goes_on(house: House) -> None:
    before = house.settled()
    assert house.tap(INGRID, CELLAR) == "granted"
    with Crowd(house, INGRID, FRONT) as crowd:
        house.kill_board(1)
        time.sleep(1)
        wait(lambda: house.tap(INGRID, CELLAR) == "granted", 10, "the killed controller to decide again")
    assert set(crowd.verdicts) == {"granted"}
    after = house.settled()
    assert after["controllers"][1]["stored"] > before["controllers"][1]["stored"]
    assert after["figures"]["lost"] == after["figures"]["duplicated"] == 0


def test_power_cut_by_the_switch_locks_the_door_and_comes_back(house: House) -> None:
    house.act("controller", controller=1, power=False)
    cut = house.state()["controllers"][1]
    assert not cut["power"] and not cut["alive"] and not any(door["strike"] for door in cut["doors"])
    assert house.tap(INGRID, CELLAR) == "no answer"
    house.act("controller", controller=1, power=True)
    wait(lambda: house.tap(INGRID, CELLAR) == "granted", 10, "the controller to decide again")
    house.settled()


def test_the_page_gets_every_state_as_it_comes(house: House) -> None:
    wait(lambda: not house.state()["controllers"][0]["doors"][0]["strike"], 10, "the strike to lock")
    with house.stream() as states:
        before = next(states)["figures"]["taps"]
        house.tap(INGRID, FRONT)
        lit = False
        for state in states:
            door = state["controllers"][0]["doors"][0]
            lit = lit or (door["strike"] and door["light"] == "green")
            if state["figures"]["taps"] == before + 1:
                break
        assert lit and door["last"]["person"] == INGRID and door["last"]["ms"] > 20


def test_only_who_is_signed_in_sees_and_moves_the_building(house: House) -> None:
    tap = b'{"person": 0, "door": 0}'
    assert house.refusal("/building/state", signed_in=False) == 401
    assert house.refusal("/building/stream", signed_in=False) == 401
    assert house.refusal("/building/tap", tap, signed_in=False) == 403
    assert house.refusal("/building/tap", tap) == 403, "a session alone moves nothing: the page's token is needed"
    before = house.state()["figures"]["taps"]
    for fields in ({"person": -1, "door": 0}, {"person": 0, "door": 99}, {"person": True, "door": 0}, {}):
        with pytest.raises(urllib.error.HTTPError, match="400"):
            house.act("tap", **fields)
    assert house.state()["figures"]["taps"] == before


def test_the_exit_button_opens_without_a_card(house: House) -> None:
    assert house.act("rex", door=0)["opened"] is True


def test_at_the_end_nothing_is_lost_or_doubled_and_no_process_is_left(house: House) -> None:
    assert house.tap("Funnet kort", FRONT) == "denied"
    assert house.tap("Per Moen, flyttet ut", FRONT) == "denied"
    assert house.tap(INGRID, FRONT) == "granted"
    left = house.pids()
    summary = house.end()
    assert summary["lost"] == summary["duplicated"] == summary["refused"] == 0 and summary["contiguous"]
    assert summary["recorded"] == summary["stored"] > 0
    assert summary["granted"] > 0 and len(summary["denied_kinds"]) >= 2
    assert summary["interpreter"].startswith("MicroPython")
    wait(lambda: not any(runs(pid) for pid in left), 5, "all child processes to end")


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
    except (ProcessLookupError, FileNotFoundError):
        return False
