"""A whole controller with an OSDP reader: from the card to the strike, and its key while it is commissioned."""

import os

from firmware.controller import ticks
from firmware.controller.access.credential import card_value, credential_key
from firmware.controller.commissioning import commissioning
from firmware.controller.door_unit import AWAY_MS
from firmware.controller.events import GRANTED, READER_BACK, READER_KEYED, READER_LOST
from firmware.controller.records import NO_END
from sim.world.osdp import LED, OsdpLine, PeripheralDevice
from tests.firmware.bench import frame26
from tests.firmware.controller_bench import CONTACT, KEY, REX, STRIKE, Bench
from tests.firmware.storage.cards import know

TABLE = {
    "status": 14,
    "osdp": [{"tx": 17, "rx": 16, "baud": 38400}],
    "doors": [
        {
            "reader": {"kind": "osdp", "address": 0},
            "strike": {"pin": STRIKE, "active": 1},
            "contact": {"pin": CONTACT, "open": 1},
            "rex": {"pin": REX, "active": 0},
        }
    ],
}


def test_a_reader_gets_its_key_when_somebody_commissions_the_board_and_then_its_cards_open():
    bench = Bench(table=TABLE)
    start, reader = bench.chip.now, PeripheralDevice(0, None, os.urandom)
    bench.loop.parts[0]._uart.port = OsdpLine([reader], lambda: ticks.diff(bench.chip.now, start) * 1000, 38400)
    know(bench.loop.table, credential_key(KEY, card_value(26, 12 << 16 | 3456)), 7, NO_END)
    bench.run(3000)
    commissioning(bench.loop).begin(1, bench.chip.now)
    bench.run(70000)
    codes = [event[0] for event in bench.events()]
    assert [code for code in codes if code in (READER_LOST, READER_KEYED, READER_BACK)] == [
        READER_LOST,
        READER_KEYED,
        READER_BACK,
    ]
    reader.card(frame26(12, 3456))
    bench.run(150)
    assert bench.events()[-1][:3] == (GRANTED, 1, 0)
    assert bench.strike() == 1
    bench.run(100)
    assert reader.sealed and [data[2] for command, data in reader.shown if command == LED][-1] == 2
    bench.clean()


def test_a_card_held_to_an_osdp_reader_is_one_tap():
    plain = dict(TABLE, doors=[dict(TABLE["doors"][0], reader={"kind": "osdp", "address": 0, "secure": False})])
    bench = Bench(table=plain)
    start, reader = bench.chip.now, PeripheralDevice(0, None, os.urandom)
    bench.loop.parts[0]._uart.port = OsdpLine([reader], lambda: ticks.diff(bench.chip.now, start) * 1000, 38400)
    know(bench.loop.table, credential_key(KEY, card_value(26, 12 << 16 | 3456)), 7, NO_END)
    bench.run(3000)
    for _ in range(2):
        for _ in range(5):
            reader.card(frame26(12, 3456))
            bench.run(600)
        bench.run(AWAY_MS)
    assert [event[0] for event in bench.events()].count(GRANTED) == 2
    bench.clean()
