"""From a token to an actor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Final

import httpx

from greenroom.kit.actors import Actor
from greenroom.kit.auth.algorithms import ALGORITHMS
from greenroom.kit.auth.claims import check_claims
from greenroom.kit.auth.download import http_client
from greenroom.kit.auth.issuers import Issuer, media_type
from greenroom.kit.auth.keysource import KeySource, Timing
from greenroom.kit.auth.remembering import Remembered, Verified
from greenroom.kit.auth.signatures import TokenError, Unverified
from greenroom.kit.auth.subjects import actor

MAX_LEEWAY: Final = 60
"""Seconds; clocks that differ by more are to be mended."""


class Verifier:
    """Verifies tokens of the given issuers; made once, closed at the end."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        *,
        leeway: float = 30,
        max_size: int = 8192,
        timing: Timing = Timing(),  # noqa: B008  # frozen
        clock: Callable[[], float] = time.monotonic,
        client: httpx.AsyncClient | None = None,
        remember: int = 1024,
    ) -> None:
        """Fetch nothing yet; ``leeway`` in seconds, ``max_size`` in characters, ``clock`` for the age of keys. Raises ``ValueError``.

        Issuers at the same address share its keys. A ``client`` that is given is not closed. ``remember`` is the number of tokens whose
        signature is checked once only; all else is checked each time, and the signature again after the keys have been fetched.
        """
        if not 0 <= leeway <= MAX_LEEWAY:
            raise ValueError(f"leeway must be 0 to {MAX_LEEWAY} seconds")
        self._leeway = leeway
        self._max_size = max_size
        self._client = client or http_client()
        self._owns_client = client is None
        self._remembered = Remembered(remember)
        self._issuers = by_kind(issuers)
        self._sources = {one.jwks_url: KeySource(one.jwks_url, self._client, timing, clock) for one in self._issuers.values()}

    async def verify(self, token: str) -> Actor:
        """Return who the token speaks of. Raises ``TokenError``, and ``Unavailable`` where its issuer's keys cannot be had."""
        known = self._remembered.get(token)
        if known and await self._sources[known.issuer.jwks_url].key(known.kid) is known.key:
            check_claims(known.actor.claims, known.issuer, leeway=self._leeway)
            return known.actor
        verified = await self._verified(token)
        self._remembered.put(token, verified)
        return verified.actor

    async def _verified(self, token: str) -> Verified:
        """Read and verify a token.

        The issuer and the kind of token are looked up first, from what nobody has vouched for yet: they choose which keys and rules apply,
        and the signature then covers them.
        """
        read = Unverified(token, max_size=self._max_size)
        typ = _typ(read.header.get("typ", ""))
        issuer = self._issuers.get((_text(read.claims.get("iss")), typ))
        if issuer is None:
            raise TokenError("The token is of an issuer or a type that is not accepted")
        algorithm = ALGORITHMS[read.alg]
        if algorithm not in issuer.accepted:
            raise TokenError("The token is signed with an algorithm that is not accepted")
        key = await self._sources[issuer.jwks_url].key(read.kid)
        if key is None or algorithm not in key.algorithms:
            raise TokenError("The token is signed with an unknown key")
        read.verify(key)
        check_claims(read.claims, issuer, leeway=self._leeway)
        return Verified(issuer, read.kid, key, actor(read.claims, issuer, typ))

    async def close(self) -> None:
        """Give up fetches and close the connections."""
        for source in self._sources.values():
            await source.close()
        if self._owns_client:
            await self._client.aclose()


def by_kind(issuers: Iterable[Issuer]) -> dict[tuple[str, str], Issuer]:
    """Return the issuers by what tells their tokens apart: ``iss`` and ``typ``. Raises ``ValueError`` where two cannot be told apart."""
    table: dict[tuple[str, str], Issuer] = {}
    for issuer in issuers:
        for typ in map(media_type, issuer.types):
            if (issuer.issuer, typ) in table:
                raise ValueError(f"two entries accept tokens of {issuer.issuer} with typ {typ!r}; one of them must have other types")
            table[issuer.issuer, typ] = issuer
    if not table:
        raise ValueError("at least one issuer is needed")
    return table


def _typ(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    if not isinstance(value, str):
        raise TokenError("The token is of an issuer or a type that is not accepted")
    return media_type(value)


def _text(value: Any) -> str:  # noqa: ANN401  # whatever JSON holds
    return value if isinstance(value, str) else ""
