"""mosquitto as a bench keeps it: on loopback, open to this machine, killed and started again as the bench likes."""

import shutil
import socket
import subprocess
import time
from pathlib import Path

from tools.terminal import Problem

PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """Runs when it is made."""

    def __init__(self, folder: Path, port: int) -> None:
        if PROGRAM is None:
            raise Problem("mosquitto is not installed; it comes with the system's packages")
        self._port = port
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        tied = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self._command = [*tied, PROGRAM, "-c", str(config)]
        self.start()

    def start(self) -> None:
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=silent, stdout=silent, stderr=silent)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Problem("mosquitto did not start")

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
