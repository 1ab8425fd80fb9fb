"""Connecting to a server that may be starting: bounded, with growing pauses.

A serverless database that has scaled to zero, a restart and a failover all look the same: refused, reset, or "starting up".
"""

from __future__ import annotations

import asyncio
import logging
import random
import socket
from collections.abc import Mapping
from typing import Any, Final

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types

from greenroom.kit.database.failures import causes, is_away, of_system, sqlstate
from greenroom.kit.settings import SettingsError

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 1.0
_SOCKET_OPTIONS: Final = {
    "keepalives_idle": "TCP_KEEPIDLE",
    "keepalives_interval": "TCP_KEEPINTVL",
    "keepalives_count": "TCP_KEEPCNT",
    "tcp_user_timeout": "TCP_USER_TIMEOUT",
}
"""libpq's names, and those of the options where the operating system has them."""

_REFUSED: Final = frozenset({"28000", "28P01", "3D000"})
"""invalid_authorization_specification, invalid_password, invalid_catalog_name (no such database)."""

_log = logging.getLogger(__name__)


def refused(error: BaseException, setting: str) -> SettingsError | None:
    """Return what a server that refuses the user, the password or the database means: the setting is wrong. None for another error."""
    if sqlstate(error) not in _REFUSED:
        return None
    said = next(str(one) for one in causes(error) if isinstance(one, asyncpg.PostgresError))
    return SettingsError(f"{setting}: the server refuses the connection: {said}")


class Connector:
    """Connects with asyncpg; tries again for ``patience`` seconds while the server is away.

    Once that was in vain, one try each is made until one succeeds: requests are not to queue up behind a database that is gone.
    What another try cannot mend (a wrong password, no such database, TLS) is raised at once.
    """

    def __init__(self, patience: float, socket_options: Mapping[str, int]) -> None:
        self._patience = patience
        self._socket_options = dict(socket_options)
        self._is_down = False

    async def __call__(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # those of asyncpg.connect
        """Return a connection of asyncpg."""
        end = asyncio.get_running_loop().time() + (0 if self._is_down else self._patience)
        pause = _FIRST_PAUSE
        while True:
            try:
                connection = await asyncpg.connect(*arguments, **named)
            except asyncpg.ProtocolViolationError as error:
                if "startup parameter" not in str(error):
                    raise
                raise SettingsError(f"DATABASE_POOLED: a pooler stands before this server ({error}): set it to true") from None
            except Exception as error:
                away = of_system(error)
                if away is None and not is_away(error):
                    raise
                remaining = end - asyncio.get_running_loop().time()
                if remaining <= 0:
                    self._is_down = True
                    if away is None:
                        raise
                    raise away from error
                _log.info("the database is away (%s), another try follows", type(error).__name__)
                # Full jitter: a fleet that restarts together does not come back together.
                await asyncio.sleep(min(random.uniform(pause / 2, pause), remaining))  # noqa: S311  # no secret
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._is_down = False
                self._keep_alive(connection)
                return connection

    def _keep_alive(self, connection: Any) -> None:  # noqa: ANN401  # asyncpg ships no types
        # asyncpg gives its socket no public name.
        transport = getattr(connection, "_transport", None)
        wire = transport.get_extra_info("socket") if transport is not None else None
        if wire is None or wire.family not in {socket.AF_INET, socket.AF_INET6} or not self._socket_options.get("keepalives", 1):
            return
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, option in _SOCKET_OPTIONS.items():
            value = self._socket_options.get(name)
            if value and hasattr(socket, option):
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
