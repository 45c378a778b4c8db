"""An OpenID provider of a test's own: answers what a test wants it to, and checks what a real one checks."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "approval-page", "the client's secret"
EMAIL, SUBJECT = "grace@example.com", "user-7"
KEY_ID = "key-1"


def encode(raw: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def encode_number(number: int) -> str:
    """A number as a JSON Web Key has it."""
    return encode(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def make_key() -> rsa.RSAPrivateKey:
    """A key to sign with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


KEY = make_key()
"""One key for all tests: making one takes a while."""


def public_jwk(key: rsa.RSAPrivateKey = KEY) -> dict[str, Any]:
    """The half of a key that everybody may know."""
    numbers = key.public_key().public_numbers()
    told = {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": KEY_ID}
    return {**told, "n": encode_number(numbers.n), "e": encode_number(numbers.e)}


def sign(claims: dict[str, Any], key: rsa.RSAPrivateKey = KEY, **header: Any) -> str:
    """A token, signed by another library than the one that checks it."""
    parts = [{"alg": "RS256", "kid": KEY_ID, **header}, claims]
    text = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


class Issuer:
    """A provider that signs in whoever comes, as the person a test wants."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.person: dict[str, Any] = {"sub": SUBJECT, "email": EMAIL, "email_verified": True, "groups": ["approvers"]}
        self.changes: dict[str, Any] = {}
        self.says: dict[str, Any] = {}
        self.token: str | None = None
        self.asked: dict[str, dict[str, str]] = {}

    def configuration(self) -> dict[str, Any]:
        """What it says of itself."""
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {"issuer": self.address, **{name: self.address + end for name, end in ends.items()}, **self.says}

    def sign_in(self, location: str) -> str:
        """Sign somebody in who was sent here; the query that the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        code = f"code-{len(self.asked)}"
        self.asked[code] = asked
        return f"code={code}&state={asked['state']}"

    def redeem(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        """Change a code once, for the client that asked and can prove it."""
        asked = self.asked.pop(form["code"], None)
        wanted = f"Basic {base64.b64encode(f'{CLIENT}:the+client%27s+secret'.encode()).decode()}"
        if asked is None or authorization != wanted or form["redirect_uri"] != asked["redirect_uri"]:
            return {"error": "invalid_grant"}
        if encode(hashlib.sha256(form["code_verifier"].encode()).digest()) != asked["code_challenge"]:
            return {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        given = {name: value for name, value in {**claims, **self.person, **self.changes}.items() if value is not None}
        return {"access_token": "the-access-token", "id_token": self.token or sign(given)}


@contextmanager
def serve() -> Iterator[Issuer]:
    """A provider that answers on this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = {"/.well-known/openid-configuration": issuer.configuration(), "/keys": {"keys": [public_jwk()]}}
            self.answer(known.get(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(issuer.redeem(form, self.headers.get("Authorization", "")))

        def answer(self, told: Any) -> None:
            body = json.dumps(told).encode()
            self.send_response(200 if told and "error" not in told else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
