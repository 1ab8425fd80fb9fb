"""TaskFlow's documentation in a real Chromium: what is offered there works as it is offered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page

from greenroom.kit.database.server import Urls
from taskflow_tests.process import command, tokens
from tests.kit.web.chromium import authorize, documentation, execute
from tests.kit.web.serving import free_port, running

pytestmark = pytest.mark.anyio


@dataclass(frozen=True)
class Served:
    """TaskFlow in a process of its own, and the token of a person."""

    url: str
    token: str


@pytest.fixture(scope="module")
def served(urls: Urls) -> Iterator[Served]:
    port = free_port()
    environment = {"DATABASE_URL": urls.application, "DATABASE_OWNER_URL": urls.owner, "WEB_DRAIN": "0"}
    with running(command(port, Path("unused")), port, environment) as process:
        yield Served(f"http://127.0.0.1:{port}", tokens(process)["human ann"])


async def test_with_nothing_typed_what_is_filled_in_is_accepted(served: Served) -> None:
    """Beyond the ids in paths: what the page itself fills in refers to nothing that is not there, and breaks no rule."""
    async with documentation(served.url, expected="status of 409") as page:
        await authorize(page, served.token)
        project = await done(page, "create_project")
        await done(page, "create_agent")
        task = await done(page, "create_task", project_id=project)
        await done(page, "create_subtask", task_id=task)
        await done(page, "add_member", project_id=project)

        for operation in ("update_task", "assign_task"):
            assert (await execute(page, operation, task_id=task))[0] == 200

        await page.reload()
        await authorize(page, served.token)
        status, problem = await execute(page, "create_project")
        assert (status, json.loads(problem)["errors"][0]["code"]) == (409, "not_unique")
        status, problem = await execute(page, "update_status", task_id=task)  # to pending, the first of its words
        assert (status, json.loads(problem)["allowed"]) == (409, ["in_progress", "blocked"])


async def done(page: Page, operation: str, **parameters: object) -> int:
    """Return the id of what the operation has made."""
    status, body = await execute(page, operation, **parameters)
    assert status == 201, body
    return int(json.loads(body)["id"])
