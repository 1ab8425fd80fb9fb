"""Which settings keep prepared statements from failing behind a PgBouncer in transaction mode: several processes try them."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.executable.postgres import private_postgres
from tests.kit.database.services import pgbouncer

ROOT = Path(__file__).parent.parent.parent
SETTINGS: dict[str, tuple[dict[str, int], bool]] = {
    "nothing": ({}, False),
    "asyncpg's cache": ({"statement_cache_size": 0}, True),
    "SQLAlchemy's cache": ({"prepared_statement_cache_size": 0}, False),
    "both": ({"statement_cache_size": 0, "prepared_statement_cache_size": 0}, True),
}
"""What is switched off, and whether that is enough."""
PROCESSES, CLIENTS, TRANSACTIONS = 3, 10, 20


async def transactions(url: str, arguments: dict[str, int]) -> Counter[str]:
    """Make transactions on many connections at once; return how they failed."""
    engine = create_async_engine(url, connect_args=arguments, pool_size=CLIENTS)
    failed: Counter[str] = Counter()

    async def client(number: int) -> None:
        for step in range(TRANSACTIONS):
            try:
                async with engine.connect() as connection:
                    row = (await connection.execute(text(f"SELECT {number}, cast(:step AS text)"), {"step": str(step)})).one()
                    await connection.execute(text("SELECT pg_sleep(0.001)"))
                    failed["another row"] += tuple(row) != (number, str(step))
            except Exception as error:  # noqa: BLE001 -- how they fail is what is asked
                driver = getattr(getattr(error, "orig", None), "__cause__", None)
                failed[type(driver or error).__name__] += 1

    await asyncio.gather(*map(client, range(CLIENTS)))
    await engine.dispose()
    return +failed


@pytest.fixture(scope="module")
def pooler() -> Iterator[str]:
    with private_postgres() as url, pgbouncer(url) as pooled:
        yield pooled.replace("postgresql://", "postgresql+asyncpg://")


@pytest.mark.parametrize("name", SETTINGS)
def test_settings(pooler: str, name: str) -> None:
    arguments, enough = SETTINGS[name]
    words = [sys.executable, "-m", __spec__.name, pooler, json.dumps(arguments)]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(PROCESSES)]
    failed: Counter[str] = Counter()
    for process in running:
        failed.update(json.loads(process.communicate(timeout=60)[0]))
    assert (not failed) is enough, failed
    if name == "nothing":
        assert {"DuplicatePreparedStatementError", "InvalidSQLStatementNameError"} <= set(failed)
    elif not enough:
        assert "DuplicatePreparedStatementError" in failed


if __name__ == "__main__":
    print(json.dumps(asyncio.run(transactions(sys.argv[1], json.loads(sys.argv[2])))))
