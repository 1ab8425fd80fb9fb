"""Connecting for real: parameters that arrive, TLS that verifies, a server that starts late, connections that die."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which

import asyncpg  # type: ignore[import-untyped]  # asyncpg ships no types
import pytest
from sqlalchemy import Column, MetaData, Table, event, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from greenroom.kit.database import Database, DatabaseSettings, SettingsError
from greenroom.kit.database.server import Server
from greenroom.kit.problems import Unavailable

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def connected(url: str, **settings: object) -> AsyncIterator[Database]:
    database = Database(DatabaseSettings(url=url, **{"connect_patience": 0, **settings}))
    yield database
    await database.dispose()


async def shown(database: Database, name: str) -> str:
    async with database.begin() as session:
        return str((await session.exec(select(func.current_setting(name)))).one())


async def test_parameters_and_settings_reach_the_server(url: str) -> None:
    address = url.partition("://")[2]
    async with connected(f"postgres://{address}?application_name=api&options=-c%20work_mem%3D5MB&connect_timeout=3") as database:
        assert await shown(database, "application_name") == "api"
        assert await shown(database, "work_mem") == "5MB"
    async with connected(url, statement_timeout=2.5, idle_in_transaction_timeout=7, application_name="worker") as database:
        assert await shown(database, "application_name") == "worker"
        assert await shown(database, "statement_timeout") == "2500ms"
        assert await shown(database, "idle_in_transaction_session_timeout") == "7s"
        assert await shown(database, "default_transaction_read_only") == "off"


async def test_json_goes_through_orjson_both_ways(url: str) -> None:
    value = {"a": [1, 2.5, None, True, "ä\u2028"], "moment": dt.datetime(2026, 1, 2, tzinfo=dt.UTC)}
    async with connected(url) as database, database.begin() as session:
        connection = await session.connection()
        await connection.execute(text("CREATE TEMP TABLE j (v jsonb) ON COMMIT DROP"))
        table = Table("j", MetaData(), Column("v", JSONB))
        await connection.execute(table.insert().values(v=value))
        read = (await connection.execute(table.select())).scalar_one()
    assert read == {"a": [1, 2.5, None, True, "ä\u2028"], "moment": "2026-01-02T00:00:00+00:00"}


async def test_a_statement_that_takes_too_long_is_ended(url: str) -> None:
    async with connected(url, statement_timeout=0.1) as database:
        with pytest.raises(Unavailable, match="It took too long"):
            async with database.read() as connection:
                await connection.execute(text("SELECT pg_sleep(5)"))
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_keepalives_are_set_on_the_socket(url: str) -> None:
    async with connected(f"{url}?keepalives_idle=33") as database, database.read() as connection:
        raw = await connection.get_raw_connection()
        assert raw.driver_connection is not None
        wire = raw.driver_connection._transport.get_extra_info("socket")
        assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 33


async def test_of_several_hosts_the_one_that_answers_is_taken(url: str) -> None:
    login, _, rest = url.partition("://")[2].rpartition("@")
    several = f"postgresql://{login}@127.0.0.1:1,{rest}?target_session_attrs=read-write"
    async with (
        connected(several) as database,
        database.read() as connection,
    ):
        assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


async def test_a_connection_that_the_server_has_closed_is_replaced_unseen(database: Database) -> None:
    async with database.read() as connection:
        pid = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
    async with database.begin() as session:
        await (await session.connection()).execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    await asyncio.sleep(0.05)
    async with database.read() as connection:
        assert (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one() != pid


async def test_a_connection_that_was_idle_for_long_is_asked_first(url: str) -> None:
    async with connected(url, ping_after=0, pool_size=1, pool_overflow=0) as database:
        statements: list[str] = []
        event.listen(database.engine.sync_engine.pool, "invalidate", lambda *_: statements.append("invalidated"))
        async with database.begin() as session:
            raw = await (await session.connection()).get_raw_connection()
            driver = raw.driver_connection
            assert driver is not None
            pid = driver.get_server_pid()
        # What a firewall or a proxy that has forgotten the connection leaves behind.
        driver._transport.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        async with database.begin() as session:
            assert (await session.exec(select(func.pg_backend_pid()))).one() != pid
        assert statements == ["invalidated"]


async def test_a_client_side_time_limit_is_unavailable_too(url: str) -> None:
    async with connected(f"{url}?command_timeout=0.1") as database:
        with pytest.raises(Unavailable):
            async with database.begin() as session:
                await (await session.connection()).execute(text("SELECT pg_sleep(5)"))
        async with database.read() as connection:
            assert (await connection.execute(text("SELECT 1"))).scalar_one() == 1


# -- a server that is away


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_database_that_is_away_is_unavailable_and_says_nothing_of_itself() -> None:
    async with connected(f"postgresql://u:hush-hush@127.0.0.1:{closed_port()}/d", connect_patience=0.3, connect_timeout=0.2) as database:
        begin = time.monotonic()
        with pytest.raises(Unavailable) as raised:
            async with database.read():
                pass
        assert 0.3 <= time.monotonic() - begin < 1.5
        assert raised.value.document() == {"type": "/problems/unavailable", "title": "The service is not available now", "status": 503}
        assert raised.value.headers == {"Retry-After": "1"}
        begin = time.monotonic()
        with pytest.raises(Unavailable):  # known to be down: nobody waits behind it
            async with database.read():
                pass
        assert time.monotonic() - begin < 0.2


async def test_a_database_that_is_missing_at_start_is_reported_and_waited_for_with_a_bound(caplog: pytest.LogCaptureFixture) -> None:
    url = f"postgresql://u:hush-hush@127.0.0.1:{closed_port()}/d?channel_binding=require"
    async with connected(url, connect_patience=0) as database:
        begin = time.monotonic()
        with pytest.raises(Unavailable, match=r"The database has not answered for 0\.5 seconds"):
            await database.wait(0.5)
        assert 0.5 <= time.monotonic() - begin < 1.5
    reports = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert [report.partition(":")[0] for report in reports[:1]] == ["DATABASE_URL"]
    assert reports[1:] == ["the database does not answer yet; waiting up to 0.5 seconds for it"]
    assert "hush-hush" not in caplog.text


async def test_the_wait_ends_in_time_whatever_the_patience() -> None:
    async with connected(f"postgresql://u:p@127.0.0.1:{closed_port()}/d", connect_patience=30) as database:
        begin = time.monotonic()
        with pytest.raises(Unavailable):
            await database.wait(0.3)
        assert time.monotonic() - begin < 1.5


async def test_what_waiting_cannot_mend_is_raised_at_once(url: str) -> None:
    name = url.rpartition("/")[2]
    gone = 'database "nowhere" does not exist'
    # SQLAlchemy 2.1 wraps what asyncpg raises while it connects, 2.0 does not.
    errors = (DBAPIError, asyncpg.InvalidCatalogNameError)
    async with connected(url.replace(name, "nowhere"), connect_patience=30) as database:
        begin = time.monotonic()
        with pytest.raises(errors, match=gone):
            async with database.begin() as session:
                _ = await session.connection()
        with pytest.raises(SettingsError, match=f"DATABASE_URL: the server refuses the connection: {gone}"):
            await database.wait(30)
        assert time.monotonic() - begin < 2


async def test_a_full_pool_is_unavailable_in_time(url: str) -> None:
    async with connected(url, pool_size=1, pool_overflow=0, pool_timeout=0.1) as database, database.read():
        with pytest.raises(Unavailable):
            async with database.read():
                pass


async def test_requests_wait_for_a_server_that_starts(own_server: Server) -> None:
    """A database that has scaled to zero: refused at first, "starting up" then, there at last."""
    cluster = own_server.cluster
    assert cluster is not None
    url = own_server.superuser.render_as_string(hide_password=False)
    async with connected(url, connect_patience=60) as database:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
        await asyncio.to_thread(cluster.stop, at_once=True)
        starting = asyncio.create_task(asyncio.to_thread(cluster.start))

        async def read() -> int:
            async with database.read() as connection:
                return int((await connection.execute(text("SELECT 1"))).scalar_one())

        assert await asyncio.gather(*(read() for _ in range(5))) == [1] * 5
        await starting
        await database.wait(5)


# -- TLS


def certificate(folder: Path, name: str) -> Path:
    """Make a self-signed certificate, and its key beside it."""
    path = folder / f"{name}.crt"
    words = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    program = which("openssl") or "openssl"
    subprocess.run([program, *words, "-keyout", folder / f"{name}.key", "-out", path, *subject], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if which("openssl") is None:
        pytest.skip("skipped: no openssl; install with: apt-get install openssl")
    folder = tmp_path_factory.mktemp("tls")
    for name in ("localhost", "elsewhere"):
        certificate(folder, name)
    return folder


@pytest.fixture
async def tls_url(own_server: Server, certificates: Path) -> str:
    cluster = own_server.cluster
    assert cluster is not None
    for suffix in ("crt", "key"):
        target = cluster.folder / f"server.{suffix}"
        target.write_bytes((certificates / f"localhost.{suffix}").read_bytes())
        target.chmod(0o600)
        cluster.programs.give(target)
    folder = cluster.folder
    url = own_server.superuser.render_as_string(hide_password=False)
    async with connected(url) as database, database.engine.connect() as connection:
        autocommit = await connection.execution_options(isolation_level="AUTOCOMMIT")
        for name, value in (("ssl_cert_file", f"{folder}/server.crt"), ("ssl_key_file", f"{folder}/server.key"), ("ssl", "on")):
            await autocommit.execute(text(f"ALTER SYSTEM SET {name} = '{value}'"))
        await autocommit.execute(text("SELECT pg_reload_conf()"))
    await asyncio.sleep(0.3)
    return url


_ENCRYPTED = text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")

MODES = [
    ("sslmode=disable", "localhost", False),
    ("sslmode=prefer", "127.0.0.1", True),
    ("sslmode=require", "127.0.0.1", True),
    ("sslmode=require&sslrootcert={right}", "127.0.0.1", True),
    ("sslmode=verify-ca&sslrootcert={right}", "127.0.0.1", True),
    ("sslmode=verify-full&sslrootcert={right}", "localhost", True),
    ("sslmode=verify-full&sslrootcert={right}", "127.0.0.1", None),
    ("sslmode=require&sslrootcert={wrong}", "localhost", None),
    ("sslmode=verify-ca&sslrootcert={wrong}", "localhost", None),
    ("sslmode=verify-full", "localhost", None),
]


@pytest.mark.parametrize(("query", "host", "encrypted"), MODES)
async def test_tls_means_what_libpq_means(tls_url: str, certificates: Path, query: str, host: str, encrypted: bool | None) -> None:  # noqa: FBT001  # a table
    query = query.format(right=certificates / "localhost.crt", wrong=certificates / "elsewhere.crt")
    async with connected(f"{tls_url.replace('127.0.0.1', host)}?{query}", connect_patience=10) as database:
        begin = time.monotonic()
        if encrypted is None:
            with pytest.raises(OSError, match="certificate verify failed"):
                async with database.read():
                    pass
        else:
            async with database.read() as connection:
                assert (await connection.execute(_ENCRYPTED)).scalar_one() is encrypted
        assert time.monotonic() - begin < 2  # another try would not mend a certificate
