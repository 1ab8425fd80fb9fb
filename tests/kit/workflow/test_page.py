"""The example of the page does what the page says."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from greenroom.kit import workflow
from greenroom.kit.database import Database
from tests.kit.workflow.tables import Status, Task

PAGE = Path(__file__).parents[3] / "docs" / "kit" / "workflow.md"


@pytest.mark.anyio
async def test_the_example_does_what_the_page_says(database: Database) -> None:
    (example, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    table, _, firing = example.partition("\nawait ")
    names: dict[str, Any] = {"StrEnum": StrEnum, "Task": Task, "actor": "me", "__name__": "example"}
    names |= {name: getattr(workflow, name) for name in workflow.__all__}
    exec(compile(table, str(PAGE), "exec"), names)  # noqa: S102  # the page's own code
    async with database.begin() as session:
        task = Task()
        session.add(task)
        names |= {"session": session, "task": task}
        indented = "\n".join(f"    {line}" for line in f"await {firing}".splitlines())
        exec(compile(f"async def fire():\n{indented}", str(PAGE), "exec"), names)  # noqa: S102  # as above
        await names["fire"]()
        assert (task.status, task.progress_percent) == (Status.COMPLETED, 100)
        assert task.started_at is not None
