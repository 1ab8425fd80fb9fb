"""Monitors all applications of a process, without a word in their code: Starlette, FastAPI and Litestar, by their classes."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

from greenroom.monitor.asgi import monitored

_APPLICATIONS: Final = {"starlette.applications": "Starlette", "litestar.app": "Litestar"}
"""FastAPI's class is derived from Starlette's, and calls it."""

_LOCK: Final = threading.RLock()
_REPLACED: Final[dict[type[Any], Callable[..., Awaitable[None]]]] = {}


class _Waiting(MetaPathFinder):
    """Replaces in frameworks that are imported later, as they are imported: an import of one that nobody uses may take long, or warn."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """Find what the other finders find."""
        if fullname not in _APPLICATIONS:
            return None
        finders = [finder for finder in sys.meta_path if finder is not self]
        spec = next((spec for finder in finders if (spec := finder.find_spec(fullname, path, target)) is not None), None)
        if spec is not None and spec.loader is not None:
            run = spec.loader.exec_module

            def run_and_replace(module: ModuleType) -> None:
                run(module)
                with _LOCK:
                    if self in sys.meta_path:
                        _replace(getattr(module, _APPLICATIONS[fullname]))

            spec.loader.exec_module = run_and_replace  # type: ignore[method-assign]  # each module has a loader of its own
        return spec


_WAITING: Final = _Waiting()


def instrument() -> bool:
    """Enter a scope for each request of each application, as `MonitorMiddleware` does, which may be in it as well.

    Tells whether this call has done it; that caller is the one to `uninstrument`.
    """
    with _LOCK:
        if _WAITING in sys.meta_path:
            return False
        sys.meta_path.insert(0, _WAITING)
        for name, application in _APPLICATIONS.items():
            if name in sys.modules:
                _replace(getattr(sys.modules[name], application))
        return True


def uninstrument() -> None:
    """Undo `instrument`."""
    with _LOCK:
        if _WAITING in sys.meta_path:
            sys.meta_path.remove(_WAITING)
        for application, call in _REPLACED.items():
            application.__call__ = call
        _REPLACED.clear()


def _replace(application: type[Any]) -> None:
    call: Callable[..., Awaitable[None]] = application.__call__

    @functools.wraps(call)
    async def within(self: object, scope: Any, receive: Any, send: Any) -> None:
        await monitored(functools.partial(call, self), scope, receive, send)

    application.__call__ = within
    _REPLACED[application] = call
