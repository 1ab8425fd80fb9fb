"""What the engines of a project say by themselves: their drivers, and what stands between them and the database."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.events import BlockingDriver, Observation
from greenroom.domain.loading import Site
from greenroom.facts.collect import Backend
from greenroom.semantics.drivers import BLOCKING, driver_of
from greenroom.source.discover import Group


def observe(backend: Backend, group: Group) -> Iterator[Observation]:
    """Asynchronous engines whose driver waits."""
    for engine in backend.engines():
        address = engine.address
        if engine.asynchronous and address is not None:
            driver = driver_of(address.dialect, address.driver, sqlalchemy=backend.sqlalchemy)
            if driver in BLOCKING:
                yield BlockingDriver(Site(engine.module, engine.node), (), engine.name, driver, address.stated)
