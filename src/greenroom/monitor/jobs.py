"""Work outside of requests: workers, schedules, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from greenroom.monitor.endpoints import name_of, place_of, unwrapped
from greenroom.monitor.requests import trace_id_of
from greenroom.monitor.scopes import About, Scope, entered


@contextmanager
def job(work: str | Callable[..., Any], *, request_id: str | None = None) -> Iterator[Scope]:
    """Enter a scope for a piece of work.

    ``work`` is the function that does it, or a name for it: it is the ``endpoint`` of what is met there. ``request_id`` is the id of the
    message or the run, where it has one.

        async def nightly() -> None:
            with job(nightly):
                ...
    """
    function = None if isinstance(work, str) else unwrapped(work)
    name = work if isinstance(work, str) else name_of(function)
    handler = None if function is None else place_of(function)
    with entered(Scope(lambda: About(endpoint=name, handler=handler, request_id=request_id, trace_id=trace_id_of(None)))) as own:
        yield own
