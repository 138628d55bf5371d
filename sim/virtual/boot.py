"""A start of the real firmware on a virtual chip: its boot.py and main.py, rooted in the board's folder."""

import builtins
import sys
from collections.abc import Callable
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

import sim.mcu  # the chip's modules come before the firmware's
from sim.mcu.bind import bind
from sim.mcu.chip import current

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware"


def load() -> Any:
    """The firmware's app module, bound to whichever chip is running. umqtt.simple must be importable."""
    from firmware.controller import app, clock
    from firmware.controller.cloud import link, session

    assert sim.mcu  # imported for what it registers
    bind(app, clock, link, session)
    for name, module in sys.modules.items():
        if name.startswith("firmware.controller"):
            module.print = _print  # type: ignore[attr-defined]
            if hasattr(module, "gc"):
                module.gc = _HEAP  # type: ignore[attr-defined]
    return app


# Collecting the whole simulator's garbage takes long, and says nothing of a board's heap.
_HEAP = SimpleNamespace(collect=lambda: None, mem_free=lambda: 100_000)


def _print(*words: Any) -> None:
    try:
        console = current().console
    except (RuntimeError, AttributeError):  # no virtual chip runs: firmware that a test drives by hand
        print(*words)
    else:
        console.append(" ".join(str(word) for word in words))


def starter(folder: Path, on_crash: Callable[[Exception], None]) -> Callable[[Any], None]:
    """What a chip does after a start, with its littlefs in `folder`. on_crash: what main.py would print."""
    app = load()
    scripts = [_compiled("boot.py"), _compiled("main.py")]
    root = f"{folder}/"

    def opened(name: str, *how: Any, **more: Any) -> Any:
        return Path(root, name.removeprefix("/")).open(*how, **more)

    stand_ins = {
        "sys": SimpleNamespace(path=[], print_exception=on_crash),
        "os": SimpleNamespace(listdir=lambda name: sorted(p.name for p in Path(root + name).iterdir())),
        "controller.app": SimpleNamespace(main=lambda: app.main(root)),
    }

    def imported(name: str, *more: Any) -> Any:
        return stand_ins[name] if name in stand_ins else builtins.__import__(name, *more)

    def boot(chip: Any) -> None:
        for script in scripts:
            names = {**vars(builtins), "open": opened, "__import__": imported}
            exec(script, {"__builtins__": names, "__name__": "__main__"})

    return boot


def _compiled(name: str) -> CodeType:
    path = FIRMWARE / name
    return compile(path.read_text(), str(path), "exec")
