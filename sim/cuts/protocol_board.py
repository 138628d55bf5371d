"""Serial ports of the name board://NUMBER, for pyserial: the line to a board of cable.py, in memory.

pyserial finds it where `sim.cuts` is among its protocol_handler_packages.
"""

from typing import Any

from .cable import CableBoard, Unplugged

BOARDS: dict[str, CableBoard] = {}  # by their port


class Serial:
    """What mpremote uses of a serial port, by pyserial's names."""

    def __init__(self, port: None, *how: Any, **more: Any) -> None:
        self.port = port or ""
        self.rts = self.dtr = True
        self._open = False

    @property
    def board(self) -> CableBoard:
        return BOARDS[self.port]

    def open(self) -> None:
        if not self.board.plugged or not self.board.alive:
            raise OSError(2, "no such port")
        self._open = True

    def isOpen(self) -> bool:
        return self._open

    def close(self) -> None:
        self._open = False

    def inWaiting(self) -> int:
        return len(self._out())

    def read(self, size: int = 1) -> bytes:
        out = self._out()
        data = bytes(out[:size])
        passed = self._do(self.board.count, len(data))
        del out[:size]
        return data[:passed] if passed else self._do(self._out) and b""

    def write(self, data: bytes) -> int:
        self._do(self.board.hear, data)
        return len(data)

    def _out(self) -> bytearray:
        return self._do(lambda: self.board.out)

    def _do(self, act: Any, *args: Any) -> Any:
        try:
            found = act(*args)
            if not self.board.plugged or not self.board.alive:
                raise Unplugged
        except Unplugged:
            raise OSError(5, "device disconnected") from None
        return found
