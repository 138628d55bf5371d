"""The file system is full: whoever writes files says so, goes on, and tries again later. No loop ends of it."""

import builtins
import os

from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.cloud import rotate, rules_download, trial, update, wire
from firmware.controller.commissioning import commissioning
from firmware.controller.events import GRANTED, NOT_SAVED, READER_KEYED, RULES_REFUSED, STARTED
from firmware.controller.records import NO_END, unpack_event
from firmware.controller.storage import checkpoint, settings_save
from sim.world.osdp import PeripheralDevice
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import KEY, UTC, Bench
from tests.firmware.osdp_bench import OsdpLine
from tests.firmware.storage.cards import know
from tests.firmware.test_osdp_door import TABLE

WRITERS = (checkpoint, settings_save, rules_download, update)  # every module that opens a file to write it
USES = {"version": 1, "profiles": {"7": {"doors": {"1": 0}, "uses": 9}}}


class Full:
    """While it lasts no file can be written."""

    def __enter__(self):
        self._open = was = builtins.open

        def full(path, mode="r", *more):
            if mode[0] in "wa":
                raise OSError(28)  # ENOSPC
            return was(path, mode, *more)

        builtins.open = full  # not of a module: some are loaded anew when they are used

    def __exit__(self, *error):
        builtins.open = self._open


def told(bench):
    """What was not saved, by the events. One by one: a list of hundreds would not fit a board's heap."""
    found, buffer = [], bytearray(32)
    for sequence in range(bench.loop.log.first, bench.loop.log.last + 1):
        bench.loop.log.read(sequence, memoryview(buffer))
        event = unpack_event(buffer)
        if event[2] == NOT_SAVED:
            found.append(event[4])
    return found


def test_what_rules_remember_is_written_when_there_is_room_again():
    bench = Bench(rules=USES)
    bench.give(12, 3456)
    bench.tap(12, 3456)
    for n in range(300):
        bench.loop.record(STARTED, bench.chip.now, 0, n & 255)
    with Full():
        bench.run(700000)
        assert told(bench) == [2], "once is enough"
        bench.tap(12, 3456)
        assert bench.strike() == 1
    assert "memory.bin" not in bench.files() and "memory.bin.new" not in bench.files()
    bench.run(700000)
    assert "memory.bin" in bench.files()
    bench.clean()


def test_a_reader_gets_no_key_that_was_not_kept_and_the_doors_go_on():
    bench = Bench(table=TABLE)
    start, reader = bench.chip.now, PeripheralDevice(0, None, os.urandom)
    bench.loop.parts[0]._uart.port = OsdpLine([reader], lambda: (bench.chip.now - start) * 1000, 38400)
    know(bench.loop.table, credential_key(KEY, card_value(26, 12 << 16 | 3456)), 7, NO_END)
    bench.run(3000)
    commissioning(bench.loop).begin(5, bench.chip.now)
    with Full():
        bench.run(70000)
        assert told(bench) == [1]
        assert reader.key is None and READER_KEYED not in [event[0] for event in bench.events()]
    bench.run(70000)
    assert READER_KEYED in [event[0] for event in bench.events()]
    reader.card(frame26(12, 3456))
    bench.run(150)
    assert GRANTED in [event[0] for event in bench.events()]
    bench.clean()


def test_rules_that_find_no_room_are_refused_and_those_before_hold():
    bench = Bench()
    bench.connect()
    with Full():
        said = bench.rules_come({"version": 9})
        assert [message for message in said if message[0] == wire.RULES_TAKEN][-1][5:7] == b"\xff\xff"
        bench.run(20000)
    assert bench.loop.rules.version == 1 and RULES_REFUSED in [event[0] for event in bench.events()]
    assert bench.rules_come({"version": 10}) and bench.loop.rules.version == 10
    bench.clean()


def test_an_update_that_finds_no_room_is_refused_and_the_loop_goes_on():
    bench = Bench()
    bench.connect()
    bench.said()
    for name in ("current", "release.key"):
        with open(bench.folder + name, "w") as file:
            file.write("1" * 12)
    with Full():
        offer = wire.packed(wire.UPDATE, "<I", 0xFFFFFFFF)
        bench.hear(offer + b'{"build": "0123456789ab", "head": 9, "start": true}')
        bench.hear(wire.packed(wire.UPDATE, "<I", 0) + b"x" * 256)
        bench.run(20000)
    answers = [wire.read_json(message) for message in bench.said() if message[0] == wire.UPDATE_STATE]
    assert [answer["state"] for answer in answers] == ["wanted", "refused"] and "flash" in answers[1]["why"]
    for name in ("current", "release.key"):
        os.remove(bench.folder + name)


def test_a_trial_whose_end_finds_no_room_goes_on_until_it_does():
    bench = Bench()
    bench.connect()
    bench.link = bench.loop.link = Beating(bench)
    name = bench.folder + "trial"
    with open(name, "w") as file:
        file.write("0123456789ab 1 10")
    bench.sync.trial = trial.begin(bench.folder, bench.loop, bench.chip.now)
    assert bench.sync.trial is not None
    bench.give(12, 3456)
    with Full():
        bench.tap(12, 3456)
        bench.run(60000)
        assert told(bench) == [3] and "current" not in bench.files()
    bench.run(60000)
    assert "current" in bench.files() and "trial" not in bench.files()
    bench.clean()


class Beating:
    """A network loop that comes round."""

    def __init__(self, bench):
        self._bench = bench

    @property
    def beat(self):
        return self._bench.chip.now


def test_a_secret_that_is_not_saved_is_not_taken():
    class Link:
        settings = {"link_secret": "11" * 32}

        class session:
            renew = False
            secret = bytes(32)

    class Loop:
        link = Link
        parts = []

    class Sync:
        folder = "bench-"
        said = []

        def say(self, message):
            self.said.append(message)

    with Full():
        rotate.take(Sync(), Loop, bytes((wire.SECRET,)) + bytes(range(32)), UTC)
    assert not Sync.said and Link.settings == {"link_secret": "11" * 32} and not Link.session.renew


def test_every_writer_is_here():
    if not hasattr(checkpoint, "__file__") or checkpoint.__file__[-3:] != ".py":
        return  # the sources are beside the tests on CPython alone
    root = checkpoint.__file__.replace("\\", "/").rpartition("/storage/")[0]
    found = set()
    for folder in ("", "/access", "/cloud", "/points", "/readers", "/outputs", "/storage"):
        for name in os.listdir(root + folder):
            if name[-3:] == ".py":
                with open(root + folder + "/" + name) as file:
                    text = file.read()
                if any(mode in text for mode in (', "w")', ', "wb")', ', "ab")', '"wb" if', '"ab" if', "+b")):
                    found.add(name[:-3])
    # files.py is the flash of a board without partitions: sectors.py tells what it does not take.
    assert found == {module.__name__.rpartition(".")[2] for module in WRITERS} | {"files"}
