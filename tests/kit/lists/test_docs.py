"""The example of the documentation runs as it stands there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import create_async_engine

from greenroom.kit.problems import NotFound

pytestmark = pytest.mark.anyio

PAGES = Path(__file__).parents[3] / "docs" / "kit"

PRELUDE = """
from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from fastapi import Depends, FastAPI, Request
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncConnection
from greenroom.kit.lists import *
from greenroom.kit.models import *

app = FastAPI()

async def _reading(request: Request) -> AsyncIterator[AsyncConnection]:
    async with request.app.state.engine.connect() as connection:
        yield connection

Reading = Annotated[AsyncConnection, Depends(_reading, scope="function")]
"""


def blocks(page: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(encoding="utf-8"), re.DOTALL)


async def test_the_examples_run(postgres: str, tmp_path: Path) -> None:
    tables, schemas, _ = blocks("models.md")
    [lists] = blocks("lists.md")
    file = tmp_path / "documented.py"
    file.write_text(f"{PRELUDE}\n{tables}\n{schemas}\n{lists}", encoding="utf-8")
    spec = importlib.util.spec_from_file_location("documented", file)
    assert spec is not None
    assert spec.loader is not None
    example: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    engine = create_async_engine(postgres)
    example.app.state.engine = engine
    async with engine.begin() as connection:
        await connection.run_sync(example.Base.metadata.create_all)
        await connection.execute(insert(example.Worker).values(name="ann"))
        await connection.execute(insert(example.Task).values(title="paint", assignee_id=1, project_id=1))
    transport = httpx.ASGITransport(example.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        [first] = (await client.get("/projects/1/tasks?status=pending&search=PAINT&due__null=true")).json()
        assert first["assignee"] == {"id": 1, "name": "ann"}
        assert (await client.get(f"/projects/1/tasks/{first['id']}")).json() == first
        with pytest.raises(NotFound):
            await client.get(f"/projects/2/tasks/{first['id']}")
    assert example.changes(example.TaskPatch.model_validate({"due": None})) == {"due": None}
    await engine.dispose()
