"""PEP 695 type parameters, read the same way from trees of every Python version."""

from __future__ import annotations

import ast
from typing import NamedTuple


class TypeParameter(NamedTuple):
    """``T``, ``T: bound``, ``T = default``, ``*Ts`` or ``**P`` in square brackets after a name; only the name is kept of stars."""

    name: str
    bound: ast.expr | None = None
    default: ast.expr | None = None


def type_parameters(node: ast.AST) -> tuple[TypeParameter, ...]:
    """Return the type parameters of a class, a function or a ``type`` statement; empty for anything else."""
    found = []
    for item in getattr(node, "type_params", ()):
        # Since Python 3.12 they are nodes; before, greenroom.source.syntax attaches the records.
        if isinstance(item, TypeParameter):
            found.append(item)
        else:
            found.append(TypeParameter(item.name, getattr(item, "bound", None), getattr(item, "default_value", None)))
    return tuple(found)
