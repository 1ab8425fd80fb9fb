"""An export proves itself without the database; whatever is done to it is found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlmodel import col

from greenroom.kit.database import Database, DatabaseSettings
from greenroom.kit.trail import ExportError, Fault, checkpoint, export, tell_contexts, verify_export
from tests.kit.trail.conftest import application_url
from tests.kit.trail.subjects import BOT, Book, Shelf, by


async def _exported(url: str) -> tuple[list[bytes], bytes]:
    database = Database(DatabaseSettings(url=url), listeners=[tell_contexts])
    try:
        async with database.begin(info=by(reason="é\n")) as session:
            shelf = Shelf(name="new")
            session.add(shelf)
            await session.flush()
            session.add_all([Book(title="Emma", shelf_id=shelf.id), Book(title="Persuasion")])
        async with database.engine.begin() as connection:
            await checkpoint(connection)
        async with database.begin(info=by(BOT)) as session:
            await session.execute(update(Book).values(title="Emma II"))
            await session.execute(delete(Book).where(col(Book.shelf_id) == shelf.id))
        async with database.engine.begin() as connection:
            published = await checkpoint(connection)
        async with database.engine.connect() as connection:
            return [line async for line in export(connection)], published
    finally:
        await database.dispose()


@pytest.fixture(scope="module")
def exported(prepared: str) -> tuple[list[bytes], bytes]:
    """Give the lines, and the hash of the last checkpoint."""
    return asyncio.run(_exported(application_url(prepared)))


def test_an_export_is_sound(exported: tuple[list[bytes], bytes]) -> None:
    lines, published = exported
    verdict = verify_export(lines, published=[published])
    assert verdict.breaks == ()
    assert (verdict.rows, verdict.entities, verdict.checkpoints) == (6, 3, 2)
    assert orjson.loads(lines[0]) == {"trail": {"format": "greenroom.kit.trail 1", "whole": True}}


def _alter(line: bytes, draw: Callable[[st.SearchStrategy[str]], str]) -> bytes:
    [(kind, document)] = orjson.loads(line).items()
    name = draw(st.sampled_from(sorted(document)))
    value = document[name]
    if isinstance(value, int):
        document[name] = value + 1
    elif value is None:
        document[name] = "x"
    elif name in {"hash", "previous", "digest"}:
        document[name] = value[:-2] + f"{int(value[-2:], 16) ^ 1:02x}" if value else "00"
    elif name == "at":
        document[name] = value.replace("Z", "+00:01")
    elif name == "snapshot":
        document[name] = value + "1" if not value.endswith(":") else value.replace(":", "1:", 1)
    else:
        document[name] = value + " "
    return orjson.dumps({kind: document}) + b"\n"


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_whatever_is_altered_is_found(exported: tuple[list[bytes], bytes], data: st.DataObject) -> None:
    lines, published = list(exported[0]), exported[1]
    place = data.draw(st.integers(1, len(lines) - 1))
    match data.draw(st.sampled_from(["alter", "drop", "swap", "repeat", "truncate"])):
        case "alter":
            lines[place] = _alter(lines[place], data.draw)
        case "drop":
            del lines[place]
        case "swap":
            other = data.draw(st.integers(1, len(lines) - 1).filter(lambda number: number != place))
            lines[place], lines[other] = lines[other], lines[place]
        case "repeat":
            lines.insert(place, lines[place])
        case "truncate":
            del lines[place:]
    try:
        verdict = verify_export(lines, published=[published])
    except ExportError:
        return
    assert not verdict.sound or lines == exported[0]


@pytest.mark.anyio
async def test_a_part_proves_its_entities(db: Database, exported: tuple[list[bytes], bytes]) -> None:
    async with db.engine.connect() as connection:
        lines = [line async for line in export(connection, entity="shelf")]
    assert orjson.loads(lines[0])["trail"]["whole"] is False
    assert verify_export(lines).breaks == ()
    assert [found.fault for found in verify_export([lines[0], lines[2]]).breaks] == [Fault.HEADLESS]
    assert [found.fault for found in verify_export(lines[:2]).breaks] == [Fault.EMPTY]


@pytest.mark.parametrize("lines", [[], [b"x"], [b'{"trail": {"format": "other"}}'], [b'{"row": {}}'], [b"[]"]])
def test_what_is_no_export_is_refused(lines: list[bytes]) -> None:
    with pytest.raises(ExportError):
        verify_export(lines)
