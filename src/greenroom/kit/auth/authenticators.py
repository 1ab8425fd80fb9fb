"""Who is asking: the one question that a request puts to this part."""

from __future__ import annotations

from typing import Protocol

from starlette.requests import HTTPConnection

from greenroom.kit.actors import Actor
from greenroom.kit.auth.bearer import refused, token_of
from greenroom.kit.auth.signatures import TokenError
from greenroom.kit.auth.verifier import Verifier


class Authenticator(Protocol):
    """Tells who makes a request; found at ``app.state.authenticator``."""

    async def authenticate(self, connection: HTTPConnection) -> Actor:
        """Return who makes the request. Raises ``Unauthenticated`` (401), and ``Unavailable`` (503) when it cannot be told now."""

    async def close(self) -> None:
        """Give back what it holds, at the end of the application."""


class TokenAuthenticator:
    """Authenticates by the bearer token."""

    def __init__(self, verifier: Verifier) -> None:
        """Take the verifier over: ``close`` closes it."""
        self._verifier = verifier

    async def authenticate(self, connection: HTTPConnection) -> Actor:
        """Return who the token speaks of. Raises ``Unauthenticated`` and ``Unavailable``."""
        token = token_of(connection.headers.getlist("authorization"))
        try:
            return await self._verifier.verify(token)
        except TokenError as error:
            raise refused(str(error)) from None

    async def close(self) -> None:
        """Close the verifier."""
        await self._verifier.close()
