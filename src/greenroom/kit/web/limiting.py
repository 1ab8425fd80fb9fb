"""Rate limits: a token bucket for each client, in the memory of one process.

Behind several processes each has its own count; a limit that must hold over all of them belongs into the proxy.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from greenroom.kit.problems import TooManyRequests
from greenroom.kit.web.rendering import render


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request is let through, how many more would be now, and in how many seconds the next one and all would be again."""

    admitted: bool
    remaining: int
    next: float
    full: float


class Buckets:
    """A token bucket for each key: it holds up to ``burst`` tokens and gains ``rate`` each second.

    At most ``most`` are kept. The one that was used least recently is dropped for a new one, whose client then starts with a full one.
    """

    def __init__(self, rate: float, burst: int, *, most: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        if rate <= 0 or burst < 1 or most < 1:
            raise ValueError("rate, burst and most must be positive")
        self.rate = rate
        self.burst = burst
        self._most = most
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def take(self, key: str) -> Verdict:
        """Take a token of a key's bucket, if it holds one."""
        now = self._clock()
        tokens, then = self._kept.pop(key, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - then) * self.rate)
        admitted = tokens >= 1
        if admitted:
            tokens -= 1
        self._kept[key] = (tokens, now)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return Verdict(admitted, int(tokens), max(0.0, 1 - tokens) / self.rate, (self.burst - tokens) / self.rate)


def address(scope: Scope) -> str:
    """Return the client's address; of IPv6 the first 64 bits, for a client has all that follow.

    Behind a proxy it is the proxy's, unless the server is told to trust its headers (uvicorn: ``--forwarded-allow-ips``).
    """
    client = scope.get("client")
    host = str(client[0]) if client else ""
    try:
        parsed = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return host


class RateLimit:
    """ASGI middleware: answers 429 to a client that asks too often, and tells all how much is left.

    The header fields are those of draft-ietf-httpapi-ratelimit-headers-10. Paths that begin with one of ``exempt`` are not counted.
    """

    def __init__(
        self, app: ASGIApp, buckets: Buckets, *, key: Callable[[Scope], str] = address, exempt: Collection[str] = ("/health/",)
    ) -> None:
        self.app = app
        self._buckets = buckets
        self._key = key
        self._exempt = tuple(exempt)
        self._policy = f'"default";q={buckets.burst};w={math.ceil(buckets.burst / buckets.rate)}'

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["path"].startswith(self._exempt):
            await self.app(scope, receive, send)
            return
        verdict = self._buckets.take(self._key(scope))

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Policy"] = self._policy
                headers["RateLimit"] = f'"default";r={verdict.remaining};t={math.ceil(verdict.full)}'
            await send(message)

        if verdict.admitted:
            await self.app(scope, receive, add)
        else:
            problem = TooManyRequests(headers={"Retry-After": str(math.ceil(verdict.next))})
            await render(problem, scope)(scope, receive, add)
