"""A start of the real firmware on a virtual chip: its boot.py and main.py, rooted in the board's folder."""

import builtins
import sys
from collections import UserList
from collections.abc import Callable
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import sim.mcu  # the chip's modules come before the firmware's
from sim.mcu.bind import bind, urandom
from sim.mcu.chip import current

from .slots import MANNER, WELL, DoesNotStart

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def load() -> ModuleType:
    """The firmware's app module, bound to whichever chip is running. umqtt.simple must be importable."""
    from firmware.controller import app, clock
    from firmware.controller.cloud import link, session
    from firmware.controller.readers import osdp, osdp_reader

    assert sim.mcu  # imported for what it registers
    bind(app, clock, link, session)
    osdp.urandom = osdp_reader.urandom = urandom  # type: ignore[attr-defined]
    from firmware.controller import recorder, recorder_upkeep
    from firmware.controller.storage import sectors, settings_check

    assert settings_check  # what it says is seen below from the first board on
    if not isinstance(sectors.faults, _Faults):
        faults = _Faults(sectors.faults)
        for module in (sectors, recorder, recorder_upkeep):
            vars(module)["faults"] = faults
    for name, module in sys.modules.items():
        if name.startswith("firmware.controller"):
            module.print = _print  # type: ignore[attr-defined]
            if hasattr(module, "gc"):
                module.gc = _HEAP  # type: ignore[attr-defined]
    return app


# Collecting the whole simulator's garbage takes long, and says nothing of a board's heap.
_HEAP = SimpleNamespace(collect=lambda: None, mem_free=lambda: 100_000)


class _Faults(UserList[tuple[int, int]]):
    """What storage has to tell about its flash: a list in its module, hence on a board a new one with every start.

    alone: the module's own, for firmware that a test drives by hand.
    """

    def __init__(self, alone: list[tuple[int, int]]) -> None:
        self._alone = alone

    @property
    def data(self) -> list[tuple[int, int]]:  # type: ignore[override]
        try:
            return _TOLD.get(current(), self._alone)
        except (RuntimeError, AttributeError):
            return self._alone


_TOLD: WeakKeyDictionary[object, list[tuple[int, int]]] = WeakKeyDictionary()


def _print(*words: object) -> None:
    try:
        console = current().console
    except (RuntimeError, AttributeError):  # no virtual chip runs: firmware that a test drives by hand
        print(*words)
    else:
        console.append(" ".join(str(word) for word in words))


def run(app: ModuleType, root: str, manner: str) -> None:
    """The firmware of a slot, as it is: well, or ill in one of the manners of slots.py."""
    if manner == "crashes":
        raise DoesNotStart
    if manner == "hangs":
        while True:
            current().sleep_ms(1_000)
    loop = app.build(root)
    if manner == "blind":
        for unit in loop.doors:
            _blind(unit.pins.reader)
        for part in loop.parts:
            if hasattr(part, "compartments"):
                _blind_bank(part)
    if manner != "silent":
        app._thread.start_new_thread(loop.link.run, ())
    loop.run()


class _Polled(Protocol):
    """A reader that is asked for what it has read."""

    poll: Callable[[int], object]


def _blind(reader: _Polled) -> None:
    """It takes in what comes, and understands none of it."""
    poll = reader.poll

    def understands_nothing(now: int) -> None:
        poll(now)

    reader.poll = understands_nothing


def _blind_bank(bank: Any) -> None:
    """Nor does the keypad of a bank, which it has from its first step on."""
    watch = bank.watch

    def blindly(loop: object, now: int) -> None:
        begins = bank._parcels is None
        watch(loop, now)
        reader = bank._parcels.entry._reader if begins and bank._parcels else None
        if reader:
            _blind(reader)

    bank.watch = blindly


def starter(
    folder: Path, on_crash: Callable[[Exception], None], on_start: Callable[[str], None] = lambda build: None
) -> Callable[[object], None]:
    """What a chip does after a start, with its littlefs in `folder`.

    on_crash: what main.py would print. on_start(build): which slot boot.py has chosen.
    """
    app = load()
    scripts = [_compiled("boot.py"), _compiled("main.py")]
    root = f"{folder}/"

    def opened(name: str, mode: str = "r") -> object:
        return Path(root, name.removeprefix("/")).open(mode)

    path: list[str] = []

    def chosen() -> None:
        """The slot that boot.py has put first."""
        build = path[0].rpartition("/")[2]
        on_start(build)
        found = folder / "slots" / build / MANNER
        if found.is_file() and (manner := found.read_text()) != WELL:
            run(app, root, manner)
        else:
            app.main(root)

    stand_ins = {
        "sys": SimpleNamespace(path=path, print_exception=on_crash),
        "os": SimpleNamespace(
            listdir=lambda name: sorted(p.name for p in Path(root + name).glob("*")),  # every slot runs this tree
            rename=lambda old, new: Path(root + old).replace(root + new),
        ),
        "controller.app": SimpleNamespace(main=chosen),
    }

    real: Callable[..., object] = builtins.__import__

    def imported(name: str, *more: object) -> object:
        return stand_ins[name] if name in stand_ins else real(name, *more)

    def boot(chip: object) -> None:
        _TOLD[chip] = []
        path.clear()
        for script in scripts:
            names = {**vars(builtins), "open": opened, "__import__": imported}
            exec(script, {"__builtins__": names, "__name__": "__main__"})

    return boot


def _compiled(name: str) -> CodeType:
    path = FIRMWARE / name
    return compile(path.read_text(), str(path), "exec")
