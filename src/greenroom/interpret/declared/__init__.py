"""What the declarations of a project say by themselves: observations that need no function to be followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from greenroom.domain.events import Observation
from greenroom.facts.collect import Backend
from greenroom.interpret.declared import clocks, engines, suites
from greenroom.source.discover import Group

OBSERVERS: tuple[Callable[[Backend, Group], Iterator[Observation]], ...] = (clocks.observe, engines.observe, suites.observe)
"""Each looks at one kind of declaration."""


def declared(backend: Backend, group: Group) -> Iterator[Observation]:
    """Everything that the observers see in a project."""
    for observe in OBSERVERS:
        yield from observe(backend, group)
