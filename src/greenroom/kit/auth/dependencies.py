"""FastAPI's side: who makes the request, and what they must hold."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import HTTPBearer
from starlette.requests import HTTPConnection

from greenroom.kit.actors import Actor
from greenroom.kit.auth.authenticators import Authenticator
from greenroom.kit.auth.bearer import insufficient


def authenticator_of(connection: HTTPConnection) -> Authenticator:
    """Return the authenticator of the application: ``app.state.authenticator``."""
    authenticator: Authenticator | None = getattr(connection.app.state, "authenticator", None)
    if authenticator is None:
        raise TypeError("app.state.authenticator is not set: `app.state.authenticator = AuthSettings().authenticator()` at start")
    return authenticator


class _Bearer(HTTPBearer):
    """The security scheme of OpenAPI and the dependency in one."""

    async def __call__(self, request: HTTPConnection) -> Actor:  # type: ignore[override]  # the credentials are verified, not handed on
        """Return who makes the request, verified once for each request, and leave it at ``request.state.actor``."""
        actor = getattr(request.state, "actor", None)
        if not isinstance(actor, Actor):
            actor = request.state.actor = await authenticator_of(request).authenticate(request)
        return actor


authenticated = _Bearer(scheme_name="bearer", bearerFormat="JWT", description="A token of the identity provider.")
"""The dependency behind ``Authenticated``, for `dependencies=[Depends(authenticated)]` of a router."""

Authenticated = Annotated[Actor, Depends(authenticated)]
"""``async def create(actor: Authenticated)``: who makes the request."""


def require(*scopes: str) -> Any:  # noqa: ANN401  # what FastAPI's Security returns
    """Return the dependency on an actor who holds all these scopes; everybody else is answered ``Forbidden``.

    ``async def create(actor: Annotated[Actor, require("tasks:write")])``, or ``dependencies=[require("tasks:write")]``.
    """

    async def holder(actor: Authenticated) -> Actor:
        if not all(map(actor.may, scopes)):
            raise insufficient(scopes)
        return actor

    return Security(holder, scopes=list(scopes))
