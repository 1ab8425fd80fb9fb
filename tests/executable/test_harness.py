"""The harness must notice when a page is wrong; otherwise green pages mean nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.executable import runtime
from tests.executable.fixtures import sqlite
from tests.executable.markers import Word, markers_of
from tests.executable.page import Block, read_page
from tests.executable.project import write_project
from tests.executable.stock import SqliteStock

__all__ = ["sqlite"]

Check = Callable[[str], list[str]]


@pytest.fixture
def check(sqlite: SqliteStock, tmp_path: Path) -> Check:
    def run(source: str) -> list[str]:
        return runtime.disagreements(write_project(_block(source, tmp_path), tmp_path / "project"), sqlite)

    return run


def _block(source: str, folder: Path) -> Block:
    page = folder / "page.md"
    page.write_text(f"---\nprelude: blog\n---\n# Page\n\nText.\n\n\n\n\n```python\n{source}```\n", encoding="utf-8")
    return read_page(page).blocks[0]


COMMIT = """\
async def read(session: AsyncSession, user_id: int) -> str:
    user = await session.get_one(User, user_id)
    await session.commit()
    return user.name{marker}
"""


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("  # error: [expired-after-commit]", []),
        ("  # missed: [expired-after-commit] reason", []),
        ("", ["line 15: `read` unexpectedly met implicit IO"]),
        ("  # extra: [expired-after-commit] reason", ["line 15: `read` unexpectedly met implicit IO"]),
        ("  # error: [detached-read]", ["line 15: `read` unexpectedly met implicit IO", "line 15: nothing happened"]),
        ("  # error[1.4]: [expired-after-commit]", ["line 15: `read` unexpectedly met implicit IO"]),
        ("  # value: 'u1'", ["line 15: `read` unexpectedly met implicit IO", "line 15: `read` returned nothing"]),
    ],
)
def test_a_line_that_raises(check: Check, marker: str, expected: list[str]) -> None:
    found = check(COMMIT.format(marker=marker))
    assert len(found) == len(expected)
    for line, start in zip(found, expected, strict=True):
        assert line.startswith(start)


def test_a_line_that_does_not_raise(check: Check) -> None:
    source = "async def read(session: AsyncSession) -> str:\n    user = await session.get_one(User, 1)\n    return user.name  # {}\n"
    assert check(source.format("value: 'u1'")) == []
    assert check(source.format("value: 'u2'")) == ["line 14: `read` returned 'u1', but the page says `value: 'u2'`"]
    assert check(source.format("error: [lazy-relationship]")) == ["line 14: nothing happened, but the page says `error: lazy-relationship`"]
    assert len(check(source.format("silent: [expired-object-dumped]"))) == 1


def test_exceptions_that_the_example_swallows_are_seen(check: Check) -> None:
    source = (
        "async def read(session: AsyncSession) -> None:\n"
        "    user = await session.get_one(User, 1)\n"
        "    try:\n"
        "        print(user.posts){}\n"
        "    except Exception:\n"
        "        pass\n"
    )
    assert check(source.format("  # error: [lazy-relationship]")) == []
    assert len(check(source.format(""))) == 1


def test_a_failing_response_lies_at_the_return(check: Check) -> None:
    source = (
        "router = APIRouter()\n\n\n"
        '@router.get("/users/{user_id}", response_model=UserWithPosts)\n'
        "async def read(user_id: int, session: SessionDep) -> User:\n"
        "    async with session.begin_nested():\n"
        "        return await session.get_one(User, user_id)  # error: [response-reads-unloaded]\n"
    )
    assert check(source) == []


def test_other_exceptions_break_an_example(check: Check) -> None:
    source = "async def read(session: AsyncSession) -> None:\n    raise KeyError(1){}\n"
    assert check(source.format("  # raises: KeyError")) == []
    assert len(check(source.format(""))) == 1


def test_a_block_with_nothing_to_run_is_wrong(check: Check) -> None:
    assert len(check("def helper() -> None: ...\n")) == 1


def test_markers() -> None:
    source = "x = 1\ny = f(x)  # error[2.1 sqlite]: [a-b] [c]  error[2.0]: [d]  value: {'k: v': 1}\nz = 1  # extra: [e] because: reasons\n"
    found = [(marker.word, marker.line, marker.text, set(marker.tags)) for marker in markers_of(source, 10)]
    assert found == [
        (Word.ERROR, 11, "a-b", {"2.1", "sqlite"}),
        (Word.ERROR, 11, "c", {"2.1", "sqlite"}),
        (Word.ERROR, 11, "d", {"2.0"}),
        (Word.VALUE, 11, "{'k: v': 1}", set()),
        (Word.EXTRA, 12, "e", set()),
    ]


def test_a_marker_without_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="names no rule"):
        list(markers_of("x = 1  # error: expired-after-commit\n", 1))
