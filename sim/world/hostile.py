"""A broker owned by an attacker: it keeps what passes and replays, forges, cuts, swaps, delays and drops."""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from random import Random

from .broker import Broker

KEPT = 200  # messages of the past that it can replay
PING_BYTES = 26  # a sealed ping: there are many, and little lies in them
TIME_BYTES = 42  # a sealed answer to a question for the time
STORED_BYTES = 34  # a sealed acknowledgement
YEAR_2099 = 4_070_908_800_000  # Unix milliseconds


class Hostile:
    """later(ms, call): calls it so much later. rate: how many of a thousand messages are meddled with.

    on_act(controller): it did something to that controller, or through it. only: the names of what it does; all of it.
    now(): Unix milliseconds, which everybody knows.
    """

    def __init__(
        self,
        broker: Broker,
        chance: Random,
        later: Callable[[int, Callable[[], None]], None],
        rate: float = 20,
        on_act: Callable[[str], None] = lambda controller: None,
        only: Iterable[str] = (),
        now: Callable[[], int] = lambda: 1_800_000_000_000,
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
        self._now = now
        kinds = (
            self._replay, self._replay_old, self._forge, self._truncate, self._swap, self._duplicate,
            self._reorder, self._delay, self._drop, self._stop_for_a_while, self._hint, self._turn_a_bit,
            self._replay_session, self._forge_acknowledgement, self._stale_time, self._old_time, self._time_of_2099,
            self._set_clock_back,
        )  # fmt: skip
        self._kinds = [kind for kind in kinds if not only or _name(kind) in only]

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
            self.acts[_name(act)] += 1
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

    def _replay_session(self, topic: str, payload: bytes) -> None:
        """Everything kept of this way, in its order: a whole session once more."""
        self._send(topic, payload)
        for old in [one for one in self._kept if one[0] == topic]:
            self._send(*old)

    def _forge_acknowledgement(self, topic: str, payload: bytes) -> None:
        """To the controller, that everything is stored: the size and the place are known, the keys are not."""
        self._send(topic, payload)
        controller = topic.split("/")[1]
        down = f"portvakt/{controller}/down"
        last = next((old for way, old in reversed(self._kept) if way == down and old[:1] == b"S"), None)
        if last is not None:
            counter = int.from_bytes(last[5:9], "little") + self._chance.randrange(1, 4)
            body = self._chance.randbytes(STORED_BYTES - 9)
            self._send(down, last[:5] + counter.to_bytes(4, "little") + body)
            shaped = next((old for way, old in reversed(self._kept) if way == down and len(old) == STORED_BYTES), last)
            self._send(down, last[:5] + counter.to_bytes(4, "little") + shaped[9:])

    def _stale_time(self, topic: str, payload: bytes) -> None:
        """An answer about the time that comes when it is not true any more."""
        late = self._chance.randrange(5_500, 11_000) if len(payload) == TIME_BYTES else 0
        self._later(late, lambda: self._send(topic, payload))

    def _old_time(self, topic: str, payload: bytes) -> None:
        """The answer to an earlier question in place of this one."""
        old = [kept for way, kept in self._kept if way == topic and len(kept) == TIME_BYTES]
        self._send(topic, self._chance.choice(old) if old and len(payload) == TIME_BYTES else payload)

    def _turn_time(self, topic: str, payload: bytes, wanted: int) -> None:
        """What lies inside is known but for the keys: turning the right bits would make it say something else."""
        if len(payload) != TIME_BYTES:
            self._send(topic, payload)
            return
        turned = (self._now() ^ wanted).to_bytes(8, "little")
        at = TIME_BYTES - 16 - 8
        changed = bytes(a ^ b for a, b in zip(payload[at : at + 8], turned, strict=True))
        self._send(topic, payload[:at] + changed + payload[at + 8 :])

    def _time_of_2099(self, topic: str, payload: bytes) -> None:
        self._turn_time(topic, payload, YEAR_2099)

    def _set_clock_back(self, topic: str, payload: bytes) -> None:
        self._turn_time(topic, payload, self._now() - 40 * 86_400_000)

    def _hint(self, topic: str, payload: bytes) -> None:
        """That the cloud does not know the session."""
        self._send(topic, payload)
        self._send(f"portvakt/{topic.split('/')[1]}/down", b"R")


def _name(act: Callable[[str, bytes], None]) -> str:
    return act.__name__.strip("_").replace("_", " ")
