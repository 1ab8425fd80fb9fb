"""The keys of one issuer: fetched when they are needed, kept while they are fresh, and in an outage somewhat longer."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import httpx

from greenroom.kit.auth.download import download_keys
from greenroom.kit.auth.keysets import KeySetError, VerificationKey
from greenroom.kit.problems import Unavailable

_log = logging.getLogger(__name__)
_AHEAD: Final = 0.8
"""The part of ``fresh`` after which keys are fetched again in the background, so that under steady traffic nobody waits."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long what holds, in seconds.

    ``fresh``: keys are taken as they are. ``stale``: and after that, while the issuer cannot be reached. ``back_off``: the pause after a
    key that was asked for and not found; after failures it grows from one second up to this. ``timeout``: of one fetch.
    """

    fresh: float = 3600
    stale: float = 24 * 3600
    back_off: float = 10
    timeout: float = 5


class KeySource:
    """The keys at one address. All callers that need a fetch at the same time share one."""

    def __init__(self, url: str, client: httpx.AsyncClient, timing: Timing, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch nothing yet; ``clock`` tells seconds since whenever."""
        self._url = url
        self._client = client
        self._timing = timing
        self._now = clock
        self._keys: dict[str, VerificationKey] = {}
        self._fetched_at = -math.inf
        self._failures = 0
        self._failed_at = -math.inf
        self._missed_at = -math.inf
        self._flight: asyncio.Task[None] | None = None

    async def key(self, kid: str) -> VerificationKey | None:
        """Return the key of that name, None if the issuer has none. Raises ``Unavailable`` when that cannot be told."""
        age = self._now() - self._fetched_at
        key = self._keys.get(kid)
        if age >= self._timing.fresh:
            return await self._key_from_old(kid, age)
        if key is None:
            return await self._key_from_new(kid)
        if age >= self._timing.fresh * _AHEAD and not self._pausing():
            self._start()
        return key

    async def close(self) -> None:
        """Give up a fetch that is under way."""
        flight = self._flight
        if flight is not None:
            flight.cancel()
            await asyncio.wait([flight])

    async def _key_from_old(self, kid: str, age: float) -> VerificationKey | None:
        key = self._keys.get(kid) if age < self._timing.fresh + self._timing.stale else None
        if not self._pausing():
            self._start()
            if self._failures and key:
                return key  # in an outage that is known, nobody waits for the next try who has a key
            await self._landing()
        if not self._failures:
            return self._found(kid)
        if key is None:
            raise self._away()
        return key

    async def _key_from_new(self, kid: str) -> VerificationKey | None:
        """Look whether the issuer has a new key: whoever invents names of keys must not make us ask each time."""
        if self._flight is None and self._now() - self._missed_at < self._timing.back_off:
            return None
        if not self._pausing():
            self._start()
            await self._landing()
        if self._failures:
            raise self._away()
        return self._found(kid)

    def _found(self, kid: str) -> VerificationKey | None:
        """Return the key of a set that has just been fetched."""
        key = self._keys.get(kid)
        if key is None:
            self._missed_at = self._now()
        return key

    def _pausing(self) -> bool:
        """Tell whether the last fetch failed, and it is too early for another."""
        return self._flight is None and self._now() < self._next_try()

    def _next_try(self) -> float:
        return self._failed_at + min(self._timing.back_off, 2.0 ** min(self._failures - 1, 30))

    def _away(self) -> Unavailable:
        seconds = max(1, math.ceil(self._next_try() - self._now()))
        return Unavailable("The keys to verify tokens with cannot be fetched now", headers={"Retry-After": str(seconds)})

    def _start(self) -> None:
        """Start a fetch, unless one is under way."""
        if self._flight is None:
            self._flight = asyncio.create_task(self._fetch(), name="greenroom: fetch keys")

    async def _landing(self) -> None:
        """Wait for the fetch that is under way; whoever is cancelled does not cancel it for the others."""
        if self._flight is not None:
            await asyncio.shield(self._flight)

    async def _fetch(self) -> None:
        try:
            keys = await download_keys(self._client, self._url, timeout=self._timing.timeout)
        except KeySetError as error:
            self._failures += 1
            self._failed_at = self._now()
            _log.warning("keys of %s: %s (failure %d; %d keys kept)", self._url, error, self._failures, len(self._keys))
        else:
            self._failures = 0
            self._failed_at = -math.inf
            self._keys = keys
            self._fetched_at = self._now()
        finally:
            self._flight = None
