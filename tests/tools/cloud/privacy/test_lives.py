"""Random lives keep what is promised; each of ten planted defects is found by them."""

import os
from datetime import timedelta
from typing import Any

import pytest
from asking import Asking
from random_lives import YEARS, Broken, Lives

from tools.cloud.audit import changes
from tools.cloud.backups import erasures
from tools.cloud.lockers import privacy as parcels
from tools.cloud.log import retention
from tools.cloud.models import Look, standing
from tools.cloud.people import births, erasure
from tools.cloud.privacy import leaving, requests

SEEDS = int(os.environ.get("LIVES", "3"))
SHORT = timedelta(days=200)


def nothing(*args: Any, **more: Any) -> Any:
    """As if it had been forgotten."""
    return 0


def late(now: Any) -> None:
    """Off by some days."""
    REAL(now - timedelta(days=60))


REAL = leaving.erase_due
Planted = tuple[Any, str, Any]
# What is broken -> how.
DEFECTS: dict[str, Planted] = {
    "the record of changes is forgotten by the erasure": (changes, "forget", nothing),
    "parcels are forgotten by the erasure": (parcels, "forget_of", nothing),
    "the words of requests are forgotten by the erasure": (erasure, "_forget_words", nothing),
    "the account stays": (erasure, "_forget_account", nothing),
    "a purge is off by days": (leaving, "erase_due", late),
    "passages are not purged": (retention, "erase", nothing),
    "parcels are not purged": (parcels, "forget", nothing),
    "looks are not purged": (
        retention, "RECORDS", tuple(one for one in retention.RECORDS if one[1] is not Look),
    ),
    "a deadline is missed unseen": (requests, "overdue", nothing),
    "a withdrawn consent ends nothing": (births, "forget", nothing),
    "a restriction hides nothing": (standing, "without_hidden", lambda rows, reach: rows),
    "a backup brings somebody back": (erasures, "note", nothing),
}  # fmt: skip
QUICK = ("the words of requests are forgotten by the erasure", "a restriction hides nothing")


def lives(time_now: Any, monkeypatch: pytest.MonkeyPatch, seed: int, defect: str | None = None) -> Lives:
    if defect is not None:
        monkeypatch.setattr(*DEFECTS[defect])
    return Lives(Asking(time_now, f"Solsiden {seed}", seed), seed)


def test_some_months_of_lives(time_now: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lives(time_now, monkeypatch, 1).run(SHORT) > 20


@pytest.mark.parametrize("defect", QUICK)
def test_a_planted_defect_is_found_within_months(time_now: Any, monkeypatch: pytest.MonkeyPatch, defect: str) -> None:
    with pytest.raises(Broken):
        found(time_now, monkeypatch, defect, SHORT)


def found(time_now: Any, monkeypatch: pytest.MonkeyPatch, defect: str, span: timedelta) -> None:
    for seed in range(1, 5):
        lives(time_now, monkeypatch, seed, defect).run(span)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
def test_three_years_of_lives(time_now: Any, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """LIVES=100 for more of them."""
    assert lives(time_now, monkeypatch, seed).run(YEARS) > 100


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("defect", DEFECTS)
def test_every_planted_defect_is_found(time_now: Any, monkeypatch: pytest.MonkeyPatch, defect: str) -> None:
    with pytest.raises(Broken) as broken:
        found(time_now, monkeypatch, defect, YEARS)
    print(f"{defect}: {broken.value}")
