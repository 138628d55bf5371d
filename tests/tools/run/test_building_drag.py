"""Cards dragged in a real browser, as fast as a hand can: each drop is one tap, and none is lost."""

import http.server
import json
import re
import shutil
import subprocess
import tempfile
import threading
from functools import partial
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "tools/run/pages/static/run"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PAGE = Path(__file__).with_name("drag.html")


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_each_drop_is_one_tap_however_fast_the_hand() -> None:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(PAGE.read_bytes())
            else:
                super().do_GET()

        def log_message(self, format: str, *words: object) -> None:
            pass

    with (
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(STATIC))) as server,
        tempfile.TemporaryDirectory() as profile,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = subprocess.run(
            [
                *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
                *(f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--window-size=900,600", "--dump-dom"),
                f"http://127.0.0.1:{server.server_address[1]}/",
            ],
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        server.shutdown()
    said = re.search(r'<pre id="said">(.+?)</pre>', done.stdout)
    assert said, done.stdout[-500:] + done.stderr[-500:]
    assert json.loads(said[1]) == {
        "sent": [["tap", 0, 0], ["tap", 1, 1], ["tap", 0, 1], ["tap", 1, 0]],
        "ghosts": 0,
    }
