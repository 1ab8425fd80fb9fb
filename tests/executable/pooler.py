"""A real PgBouncer in transaction mode, for blocks that ask for one by its variable."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

VARIABLE = "POOLER_URL"


@contextmanager
def pooler_for(source: str, url: str) -> Iterator[None]:
    """While the block runs, the variable holds the URL of a pooler before the database, if the source mentions it."""
    if VARIABLE not in source:
        yield
        return
    # The runtime half runs in environments without greenroom.
    services = importlib.import_module("tests.kit.database.services")
    with services.pgbouncer(url) as pooled, pytest.MonkeyPatch.context() as patch:
        assert VARIABLE not in os.environ
        patch.setenv(VARIABLE, pooled.replace("postgresql://", "postgresql+asyncpg://"))
        yield
