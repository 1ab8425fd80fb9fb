"""PEP 695 type parameters, read the same way from trees of every Python version."""

from __future__ import annotations

import ast
from typing import NamedTuple


class TypeParameter(NamedTuple):
    """``T``, ``T: bound``, ``T = default``, ``*Ts`` or ``**P`` in square brackets after a name; only the name is kept of stars."""

    name: str
    bound: ast.expr | None = None
    default: ast.expr | None = None


_ATTRIBUTE = "greenroom_type_parameters"
"""Not ``type_params``, where interpreters that know the syntax expect nodes."""


def type_parameters(node: ast.AST) -> tuple[TypeParameter, ...]:
    """Return the type parameters of a class, a function or a ``type`` statement; empty for anything else."""
    attached: tuple[TypeParameter, ...] | None = getattr(node, _ATTRIBUTE, None)
    if attached is not None:
        return attached
    return tuple(
        TypeParameter(item.name, getattr(item, "bound", None), getattr(item, "default_value", None))
        for item in getattr(node, "type_params", ())
    )


def attach(node: ast.stmt, parameters: tuple[TypeParameter, ...]) -> None:
    """Give a statement the type parameters that were taken out of its text."""
    setattr(node, _ATTRIBUTE, parameters)
