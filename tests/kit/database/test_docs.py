"""What the page says is executed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from fastapi import FastAPI

from greenroom.kit.database import Database, DatabaseSettings, parse
from greenroom.kit.database.parameters import PARAMETERS
from tests.kit.database import tables
from tests.kit.database.folders import reachable

pytestmark = pytest.mark.anyio

PAGE = (Path(__file__).parents[3] / "docs/kit/database.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


async def test_the_example_serves(database: Database, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setitem(sys.modules, "app", ModuleType("app"))
    monkeypatch.setitem(sys.modules, "app.tables", tables)
    names: dict[str, object] = {}
    exec(EXAMPLES[0], names)  # noqa: S102  # the page's example
    app = names["app"]
    assert isinstance(app, FastAPI)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        assert (await client.post("/projects", params={"name": "Fence"})).status_code == 201
        assert (await client.get("/projects")).json() == ["Fence"]


def test_the_example_of_a_server_of_ones_own_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    folder = reachable(tmp_path)
    folder.mkdir()
    folder.chmod(0o711)
    monkeypatch.chdir(folder)
    example = EXAMPLES[1].replace('share="tests"', f"share={os.environ.get('PYTEST_XDIST_TESTRUNUID')!r}")
    exec(example, {})  # noqa: S102  # the page's example
    application, owner = capsys.readouterr().out.split()
    assert (parse(application).url.username, parse(owner).url.username) == ("greenroom_app", "greenroom_owner")


def test_the_table_lists_each_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `DATABASE_(\w+)` \| (.*?) \|", PAGE, re.MULTILINE))
    fields = {name.upper(): field.default for name, field in DatabaseSettings.model_fields.items()}
    assert set(rows) == set(fields)
    for name, default in fields.items():
        if isinstance(default, (int, float, str)):
            assert rows[name] == str(default)


def test_each_parameter_that_the_page_speaks_of_exists() -> None:
    section = PAGE.partition("### URLs")[2].partition("## Failures")[0]
    words = set(
        re.findall(r"`(ssl\w+|connect_timeout|application_name|options|tcp_user_timeout|target_session_attrs|passfile|service)`", section)
    )
    assert words <= set(PARAMETERS)
    assert len(words) > 8
    assert parse("postgresql+anything://h/d").url.host == "h"
