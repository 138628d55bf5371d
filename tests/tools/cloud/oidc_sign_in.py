"""Signs in through an OpenID provider of its own on loopback. Prints who came in, a line a try. Run as a process."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

LEFT_OUT = "left out"
KEY = rsa.generate_private_key(65537, 2048)


def said(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if value != LEFT_OUT}


class Provider(BaseHTTPRequestHandler):
    """Just enough of OpenID Connect. `info`, `token`: what it says of whoever signs in, there and there."""

    info: dict[str, Any] = {}
    token: dict[str, Any] = {}

    def log_message(self, *arguments: Any) -> None:
        pass

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        key = {**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key())), "kid": "1"}
        pages = {
            "/.well-known/openid-configuration": {
                "issuer": self.base,
                "authorization_endpoint": f"{self.base}/authorize",
                "token_endpoint": f"{self.base}/token",
                "userinfo_endpoint": f"{self.base}/me",
                "jwks_uri": f"{self.base}/keys",
            },
            "/keys": {"keys": [key]},
            "/me": said(self.info),
        }
        self.answer(pages[urlsplit(self.path).path])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        now = int(time.time())
        claims = {"iss": self.base, "aud": "portvakt", "iat": now, "exp": now + 60, **said(self.token)}
        token = jwt.encode(claims, KEY, "RS256", headers={"kid": "1"})
        self.answer({"access_token": "a", "token_type": "Bearer", "id_token": token})

    def answer(self, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    server = HTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ.update(
        DJANGO_SETTINGS_MODULE="tools.cloud.settings",
        OIDC_ISSUER=f"http://127.0.0.1:{server.server_port}",
        OIDC_CLIENT_ID="portvakt",
        OIDC_CLIENT_SECRET="for tests",
    )
    import django

    django.setup()
    from django.test import Client
    from tables import make_tables

    from tools.cloud.models import User

    make_tables()

    def sign_in(**claims: Any) -> None:
        """claims: at both places; token_...: in the token only."""
        told = {"sub": "42", "email": "ola@example.org", "email_verified": True}
        told |= {name: value for name, value in claims.items() if not name.startswith("token_")}
        own = {name.removeprefix("token_"): value for name, value in claims.items() if name.startswith("token_")}
        Provider.info, Provider.token = told, told | own
        client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
        away = client.post("/accounts/oidc/oidc/login/")["Location"]
        state = parse_qs(urlsplit(away).query)["state"][0]
        back = client.get("/accounts/oidc/oidc/login/callback/", {"code": "c", "state": state})
        number = client.session.get("_auth_user_id")
        email = User.objects.get(pk=number).email if number else None
        print(json.dumps([claims, email, User.objects.count(), back.status_code < 500]))

    sign_in()  # verified, but nobody has named them
    User.objects.named("ola@example.org")
    for verified in (False, "false", "False", "TRUE", "yes", "1", 1, ["true"], {"true": True}, None):
        sign_in(email_verified=verified)
    for subject in (LEFT_OUT, None, "", 42, ["42"], "x" * 256):
        sign_in(sub=subject)
        sign_in(token_sub=subject)
    sign_in(token_sub="43")  # of somebody else than the user info is
    sign_in(email=["ola@example.org"])
    sign_in(email_verified="true")
    sign_in()
    sign_in()
    # Who is in the account by another way adds an identity of their own to it, to come back with.
    client = Client(headers={"host": "127.0.0.1"}, raise_request_exception=False)
    client.force_login(User.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
    Provider.info = Provider.token = {"sub": "666", "email": "eva@example.org", "email_verified": True}
    away = client.post("/accounts/oidc/oidc/login/?process=connect")["Location"]
    state = parse_qs(urlsplit(away).query)["state"][0]
    client.get("/accounts/oidc/oidc/login/callback/", {"code": "c", "state": state})
    sign_in(sub="666", email="eva@example.org")


if __name__ == "__main__":
    main()
