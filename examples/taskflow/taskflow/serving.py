"""One command that serves TaskFlow: its database is made and brought up to date, and tokens are at hand.

With ``DATABASE_URL`` and ``AUTH_…`` in the environment it serves as production does; without, it brings what is missing: a PostgreSQL in
``.greenroom/taskflow``, and an issuer of its own whose tokens are printed at the start. The latter only on this machine's own address.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

import uvicorn

from greenroom.kit.actors import ActorKind
from greenroom.kit.database import DatabaseSettings, SettingsError
from greenroom.kit.database.server import NoPostgresError, Roles, ServerError, development
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
    try:
        serve(given.port, given.folder)
    except (NoPostgresError, ServerError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def serve(port: int, folder: Path) -> None:
    """Serve on this machine's own address."""
    with development(folder, "taskflow", ROLES) as urls:
        upgrade(urls.owner, ROLES.application if "DATABASE_URL" not in os.environ else None)
        issuer = LocalIssuer()
        app = create_app(database(DatabaseSettings(url=urls.application)), issuer.authenticator(), environment=Environment.DEVELOPMENT)
        _greet(port, issuer)
        uvicorn.run(app, host=LOOPBACK, port=port, log_level="warning")


def _greet(port: int, issuer: LocalIssuer) -> None:
    print(f"TaskFlow is at http://{LOOPBACK}:{port}/docs, for this machine alone; tokens for a day:")
    for subject, kind in (("ann", ActorKind.HUMAN), ("bot", ActorKind.AGENT)):
        token = issuer.token(subject, kind, lifetime=_DAY, name=subject.title(), email=f"{subject}@example.com")
        print(f"\n{kind.value} {subject}:\n{token}")
    print(flush=True)
