"""What was met at run time, as a record that both halves speak: the monitor writes it, ``check --observed`` reads it.

Standard library only, and no part of SQLAlchemy: a trace is read where the program that made it is not installed.
"""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, TypeVar

Expected = TypeVar("Expected")
Member = TypeVar("Member", bound=enum.Enum)

VERSION = 1
"""The version of the format; a reader refuses others."""


class Kind(enum.Enum):
    """What went wrong, or, for those that are `latent`, what went well by luck."""

    IMPLICIT_IO = "implicit-io"
    """``MissingGreenlet``: plain access would have emitted SQL."""
    DETACHED = "detached"
    """``DetachedInstanceError``: the value is absent and the object has no session to load it by."""
    RAISELOAD = "raiseload"
    """``InvalidRequestError``: the value is absent and configured to raise."""
    CONCURRENT_USE = "concurrent-use"
    """A session or connection that is used by two tasks at once."""
    LOADED_IN_GREENLET = "loaded-in-greenlet"
    """A lazy load that ran legally, in a function under ``run_sync``; the same line outside of it raises."""
    IDENTITY_MAP = "identity-map"
    """A to-one answered by the identity map, into which something else had put the target; without that the same line raises."""
    LEFT_OVER = "left-over"
    """A value that was there before the request or the test body began, and that none of its own statements loads."""
    KINDER_SESSION = "kinder-session"
    """A value that the options of the application's own session factory would have dropped."""

    @property
    def latent(self) -> bool:
        """Whether nothing failed: the value was there, but not by design."""
        return self in _LATENT


_LATENT = frozenset({Kind.LOADED_IN_GREENLET, Kind.IDENTITY_MAP, Kind.LEFT_OVER, Kind.KINDER_SESSION})


