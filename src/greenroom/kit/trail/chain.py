"""The chain of hashes, computed here as the database computes it there, so that each can be held against the other.

A link is SHA-256 over the link before it and the text of the row. The text is a JSON array as ``jsonb`` prints it, each member a string or
null, so that no two rows have the same text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Self


def stamp(at: datetime) -> str:
    """Return a time as it stands in the text of a row."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def link(previous: bytes, members: Sequence[str | None]) -> bytes:
    """Return the hash of a row with this text after the one with that hash; the first of a chain comes after ``b""``."""
    # json escapes what jsonb escapes, and leaves what it leaves: https://www.postgresql.org/docs/current/datatype-json.html
    return sha256(previous + json.dumps(list(members), ensure_ascii=False).encode()).digest()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which transactions a statement sees: those before ``xmax``, but for those that were running.

    https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-INFO-SNAPSHOT
    """

    xmax: int
    running: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``xmin:xmax:xip,xip``."""
        _, xmax, running = text.split(":")
        return cls(int(xmax), frozenset(map(int, filter(None, running.split(",")))))

    def sees(self, transaction: int) -> bool:
        """Tell whether it sees what a transaction has committed."""
        return transaction < self.xmax and transaction not in self.running
