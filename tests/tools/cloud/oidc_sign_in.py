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

KEY = rsa.generate_private_key(65537, 2048)


class Provider(BaseHTTPRequestHandler):
    """Just enough of OpenID Connect. `claims`: of whoever signs in."""

    claims: dict[str, Any] = {}

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
            "/me": {"sub": "42", **self.claims},
        }
        self.answer(pages[urlsplit(self.path).path])

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        now = int(time.time())
        claims = {"iss": self.base, "aud": "portvakt", "sub": "42", "iat": now, "exp": now + 60, **self.claims}
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
    from django.core.management import call_command
    from django.test import Client

    from tools.cloud.models import User

    call_command("migrate", verbosity=0)

    def sign_in(verified: bool) -> None:
        Provider.claims = {"email": "ola@example.org", "email_verified": verified}
        client = Client(headers={"host": "127.0.0.1"})
        away = client.post("/accounts/oidc/oidc/login/")["Location"]
        state = parse_qs(urlsplit(away).query)["state"][0]
        client.get("/accounts/oidc/oidc/login/callback/", {"code": "c", "state": state})
        number = client.session.get("_auth_user_id")
        print(json.dumps([User.objects.get(pk=number).email if number else None, User.objects.count()]))

    sign_in(verified=True)
    User.objects.named("ola@example.org")
    sign_in(verified=False)
    sign_in(verified=True)
    sign_in(verified=True)


if __name__ == "__main__":
    main()
