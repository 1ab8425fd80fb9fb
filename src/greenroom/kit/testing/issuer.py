"""An issuer of tokens for tests and for development on one machine: real keys and real signatures, and no server to start."""

from __future__ import annotations

import time
from typing import Any, Final

import httpx
import orjson
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from greenroom.kit.actors import ActorKind
from greenroom.kit.auth import Issuer, TokenAuthenticator, Verifier

_ALGORITHM: Final = "Ed25519"


class LocalIssuer:
    """Signs tokens as Better Auth's sessions have them, with a key that it made itself and that nobody else has.

    Its keys are fetched as those of any issuer, by HTTP, but within the process.
    """

    def __init__(self, origin: str = "http://issuer.localhost") -> None:
        """Make a key."""
        self.origin = origin
        self._key = OKPKey.generate_key("Ed25519", {"kid": "local", "alg": _ALGORITHM, "use": "sig"})
        self.keys = KeySet([self._key])
        self._published = orjson.dumps(self.keys.as_dict(private=False))

    @property
    def issuer(self) -> Issuer:
        """What a verifier needs to know of it."""
        return Issuer(issuer=self.origin, audience=self.origin, jwks_url=f"{self.origin}/api/auth/jwks")

    def authenticator(self) -> TokenAuthenticator:
        """Return an authenticator that accepts its tokens and no others."""
        client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        return TokenAuthenticator(Verifier([self.issuer], client=client))

    def token(self, subject: str, kind: ActorKind = ActorKind.HUMAN, *, lifetime: float = 900, **claims: Any) -> str:  # noqa: ANN401  # JSON
        """Return a token that speaks of somebody; ``lifetime`` is in seconds, and below zero gives one that has expired."""
        now = int(time.time())
        said = {
            "iss": self.origin,
            "aud": self.origin,
            "sub": subject,
            "iat": now + min(0, int(lifetime)) - 1,
            "exp": now + int(lifetime),
            "actor_type": kind.value,
            **claims,
        }
        return jwt.encode({"alg": _ALGORITHM, "kid": "local"}, said, self._key, algorithms=[_ALGORITHM])

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/api/auth/jwks":
            return httpx.Response(404)
        return httpx.Response(200, stream=httpx.ByteStream(self._published), headers={"content-type": "application/json"})
