"""Objects turned into data through their `__dict__`."""

from __future__ import annotations

import ast

from greenroom.domain.events import Dumped
from greenroom.domain.heap import OrmObject
from greenroom.domain.loading import DROPPED
from greenroom.interpret.run import Run


def dumped(run: Run, record: OrmObject, node: ast.AST, how: str) -> None:
    """An object was turned into data through ``__dict__``: what is expired is missing."""
    for name, known in record.attributes.items():
        if name in record.mapped.columns and known.bits & DROPPED and known.sure & DROPPED:
            origin = known.origins[0][1] if known.origins else None
            run.emit(Dumped(run.site(node), run.call_sites(), record.mapped.name, name, origin, how), record.mapped.name)
            return
