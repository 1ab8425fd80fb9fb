"""FastAPI's side of the trail: a session that names who changes something, by which route and in which request."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from greenroom.kit.auth import Authenticated
from greenroom.kit.database import Session, Writing
from greenroom.kit.problems import REQUEST_ID
from greenroom.kit.trail.context import Context, act


async def recorded(request: Request, session: Writing, actor: Authenticated) -> Session:
    """Give the session of the request's unit of work, with the context that its changes are recorded under.

    The operation is the route's (its ``operation_id``, else the name of its function); the request's id is what ``web.RequestId`` gave it.
    """
    route = request.scope.get("route")
    operation = getattr(route, "operation_id", None) or getattr(route, "name", None)
    await act(session, Context(actor, operation, request.scope.get(REQUEST_ID)))
    return session


Recorded = Annotated[Session, Depends(recorded, scope="function")]
"""``async def create(session: Recorded)``: as ``Writing``, for an actor who is known."""
