"""Child processes that are kept running: started, watched, started again, ended with their parent."""

import asyncio
import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PATIENCE = 20.0  # seconds for a child to say that it is ready
_RESTARTS = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds before each further start in a row


class ChildFailed(Exception):
    """A child that never became ready; the sentence says which and what it said last."""


def own(*arguments: str) -> list[str]:
    """The command line of one of the children in tools.run.child."""
    return [sys.executable, "-m", "tools.run.child", *arguments]


class Child:
    """One process. ready: words of the line it prints when it can be used; None: it can be at once."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        say: Callable[[str], None],
        env: Mapping[str, str] | None = None,
        ready: str | None = None,
    ) -> None:
        self.name = name
        self.command = command
        self.env = {**os.environ, **(env or {}), "PYTHONPATH": _python_path()}
        self.ready = ready
        self.say = say
        self.restarts = 0
        self.patience = _PATIENCE
        self.tail: deque[str] = deque(maxlen=20)
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.returncode is None else None

    async def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep(), name=f"keeper of {self.name}")
        await self.until_ready()

    async def until_ready(self) -> None:
        waits = [asyncio.create_task(self._up.wait()), *([self._keeper] if self._keeper else [])]
        await asyncio.wait(waits, timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
        waits[0].cancel()
        if not self._up.is_set():
            last = " | ".join(self.tail) or "nothing"
            raise ChildFailed(f"the {self.name} did not start; it said: {last}")

    def kill(self) -> None:
        """kill -9, as a fault. The child is started again."""
        if self._process is not None and self._process.returncode is None:
            self._up.clear()
            self._process.kill()

    async def stop(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 3)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def _keep(self) -> None:
        while True:
            self._process = process = await asyncio.create_subprocess_exec(
                *self.command,
                stdin=asyncio.subprocess.PIPE,  # its end tells the child that we are gone
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self.env,
                # A group of its own: Ctrl-C reaches the parent alone, which ends its children in order.
                start_new_session=True,
            )
            if self.ready is None:
                self._up.set()
            assert process.stdout is not None
            while line := await process.stdout.readline():
                text = line.decode(errors="replace").rstrip()
                self.tail.append(text)
                if self.ready is not None and self.ready in text:
                    self._up.set()
            code = await process.wait()
            self._up.clear()
            wait = _RESTARTS[min(self.restarts, len(_RESTARTS) - 1)]
            self.restarts += 1
            last = f"; it said: {self.tail[-1]}" if self.tail and code > 0 else ""
            self.say(f"the {self.name} ended ({_why(code)}), starting it again{last}")
            await asyncio.sleep(wait)


def _why(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"


def _python_path() -> str:
    """The repository first: a child finds tools, sim and firmware wherever it is started."""
    return os.pathsep.join([str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
