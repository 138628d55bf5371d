"""A chip in virtual time: its power, its clock, its watchdog, its flash, and the tasks that run on it."""

from collections import Counter, deque
from collections.abc import Callable
from functools import partial

from sim.mcu import chip as mcu
from sim.mcu.flash import SECTOR, NorFlash, PowerCut

from .net import VirtualNetwork, VirtualSocket, VirtualSockets
from .pace import INSTANT, SOFT_INTERRUPTS, Pace
from .scheduler import MS, SECOND, ScheduledCall, Scheduler, Stuck, Task
from .thread import Threads

BOOT_US = 180 * MS  # from power to the first line of boot.py
TURNS = 12  # waits in one instant before one takes a millisecond
_WRAP = mcu.PERIOD - 1
LATER_MS = 1_000  # timers of less let go of a line or a lock; those of minutes may start the board again
SPIN = 20_000  # looks at the clock in one instant before we say that the firmware spins


class Halted(PowerCut):
    """The chip stopped while this code ran on it. Like every PowerCut it is no Exception."""


class Starved(MemoryError):
    """An allocation found no memory."""


class VirtualChip(mcu.Chip):
    """Stays the same object over power cuts and resets: what it remembers is what a board remembers.

    boot(chip): the firmware, from boot.py on; runs as the main task after each start.
    on_output(pin, level): an output moved; level None: the pin is no longer driven.
    on_crash(chip, error): an exception left the firmware's main task or a thread.
    stir: how often (0 to 1) taking a lock lets the other tasks run first.
    pace: how long its flash and its interpreter take.
    """

    thread: Threads  # type: ignore[assignment]
    sockets: VirtualSockets  # type: ignore[assignment]

    def __init__(
        self,
        name: str,
        scheduler: Scheduler,
        network: VirtualNetwork,
        flash: dict[str, int],
        boot: Callable[["VirtualChip"], None],
        on_output: Callable[[int, int | None], None] = lambda pin, level: None,
        on_crash: Callable[["VirtualChip", Exception], None] | None = None,
        stir: float = 0.02,
        make_flash: Callable[[int, str], NorFlash] = NorFlash,
        pace: Pace = INSTANT,
    ) -> None:
        self.name = name
        self.pace = pace
        self.scheduler = scheduler
        self.chance = scheduler.chance(name)
        super().__init__(self.chance.randbytes(6))
        self.flash = {label: make_flash(size, label) for label, size in flash.items()}
        for label, part in self.flash.items():
            part.fault = partial(self._flash_fault, label)
        self.partitions = tuple(flash)
        self.boot = boot
        self.on_output = on_output
        self.on_crash = on_crash
        self.stir = stir
        self.console: deque[str] = deque(maxlen=200)  # what the firmware printed last
        self.on = False
        self.tasks: list[Task] = []
        self.starts = 0
        self.booted = 0  # when it last started
        self.cut_in: int | None = None  # flash operations until the power goes in the middle of one
        self.cut_label = ""  # of the partition whose operations count; "": all
        self.cut_turns = False  # only operations that begin or end a sector count: its erase, its header
        self.starve_in: int | None = None  # calls of the firmware until one finds no memory
        self.operations = 0
        self.on_cut: Callable[[], None] | None = None
        self.on_stop: Callable[[], None] | None = None
        self.thread = Threads(self)
        self.sockets = VirtualSockets(self, network)
        self._waiting: dict[Task, Callable[[], object]] = {}  # what would end their wait
        self._fed = 0
        self._watch_us: int | None = None
        self._watch: ScheduledCall | None = None
        self._boot_event: ScheduledCall | None = None
        self._timers: dict[object, ScheduledCall] = {}
        self.drift_ppm = 0  # how much faster its clock runs
        self._drifts_since = 0
        self._offset_us = 0
        self._started_us = 0
        self._looked, self._looks = 0, 0  # when the clock was looked at, and how often
        self._turned = (0, 0)  # when a wait began, and how many
        self.busy_ms = 0  # how long loops went round without waiting
        self.holder: Task | None = None  # this task holds the interpreter: no other goes on, no interrupt is served
        self.free_at = 0  # until then
        self.holds: deque[tuple[int, int, str]] = deque(maxlen=32)  # the last of them: from, to, why
        self.held: Counter[str] = Counter()  # how often, by what
        self.lost_edges = 0
        self.lost_at = -1  # when an edge was last lost
        self._masked = False  # by flash: pins latch one edge each
        self._late: list[int] = []  # pins whose interrupts wait
        self._wakes = 0
        self._pauses = scheduler.chance(f"pauses of {name}")

    # Power.

    def power_on(self) -> None:
        """Power comes; boot.py runs a moment later. Nothing happens when it is on already."""
        if not self.on and self._boot_event is None:
            self._started_us = self.scheduler.now
            self._boot_event = self.scheduler.after(BOOT_US, self._boot, mcu.PWRON_RESET)

    def power_cut(self) -> None:
        """Power goes, wherever the firmware stands."""
        self._stop()

    def reset(self, cause: int = mcu.HARD_RESET) -> None:
        """Called by the firmware; does not return."""
        self.check()
        self._restart(cause)
        raise Halted("reset")

    def _restart(self, cause: int) -> None:
        self._stop(keep_outputs=cause == mcu.SOFT_RESET)
        self._boot_event = self.scheduler.after(BOOT_US, self._boot, cause)

    def _boot(self, cause: int) -> None:
        self._boot_event = None
        self.on = True
        self.booted = self._drifts_since = self.scheduler.now
        self.cause = cause
        self.starts += 1
        # Ticks start 2 s to 10 min before their wrap, so that every run crosses it.
        before_wrap = self.chance.randrange(2 * SECOND, 600 * SECOND)
        self._offset_us = mcu.PERIOD * MS - before_wrap - self.scheduler.now
        self.start(lambda: self.boot(self))

    def _stop(self, keep_outputs: bool = False) -> None:
        """The rest of a stop that a task of this chip asks for itself is its own raise."""
        if self._boot_event is not None:
            self._boot_event.cancel()
            self._boot_event = None
        was_on, self.on = self.on, False
        if was_on and self.on_stop is not None:
            self.on_stop()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        for event in self._timers.values():
            event.cancel()
        self._timers.clear()
        self._waiting.clear()
        self._watch_us = None
        self.holder = None
        self._late.clear()
        self.handlers.clear()
        for uart in self.uarts.values():
            uart.stop()
        self.joined = False
        running, tasks = self.scheduler.running, self.tasks
        self.tasks = []
        for task in tasks:
            if task is not running:
                task.kill(Halted("no power"))
        self.sockets.drop_all()
        if keep_outputs:
            return
        driven = [n for n, mode in self.modes.items() if mode != mcu.IN]
        self.modes.clear()
        self.outputs.clear()
        self.set_at, self.set_to = None, 0
        if was_on:
            for n in driven:
                self.on_output(n, None)

    def check(self) -> None:
        """Code of a chip without power gets no further, and now and then none for which there is no memory."""
        if not self.on:
            raise Halted("no power")
        if self.starve_in is not None and self.scheduler.running is not None:
            self.starve_in -= 1
            if self.starve_in <= 0:
                self.starve_in = None
                raise Starved("memory allocation failed")

    # Tasks.

    def start(self, run: Callable[[], object]) -> Task:
        """Runs blocking code on this chip: the firmware's main task, or a thread."""
        task = self.scheduler.spawn(lambda: self._guard(run), self)
        self.tasks.append(task)
        return task

    def _guard(self, run: Callable[[], object]) -> None:
        try:
            run()
        except (PowerCut, SystemExit):
            pass
        except Exception as error:  # on a chip it ends in a traceback on the console
            if self.on_crash is None or isinstance(error, Stuck):
                raise
            self.on_crash(self, error)

    def left(self, task: Task) -> None:
        """One of its tasks waits or has ended: it may have left what another one looks for."""
        if task.greenlet.dead and task in self.tasks:
            self.tasks.remove(task)
        waiting = self._waiting
        if len(waiting) > (task in waiting):
            for other, pending in waiting.items():
                if other is not task and pending():
                    self._look(task)
                    break

    def look(self) -> None:
        """Something in the world may be what a task of this chip waits for."""
        if self._waiting:
            before = mcu.use(self)
            self._look()
            mcu.use(before)

    def readable(self, task: Task) -> None:
        """What the task waits for can be read. No task waits for anything else that bytes could bring."""
        if self._waiting.pop(task, None) is not None:
            task.wake(self._until_seen())

    def _look(self, but: Task | None = None) -> None:
        """but: the task that has just looked."""
        found = [task for task, pending in self._waiting.items() if task is not but and pending()]
        for task in found:
            del self._waiting[task]
            task.wake(self._until_seen())

    # How long things take.

    def _until_seen(self) -> int:
        """From something that happens to what code does about it."""
        look_us = self.pace.look_us
        return self.pace.wake_us + (look_us - self.scheduler.now % look_us if look_us else 0)

    def hold(self, us: int, why: str, masked: bool = False) -> None:
        """The running task holds the interpreter: no other task goes on. masked: interrupts are off as well."""
        self.holder = self.scheduler.running if us > 0 else None
        if self.holder is None:
            return
        now = self.scheduler.now
        self.free_at, self._masked = now + us, masked
        self.holds.append((now, now + us, why))
        self.held[why] += 1
        self.scheduler.block(now + us)
        self.holder = None
        late, self._late = self._late, []
        for n in sorted(late) if masked else late:  # the interrupt of all pins looks from the lowest number on
            if n in self.handlers:
                _, handler, pin = self.handlers[n]
                handler(pin)

    def held_since(self, at: int) -> int:
        """For how many of the microseconds since then the interpreter was held."""
        now = self.scheduler.now
        return sum(max(0, min(end, now) - max(began, at)) for began, end, _ in self.holds)

    def _collect(self) -> None:
        """Garbage is collected now and then."""
        self._wakes = 0
        self.hold(self.pace.collect_us, "collection")

    def _interrupted(self, n: int) -> None:
        """An edge while the interpreter is held: it waits, or is lost."""
        if n in self._late if self._masked else len(self._late) >= SOFT_INTERRUPTS:
            self.lost_edges += 1
            self.lost_at = self.scheduler.now
        else:
            self._late.append(n)

    # Time.

    def _ticks(self, us: int) -> int:
        now = self.scheduler.now
        if self._looked != now:
            self._looked, self._looks = now, 0
        elif self._looks > SPIN:
            raise Stuck(f"{self.name} looks at the clock {SPIN} times without waiting, at {now} us")
        else:
            self._looks += 1
        drift = (now - self._drifts_since) * self.drift_ppm // 1_000_000 if self.drift_ppm else 0
        return ((now + self._offset_us + drift) // us) & _WRAP

    def _drift(self, now: int) -> int:
        return (now - self._drifts_since) * self.drift_ppm // 1_000_000 if self.drift_ppm else 0

    def set_drift(self, ppm: int) -> None:
        """Its clock runs so much faster from now on."""
        self._offset_us += self._drift(self.scheduler.now)
        self._drifts_since, self.drift_ppm = self.scheduler.now, ppm

    def ticks_ms(self) -> int:
        now, drift = self.scheduler.now, self.drift_ppm
        if self._looked == now:
            return self._ticks(MS)
        self._looked, self._looks = now, 0
        if drift:
            now += (now - self._drifts_since) * drift // 1_000_000
        return ((now + self._offset_us) // MS) & _WRAP

    def ticks_us(self) -> int:
        return self._ticks(1)

    def uptime(self) -> int:
        return (self.scheduler.now - self._started_us) // SECOND

    def sleep_ms(self, ms: int) -> None:
        self.check()
        self.scheduler.block(self.scheduler.now + max(0, ms) * MS + self.pace.wake_us)

    def wait(self, ms: int, pending: Callable[[], object]) -> None:
        if not self.on or self.starve_in is not None:
            self.check()
        scheduler = self.scheduler
        now = scheduler.now
        if now != self._turned[0]:
            self._turned = (now, 0)
        else:
            self._turn()
        if pending():
            return
        task = scheduler.running
        if task is None:
            raise RuntimeError("an interrupt may not wait")
        # ticks_ms counts whole milliseconds: up to the first instant that shows `ms` more of them.
        now = scheduler.now
        drift = self.drift_ppm
        elapsed = (now + self._offset_us + (self._drift(now) if drift else 0)) % MS
        rest = (ms * MS if ms > 0 else 0) - elapsed
        if drift:
            rest -= rest * drift // 1_000_000
        self._waiting[task] = pending
        scheduler.block(now + rest + self.pace.wake_us)
        self._waiting.pop(task, None)
        if self.pace.collect_every:
            self._wakes += 1
            if self._wakes >= self.pace.collect_every:
                self._collect()

    def wait_readable(self, sock: VirtualSocket, ms: int, pending: Callable[[], object]) -> bool:
        """Whether the socket can be read; ends when it can, when pending(), at the latest after ms."""
        self.check()
        if not (pending() or sock.readable()):
            until = self.scheduler.now + max(0, ms) * MS
            sock.watched = task = self._task()
            self._wait(task, until, pending)
            sock.watched = None
        return sock.readable()

    def _turn(self) -> None:
        """Code takes no time here: a loop that goes round without waiting would never end. It is made to take some."""
        now = self.scheduler.now
        if now != self._turned[0]:
            self._turned = (now, 0)
        elif self._turned[1] < TURNS:
            self._turned = (now, self._turned[1] + 1)
        else:
            self.busy_ms += 1
            self.scheduler.block(now + MS)

    def _task(self) -> Task:
        task = self.scheduler.running
        if task is None:
            raise RuntimeError("an interrupt may not wait")
        return task

    def _wait(self, task: Task, until: int, pending: Callable[[], object]) -> None:
        self._waiting[task] = pending
        self.scheduler.block(until + self.pace.wake_us)
        self._waiting.pop(task, None)
        if self.pace.collect_every:
            self._wakes += 1
            if self._wakes >= self.pace.collect_every:
                self._collect()

    def timer_start(self, timer: object, ms: int, periodic: bool, callback: Callable[[object], None]) -> None:
        self.check()
        self.timer_stop(timer)
        again = (timer, ms, periodic, callback)
        plan = self.scheduler.between if ms < LATER_MS else self.scheduler.at
        self._timers[timer] = plan(self.scheduler.now + ms * MS, self._timer_due, *again)

    def timer_stop(self, timer: object) -> None:
        event = self._timers.pop(timer, None)
        if event is not None:
            event.cancel()

    def _timer_due(self, timer: object, ms: int, periodic: bool, callback: Callable[[object], None]) -> None:
        if self.holder is not None:
            again = (timer, ms, periodic, callback)
            self._timers[timer] = self.scheduler.at(self.free_at, self._timer_due, *again)
            return
        del self._timers[timer]
        if periodic:
            self._timers[timer] = self.scheduler.after(ms * MS, self._timer_due, timer, ms, periodic, callback)
        self._interrupt(callback, timer)

    # Watchdog: looks once a timeout, not at every feeding.

    def watchdog(self, timeout_ms: int) -> None:
        self.check()
        self._watch_us = timeout_ms * MS
        self.feed()
        if self._watch is None:
            self._watch = self.scheduler.after(self._watch_us, self._watched)

    def feed(self) -> None:
        self.check()
        self._fed = self.scheduler.now

    def _watched(self) -> None:
        assert self._watch_us is not None
        bites = self._fed + self._watch_us
        if self.scheduler.now >= bites:
            self._watch = None
            self._restart(mcu.WDT_RESET)
        else:
            self._watch = self.scheduler.at(bites, self._watched)

    # Pins.

    def pin_setup(self, n: int, mode: int | None, pull: int | None, level: int | None) -> None:
        self.check()
        super().pin_setup(n, mode, pull, level)

    def pin_write(self, n: int, level: int) -> None:
        if not self.on or self.starve_in is not None:
            self.check()
        outputs = self.outputs
        if outputs.get(n) != level:
            outputs[n] = level
            if self.modes.get(n, mcu.IN) != mcu.IN:
                self.on_output(n, level)

    def moved(self, n: int, level: int) -> None:
        self.on_output(n, level)

    def input(self, n: int, level: int) -> None:
        """The world moves a line. Without power it moves as well, unnoticed."""
        if not self.on:
            self.inputs[n] = level
            return
        if self.holder is not None and n in self.handlers:
            was, self.inputs[n] = self.inputs.get(n, 0), level
            if was != level and self.handlers[n][0] & (mcu.IRQ_RISING if level else mcu.IRQ_FALLING):
                self._interrupted(n)
            return
        before = mcu.use(self)
        super().input(n, level)
        if self._waiting:
            self._look()
        mcu.use(before)

    def set_access_point(self, present: bool) -> None:
        """Wi-Fi comes or goes."""
        self.access_point = present
        self.look()
        if present:
            self.sockets.revive()

    def _interrupt(self, call: Callable[..., object], *arguments: object) -> None:
        before = mcu.use(self)
        try:
            call(*arguments)
        except Halted:  # an interrupt may start the board again
            pass
        self._look()
        mcu.use(before)

    # Flash, radio, chance.

    def partition(self, label: str) -> NorFlash | None:
        return self.flash.get(label)

    def _flash_fault(self, label: str, op: str, offset: int, length: int) -> int | None:
        if not self.on or self.starve_in is not None:
            self.check()
        if op == "read":
            return None
        self.operations += 1
        if not self._cut_now(label, op, offset):
            try:
                self.hold(self.pace.program_us if op == "program" else self.pace.erase(self._pauses), op, masked=True)
            except Halted:  # the power went meanwhile
                return self.chance.randrange(length + 1)
            return None
        self.cut_in = None
        self._stop()
        if self.on_cut is not None:
            self.on_cut()
        return self.chance.randrange(length + 1)

    def _cut_now(self, label: str, op: str, offset: int) -> bool:
        """Whether this is the operation in whose middle the power goes."""
        if self.cut_in is None or self.cut_label not in (label, ""):
            return False
        if self.cut_turns and op == "program" and offset % SECTOR:
            return False
        self.cut_in -= 1
        return self.cut_in <= 0

    def urandom(self, n: int) -> bytes:
        return self.chance.randbytes(n)
