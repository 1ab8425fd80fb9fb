"""Measures what a token costs, new and remembered, beside the cryptography alone and, where it is installed, PyJWT.

    python benchmarks/kit_tokens.py [ROUNDS]

The figure is the CPU time of this process for each token in microseconds, the best of all rounds, the candidates in turns.
Keys come without a network. The kit and PyJWT check signature, issuer, audience, expiry and subject; "remembered" is the kit with a
token that it has verified before. PyJWT is handed its key and makes no actor.
Needs the extra ``kit``.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import importlib.util
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import orjson
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from joserfc.jwt import encode

from greenroom.kit.auth import Issuer, Verifier

BATCH = 300
ORIGIN = "https://auth.test"
KEYS: Mapping[str, Callable[[], OKPKey | ECKey | RSAKey]] = {
    "Ed25519": lambda: OKPKey.generate_key("Ed25519"),
    "ES256": lambda: ECKey.generate_key("P-256"),
    "PS256": lambda: RSAKey.generate_key(2048),
    "RS256": lambda: RSAKey.generate_key(2048),
}
CANDIDATES = ("cryptography", "kit", "remembered", "PyJWT")
Check = Callable[[], Awaitable[object]]


def main() -> None:
    """Measure and print."""
    asyncio.run(_compared(int(sys.argv[1]) if len(sys.argv) > 1 else 7))


async def _compared(rounds: int) -> None:
    print(f"{'us of CPU per token':20}" + "".join(f"{label:>14}{'ratio':>7}" for label in CANDIDATES))
    for name, make in KEYS.items():
        key = make()
        token, public = _signed(name, key), key.as_dict(private=False)
        made = (_signature(name, key, token), _kit(name, public, token, 0), _kit(name, public, token, 1), _pyjwt(name, key, public))
        best = await _measured({label: check for label, check in zip(CANDIDATES, made, strict=True) if check}, rounds)
        print(f"{name:20}" + "".join(f"{best[it]:14.0f}{best[it] / best[CANDIDATES[0]]:7.2f}" for it in best))


async def _measured(checks: Mapping[str, Check], rounds: int) -> dict[str, float]:
    best = dict.fromkeys(checks, float("inf"))
    for check in checks.values():
        await check()  # fetches the keys
    for _ in range(rounds):
        for label, check in checks.items():
            begin = time.process_time()
            for _ in range(BATCH):
                await check()
            best[label] = min(best[label], (time.process_time() - begin) / BATCH * 1e6)
    return best


def _signed(name: str, key: OKPKey | ECKey | RSAKey) -> str:
    return encode({"alg": name, "kid": "key"}, _claims(), key, algorithms=[name])


def _claims() -> dict[str, Any]:
    """Return what Better Auth's sessions say."""
    now = int(time.time())
    person = {"sub": "a" * 32, "name": "Ada", "email": "ada@example.com", "actor_type": "human"}
    return {"iss": ORIGIN, "aud": ORIGIN, "iat": now, "exp": now + 900, **person}


def _signature(name: str, key: OKPKey | ECKey | RSAKey, token: str) -> Check:
    """Return the least there is: the signature, whoever calls for it."""
    signed, _, signature = token.rpartition(".")
    model = JWSRegistry.algorithms[name]
    raw = base64.urlsafe_b64decode(signature + "==")

    async def check() -> object:
        return model.verify(signed.encode(), raw, key)

    return check


def _kit(name: str, public: Mapping[str, Any], token: str, remember: int) -> Check:
    body = orjson.dumps({"keys": [{**public, "kid": "key", "alg": name}]})
    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(body)))
    issuer = Issuer(issuer=ORIGIN, audience=ORIGIN, jwks_url=f"{ORIGIN}/jwks", algorithms=(name,))
    verifier = Verifier([issuer], client=httpx.AsyncClient(transport=transport), remember=remember)
    return lambda: verifier.verify(token)


def _pyjwt(name: str, key: OKPKey | ECKey | RSAKey, public: Mapping[str, Any]) -> Check | None:
    """Return PyJWT's verification; None where it is not installed."""
    if importlib.util.find_spec("jwt") is None:
        return None
    jwt = importlib.import_module("jwt")
    alg = "EdDSA" if name == "Ed25519" else name  # it does not know the new name
    private = jwt.PyJWK.from_dict({**key.as_dict(private=True), "alg": alg}).key
    token = jwt.encode(_claims(), private, alg, headers={"kid": "key"})
    verifying = jwt.PyJWK.from_dict({**public, "alg": alg}).key

    async def check() -> object:
        options = {"require": ["exp", "iat", "sub", "iss", "aud"]}
        return jwt.decode(token, verifying, [alg], audience=ORIGIN, issuer=ORIGIN, options=options)

    return check


if __name__ == "__main__":
    main()
