"""Decisions that nothing declared settles: which of several values, rows or ways is taken.

Whoever builds a test asks for each such decision by a name. The first option is the usual one; a search takes others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

Option = TypeVar("Option")


class Underivable(Exception):  # noqa: N818 -- what it means: nothing can be made, for this reason
    """A part of a test cannot be derived; the message says which, and why, in one line."""


class Choices:
    """What was decided, by name, and how many options there were."""

    def __init__(self, taken: Mapping[str, int] | None = None) -> None:
        self.taken = dict(taken or {})
        self.offered: dict[str, int] = {}

    def pick(self, name: str, options: Sequence[Option]) -> Option:
        """Return the option that was decided on, the first one by default."""
        self.offered.setdefault(name, len(options))
        return options[min(self.taken.get(name, 0), len(options) - 1)]
