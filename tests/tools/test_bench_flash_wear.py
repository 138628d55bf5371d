"""What a flood writes to flash, and how long that lasts."""

from tools.bench.flash_wear import flood_events_a_day, pulsed_events_a_day, years

LOG, STATE = 81, 2  # sectors of a 4 MB board
EVENTS, NOTES, LAZY = 127, 253, 64  # events a sector, notes a sector, events a note


def lives(events_a_day: float) -> float:
    """The years of the part that wears out first."""
    return min(years(events_a_day / EVENTS, LOG), years(events_a_day / LAZY / NOTES, STATE))


def test_a_flood_of_ten_unknown_cards_a_second_hardly_wears_the_flash() -> None:
    events = flood_events_a_day(10)
    assert events == 24 * 4
    assert lives(events) > 10_000


def test_who_knows_how_denials_are_coalesced_cannot_wear_it_out_either() -> None:
    events = pulsed_events_a_day(doors=2, codes=4)
    assert events == 2 * 4 * 3 * 24 * 60
    assert lives(events) > 80


def test_without_coalescing_it_would_be_worn_out_soon() -> None:
    assert years(864_000 / EVENTS, LOG) < 4
