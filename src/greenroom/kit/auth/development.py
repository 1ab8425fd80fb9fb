"""Work without an identity provider, on one's own machine and nowhere else: requests name who makes them, unproved."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv6Address, ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from greenroom.kit.actors import Actor, ActorKind
from greenroom.kit.auth.bearer import refused, token_of
from greenroom.kit.auth.claims import is_identifier

DEVELOPMENT: Final = "development"
"""What the environment must be called, and the issuer of the actors."""

_log = logging.getLogger(__name__)
_KINDS: Final[Mapping[str, ActorKind]] = {"human": ActorKind.HUMAN, "agent": ActorKind.AGENT}
_BANNER: Final = """
**************************************************************************
  AUTHENTICATION IS SWITCHED OFF: every request is made by %s,
  or by whoever it names as `Authorization: Bearer human:ada`.
  For development only; requests that do not come from this machine, to
  a loopback address, are refused.
**************************************************************************"""


class DevelopmentBypass:
    """Believes every request from this machine. Making one is logged as a warning, which Python prints where no logging is set up."""

    def __init__(self, actor: Actor, *, environment: str, bind: str) -> None:
        """Take the actor of requests that name none. Raises ``ValueError`` outside of development, or if ``bind`` is not loopback."""
        if environment != DEVELOPMENT:
            raise ValueError(f"authentication can be switched off in the environment {DEVELOPMENT!r} only, not in {environment!r}")
        if not is_loopback(bind):
            raise ValueError(f"authentication can be switched off on a loopback address such as 127.0.0.1 only, not on {bind!r}")
        self._actor = actor
        _log.warning(_BANNER, f"{actor.kind}:{actor.id}")

    async def authenticate(self, connection: HTTPConnection) -> Actor:
        """Return whom the request names, or the actor chosen at the start. Raises ``Unauthenticated``."""
        reason = _stranger(connection)
        if reason:
            _log.warning("authentication is switched off, and a request was refused: %s", reason)
            raise refused(reason)
        headers = connection.headers.getlist("authorization")
        if not headers:
            return self._actor
        try:
            named = named_actor(token_of(headers))
        except ValueError as error:
            raise refused(str(error)) from None
        return replace(named, scopes=self._actor.scopes)

    async def close(self) -> None:
        """Hold nothing."""


def named_actor(text: str, scopes: frozenset[str] = frozenset()) -> Actor:
    """Return the actor of ``human:ada`` or ``agent:bot``. Raises ``ValueError``."""
    kind, _, identity = text.partition(":")
    if kind not in _KINDS or not is_identifier(identity):
        raise ValueError("an actor is named such as human:ada or agent:bot")
    return Actor(_KINDS[kind], identity, DEVELOPMENT, name=identity, scopes=scopes)


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address means this machine; names but localhost are not resolved."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _stranger(connection: HTTPConnection) -> str | None:
    """Return what speaks against the request being this machine's own."""
    for end in ("server", "client"):
        if not _is_own(connection.scope.get(end)):
            return f"The {end} address of the connection is not loopback"
    # A page of somebody else, opened in the developer's browser, reaches loopback too.
    for name, prefix in (("host", "//"), ("origin", "")):
        for value in connection.headers.getlist(name):
            if not is_loopback(_hostname(prefix + value)):
                return f"The header {name} does not name a loopback address"
    return None


def _is_own(address: Any) -> bool:  # noqa: ANN401  # ASGI: a pair or None
    return bool(address) and isinstance(address[0], str) and is_loopback(address[0])


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
