"""What answers a request: the name of the function, and where it begins, through decorators, partials and classes."""

from __future__ import annotations

import inspect
from types import CodeType
from typing import Any

from greenroom.monitor.places import place
from greenroom.trace import Place

_WRAPPINGS = 32
"""How many wrappers are looked through."""


def unwrapped(endpoint: object, method: str = "") -> object:
    """Return the function that was written.

    ``functools.wraps`` (``__wrapped__``), ``functools.partial`` and Litestar's wrapper of plain functions (both ``func``) are looked
    through. Of a class that answers, as Starlette's ``HTTPEndpoint``, it is the function of the method, and of any other callable object
    its ``__call__``.
    """
    for _ in range(_WRAPPINGS):
        if isinstance(endpoint, type):
            chosen = getattr(endpoint, method.lower() or "dispatch", None)
            if not inspect.isfunction(chosen):
                return endpoint
            endpoint = chosen
        inner = _inner(endpoint)
        if inner is None:
            break
        endpoint = inner
    return endpoint


def _inner(endpoint: object) -> object | None:
    for name in ("__wrapped__", "func", "__func__"):
        inner: object = getattr(endpoint, name, None)
        if callable(inner):
            return inner
    return None


def name_of(endpoint: object) -> str:
    """Return ``module:qualified name``; that of the class, where it is an object."""
    named = endpoint if hasattr(endpoint, "__qualname__") else type(endpoint)
    return f"{getattr(named, '__module__', '?')}:{getattr(named, '__qualname__', '?')}"


def place_of(endpoint: object) -> Place | None:
    """Return the first line of its code, decorators included; ``None`` where it has no code to read, as an object or a built-in."""
    code: Any = getattr(endpoint, "__code__", None)
    if not isinstance(code, CodeType):
        return None
    return place(code, code.co_firstlineno)
