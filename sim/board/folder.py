"""A board on CPython, where the MicroPython wheel is missing: a folder of the host is its file system."""
# mypy: ignore-errors

import _thread
import builtins
import os
import socket
import sys
import time
from pathlib import Path


class Folder:
    """Maps `/name` to the folder, unless the host has that name at its own root (/usr, /home, ...)."""

    def __init__(self, root):
        self.root = root
        self.host = frozenset(entry.name for entry in Path("/").iterdir())

    def here(self, path):
        if not isinstance(path, str) or not path.startswith("/") or path.split("/")[1] in self.host:
            return path
        return self.root + path.rstrip("/")

    def mapped(self, function):
        def call(*paths, **options):
            return function(*[self.here(path) for path in paths], **options)

        return call

    def install(self):
        """CPython's own libraries go on working: what they open lies under names that the host has."""
        Path(self.root).mkdir(parents=True, exist_ok=True)
        os.chdir(self.root)
        host_open = builtins.open

        def board_open(file, *how, **options):
            return host_open(self.here(file), *how, **options)

        builtins.open = board_open
        for name in ("listdir", "stat", "remove", "unlink", "mkdir", "rmdir", "rename"):
            setattr(os, name, self.mapped(getattr(os, name)))

    def find_slots(self):
        """boot.py put a folder of the board on sys.path: now the host can import from it."""
        sys.path[:] = [self.here(path) for path in sys.path]


class Socket(socket.socket):
    """A socket that is a stream as well, as MicroPython's are."""

    def read(self, size):
        data = b""
        while len(data) < size:
            more = self.recv(size - len(data))
            if not more:
                break
            data += more
        return data

    def write(self, data):
        return self.send(data)


def install_names(names, kbd_intr):
    """The chip's ticks and sleep stand beside CPython's own time functions, streams beside its sockets."""
    socket.socket = Socket
    for name in names:
        setattr(time, name, names[name])
    sys.modules["micropython"].kbd_intr = kbd_intr
    # CPython's smallest stack is larger than a chip's; what the firmware asks for does not matter here.
    _thread.stack_size = lambda size=0: 0
