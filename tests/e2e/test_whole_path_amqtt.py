"""The whole path with amqtt, the broker that `portvakt run` starts itself; a parcel through its bank in a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.e2e.whole_path", "tests.e2e.parcel_in_a_browser")

from tests.e2e.house import House, wait  # noqa: E402  the rewriting comes before the import
from tests.e2e.parcel_in_a_browser import *  # noqa: E402, F403  the first: the last scenario ends the building
from tests.e2e.whole_path import *  # noqa: E402, F403  the scenarios
from tests.e2e.whole_path import runs  # noqa: E402

pytestmark = pytest.mark.micropython


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One running building for all: starting it takes longer than any of them."""
    house = House(tmp_path_factory.mktemp("house"), None, bank=True)
    yield house
    house.close()


def test_a_building_that_is_killed_leaves_no_process(tmp_path: Path) -> None:
    house = House(tmp_path, None)
    left = house.pids()
    assert len(left) >= 4  # broker, worker, two boards
    house.close()
    wait(lambda: not any(runs(pid) for pid in left), 5, "all child processes to end")
