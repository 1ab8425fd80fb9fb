"""Runs scripts over one twin of the bundled backend, in a process of their own, with databases that may be emptied."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

from tests.demo.expected import DEMO
from tests.executable.postgres import private_postgres
from tests.kit.database.services import find_pgbouncer, pgbouncer


def run(script: str, twin: str, *words: str | Path) -> str:
    """Return what the script of this folder prints."""
    pooled = private_postgres()  # two servers: the scenarios empty their own between each other
    with private_postgres() as own, pooled as url, pgbouncer(url) if find_pgbouncer() else nullcontext(url) as pooler:
        pooled_url = pooler.replace("postgresql://", "postgresql+asyncpg://")
        urls = {"DATABASE_URL": own, "WAREHOUSE_DATABASE_URL": url, "REPORTING_DATABASE_URL": pooled_url}
        environment = os.environ | urls | {"PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(Path(__file__).with_name(script)), str(DEMO / twin), *map(str, words)]
        done = subprocess.run(command, cwd=DEMO / twin, capture_output=True, text=True, check=True, env=environment, timeout=120)
    return done.stdout
