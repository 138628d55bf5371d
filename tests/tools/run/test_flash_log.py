"""The log as it is read from a board's flash from the outside."""

from pathlib import Path

from firmware.controller.events import DENIED_UNKNOWN, GRANTED
from firmware.controller.records import pack_event
from tools.run.flash import FlashLog

HEADER = b"PL" + bytes(30)


def image(*slots: bytes) -> bytes:
    data = HEADER + b"".join(slots)
    return data + b"\xff" * (4096 - len(data))


def event(sequence: int, code: int = GRANTED) -> bytes:
    return pack_event(sequence, 1_800_000_000, code, 1, 0, 1, b"1234567")


def test_every_whole_event_is_found_and_new_ones_are_told_once(tmp_path: Path) -> None:
    file = tmp_path / "log.img"
    log = FlashLog(file)
    assert log.refresh() == [] and log.last == 0
    file.write_bytes(image(event(1), event(2, DENIED_UNKNOWN)))
    assert [(e.sequence, e.code, e.key) for e in log.refresh()] == [
        (1, GRANTED, b"1234567"),
        (2, DENIED_UNKNOWN, b"1234567"),
    ]
    assert log.refresh() == []
    file.write_bytes(image(event(1), event(2, DENIED_UNKNOWN), event(3)))
    assert [e.sequence for e in log.refresh()] == [3]
    assert (log.last, log.gaps()) == (3, 0)


def test_a_torn_event_is_none_and_a_hole_is_a_gap(tmp_path: Path) -> None:
    file = tmp_path / "log.img"
    file.write_bytes(image(event(1), event(2)[:20] + b"\xff" * 12, event(3)))
    log = FlashLog(file)
    assert [e.sequence for e in log.refresh()] == [1, 3]
    assert log.gaps() == 1
