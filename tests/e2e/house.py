"""A running building as a test sees it: over HTTP like a browser, and by the process numbers of its parts."""

import http.cookiejar
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parents[1]
MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")


def wait(true: Callable[[], Any], seconds: float, what: str) -> Any:
    """What `true` returns once it is true. Fails with a sentence when that takes too long."""
    end = time.monotonic() + seconds
    while True:
        found = true()
        if found:
            return found
        assert time.monotonic() < end, f"waited {seconds} s for {what}"
        time.sleep(0.05)


class Mosquitto:
    """The other broker, kept by the test: clean sessions, loopback only."""

    def __init__(self, folder: Path, port: int) -> None:
        assert MOSQUITTO is not None
        self.url = f"mqtt://127.0.0.1:{port}"
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
        # Debian's own `setpriv` ties it to this process: no broker is left when the tests are killed.
        tied = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self._command = [*tied, MOSQUITTO, "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        silent = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdin=silent, stdout=silent, stderr=silent)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()


_CSRF = r'name="csrfmiddlewaretoken" value="([^"]+)"'


class House:
    """`portvakt run` as a child process, signed in to. broker: a Mosquitto, or None for the building's own amqtt.

    bank: whether there are lockers, too.
    """

    def __init__(self, folder: Path, broker: Mosquitto | None, bank: bool = False) -> None:
        self.broker = broker
        self.data = folder / "run"
        self.die_flag = folder / "die"
        env = {**os.environ, "PYTHONPATH": str(_ROOT), "PORTVAKT_TEST_DIE": str(self.die_flag)}
        env.pop("MQTT_URL", None)
        if broker is not None:
            env["MQTT_URL"] = broker.url
        self._process = subprocess.Popen(
            [
                *(sys.executable, str(_HERE / "runner.py"), *(["--bank"] if bank else []), "--json", "--no-walk"),
                *("--port", "0", "--data", str(self.data)),
            ],
            cwd=_ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: deque[str] = deque(maxlen=200)
        self._link: str | None = None
        threading.Thread(target=self._listen, daemon=True).start()
        wait(lambda: self._link or self._process.poll() is not None, 60, "the building to start")
        assert self._link, "the building did not start: " + " | ".join(self.said)
        self._cookies = http.cookiejar.CookieJar()
        self._browser: urllib.request.OpenerDirector = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies)
        )
        self.address: str = self._link.split("/enter/")[0]
        self._token: str = ""
        self._sign_in()

    # As a browser.

    @property
    def session(self) -> str:
        """For another browser."""
        return next(str(one.value) for one in self._cookies if one.name == "sessionid")

    def state(self) -> dict[str, Any]:
        found = json.loads(self.get("/building/state"))
        assert isinstance(found, dict)
        return found

    def tap(self, person: str, door: str) -> str:
        """The verdict."""
        answer = self.act("tap", person=self._place("people", person), door=self._door(door))
        return str(answer["verdict"])

    def act(self, what: str, **fields: Any) -> dict[str, Any]:
        answer = json.loads(self.post(f"/building/{what}", json.dumps(fields).encode(), "application/json"))
        assert isinstance(answer, dict)
        return answer

    def get(self, path: str) -> str:
        with self._browser.open(self.address + path, timeout=10) as answer:
            return str(answer.read().decode())

    @contextmanager
    def stream(self) -> Iterator[Iterator[dict[str, Any]]]:
        """The states that the page is fed with."""
        with self._browser.open(self.address + "/building/stream", timeout=10) as answer:
            yield (json.loads(line[6:]) for line in answer if line.startswith(b"data: "))

    def refusal(self, path: str, body: bytes | None = None, signed_in: bool = True) -> int:
        """The status with which a request is refused: one without a CSRF token, or without a session."""
        opener = self._browser if signed_in else urllib.request.build_opener()
        headers = {"Content-Type": "application/json", "Sec-Fetch-Mode": "cors"}
        try:
            opener.open(urllib.request.Request(self.address + path, body, headers), timeout=10).close()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        return 200

    def post(self, path: str, body: bytes, kind: str) -> str:
        headers = {"Content-Type": kind, "X-CSRFToken": self._token, "Referer": self.address + "/"}
        request = urllib.request.Request(self.address + path, body, headers)
        with self._browser.open(request, timeout=10) as answer:
            return str(answer.read().decode())

    def _sign_in(self) -> None:
        assert self._link is not None
        where = self._link.removeprefix(self.address)
        self._token = _found(_CSRF, self.get(where))
        self.post(where, b"", "application/x-www-form-urlencoded")
        self._token = _found(_CSRF, self.get("/building/"))

    def revoke(self, person: str) -> None:
        """Takes a person's card away, by the button on their page."""
        found = self.get("/people/?" + urllib.parse.urlencode({"q": person}))
        page = self.get(_found(r'href="(/people/\d+/)"', found))
        self.post(_found(r'action="(/cards/\d+/revoke)"', page), b"", "application/x-www-form-urlencoded")

    def _place(self, kind: str, name: str) -> int:
        return next(int(each["id"]) for each in self.state()[kind] if each["name"] == name)

    def _door(self, name: str) -> int:
        doors = [door for one in self.state()["controllers"] for door in one["doors"]]
        return next(int(door["id"]) for door in doors if door["name"] == name)

    # As somebody at the fuse box.

    def kill_broker(self) -> None:
        """kill -9, and it starts again."""
        if self.broker is None:
            self._kill("tools.run.child", "broker")
        else:
            self.broker.kill()
            time.sleep(0.3)
            self.broker.start()

    def kill_worker(self) -> None:
        self._kill("dying_worker.py")

    def kill_board(self, place: int) -> None:
        name = f"controller-{place + 1}"
        self._kill("micropython_unix", environment=("PORTVAKT_CHIP", f'"{name}"'))

    def pids(self) -> list[int]:
        return [child.pid for child in psutil.Process(self._process.pid).children(recursive=True)]

    def _kill(self, *words: str, environment: tuple[str, str] | None = None) -> None:
        for child in psutil.Process(self._process.pid).children():
            line = " ".join(child.cmdline())
            if not all(word in line for word in words):
                continue
            if environment is None or environment[1] in child.environ().get(environment[0], ""):
                child.kill()
                return
        raise AssertionError(f"no child process with {words}")

    # The log.

    def settled(self, seconds: float = 20) -> dict[str, Any]:
        """Waits until every board is up and everything recorded is stored. Returns the state."""
        time.sleep(1)  # the building looks at flash and database twice a second: not at figures of before

        end = time.monotonic() + seconds
        while True:
            state = self.state()
            good = all(one["alive"] and one["waiting"] == 0 for one in state["controllers"])
            if good:
                return state
            assert time.monotonic() < end, f"not settled: {state['controllers']}; it said {list(self.said)[-3:]}"
            time.sleep(0.05)

    def end(self) -> dict[str, Any]:
        """Ctrl-C. Returns the summary."""
        self._process.send_signal(signal.SIGINT)
        output = self._process.stdout
        assert output is not None
        text = output.read()
        self._process.wait(20)
        found = json.loads(text.splitlines()[-1])
        assert isinstance(found, dict)
        return found

    def close(self) -> None:
        """kill -9, if it still runs."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said.append(line.rstrip())
            if "/enter/" in line:
                self._link = line.split()[-1]


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, f"the page has nothing like {pattern}: {page[:2000]}"
    return found[1]


class Crowd:
    """Somebody who taps without pause, while things are killed. verdicts: what the reader said, in order."""

    def __init__(self, house: House, person: str, door: str) -> None:
        self.verdicts: list[str] = []
        self._house, self._person, self._door = house, person, door
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._tap)
        self.error: urllib.error.URLError | None = None

    def __enter__(self) -> "Crowd":
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._end.set()
        self._thread.join()
        if self.error is not None:
            raise self.error

    def _tap(self) -> None:
        try:
            while not self._end.wait(0.15):
                self.verdicts.append(self._house.tap(self._person, self._door))
        except urllib.error.URLError as error:
            self.error = error
