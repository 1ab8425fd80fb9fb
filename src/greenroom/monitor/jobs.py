"""Work outside of requests: workers, schedules, commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from greenroom.monitor.endpoints import name_of, place_of, unwrapped
from greenroom.monitor.requests import trace_id_of
from greenroom.monitor.scopes import About, Scope, entered, present


@contextmanager
def job(work: str | Callable[..., Any], *, request_id: str | None = None) -> Iterator[Scope]:
    """Enter a scope for a piece of work.

    ``work`` is the function that does it, or a name for it: it is the ``endpoint`` of what is met there. ``request_id`` is the id of the
    message or the run, where it has one; otherwise that of the request that it is part of, if it is.

        async def nightly() -> None:
            with job(nightly):
                ...
    """
    function = None if isinstance(work, str) else unwrapped(work)
    name = work if isinstance(work, str) else name_of(function)
    handler = None if function is None else place_of(function)
    around = present()

    def about() -> About:
        identity = request_id if request_id is not None or around is None else around.about().request_id
        return About(endpoint=name, handler=handler, request_id=identity, trace_id=trace_id_of(None))

    with entered(Scope(about)) as own:
        yield own
