"""What each parameter of a PostgreSQL URL becomes: a table, after libpq's list.

https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS (read for PostgreSQL 18), and what asyncpg 0.32 takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Becomes(StrEnum):
    """Where a parameter goes."""

    PART = "part"  # of the address: host, port, user, password, database
    ARGUMENT = "argument"  # of ``asyncpg.connect``
    SETTING = "setting"  # sent to the server when the connection begins
    TLS = "tls"  # of the TLS context
    SOCKET = "socket"  # an option of the socket
    SWITCH = "switch"  # of the kit: a transaction-mode pooler stands between
    DROPPED = "dropped"  # asyncpg has nothing for it, and nothing is lost but what the note says
    REFUSED = "refused"  # to drop it would be unsafe or a surprise


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: where it goes, under which name there, of which kind; ``note`` is told when it was given."""

    becomes: Becomes
    name: str = ""
    kind: type[str | int | float | bool] = str
    note: str = ""
    harmless: frozenset[str] = frozenset()
    """Values of which nothing need be told."""


def _part(name: str) -> Parameter:
    return Parameter(Becomes.PART, name)


def _argument(name: str, kind: type[str | float] = str) -> Parameter:
    return Parameter(Becomes.ARGUMENT, name, kind)


def _dropped(note: str, *harmless: str) -> Parameter:
    return Parameter(Becomes.DROPPED, note=note, harmless=frozenset(harmless))


def _refused(note: str, *harmless: str) -> Parameter:
    return Parameter(Becomes.REFUSED, note=note, harmless=frozenset(harmless))


_TLS = ("sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "ssl_min_protocol_version", "ssl_max_protocol_version")
_SOCKET = ("keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout")

PARAMETERS = MappingProxyType(
    {
        **{name: _part(name) for name in ("host", "port", "user", "password")},
        "dbname": _part("database"),
        "database": _part("database"),
        "hostaddr": _refused("asyncpg looks the host up itself: give the address as the host"),
        **{name: Parameter(Becomes.TLS, name) for name in _TLS},
        "ssl": Parameter(Becomes.TLS, "sslmode", note="read as sslmode"),
        "sslnegotiation": Parameter(Becomes.TLS, "sslnegotiation"),
        "sslcompression": _dropped("TLS compression is never used"),
        "sslsni": _refused("asyncpg always sends the server's name", "1"),
        "sslcertmode": _refused("asyncpg sends the client's certificate when it is given one", "allow"),
        "sslcrldir": _refused("give one file with sslcrl"),
        "channel_binding": _dropped(
            "asyncpg has no channel binding; SCRAM is used without it: with sslmode=verify-full the server is proved by its certificate",
            "disable",
            "prefer",
        ),
        "connect_timeout": _argument("timeout", float),
        "target_session_attrs": _argument("target_session_attrs"),
        "passfile": _argument("passfile"),
        "service": _argument("service"),
        "servicefile": _argument("servicefile"),
        "krbsrvname": _argument("krbsrvname"),
        "gsslib": _argument("gsslib"),
        "command_timeout": _argument("command_timeout", float),
        "application_name": Parameter(Becomes.SETTING, "application_name"),
        "fallback_application_name": Parameter(Becomes.SETTING, "fallback_application_name"),
        "options": Parameter(Becomes.SETTING, "options"),
        "keepalives": Parameter(Becomes.SOCKET, "keepalives", bool),
        **{name: Parameter(Becomes.SOCKET, name, int) for name in _SOCKET},
        "pgbouncer": Parameter(Becomes.SWITCH, "pooled", bool),
        "pooled": Parameter(Becomes.SWITCH, "pooled", bool),
        "statement_cache_size": _dropped("DATABASE_POOLED decides on the caches"),
        "prepared_statement_cache_size": _dropped("DATABASE_POOLED decides on the caches"),
        "async_fallback": _dropped("there is no synchronous mode"),
        "client_encoding": _refused("asyncpg always talks UTF-8", "utf8", "UTF8", "UTF-8", "utf-8", "auto"),
        "gssencmode": _refused("asyncpg has no GSSAPI encryption; TLS is there", "disable", "prefer"),
        "gssdelegation": _refused("asyncpg does not hand on credentials", "0"),
        "load_balance_hosts": _refused("hosts are tried in the order in which they stand", "disable"),
        "require_auth": _refused("asyncpg cannot restrict how the server asks for a password; use sslmode=verify-full"),
        "requirepeer": _refused("asyncpg cannot check who owns the server's socket"),
        "replication": _refused("this is a connection for queries", "false", "off", "no", "0"),
    }
)
"""By name as it stands in the URL. A name that is not here is refused: it would otherwise be a spelling mistake that nobody sees."""
