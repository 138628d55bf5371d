"""`_thread` of one virtual chip: threads are tasks of that chip, locks block in virtual time."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from .scheduler import Task

if TYPE_CHECKING:
    from .chip import VirtualChip


class ThreadLock:
    """First come, first served. Now and then (by the seed) taking it lets the others run first."""

    def __init__(self, chip: "VirtualChip") -> None:
        self._chip = chip
        self._owned = False
        self._waiting: list[Task] = []

    def acquire(self, blocking: int = 1, timeout: float = -1) -> bool:
        chip = self._chip
        chip.check()
        if blocking and chip.stir and chip.scheduler.running and chip.chance.random() < chip.stir:
            chip.scheduler.block(chip.scheduler.now)
        if not self._owned:
            self._owned = True
            return True
        if not blocking:
            return False
        task = chip.scheduler.running
        if task is None:
            raise RuntimeError("an interrupt waits for a lock")
        self._waiting.append(task)
        until = None if timeout < 0 else chip.scheduler.now + int(timeout * 1_000_000)
        if chip.scheduler.block(until):
            return True  # release() handed it over
        if task not in self._waiting:
            return True  # handed over at the very instant at which the time was up
        self._waiting.remove(task)
        return False

    def release(self) -> None:
        if not self._owned:
            raise RuntimeError("release unlocked lock")
        while self._waiting:
            task = self._waiting.pop(0)
            if not task.dead:
                task.wake()
                return
        self._owned = False

    def locked(self) -> bool:
        return self._owned

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        # A thread that the power cut kills lets go without waking another: none is there.
        if self._chip.on:
            self.release()


class Threads:
    """The module."""

    LockType = ThreadLock

    def __init__(self, chip: "VirtualChip") -> None:
        self._chip = chip

    def start_new_thread(
        self, function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object] | None = None
    ) -> int:
        self._chip.check()
        self._chip.start(lambda: function(*args, **(kwargs or {})))
        return len(self._chip.tasks)

    def allocate_lock(self) -> ThreadLock:
        return ThreadLock(self._chip)

    def stack_size(self, size: int = 0) -> int:
        return 0

    def exit(self) -> None:
        raise SystemExit
