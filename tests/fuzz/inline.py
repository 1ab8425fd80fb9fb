"""An aiosqlite connection without a thread: statements run at once, and still make the caller wait once."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Generator
from typing import Any

import aiosqlite


class InlineConnection(aiosqlite.Connection):
    """Saves the hand-over to a thread and back, which would take most of the time of a small program."""

    def __init__(self) -> None:
        super().__init__(lambda: sqlite3.connect(":memory:"), iter_chunk_size=64)
        self._connection = sqlite3.connect(":memory:")

    def __await__(self) -> Generator[Any, None, aiosqlite.Connection]:
        return self._itself().__await__()

    async def _itself(self) -> aiosqlite.Connection:
        return self

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 -- as the parent has it
        await asyncio.sleep(0)
        return fn(*args, **kwargs)

    def stop(self) -> None:
        """Nothing runs beside the loop."""

    async def close(self) -> None:
        """Close the database."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
