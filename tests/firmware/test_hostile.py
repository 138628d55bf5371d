"""What a cloud gone bad may say, sealed with the right keys: it is refused and counted, and the controller goes on."""

import gc

from firmware.controller.cloud import message_handlers, wire
from tests.firmware.controller_bench import UTC, Bench

NUMBERS = ("1e999", "1e19", "-1", "0.5", "9" * 19, "-" + "9" * 19, "1" + "0" * 40, "9" * 300)
OTHERS = ("null", "true", '""', '"' + "9" * 50 + '"', "[]", "{}", "[[[[[[]]]]]]", '[{"a": [1]}]', "[" * 40 + "]" * 40)
ANY = NUMBERS + OTHERS
VALUES = ("9" * 19, "0.5", "[[[[]]]]", '""', "null")
RAISED = (ValueError, KeyError, IndexError, OverflowError, ZeroDivisionError, TypeError, AttributeError, RuntimeError)
RAISED += (MemoryError, OSError)


def connected():
    bench = Bench()
    bench.connect()
    bench.said()
    return bench


def is_well(bench):
    """A right message is taken, and what is said fits into a message."""
    for message in bench.said():
        assert len(message) <= wire.MAX_MESSAGE - 25, (len(message), bytes(message[:60]))
    bench.hear(wire.json_message(wire.COMMAND, {"id": 99, "do": "identify", "door": 1, "expires": UTC + 600}))
    assert wire.read_json(bench.said()[-1])["result"] == "done"


def hear_all(bench, texts, head):
    for text in texts:
        bench.hear(head + text.encode())
        for message in bench.said():
            assert len(message) <= wire.MAX_MESSAGE - 25
    gc.collect()
    assert bench.strike() == 0


def test_a_command_of_any_shape_does_nothing():
    bench = connected()
    usual = {"id": "1", "do": '"hold"', "door": "1", "until": "0", "expires": str(UTC + 600), "minutes": "1"}
    # No door has the number 9: what is bent otherwise would be an order.
    for verb, door, fields in (
        ("hold", "9", ("id", "do", "door", "until", "expires")),
        ("commission", "0", ("minutes",)),
    ):
        for field in fields:
            texts = []
            for value in ANY:
                fields = dict(usual, do='"%s"' % verb, door=door, expires=str(UTC + 1 + len(texts)))
                fields[field] = value
                texts.append("{" + ", ".join(['"%s": %s' % one for one in fields.items()]) + "}")
            hear_all(bench, texts, bytes((wire.COMMAND,)))
    is_well(bench)


def test_a_hold_ends_within_32_bits():
    bench = connected()
    for number, until in enumerate(NUMBERS):
        text = '{"id": %d, "do": "hold", "door": 1, "until": %s, "expires": %d}' % (number, until, UTC + 600 + number)
        hear_all(bench, [text], bytes((wire.COMMAND,)))
    assert bench.refused["content"] == len(NUMBERS)
    is_well(bench)


def test_an_answer_is_never_too_long_for_its_message():
    bench = connected()
    for name in ('"' + "x" * 41 + '"', "9" * 41, '"' + "x" * 900 + '"'):
        hear_all(bench, ['{"id": %s, "do": "explode", "expires": 1}' % name], bytes((wire.COMMAND,)))
    assert bench.refused["content"] == 3 and not bench.said()
    is_well(bench)


def test_rules_of_any_shape_are_refused_whole():
    bench = connected()
    fields = ("zone", "zone_changes", "holidays", "schedules", "profiles", "areas", "doors")
    inner = (
        '{"1": %s}',
        '{"1": {"release_ms": %s}}',
        '{"1": {"who": %s}}',
        '{"1": {"doors": %s}}',
        "[%s]",
        "[[%s, 1]]",
    )
    inner += ('{"1": {"times": [[%s, 1, 2]]}}', '{"1": {"passage": %s}}', '{"1": {"from": %s}}', '{"1": {"limit": %s}}')
    version = 1
    for field in fields:
        for shape in ("%s",) + inner:
            version += 1
            said = '{"version": %d, "%s": %s}' % (version, field, shape % VALUES[version % len(VALUES)])
            bench.hear(wire.packed(wire.RULES, "<IHH", version, 0, 1) + said.encode())
            (answer,) = [message for message in bench.said() if message[0] == wire.RULES_TAKEN]
            assert len(answer) < 300
            taken = wire.unpacked("<IH", answer)[1] == 1
            assert taken == (bench.loop.rules.version == version), said
            gc.collect()
    is_well(bench)
    bench.clean()


def test_packed_messages_of_any_length_are_refused():
    bench = connected()
    for kind in (wire.STORED, wire.DELTA, wire.SNAPSHOT, wire.BUCKETS_ASKED, wire.PASSED, wire.SECRET, wire.TIME):
        for body in (b"", b"\xff", b"\xff" * 7, b"\xff" * 20, bytes(20), b"\xff" * 900):
            bench.hear(bytes((kind,)) + body)
            bench.run(1000)
            bench.said()
    is_well(bench)


def test_offers_of_updates_of_any_shape_are_refused():
    bench = connected()
    for field in ("build", "head", "start", "vouched"):
        for value in NUMBERS[:4] + OTHERS[3:]:
            fields = {"build": '"abcdef012345"', "head": "9", "start": "true", "vouched": "true"}
            fields[field] = value
            said = "{" + ", ".join(['"%s": %s' % one for one in fields.items()]) + "}"
            hear_all(bench, [said], wire.packed(wire.UPDATE, "<I", 0xFFFFFFFF))
    is_well(bench)


def test_whatever_a_message_raises_the_loop_goes_on():
    bench = connected()
    for does in (bench.sync.handlers, message_handlers._DOES):
        for kind in list(does):
            if type(kind) is str or kind < 32:
                continue  # what commands keep there, and what the link says of itself
            was = does[kind]
            for error in RAISED:
                refused = bench.refused["content"]
                does[kind] = lambda *_, error=error: raise_(error)
                try:
                    bench.hear(bytes((kind,)))
                finally:
                    does[kind] = was
                assert bench.refused["content"] == refused + 1, (kind, error)
    is_well(bench)


def raise_(error):
    raise error("hostile")
