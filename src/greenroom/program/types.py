"""Annotations, resolved: the shapes of type expression that the analyser tells apart."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TypeAlias

from greenroom.program.symbols import Class, External, Module


@dataclass(frozen=True, slots=True)
class Named:
    """A class with its type arguments: ``User``, ``list[User]`` (builtins are ``External("builtins.list")``)."""

    symbol: Class | External
    args: tuple[TypeRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Union:
    """``A | B``, ``Union[A, B]``; ``Optional[A]`` is a union with :class:`NoneRef`."""

    members: tuple[TypeRef, ...]


@dataclass(frozen=True, slots=True)
class NoneRef:
    """``None`` as a type."""


@dataclass(frozen=True, slots=True)
class TypeVarRef:
    """A type variable (``TypeVar("T", bound=...)`` or PEP 695), with its bound when it has one."""

    name: str
    bound: TypeRef | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedRef:
    """``Annotated[T, meta, ...]``; the metadata stay expressions, to be read in ``module``."""

    type: TypeRef
    metadata: tuple[ast.expr, ...]
    module: Module


@dataclass(frozen=True, slots=True)
class LiteralRef:
    """``Literal["a", 1]``."""

    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class UnknownRef:
    """No annotation, or one that cannot be resolved."""


TypeRef: TypeAlias = Named | Union | NoneRef | TypeVarRef | AnnotatedRef | LiteralRef | UnknownRef
UNKNOWN = UnknownRef()
