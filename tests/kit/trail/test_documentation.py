"""The example of docs/kit/trail.md does what the page says."""

from __future__ import annotations

import ast
import inspect
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from greenroom.kit import clock, trail
from greenroom.kit.database import Database, DatabaseSettings
from tests.kit.trail.conftest import application_url
from tests.kit.trail.reading import trail_of
from tests.kit.trail.subjects import BOT, Book, Shelf, by

pytestmark = pytest.mark.anyio

PAGE = Path(__file__).parents[3] / "docs" / "kit" / "trail.md"


async def test_the_example_runs(db: Database, prepared: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", application_url(prepared))
    async with db.begin(info=by()) as session:
        shelf = Shelf(id=7, name="seven")
        session.add(shelf)
        await session.flush()
        book = Book(title="Emma", shelf_id=7)
        session.add(book)
    match = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert match is not None
    names: dict[str, Any] = {
        **vars(trail),
        "Database": Database,
        "DatabaseSettings": DatabaseSettings,
        "Shelf": Shelf,
        "Book": Book,
        "actor": BOT,
        "book_id": book.id,
        "yesterday": clock.now() - timedelta(days=1),
    }
    code = compile(match.group(1), str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running = eval(code, names)  # noqa: S307  # a page of ours
    if inspect.isawaitable(running):
        await running
    await names["database"].dispose()
    assert [(entry.entity, entry.change) for entry in names["page"].entries] == [("book", "insert")]
    assert names["before"] is None
    row = (await trail_of(db, "book", book.id))[-1]
    assert (row.actor_id, row.operation, row.reason, row.changes["title"]) == ("bot", "retitle", "a typo", ["Emma", "Persuasion"])
