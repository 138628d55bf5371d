"""Virtual time: one heap of what happens when, and greenlets that wait on it.

One seed, one thing running at a time. Code takes no time; only sleeping, waiting and sockets let it pass.
What is due at one instant happens in the order in which it was asked for: a run is a function of its seed.
"""

import random
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Protocol

from greenlet import getcurrent, greenlet

from sim.mcu import chip

MS = 1_000
SECOND = 1_000_000
DAY = 86_400 * SECOND
STUCK = 100_000  # things happening at one instant before we say that time stands still


class Stuck(RuntimeError):
    """Time no longer moves: a task asks again and again without waiting."""


class ScheduledCall:
    """Something that is going to happen, until it is cancelled."""

    __slots__ = ("arguments", "call")

    def __init__(self, call: Callable[..., object], arguments: tuple[object, ...]) -> None:
        self.call: Callable[..., object] | None = call
        self.arguments = arguments

    def cancel(self) -> None:
        self.call = None


class Owner(Protocol):
    """Whose code a task runs. holder: the only one of its tasks that may go on, which it does at free_at."""

    holder: "Task | None"
    free_at: int

    def left(self, task: "Task") -> None:
        """The task is about to wait, or has ended: others of this owner may find what they wait for."""


class Task:
    """A greenlet that runs blocking code in virtual time."""

    def __init__(self, scheduler: "Scheduler", run: Callable[[], None], owner: Owner | None) -> None:
        self.scheduler = scheduler
        self.owner = owner
        self.turn = 0  # which block() it stands in: a wake-up for an earlier one is void
        self.greenlet = greenlet(lambda _: run(), parent=scheduler.hub)

    @property
    def dead(self) -> bool:
        return self.greenlet.dead

    def wake(self, after_us: int = 0) -> None:
        """Ends the block() that it stands in, so much later, at that instant but after what is already due."""
        scheduler = self.scheduler
        scheduler.order += 1
        heappush(scheduler.heap, (scheduler.now + after_us, scheduler.order, self._resume, (self.turn, True)))

    def kill(self, error: BaseException) -> None:
        """Raises `error` where it stands, at once, and comes back when it is over."""
        self.turn += 1
        if self.greenlet.dead:
            return
        self.greenlet.parent = getcurrent()
        try:
            self._enter(error)
        except type(error):
            pass  # it had not begun
        if not self.greenlet.dead:
            raise RuntimeError("code caught its own end and went on waiting: a bare except or BaseException?")

    def _resume(self, turn: int, woken: bool) -> None:
        if turn != self.turn or self.greenlet.dead:
            return
        owner = self.owner
        if owner is not None and owner.holder is not None and owner.holder is not self:
            scheduler = self.scheduler
            scheduler.order += 1
            heappush(scheduler.heap, (owner.free_at, scheduler.order, self._resume, (turn, woken)))
            return
        self.turn += 1
        self._enter(woken)

    def _enter(self, value: BaseException | bool) -> None:
        scheduler = self.scheduler
        before = scheduler.running
        scheduler.running = self
        scheduler.use(self.owner)
        try:
            if isinstance(value, BaseException):
                self.greenlet.throw(value)
            else:
                self.greenlet.switch(value)
        finally:
            if self.owner is not None and self.greenlet.dead:
                self.owner.left(self)
            scheduler.running = before
            scheduler.use(None if before is None else before.owner)


class Scheduler:
    """now: microseconds since the start of the world. use(owner): told whose code runs from here on."""

    def __init__(self, seed: int | str = 0, use: Callable[[Owner | None], object] = chip.use) -> None:
        self.now = 0
        self.heap: list[tuple[int, int, Callable[..., object], tuple[object, ...]]] = []
        self.order = 0
        self.hub = getcurrent()
        self.running: Task | None = None
        self.use: Callable[[Owner | None], object] = use
        self.happened = 0  # things done so far
        self._until = 0
        self._seed = seed
        self._same = 0
        self._interrupt = self._happen_between  # one object, known when it lies in the heap

    def chance(self, name: str) -> random.Random:
        """A source of chance of its own for each user, so that one user's draws do not change another's."""
        return random.Random(f"{self._seed}/{name}")

    def at(self, time: int, call: Callable[..., object], *arguments: object) -> ScheduledCall:
        """Calls call(*arguments) at `time`, or at once when that has passed. It must not block."""
        event = ScheduledCall(call, arguments)
        self.order += 1
        heappush(self.heap, (time if time > self.now else self.now, self.order, self._happen, (event,)))
        return event

    def surely(self, time: int, call: Callable[..., object], *arguments: object) -> None:
        """at(), for what is never cancelled."""
        self.order += 1
        heappush(self.heap, (time if time > self.now else self.now, self.order, call, arguments))

    def between(self, time: int, call: Callable[..., object], *arguments: object) -> ScheduledCall:
        """at(), for what only moves something in the world and wakes tasks: it ends none.

        A task that waits for nothing else goes on without a switch.
        """
        event = ScheduledCall(call, arguments)
        self.order += 1
        heappush(self.heap, (time if time > self.now else self.now, self.order, self._interrupt, (event,)))
        return event

    def after(self, delay: int, call: Callable[..., object], *arguments: object) -> ScheduledCall:
        return self.at(self.now + delay, call, *arguments)

    def spawn(self, run: Callable[[], None], owner: Owner | None = None) -> Task:
        """A task that starts at this instant, after what is already due."""
        task = Task(self, run, owner)
        task.wake()
        return task

    def block(self, until: int | None = None) -> bool:
        """The running task waits for wake(), at the longest until `until`. True when it was woken."""
        task = self.running
        if task is None:
            raise RuntimeError("only a task may wait; this code was called by the world or by an interrupt")
        if task.owner is not None:
            task.owner.left(task)
        if until is not None:
            heap = self.heap
            if self.now < until <= self._until:
                if heap and heap[0][2] is self._interrupt and heap[0][0] < until:
                    self._interrupts(task, until)
                if not heap or heap[0][0] > until:
                    # Nothing comes before: a jump without a switch.
                    self.now = until
                    self._same = 0
                    self.happened += 1
                    return False
            self.order += 1
            heappush(heap, (until if until > self.now else self.now, self.order, task._resume, (task.turn, False)))
        return self.hub.switch()

    def _interrupts(self, task: Task, until: int) -> None:
        """What comes before and ends no task happens while the running one stands in block()."""
        heap = self.heap
        self.running = None
        self.use(None)
        while heap and heap[0][2] is self._interrupt and heap[0][0] < until:
            time, _, call, arguments = heappop(heap)
            if time > self.now:
                self.now = time
                self._same = 0
            self.happened += 1
            call(*arguments)
        self.running = task
        self.use(task.owner)

    def run(self, until: int) -> None:
        """Lets everything happen up to and with `until`."""
        self._until = until
        heap = self.heap
        while heap and heap[0][0] <= self._until:
            time, _, call, arguments = heappop(heap)
            if time > self.now:
                self.now = time
                self._same = 0
            self._same += 1
            if self._same > STUCK:
                raise Stuck(f"{STUCK} things happened at {self.now} us and time does not move; last: {call}")
            self.happened += 1
            call(*arguments)
        if self._until == until:
            self.now = max(self.now, until)

    def stop(self) -> None:
        """Ends run() where it stands: what is due stays due."""
        self._until = -1

    def _happen_between(self, event: ScheduledCall) -> None:
        self._happen(event)

    def _happen(self, event: ScheduledCall) -> None:
        call = event.call
        if call is not None:
            event.call = None
            call(*event.arguments)
