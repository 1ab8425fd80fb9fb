"""The chain of providers: the server that ``DATABASE_URL`` names, an installed one, the one from a wheel, or one clear message."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlalchemy import URL, make_url

from greenroom.kit.database.server.cluster import Cluster
from greenroom.kit.database.server.programs import find_programs
from greenroom.kit.database.server.roles import Roles, Urls, create_database, drop_database
from greenroom.kit.database.server.sharing import using
from greenroom.kit.database.url import UrlError, parse
from greenroom.kit.settings import SettingsError

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Server:
    """A server on which databases may be made; ``cluster`` is None where somebody else runs it."""

    superuser: URL = field(repr=False)
    cluster: Cluster | None = None

    @contextmanager
    def database(self, name: str | None = None, roles: Roles | None = None) -> Iterator[Urls]:
        """Give an empty database, and delete it afterwards. The roles are of this database alone, unless they are given."""
        name = name or f"greenroom_{uuid.uuid4().hex[:12]}"
        own = Roles(f"{name}_owner", f"{name}_app")
        urls = create_database(self.superuser, name, roles or own)
        try:
            yield urls
        finally:
            drop_database(self.superuser, name, None if roles else own)


@contextmanager
def development(
    folder: Path, database: str = "app", roles: Roles | None = None, environment: Mapping[str, str] = os.environ
) -> Iterator[Urls]:
    """Give the database for development.

    It is the one of ``DATABASE_URL``, else one on a server of our own in ``folder``, kept for the next time. Several processes may use
    that at once; the last one stops the server. Raises ``NoPostgresError`` or ``ServerError``, and ``SettingsError`` for a URL that
    cannot be used.
    """
    given = environment.get("DATABASE_URL")
    if given:
        urls = Urls(given, environment.get("DATABASE_OWNER_URL") or given)
        for name, url in (("DATABASE_URL", urls.application), ("DATABASE_OWNER_URL", urls.owner)):
            _address(url, name)
        yield urls
        return
    cluster = Cluster(folder.absolute(), find_programs())
    with using(cluster, lambda superuser: _kept(cluster, superuser, database, roles or Roles())) as urls:
        yield urls


@contextmanager
def temporary(
    share: str | None = None, settings: Mapping[str, str] = _NONE, environment: Mapping[str, str] = os.environ
) -> Iterator[Server]:
    """Give a server for tests.

    It is the one of ``DATABASE_URL`` (whose role must be a superuser), else one of our own that is deleted afterwards. Processes that
    give the same word as ``share`` share one; the last one deletes it. Raises ``NoPostgresError`` or ``ServerError``,
    and ``SettingsError`` for a ``DATABASE_URL`` that cannot be used.
    """
    given = environment.get("DATABASE_URL")
    if given and not settings:
        yield Server(_address(given))
        return
    folder = Path(tempfile.gettempdir()) / f"greenroom-{os.geteuid()}-{share or uuid.uuid4().hex}"
    cluster = Cluster(folder, find_programs(), durable=False, settings=settings)
    with using(cluster, lambda superuser: Server(superuser, cluster), delete=True) as server:
        yield server


def _kept(cluster: Cluster, superuser: URL, database: str, roles: Roles) -> Urls:
    """Return the database that the cluster remembers, or make it."""
    note = cluster.note() or {}
    known = note.get("databases", {})
    if database in known:
        return Urls(*(_moved(url, superuser) for url in known[database]))
    urls = create_database(superuser, database, roles)
    cluster.write({**note, "databases": {**known, database: [urls.application, urls.owner]}})
    return urls


def _moved(url: str, superuser: URL) -> str:
    """The server may have another port than the last time."""
    return make_url(url).set(port=superuser.port).render_as_string(hide_password=False)


def _address(given: str, name: str = "DATABASE_URL") -> URL:
    try:
        return parse(given).url
    except UrlError as error:
        raise SettingsError(f"{name}: {error}") from None
