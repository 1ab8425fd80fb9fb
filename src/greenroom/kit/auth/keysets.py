"""Key sets as issuers publish them (RFC 7517): what of them can verify a token."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from greenroom.kit.auth.algorithms import ALGORITHMS, Algorithm

MAX_KEYS: Final = 100
RSA_BITS: Final = range(2048, 8192 + 1)
"""RFC 7518, section 3.3, asks for 2048 or more; the upper bound is on the time that one signature takes."""

_CLASSES: Final[Mapping[str, type[ECKey | OKPKey | RSAKey]]] = {"EC": ECKey, "OKP": OKPKey, "RSA": RSAKey}
_MATERIAL: Final = frozenset({"kty", "crv", "x", "y", "n", "e"})
"""The members that make a public key of each kind; the rest of a JWK says what it may be used for."""


class KeySetError(ValueError):
    """A document that is no key set, or holds no key that could be used."""


@dataclass(frozen=True, slots=True)
class VerificationKey:
    """A public key, and the algorithms that it may be used with."""

    material: ECKey | OKPKey | RSAKey
    algorithms: frozenset[Algorithm]


def read_keys(document: bytes) -> dict[str, VerificationKey]:
    """Return the usable keys by ``kid``. Raises ``KeySetError``.

    As RFC 7517, section 5, wants it, keys that cannot be used are passed over: of another kind or curve, for encryption, too weak, broken,
    without a ``kid``, symmetric, or private.
    """
    try:
        parsed = json.loads(document)
    except (ValueError, RecursionError):
        raise KeySetError("it is no JSON") from None
    members = parsed.get("keys") if isinstance(parsed, dict) else None
    if not isinstance(members, list):
        raise KeySetError("it has no list of keys")
    if len(members) > MAX_KEYS:
        raise KeySetError(f"it has more than {MAX_KEYS} keys")
    keys: dict[str, VerificationKey] = {}
    for member in members:
        key = _key(member)
        if key is not None:
            keys.setdefault(member["kid"], key)
    if not keys:
        raise KeySetError("it has no key that could be used")
    return keys


def _key(jwk: Any) -> VerificationKey | None:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid"), str) or "d" in jwk:
        return None
    if jwk.get("use", "sig") != "sig" or "verify" not in _operations(jwk):
        return None
    algorithms = _algorithms(jwk)
    if not algorithms:
        return None
    try:
        material = _CLASSES[jwk["kty"]].import_key({name: jwk[name] for name in _MATERIAL if name in jwk})
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    if isinstance(material, RSAKey) and material.public_key.key_size not in RSA_BITS:
        return None
    return VerificationKey(material, algorithms)


def _operations(jwk: Mapping[str, Any]) -> list[Any]:
    operations = jwk.get("key_ops", ["verify"])
    return operations if isinstance(operations, list) else []


def _algorithms(jwk: Mapping[str, Any]) -> frozenset[Algorithm]:
    """Return what the key's kind fits, and only the one that it names, where it names one."""
    fitting = {one for one in ALGORITHMS.values() if one.kty == jwk.get("kty") and one.crv in {None, _text(jwk.get("crv"))}}
    if "alg" not in jwk:
        return frozenset(fitting)
    named = jwk["alg"]
    return frozenset(one for one in fitting if isinstance(named, str) and named in one.names)


def _text(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    return value if isinstance(value, str) else ""
