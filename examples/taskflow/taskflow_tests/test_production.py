"""The application as the environment describes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from greenroom.kit.database.server import Urls

EXAMPLE = Path(__file__).parents[1]
ANSWER = """
import anyio, httpx
from taskflow.app import production

async def ask() -> None:
    app = production()
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://taskflow.test") as client:
            print((await client.get("/health/ready")).status_code, (await client.get("/api/projects")).status_code)

anyio.run(ask)
"""
AUTH = {"AUTH_ISSUER": "https://auth.test", "AUTH_AUDIENCE": "https://auth.test", "AUTH_JWKS_URL": "https://auth.test/api/auth/jwks"}


def _run(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run in a process of its own, with nothing else in the environment."""
    return subprocess.run(
        [sys.executable, "-c", ANSWER],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join([str(EXAMPLE), *filter(None, sys.path)]), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_is_served_as_the_environment_says(urls: Urls) -> None:
    done = _run(DATABASE_URL=urls.application, **AUTH)
    assert done.stdout.split() == ["200", "401"], done.stderr


@pytest.mark.parametrize(("missing", "named"), [("DATABASE_URL", "DATABASE_URL"), ("AUTH_ISSUER", "AUTH_ISSUER")])
def test_what_is_missing_is_named(urls: Urls, missing: str, named: str) -> None:
    given = {"DATABASE_URL": urls.application, **AUTH}
    del given[missing]
    done = _run(**given)
    assert done.returncode != 0
    assert f"SettingsError: {named}" in done.stderr


def test_in_production_a_role_that_could_alter_the_trail_is_refused(urls: Urls) -> None:
    done = _run(DATABASE_URL=urls.owner, **AUTH)
    assert "UnsafeTrailError" in done.stderr
    assert _run(DATABASE_URL=urls.owner, TASKFLOW_ENVIRONMENT="development", **AUTH).stdout.split() == ["200", "401"]


def test_a_wrong_setting_of_its_own_is_named(urls: Urls) -> None:
    done = _run(DATABASE_URL=urls.application, TASKFLOW_ENVIRONMENT="staging", **AUTH)
    assert "SettingsError: TASKFLOW_ENVIRONMENT: " in done.stderr
