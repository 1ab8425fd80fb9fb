"""Tokens of every kind, sound or not, signed with keys of the test's own."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

ISSUER = "https://auth.test"
AUDIENCE = "https://api.test"


def encoded(value: object) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


_KINDS: dict[str, type[OKPKey | ECKey | RSAKey]] = {"OKP": OKPKey, "EC": ECKey, "RSA": RSAKey}


class Signer:
    """A private key, and what is published of it."""

    def __init__(self, alg: str, kid: str, private: dict[str, Any] | None = None) -> None:
        """Take a private key (JWK), or make one."""
        self.alg = alg
        self.kid = kid
        if private is not None:
            self.key: OKPKey | ECKey | RSAKey = _KINDS[private["kty"]].import_key(private)
        elif alg in {"EdDSA", "Ed25519"}:
            self.key = OKPKey.generate_key("Ed25519")
        elif alg in {"ES256", "ES512"}:
            self.key = ECKey.generate_key("P-256" if alg == "ES256" else "P-521")
        else:
            self.key = RSAKey.generate_key(2048)

    def jwk(self, **more: object) -> dict[str, Any]:
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": self.alg, **more}

    def header(self) -> dict[str, Any]:
        return {"alg": self.alg, "kid": self.kid}

    def raw(self, header: object, payload: object) -> str:
        """Sign whatever it is."""
        signed = f"{encoded(header)}.{encoded(payload)}"
        model = JWSRegistry.algorithms["Ed25519" if self.alg == "EdDSA" else self.alg]
        return f"{signed}.{encoded(model.sign(signed.encode(), self.key))}"

    def token(self, *, header: dict[str, Any] | None = None, without: str = "", **claims: object) -> str:
        """Return a sound token, but for what is given or left out."""
        now = int(time.time())
        sound = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ada", "iat": now, "exp": now + 900}
        return self.raw(
            {"alg": self.alg, "kid": self.kid, **(header or {})}, {k: v for k, v in {**sound, **claims}.items() if k != without}
        )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
