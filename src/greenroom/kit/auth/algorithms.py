"""Signature algorithms that a token may be verified with, each bound to one kind of key (RFC 8725, sections 3.1 and 3.2).

What is not in the table cannot be configured: ``none`` and the HMAC family have no entry.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Algorithm:
    """``names`` are what the header ``alg`` may say, ``kty`` and ``crv`` the key that it takes, as in a JWK."""

    names: tuple[str, ...]
    kty: str
    crv: str | None = None


_TABLE = (
    # RFC 9864 deprecates EdDSA in favour of Ed25519, which names the curve; issuers say either.
    Algorithm(("EdDSA", "Ed25519"), "OKP", "Ed25519"),
    Algorithm(("ES256",), "EC", "P-256"),
    Algorithm(("ES512",), "EC", "P-521"),
    Algorithm(("PS256",), "RSA"),
    Algorithm(("RS256",), "RSA"),
)

ALGORITHMS = {name: algorithm for algorithm in _TABLE for name in algorithm.names}
"""By each of their names."""


def algorithm(name: str) -> Algorithm:
    """Return the algorithm of that name; raises ``ValueError`` that says which there are."""
    try:
        return ALGORITHMS[name]
    except KeyError:
        raise ValueError(f"{name!r} is none of the algorithms {', '.join(ALGORITHMS)}") from None
