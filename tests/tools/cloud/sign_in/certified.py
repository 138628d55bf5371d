"""A certified OpenID provider (npm oidc-provider) in a process of its own, and a browser that signs in at it."""

import json
import queue
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.test import Client

from tools import npm

OLA = {"email": "ola@example.org", "email_verified": True, "name": "Ola Nordmann"}
TID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
# Where two versions of a package are needed, the older one lies with who needs it.
NESTED = {
    "accepts": ("mime-db==1.52.0", "mime-types==2.1.35"),
    "http-assert": ("depd==1.1.2", "http-errors==1.8.1", "statuses==1.5.0"),
    "type-is": ("content-type==2.1.0",),
}


def lay_out(folder: Path) -> None:
    """A node_modules as npm would make it, of what the lock file of ours has."""
    wanted = [one for one in npm.packages() if "micropython" not in one.name and one.name != "axe-core"]
    npm.fetch(wanted)
    nested = {f"{one.name}=={one.version}": one for one in wanted}
    inner = {name for names in NESTED.values() for name in names}
    for one in wanted:
        if f"{one.name}=={one.version}" not in inner:
            shutil.copytree(one.folder, folder / "node_modules" / one.name)
    for outer, names in NESTED.items():
        for name in names:
            target = folder / "node_modules" / outer / "node_modules" / name.partition("==")[0]
            shutil.copytree(nested[name].folder, target)


class Heard(ThreadingHTTPServer):
    """What the provider says behind the browser's back: the bodies of its calls, as they came."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Hearing)
        self.bodies: queue.Queue[str] = queue.Queue()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/"


class _Hearing(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        heard: Any = self.server
        heard.bodies.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class Certified:
    def __init__(self, base: str, heard: Heard) -> None:
        self.base = base
        self.heard = heard
        self.browser = requests.Session()  # of who signed in last

    def control(self, **said: Any) -> None:
        requests.post(f"{self.base}/control", json=said, timeout=30).raise_for_status()

    def apps(self) -> dict[str, Any]:
        """As settings.py makes them of a file with both."""
        from tools.cloud import providers

        client = {"client_id": "portvakt", "secret": "for tests"}
        one = {"id": "one", "name": "Any", "issuer": f"{self.base}/one", **client}
        entra = {
            "id": "entra", "name": "Entra", "kind": "entra", "issuer": f"{self.base}/{{tenantid}}/v2.0",
            "server": f"{self.base}/organizations/v2.0", **client,
        }  # fmt: skip
        return {
            "openid_connect": {
                "provider_class": "tools.cloud.openid.Provider", "OAUTH_PKCE_ENABLED": True,
                "APPS": [providers.app(one), providers.app(entra)],
            }
        }  # fmt: skip

    def way_back(self, client: Client, provider: str = "one", process: str = "login", **claims: Any) -> str:
        """Signs in there as whoever these claims say. The address that the browser is sent back to."""
        self.control(person={"sub": "42", **claims})
        address = leads_to(client.post(f"/accounts/oidc/{provider}/login/?process={process}"))
        browser = self.browser = requests.Session()
        while urlsplit(address).port is not None:
            answer = browser.get(address, allow_redirects=False, timeout=30)
            assert answer.status_code in (302, 303), (address, answer.text)
            address = requests.compat.urljoin(address, answer.headers["location"])
        return address.removeprefix("http://127.0.0.1")

    def sign_out(self) -> str:
        """Whoever signed in last signs out at the provider; what it tells us of that."""
        page = self.browser.get(f"{self.base}/one/session/end", timeout=30)
        form = re.search(r'action="([^"]+)".*?name="xsrf" value="([^"]+)"', page.text, re.S)
        assert form, page.text
        self.browser.post(unescape(form[1]), {"xsrf": form[2], "logout": "yes"}, allow_redirects=False, timeout=30)
        return parse_qs(self.heard.bodies.get(timeout=30))["logout_token"][0]

    def sign_in(self, provider: str = "one", client: Client | None = None, **claims: Any) -> str | None:
        """The address of the account that is signed in then."""
        client = client or browser()
        client.get(self.way_back(client, provider, **claims))
        return who(client)


def leads_to(answer: Any) -> str:
    """Where the page goes by itself that a sign-in is answered with."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode())
    assert answer.status_code == 200 and found, answer
    return unescape(found[1])


def browser() -> Client:
    return Client(headers={"host": "127.0.0.1", "accept-language": "en"}, raise_request_exception=False)


def who(client: Client) -> str | None:
    from tools.cloud.models import User

    user = User.objects.filter(pk=client.session.get("_auth_user_id")).first()
    return user and user.email


@contextmanager
def running(folder: Path, back: str = "http://127.0.0.1") -> Iterator[Certified]:
    """back: where the pages are that send people there."""
    lay_out(folder)
    shutil.copy(Path(__file__).with_name("provider.mjs"), folder)
    heard = Heard()
    said = [npm.node(), "provider.mjs", TID, back, heard.address]
    process = subprocess.Popen(
        said, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdin and process.stdout
    try:
        port = json.loads(process.stdout.readline())["port"]
        yield Certified(f"http://127.0.0.1:{port}", heard)
    finally:
        heard.shutdown()
        heard.server_close()
        process.stdin.close()
        process.wait(30)
