"""What a test suite has otherwise than production."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import Observation, SuiteDiffers
from greenroom.domain.loading import Site
from greenroom.facts.collect import Backend
from greenroom.source.discover import Group


def observe(backend: Backend, group: Group) -> Iterator[Observation]:
    """Sessions and engines of tests on which production's faults do not show."""
    for found in backend.differences():
        production = Site(found.production.module, found.production.node)
        yield SuiteDiffers(Site(found.test.module, found.test.node), (), found.what, found.values, production)
