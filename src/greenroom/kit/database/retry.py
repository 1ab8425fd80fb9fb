"""Running a whole unit of work again, where PostgreSQL says that another try may succeed.

Not retried: a lost connection, for the commit may have happened; broken constraints, for they stay broken; time limits, for the
server is busy enough.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from greenroom.kit.database.failures import Contended

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Tries:
    """How often, the first time included, and with which pauses in seconds: they double from ``pause`` to ``longest``, with jitter."""

    most: int = 5
    pause: float = 0.01
    longest: float = 0.5

    def wait(self, done: int) -> float:
        """Return how long to wait after that many tries."""
        longest = min(self.pause * 2 ** (done - 1), self.longest)
        return random.uniform(0, longest)  # noqa: S311  # no secret


async def retried(once: Callable[[], Awaitable[Result]], tries: Tries) -> Result:
    """Return what ``once`` returns; call it again while it raises ``Contended``, up to the number of tries."""
    for done in range(1, tries.most):
        try:
            return await once()
        except Contended:
            await asyncio.sleep(tries.wait(done))
    return await once()
