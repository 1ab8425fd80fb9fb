"""Defaults of columns that ask the clock for a moment of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.boundary import MixedMoment
from greenroom.domain.events import Observation
from greenroom.domain.loading import Site
from greenroom.facts.clocks import UTCNOW, asked_by_default
from greenroom.facts.collect import Backend
from greenroom.facts.times import Moment, moment_of
from greenroom.source.discover import Group


def observe(backend: Backend, group: Group) -> Iterator[Observation]:
    """Columns whose default has a timezone where the column has none, or none where it has one."""
    asyncpg = backend.dialect == "postgresql" and "asyncpg" in backend.dependencies
    for mapped in backend.mapped_classes():
        for column in mapped.columns.values():
            owner = column.declared_in
            if owner is None or column.default_value is None:
                continue
            asked = asked_by_default(backend.program, owner.module, column.default_value, owner=owner)
            holds = moment_of(backend, mapped, column) if asked is not None else None
            if asked is None or holds is None:
                continue
            refused = holds is Moment.STRICT and not asked.aware
            mixed = asked.aware if holds is Moment.NAIVE else asked.call == UTCNOW
            if refused or (asyncpg and mixed):
                site, said = Site(owner.module, column.default_value), f"`{asked.call}`"
                yield MixedMoment(site, (), owner.name, column.name, asked.aware, said, client=False, refused=refused, stored=True)
