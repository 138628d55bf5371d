"""The parts of `portvakt bench lockers`: small, but each measures what it says."""

from pathlib import Path
from random import Random

import pytest

from tools.bench import guessing, lockers
from tools.simulate.run import import_path


def test_codes_and_cards_are_timed_and_all_coils_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_path()
    monkeypatch.setattr(lockers, "COUNT", 8)
    monkeypatch.setattr(lockers, "WAITING", 1)
    bank = lockers.VirtualLockers(tmp_path, "modbus", 1)
    try:
        waits = lockers.codes_and_cards(bank, 2)
        assert len(waits) == 3 and len(bank.world.answers) == 3
        assert all(20_000 < wait < 200_000 for wait in [*waits, *bank.world.answers])
        assert len(bank.pulses) == 3 + 8 and bank.most == lockers.COILS["modbus"]
        assert bank.world.faults == []
        bank.most = 0
        bank._ends = [bank.world.scheduler.now + 10**9] * 7
        bank.bank.bank.pulse(1)
        assert bank.most == 8, "what the board does not know of counts as well"
    finally:
        bank.close()


@pytest.mark.micropython
def test_the_interpreters_time_of_a_code_and_of_a_card() -> None:
    found = lockers.on_micropython(4, 1)
    assert all(0 < found[part]["p50"] < 100_000 for part in ("taps_us", "picks_us", "deposits_us"))


def test_guesses_hit_as_often_as_calculated_and_no_more_are_looked_at_than_are_borne(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from firmware.controller.access import tries

    monkeypatch.setattr(tries, "LONG_TRIES", 300)
    monkeypatch.setattr(guessing, "PROOFS", 10)
    found = guessing.measure(6)
    assert all(goal["met"] for goal in found["goals"]), found
    assert found["hits"] > 5
    looked = found["codes_looked_at"]
    assert looked["short"] - found["hits"] <= 2 * tries.SHORT_TRIES <= looked["short"] + 1


def test_a_bank_that_bears_too_many_wrong_codes_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    from firmware.controller.access import tries

    monkeypatch.setattr(tries, "SHORT_TRIES", 12)
    assert guessing.calculated() > guessing.CHANCE


def test_a_limit_that_does_not_hold_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A board that forgets its tries with its power."""
    from firmware.controller.access import tries

    monkeypatch.setattr(tries, "LONG_TRIES", 100)
    monkeypatch.setattr(guessing, "PROOFS", 4)
    monkeypatch.setattr(tries.Tries, "kept", lambda self: 0)
    monkeypatch.setattr(guessing, "where_windows_meet", lambda bank: [bank.guess(10) for _ in range(400)])
    assert not guessing.measure(2)["goals"][1]["met"]


def test_alone_he_waits_a_quarter_of_an_hour_each_time() -> None:
    import_path()
    bank = guessing.GuessedBank(Random(1), alone=True)
    while bank.seconds < guessing.DAY_S:
        bank.guess(13)
    assert 90 <= len(bank.looked) - len(bank.hits) <= 105