class Cause(enum.Enum):
    """Why a value was absent."""

    COMMIT = "commit"
    ROLLBACK = "rollback"
    EXPIRE = "expire"
    """``expire``, ``expire_all``, or a bulk statement that expires what it matched."""
    REFRESH = "refresh"
    """A refresh that unloaded a relationship, or that loaded only some of what was expired."""
    GENERATED = "generated"
    """Made by the database during a flush, and not fetched."""
    NEVER_LOADED = "never-loaded"
    """A relationship or column that the query which brought the object did not load."""
    NEW = "new"
    """A relationship of an object that a flush inserted, and that was never given."""
    DEFERRED = "deferred"
    """A column that the query or the mapping left out."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line of the application: ``path`` relative to the trace's root where it lies below it, with slashes; lines count from 1."""

    path: str
    line: int
    function: str = ""

    def __str__(self) -> str:
        """Return ``path:line``."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True)
class Incident:
    """One read (or write, or call) that met implicit IO or a kin of it, once for each scope and place."""

    kind: Kind
    error: str
    """The name of the class that was raised; empty where nothing was."""
    message: str
    """What happened, why, and where, in one line."""
    mend: str = ""
    """What to do, in one line."""
    model: str | None = None
    attribute: str | None = None
    cause: Cause = Cause.UNKNOWN
    origin: Place | None = None
    """The line of the application that made the value absent: its commit, flush, rollback, query; or that made it present by luck."""
    detached: Place | None = None
    """The line that took the object out of its session, where it has none."""
    place: Place | None = None
    """The innermost line of the application at the read; ``None`` where only libraries were running, as when a response is made."""
    stack: tuple[Place, ...] = ()
    """Lines of the application at the read, innermost first, at most `STACK`."""
    route: str | None = None
    """Method and template of the request: ``GET /users/{user_id}``."""
    endpoint: str | None = None
    """Module and qualified name of the function that answers: ``app.users:read_user``."""
    handler: Place | None = None
    """Where that function begins."""
    request_id: str | None = None
    trace_id: str | None = None
    test: str | None = None
    """The id of the test that was running."""
    times: int = 1
    """How often it was met in its scope."""

    @property
    def subject(self) -> str:
        """Return ``Model.attribute``, or what is known of it, or the kind."""
        known = [part for part in (self.model, self.attribute) if part]
        return ".".join(known) if known else self.kind.value

    def places(self) -> Iterator[Place]:
        """Yield every line of the application that the incident names."""
        named = (self.place, *self.stack, self.origin, self.detached, self.handler)
        yield from (place for place in named if place is not None)

    def again(self) -> Incident:
        """Return the same incident, met once more."""
        return replace(self, times=self.times + 1)


STACK = 12
"""How many lines of the application an incident keeps."""


@dataclass(frozen=True, slots=True, order=True)
class Exercised:
    """One route that answered requests."""

    method: str
    path: str
    """The template: ``/users/{user_id}``."""
    endpoint: str = ""
    """``module:function``."""
    times: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Trace:
    """One run: what it met and which routes it exercised."""

    incidents: tuple[Incident, ...] = ()
    routes: tuple[Exercised, ...] = ()
    root: str = ""
    """The name, not the path, of the directory that relative paths start from."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """``greenroom``, ``python``, ``sqlalchemy``."""
    tests: int = 0
    """How many tests ran; 0 where there were none."""
    files: Mapping[str, str] = field(default_factory=dict)
    """What the files of the incidents looked like, by `digest`: a reader tells by it whether lines have moved since. May be empty."""


class TraceError(ValueError):
    """A trace that cannot be read; the message says where and why."""


def digest(source: bytes) -> str:
    """Return what tells one version of a source file from another, whatever ends its lines and follows the last one."""
    lines = b"\n".join(line.rstrip() for line in source.rstrip().splitlines())
    return hashlib.sha256(lines).hexdigest()[:16]


def digests(incidents: Iterable[Incident], root: Path) -> dict[str, str]:
    """Return the digests of the files that incidents name, for `Trace.files`; a file that cannot be read is left out."""
    found: dict[str, str] = {}
    for incident in incidents:
        for place in incident.places():
            if place.path not in found:
                with suppress(OSError, ValueError):
                    found[place.path] = digest((root / place.path).read_bytes())
    return found


def to_json(trace: Trace) -> dict[str, Any]:
    """Return the trace as plain data, in a stable order."""
    return {
        "version": VERSION,
        "root": trace.root,
        "versions": dict(sorted(trace.versions.items())),
        "tests": trace.tests,
        "files": dict(sorted(trace.files.items())),
        "incidents": [_plain(incident) for incident in trace.incidents],
        "routes": [_plain(route) for route in trace.routes],
    }


def from_json(data: object) -> Trace:
    """Read what `to_json` made; fields that are not known are passed over.

    Raises:
        TraceError: It is not a trace, or one of another version.
    """
    whole = _object(data, "trace")
    version = _get(whole, "version", int, "trace")
    if version != VERSION:
        raise TraceError(f"trace: version {version} is not known; this greenroom reads version {VERSION}")
    return Trace(
        incidents=tuple(_incident(one, f"incidents[{at}]") for at, one in enumerate(_get(whole, "incidents", list, "trace"))),
        routes=tuple(_exercised(one, f"routes[{at}]") for at, one in enumerate(_get(whole, "routes", list, "trace"))),
        root=_get(whole, "root", str, "trace"),
        versions={str(name): str(value) for name, value in _get(whole, "versions", dict, "trace").items()},
        tests=_get(whole, "tests", int, "trace"),
        files={str(name): str(value) for name, value in _get(whole, "files", dict, "trace", {}).items()},
    )


def _plain(record: Incident | Exercised) -> dict[str, Any]:
    """Return the fields that say something."""
    values = ((one.name, getattr(record, one.name)) for one in fields(record))
    return {name: _value(value) for name, value in values if value not in {None, "", ()}}


def _value(value: object) -> object:
    match value:
        case enum.Enum():
            return value.value
        case Place():
            return {"path": value.path, "line": value.line, "function": value.function}
        case tuple():
            return [_value(one) for one in value]
        case _:
            return value


def _incident(data: object, where: str) -> Incident:
    one = _object(data, where)

    def text(name: str) -> str | None:
        return _get(one, name, str, where) if name in one else None

    def place(name: str) -> Place | None:
        return _place(one[name], f"{where}.{name}") if name in one else None

    return Incident(
        kind=_member(Kind, one.get("kind"), f"{where}.kind"),
        error=text("error") or "",
        message=_get(one, "message", str, where),
        mend=text("mend") or "",
        model=text("model"),
        attribute=text("attribute"),
        cause=_member(Cause, one.get("cause", Cause.UNKNOWN.value), f"{where}.cause"),
        origin=place("origin"),
        detached=place("detached"),
        place=place("place"),
        stack=tuple(_place(line, f"{where}.stack") for line in _get(one, "stack", list, where, [])),
        route=text("route"),
        endpoint=text("endpoint"),
        handler=place("handler"),
        request_id=text("request_id"),
        trace_id=text("trace_id"),
        test=text("test"),
        times=_count(one, "times", where, 1),
    )


def _exercised(data: object, where: str) -> Exercised:
    one = _object(data, where)
    method, path, endpoint = (_get(one, name, str, where, "") for name in ("method", "path", "endpoint"))
    return Exercised(method, path, endpoint, _count(one, "times", where, 1))


def _place(data: object, where: str) -> Place:
    one = _object(data, where)
    return Place(_get(one, "path", str, where), _count(one, "line", where), _get(one, "function", str, where, ""))


def _object(data: object, where: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise TraceError(f"{where}: an object is wanted, found {type(data).__name__}")
    return data


def _get(one: Mapping[str, Any], name: str, kind: type[Expected], where: str, default: Expected | None = None) -> Expected:
    value = one.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TraceError(f"{where}: `{name}` has to be of type {kind.__name__}, found {type(value).__name__}")
    return value


def _count(one: Mapping[str, Any], name: str, where: str, default: int | None = None) -> int:
    number = _get(one, name, int, where, default)
    if number < 1:
        raise TraceError(f"{where}: `{name}` counts from 1, found {number}")
    return number


def _member(kind: type[Member], value: object, where: str) -> Member:
    try:
        return kind(value)
    except ValueError:
        raise TraceError(f"{where}: {value!r} is none of {', '.join(repr(one.value) for one in kind)}") from None
