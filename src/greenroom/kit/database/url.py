"""A PostgreSQL URL in any spelling, as what SQLAlchemy and asyncpg need to connect."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from sqlalchemy import URL

from greenroom.kit.database import tls
from greenroom.kit.database.parameters import PARAMETERS, Becomes, Parameter

DRIVER: Final = "postgresql+asyncpg"
_SCHEME = re.compile(r"(?:postgres|postgresql)(?:\+[a-z0-9_]+)?", re.IGNORECASE)
_WORDS: Final = {"1": True, "true": True, "on": True, "yes": True, "0": False, "false": False, "off": False, "no": False}


class UrlError(ValueError):
    """The URL cannot be used; the message names the part that is wrong and never holds the URL or a password."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to, and how.

    ``url`` has no query and hides its password when printed; ``arguments`` are further arguments of ``asyncpg.connect``;
    ``settings`` are sent to the server as the connection begins; ``socket`` holds options of the socket, by libpq's names.
    ``pooled`` tells that a transaction-mode pooler stands between. ``notes`` say what was mapped or dropped, and why.
    """

    url: URL
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)
    socket: Mapping[str, int] = field(default_factory=dict)
    pooled: bool = False
    notes: tuple[str, ...] = ()

    def connect_arguments(self) -> dict[str, Any]:
        """Return what goes into ``connect_args`` of ``create_async_engine``, apart from the server's settings."""
        return {**self.arguments, **(pooled_arguments() if self.pooled else {})}


def pooled_arguments() -> dict[str, Any]:
    """Return what a transaction-mode pooler needs.

    A prepared statement lives on one connection of the server, and the next transaction may be on another: no cache keeps one across
    transactions, and no two have the same name.

    https://docs.sqlalchemy.org/en/21/dialects/postgresql.html#prepared-statement-name-with-pgbouncer
    """
    return {
        "statement_cache_size": 0,
        "prepared_statement_cache_size": 0,
        "prepared_statement_name_func": lambda: f"__greenroom_{uuid.uuid4().hex}__",
    }


def parse(text: str, *, pooled: bool | None = None) -> Target:
    """Read a URL: ``postgres://``, ``postgresql://`` or with any driver, and libpq's parameters behind the question mark.

    Hosts whose first label ends in ``-pooler`` (Neon) count as pooled; ``pooled`` says so, or the opposite, for any other.
    Raises ``UrlError``.
    """
    scheme, separator, rest = text.strip().partition("://")
    if not separator:
        raise UrlError("it is no URL: postgresql://user:password@host/database is one")
    if not _SCHEME.fullmatch(scheme):
        raise UrlError("it is no URL of PostgreSQL: it must begin with postgresql:// or postgres://")
    if "#" in rest:
        raise UrlError("it holds a number sign: write %23 for one in a password")
    if re.search(r"\s", rest):
        raise UrlError("it holds a blank: write %20 for one in a password")
    address, _, query = rest.partition("?")
    sorted_out = _sort(query)
    parts = {**_parts(address), **sorted_out.parts}
    hosts, ports = _hosts(parts)
    arguments = dict(sorted_out.arguments)
    try:
        secured, notes = tls.connect_arguments(sorted_out.tls)
    except tls.TlsError as error:
        raise UrlError(str(error)) from None
    if len(hosts) > 1:
        arguments |= {"host": hosts, "port": [port or 5432 for port in ports]}
    single = len(hosts) == 1
    url = URL.create(
        DRIVER, parts.get("user"), parts.get("password"), hosts[0] if single else None, ports[0] if single else None, parts.get("database")
    )
    by_host = any(host.partition(".")[0].endswith("-pooler") for host in hosts)
    said = pooled if pooled is not None else sorted_out.pooled
    return Target(
        url,
        arguments | secured,
        _settings(sorted_out.settings),
        sorted_out.socket,
        by_host if said is None else said,
        (*sorted_out.notes, *notes),
    )


@dataclass(slots=True)
class _Sorted:
    """The parameters of a URL, by what they become."""

    parts: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    tls: dict[str, str] = field(default_factory=dict)
    socket: dict[str, int] = field(default_factory=dict)
    pooled: bool | None = None
    notes: list[str] = field(default_factory=list)


