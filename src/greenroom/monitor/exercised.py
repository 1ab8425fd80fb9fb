"""Which routes have answered, and how often."""

from __future__ import annotations

import threading
from typing import Final

from greenroom.monitor.routing import Chosen
from greenroom.trace import Exercised

BOUND: Final = 10_000
"""How many different routes are counted; more of them are passed over."""

_LOCK: Final = threading.Lock()
_COUNTS: Final[dict[tuple[str, str, str], int]] = {}


def count(route: Chosen) -> None:
    """Count one answer."""
    key = (route.method, route.template, route.endpoint)
    with _LOCK:
        times = _COUNTS.get(key, 0)
        if times or len(_COUNTS) < BOUND:
            _COUNTS[key] = times + 1


def exercised() -> tuple[Exercised, ...]:
    """Return the routes that have answered in this process since `forget`, in a stable order."""
    with _LOCK:
        counts = dict(_COUNTS)
    return tuple(sorted(Exercised(*key, times=times) for key, times in counts.items()))


def forget() -> None:
    """Begin to count anew."""
    with _LOCK:
        _COUNTS.clear()
