"""The cloud hears once with which key the log's chain begins, and can then prove every event."""

from firmware.controller.cloud import wire
from firmware.controller.started import started
from firmware.protocol.log_chain import WHOLE, LogChain
from tests.firmware.controller_bench import Bench


def hello(said):
    return next(wire.read_json(message) for message in said if message[0] == wire.HELLO)


def test_the_chain_begins_with_a_key_that_every_hello_names_until_an_event_is_stored():
    bench = Bench()
    started(bench.loop, 1, 0)
    first = hello(bench.connect())["chain"]
    assert hello(bench.connect())["chain"] == first
    bench.tap(12, 3456)
    record = bytearray(32)
    chain = LogChain(first[0], bytes(int(first[1][at : at + 2], 16) for at in range(0, 32, 2)))
    for sequence in range(1, bench.loop.log.last + 1):
        bench.loop.log.read(sequence, record)
        assert chain.take(record) == WHOLE
    bench.stored()
    assert "chain" not in hello(bench.connect())
