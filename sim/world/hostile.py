"""A broker owned by an attacker: it keeps what passes and replays, forges, cuts, swaps, delays and drops."""

from collections import Counter, deque
from collections.abc import Callable
from random import Random

from .broker import Broker

KEPT = 200  # messages of the past that it can replay
PING_BYTES = 26  # a sealed ping: there are many, and little lies in them


class Hostile:
    """later(ms, call): calls it so much later. rate: how many of a thousand messages are meddled with.

    on_act(controller): it did something to that controller, or through it.
    """

    def __init__(
        self,
        broker: Broker,
        chance: Random,
        later: Callable[[int, Callable[[], None]], None],
        rate: float = 20,
        on_act: Callable[[str], None] = lambda controller: None,
    ) -> None:
        self.acts: Counter[str] = Counter()
        self._broker = broker
        self._chance = chance
        self._later = later
        self._rate = rate
        self._on_act = on_act
        self._kept: deque[tuple[str, bytes]] = deque(maxlen=KEPT)
        self._others: dict[str, None] = {}  # controllers seen
        self._held: dict[str, list[tuple[str, bytes, int, bool]]] = {}  # ways that are stopped for a while
        self._kinds = (
            self._replay, self._replay_old, self._forge, self._truncate, self._swap, self._duplicate,
            self._reorder, self._delay, self._drop, self._stop_for_a_while, self._hint, self._turn_a_bit,
        )  # fmt: skip

    def start(self) -> None:
        self._broker.between = self._carry

    def stop(self) -> None:
        self._broker.between = None
        for topic in list(self._held):
            self._go_on(topic)

    def _carry(self, topic: str, payload: bytes, qos: int, retain: bool) -> None:
        parts = topic.split("/")
        if len(parts) != 3 or parts[2] not in ("up", "down"):
            self._broker.pass_on(topic, payload, qos, retain)
            return
        self._others[parts[1]] = None
        rate = self._rate if len(payload) > PING_BYTES else self._rate / 40
        if topic in self._held:
            self._held[topic].append((topic, payload, qos, retain))
        elif self._chance.random() * 1000 < rate:
            act = self._chance.choice(self._kinds)
            self.acts[act.__name__.strip("_").replace("_", " ")] += 1
            self._on_act(parts[1])
            act(topic, payload)
        else:
            self._broker.pass_on(topic, payload, qos, retain)
        if len(payload) > PING_BYTES or self._chance.random() < 0.01:
            self._kept.append((topic, payload))

    def _send(self, topic: str, payload: bytes) -> None:
        self._broker.pass_on(topic, payload)

    def _replay(self, topic: str, payload: bytes) -> None:
        """Now, and again from now on until a minute later."""
        self._send(topic, payload)
        for _ in range(self._chance.randrange(1, 4)):
            self._later(self._chance.randrange(60_000), lambda: self._send(topic, payload))

    def _replay_old(self, topic: str, payload: bytes) -> None:
        """What passed long ago, mostly in another session."""
        self._send(topic, payload)
        for old in self._chance.sample(list(self._kept), min(5, len(self._kept))):
            self._send(*old)

    def _forge(self, topic: str, payload: bytes) -> None:
        changed = bytearray(payload)
        at = self._chance.randrange(len(changed))
        changed[at] ^= 1 << self._chance.randrange(8)
        self._send(topic, bytes(changed))
        # A head that fits, and a body that does not.
        self._send(topic, payload[:5] + self._chance.randbytes(max(0, len(payload) - 5)))

    def _turn_a_bit(self, topic: str, payload: bytes) -> None:
        """Of what is sealed inside, and nothing else: only the tag can tell."""
        changed = bytearray(payload)
        if len(changed) > PING_BYTES:
            changed[self._chance.randrange(9, len(changed) - 16)] ^= 1 << self._chance.randrange(8)
        self._send(topic, bytes(changed))

    def _truncate(self, topic: str, payload: bytes) -> None:
        self._send(topic, payload[: self._chance.randrange(len(payload))])

    def _swap(self, topic: str, payload: bytes) -> None:
        """To another controller, or back to where it came from."""
        _, controller, way = topic.split("/")
        others = [one for one in self._others if one != controller]
        if others:
            self._send(f"portvakt/{self._chance.choice(others)}/{way}", payload)
        self._send(f"portvakt/{controller}/{'up' if way == 'down' else 'down'}", payload)
        self._send(topic, payload)

    def _duplicate(self, topic: str, payload: bytes) -> None:
        self._send(topic, payload)
        self._send(topic, payload)

    def _reorder(self, topic: str, payload: bytes) -> None:
        self._later(self._chance.randrange(50, 1_500), lambda: self._send(topic, payload))

    def _delay(self, topic: str, payload: bytes) -> None:
        self._later(self._chance.randrange(1_500, 20_000), lambda: self._send(topic, payload))

    def _drop(self, topic: str, payload: bytes) -> None:
        pass

    def _stop_for_a_while(self, topic: str, payload: bytes) -> None:
        """Everything on this way, in order, up to twelve seconds late: longer, and the link is given up."""
        self._held[topic] = [(topic, payload, 0, False)]
        self._later(self._chance.randrange(2_000, 12_000), lambda: self._go_on(topic))

    def _go_on(self, topic: str) -> None:
        for held in self._held.pop(topic, ()):
            self._broker.pass_on(*held)

    def _hint(self, topic: str, payload: bytes) -> None:
        """That the cloud does not know the session."""
        self._send(topic, payload)
        self._send(f"portvakt/{topic.split('/')[1]}/down", b"R")
