"""Whose end is being followed, and why: what a commit there means depends on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from greenroom.domain.journal import Journal
from greenroom.program.symbols import Function


@dataclass(slots=True)
class Endings:
    """The ends of blocks, managers and dependencies that are in progress."""

    passed: Journal = ()
    """While the end of a block is followed that an exception leaves: what had been done when it passed."""
    exits: list[Function] = field(default_factory=list)
    """The ``__exit__`` methods in progress."""
    providers: set[ast.AST] = field(default_factory=set)
    """Generators among the endpoint's dependencies whose rest runs when the answer is out."""

    @contextmanager
    def failing(self, journal: Journal) -> Iterator[None]:
        """Within the block, an exception is on its way; ``journal`` is what had been done when it passed."""
        outer, self.passed = self.passed, journal
        try:
            yield
        finally:
            self.passed = outer

    @contextmanager
    def leaving(self, method: Function) -> Iterator[None]:
        """Within the block, an ``__exit__`` method is followed."""
        self.exits.append(method)
        try:
            yield
        finally:
            self.exits.pop()
