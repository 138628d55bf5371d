"""The hostile broker: everything it can do is done, and what it holds back comes when it stops."""

import random

from sim.world.broker import Broker
from sim.world.hostile import Hostile


def test_it_does_everything_and_lets_go_when_it_stops():
    broker, heard, later = Broker(), [], []
    broker.subscribe("portvakt/#", lambda topic, payload: heard.append((topic, payload)))
    hostile = Hostile(broker, random.Random(1), lambda ms, call: later.append(call), rate=500)
    hostile.start()
    for n in range(2_000):
        broker.publish(f"portvakt/{n % 2}/{'up' if n % 3 else 'down'}", n.to_bytes(40, "big"))
        if n % 50 == 0:
            for call in later:
                call()
            later.clear()
    assert len(hostile.acts) == 18 and min(hostile.acts.values()) > 5, hostile.acts
    sent = {n.to_bytes(40, "big") for n in range(2_000)}
    payloads = [payload for _, payload in heard]
    assert len(payloads) > len(set(payloads))  # replayed
    assert set(payloads) - sent  # forged, or cut
    hostile.stop()
    before = len(heard)
    broker.publish("portvakt/0/up", b"honest")
    assert heard[before:] == [("portvakt/0/up", b"honest")]


def test_what_is_not_of_a_controller_passes():
    broker, heard = Broker(), []
    broker.subscribe("#", lambda topic, payload: heard.append(payload))
    Hostile(broker, random.Random(1), lambda ms, call: None, rate=1_000).start()
    broker.publish("portvakt/0/presence", b"1", retain=True)
    broker.publish("else", b"x")
    assert heard == [b"1", b"x"] and broker.retained
