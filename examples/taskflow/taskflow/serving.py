"""One command that serves TaskFlow: its database is made and brought up to date, and tokens are at hand.

Without ``DATABASE_URL`` it brings a PostgreSQL, kept in ``.greenroom/taskflow``. Its tokens are of an issuer of its own and are printed at
the start, so it serves on this machine's own address alone.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Final

import uvicorn

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import DatabaseSettings, SettingsError
from greenroom.kit.database.migrations import MigrationError
from greenroom.kit.database.server import NoPostgresError, Roles, ServerError, development
from greenroom.kit.problems import Unavailable
from greenroom.kit.testing import LocalIssuer
from taskflow.app import create_app, database
from taskflow.migrations import upgrade
from taskflow.settings import Environment

ROLES: Final = Roles("taskflow_owner", "taskflow_app")
LOOPBACK: Final = "127.0.0.1"
_DAY: Final = 86_400


def main(arguments: list[str] | None = None) -> None:
    """Serve until it is told to stop; exit with 2 and one message where it cannot."""
    parser = argparse.ArgumentParser("taskflow", description="Serve TaskFlow on this machine, to try it.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--folder", type=Path, default=Path(".greenroom/taskflow"), help="where the database of this machine is kept")
    given = parser.parse_args(arguments)
    # As an exception it runs the ends of all blocks: the database's server is stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        serve(given.port, given.folder)
    except ServerError as error:
        parser.exit(2, f"error: --folder: {error}\n")
    except (NoPostgresError, SettingsError, MigrationError) as error:
        parser.exit(2, f"error: {error}\n")
    except KeyboardInterrupt:
        pass


def serve(port: int, folder: Path) -> None:
    """Serve on this machine's own address."""
    with _listening(port) as listener, development(folder, "taskflow", ROLES) as urls:
        settings = DatabaseSettings(url=urls.application)
        upgrade(urls.owner, ROLES.application if "DATABASE_URL" not in os.environ else None)
        asyncio.run(_reach(settings))
        issuer = LocalIssuer()
        app = create_app(database(settings), issuer.authenticator(), environment=Environment.DEVELOPMENT)
        _greet(port, issuer)
        uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listener])


def _listening(port: int) -> socket.socket:
    """Take the port before all else, so that it is not found to be taken when everything is up."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(f"--port {port} cannot be listened on: {getattr(error, 'strerror', None) or error}") from None
    return listener


async def _reach(settings: DatabaseSettings) -> None:
    """Find out that the application's role is let in while it can still be said in one message."""
    reached = database(settings)
    try:
        await reached.wait()
    except Unavailable as error:
        raise SettingsError(f"DATABASE_URL: {error}") from None
    finally:
        await reached.dispose()


def _greet(port: int, issuer: LocalIssuer) -> None:
    print(f"TaskFlow is at http://{LOOPBACK}:{port}/docs, for this machine alone; tokens for a day:")
    for subject, kind in (("ann", ActorKind.HUMAN), ("bot", ActorKind.AGENT)):
        token = issuer.token(subject, kind, lifetime=_DAY, name=subject.title(), email=f"{subject}@example.com")
        print(f"\n{kind.value} {subject}:\n{token}")
    print(flush=True)
