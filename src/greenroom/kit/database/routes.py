"""A FastAPI route that runs again, with its dependencies, where others were in the way of its unit of work."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any, ClassVar, Final

from fastapi import Request, Response
from fastapi.routing import APIRoute

from greenroom.kit.database.retry import Tries, retried

_STACK: Final = "fastapi_function_astack"
"""Where FastAPI keeps the dependencies of function scope; it leaves them behind the route's handler, too late for another try."""


class RetryingRoute(APIRoute):
    """``APIRouter(route_class=RetryingRoute)``: runs the route and its dependencies again while they raise ``Contended``.

    Nothing has been sent by then, and PostgreSQL has rolled back. All that the route does besides the database must bear repetition.
    Bodies of JSON are read once and kept; an upload that the route has read to its end is at its end in the next try. Set ``tries``
    in a subclass for another number of them.
    """

    tries: ClassVar[Tries] = Tries()

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return FastAPI's handler, in a loop."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            if _STACK not in request.scope:
                raise RuntimeError(f"this FastAPI keeps no {_STACK!r}: RetryingRoute does not know it, use `await database.run(work)`")
            outer = request.scope[_STACK]

            async def once() -> Response:
                async with AsyncExitStack() as stack:
                    request.scope[_STACK] = stack
                    try:
                        return await handler(request)
                    finally:
                        request.scope[_STACK] = outer

            return await retried(once, self.tries)

        return handle