def _sort(query: str) -> _Sorted:
    found = _Sorted()
    seen: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True, strict_parsing=False, errors="strict"):
        parameter = PARAMETERS.get(name)
        if parameter is None:
            raise UrlError(f"{name!r} is no parameter that can be used; a setting of the server is given as options=-c%20name%3Dvalue")
        if name in seen:
            raise UrlError(f"the parameter {name} is given twice")
        seen.add(name)
        if value != "":
            _place(found, name, parameter, value)
    return found


def _place(found: _Sorted, name: str, parameter: Parameter, value: str) -> None:
    match parameter.becomes:
        case Becomes.PART:
            found.parts[parameter.name] = value
        case Becomes.ARGUMENT:
            found.arguments[parameter.name] = _converted(name, value, parameter)
        case Becomes.SETTING:
            found.settings[parameter.name] = value
        case Becomes.TLS:
            if parameter.name in found.tls:
                raise UrlError(f"{name} and {parameter.name} are both given")
            found.tls[parameter.name] = value
        case Becomes.SOCKET:
            found.socket[parameter.name] = int(_converted(name, value, parameter))
        case Becomes.SWITCH:
            found.pooled = bool(_converted(name, value, parameter))
        case Becomes.REFUSED if value not in parameter.harmless:
            raise UrlError(f"{name} cannot be used: {parameter.note}")
    if parameter.note and value not in parameter.harmless:
        found.notes.append(f"{name}: {parameter.note}")


def _converted(name: str, value: str, parameter: Parameter) -> Any:  # noqa: ANN401  # what the parameter's kind says
    if parameter.kind is bool:
        if value.lower() not in _WORDS:
            raise UrlError(f"{name} is true or false")
        return _WORDS[value.lower()]
    if parameter.kind is str:
        return value
    try:
        number = parameter.kind(value)
    except ValueError:
        raise UrlError(f"{name} is a number") from None
    if not 0 <= float(number) < 1e6:
        raise UrlError(f"{name} is a number from 0 to a million")
    if name == "connect_timeout":
        return number or None  # 0 means no limit in libpq, and "at once" in asyncpg
    return number


def _parts(address: str) -> dict[str, str]:
    authority, _, database = address.partition("/")
    login, at, hosts = authority.rpartition("@")
    user, colon, password = login.partition(":")
    found = {"hosts": hosts}
    if "/" in database:
        raise UrlError("it holds a slash too many: write %2F for one in a password or a name")
    if at and user:
        found["user"] = _unquote("user", user)
    if at and colon and password:
        found["password"] = _unquote("password", password)
    if database:
        found["database"] = _unquote("database", database)
    return found


def _hosts(parts: Mapping[str, str]) -> tuple[Sequence[str], Sequence[int | None]]:
    """Return the hosts and their ports; parameters win over what stands in front, as in libpq."""
    if "host" in parts:
        hosts: list[str] = parts["host"].split(",")
        ports: list[int | None] = [None] * len(hosts)
    else:
        pairs = [_host(entry) for entry in parts["hosts"].split(",")] if parts["hosts"] else []
        hosts, ports = [host for host, _ in pairs], [port for _, port in pairs]
    if len(hosts) > 1 and not all(hosts):
        raise UrlError("one of several hosts is empty")
    if "port" in parts:
        given = [_port(port) for port in parts["port"].split(",")]
        if len(given) == 1:
            given *= max(len(hosts), 1)
        if len(given) != max(len(hosts), 1):
            raise UrlError("port has another number of entries than host")
        return (hosts or [""]) if hosts else ["localhost"], given
    return hosts, ports


def _host(entry: str) -> tuple[str, int | None]:
    bracketed = re.fullmatch(r"\[([0-9A-Fa-f:.]+(?:%25[\w.]+)?)\](?::(\d*))?", entry)
    if bracketed:
        return bracketed[1].replace("%25", "%"), _port(bracketed[2]) if bracketed[2] else None
    host, _, port = entry.partition(":")
    return _unquote("host", host), _port(port) if port else None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:6]) < 65536):
        raise UrlError("a port is a number from 1 to 65535; if a password holds @, / or ?, write %40, %2F or %3F")
    return int(text)


def _unquote(name: str, text: str) -> str:
    if re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise UrlError(f"the {name} holds a per cent sign: write %25 for it")
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise UrlError(f"the {name} is not UTF-8") from None


def _settings(given: Mapping[str, str]) -> dict[str, str]:
    settings = dict(given)
    fallback = settings.pop("fallback_application_name", None)
    if fallback is not None:
        settings.setdefault("application_name", fallback)
    return settings
