"""The command line of ``greenroom prove``: what it writes where, and its exit codes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.command import greenroom

SHOP = """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


async def sell(session: AsyncSession, item_id: int) -> str:
    item = await session.get_one(Item, item_id)
    await session.commit()
    return item.name


async def restock(session: AsyncSession) -> None:
    session.commit()
"""
LINE = 18
SILENT = 22


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text("", encoding="utf-8")
    file = tmp_path / "shop.py"
    file.write_text(SHOP, encoding="utf-8")
    return file


def test_the_test_goes_to_stdout_and_the_verdict_to_stderr(shop: Path) -> None:
    done = greenroom("prove", f"shop.py:{LINE}", folder=shop.parent)
    assert done.returncode == 0
    assert done.stdout.startswith(f'"""shop.py:{LINE}: `Item.name` was expired by a commit')
    assert done.stdout.endswith("    asyncio.run(scenario())\n")
    assert done.stderr == (
        f"shop.py:{LINE}: GR101 expired-after-commit: reproduced: MissingGreenlet at shop.py:{LINE}, about `Item.name`\n"
    )
    assert sorted(path.name for path in shop.parent.iterdir()) == ["pyproject.toml", "shop.py"]


def test_output_writes_the_file(shop: Path) -> None:
    done = greenroom("prove", f"shop.py:{LINE}", "--output", "test_shop.py", folder=shop.parent)
    assert done.returncode == 0
    assert done.stdout.splitlines()[1:] == ["Wrote test_shop.py"]
    assert "def test_expired_after_commit_in_sell() -> None:" in (shop.parent / "test_shop.py").read_text(encoding="utf-8")


def test_what_does_not_hold_on_the_project_s_sqlalchemy_is_not_reproduced(shop: Path) -> None:
    """A finding that is right of the sources alone: the module is other at run time than it says."""
    shop.write_text(SHOP + "\n\nsell.__globals__['Item'].name = property(lambda item: 'always there')\n", encoding="utf-8")
    done = greenroom("prove", f"shop.py:{LINE}", folder=shop.parent)
    assert (done.returncode, done.stderr.partition(": not reproduced: ")[2]) == (1, "every step of the finding ran, and nothing failed\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["shop.py"], "greenroom prove: 'shop.py' is no place; give path:line, such as app/users.py:42"),
        (["absent.py:1"], "greenroom prove: no such file or directory: absent.py; check the spelling and the working directory"),
        (["shop.py:1"], f"greenroom prove: no finding at shop.py:1: the nearest is at line {LINE}; `greenroom check` lists them"),
        (
            [f"shop.py:{LINE}", "--python", "no-such-python"],
            "greenroom prove: cannot run no-such-python: No such file or directory; give the project's interpreter with --python",
        ),
        ([f"shop.py:{LINE}", "--timeout", "0"], "greenroom prove: --timeout: 0.0 is no time; give seconds, such as 60"),
        ([f"shop.py:{LINE}", "--output", "absent/test.py"], "greenroom prove: cannot write absent/test.py: No such file or directory; "),
        ([f"shop.py:{LINE}", "--select", "GR9"], "greenroom prove: --select: no rule is called 'GR9'"),
        ([f"shop.py:{SILENT}"], "greenroom prove: GR302 (missing-await) cannot be proved by a run: it speaks of what no error shows"),
    ],
    ids=["place", "file", "finding", "python", "timeout", "output", "rule", "silent"],
)
def test_bad_input_is_one_line(shop: Path, words: list[str], message: str) -> None:
    done = greenroom("prove", *words, folder=shop.parent)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_an_interpreter_without_the_project_s_packages(shop: Path) -> None:
    bare = shop.parent / "bare-python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n', encoding="utf-8")
    bare.chmod(0o755)
    done = greenroom("prove", f"shop.py:{LINE}", "--python", bare, folder=shop.parent)
    assert done.returncode == 2
    assert done.stderr == (
        f"greenroom prove: {bare} has no sqlalchemy and no aiosqlite and no greenlet; "
        "give the project's interpreter with --python, and install it there\n"
    )


def test_a_run_that_does_not_end_is_stopped(shop: Path) -> None:
    place = _with(shop, "    time.sleep(600)\n", "import time\n\n")
    done = greenroom("prove", place, "--timeout", "3", folder=shop.parent)
    assert done.returncode == 2
    assert "cannot derive: the run was stopped: it took longer than --timeout allows" in done.stderr


def test_keep_gives_the_nearest_test(shop: Path) -> None:
    place = _with(shop, "    Path('/no/such/file').read_text()\n", "from pathlib import Path\n\n")
    plain, kept = (greenroom("prove", place, *words, folder=shop.parent) for words in ([], ["--keep"]))
    assert (plain.returncode, kept.returncode) == (2, 2)
    assert plain.stdout == ""
    assert "Give --keep for the nearest test" in plain.stderr
    assert "async def scenario()" in kept.stdout


def _with(shop: Path, line: str, header: str) -> str:
    """Put a line before the read; return the place of the read."""
    shop.write_text(header + SHOP.replace("    return item.name", f"{line}    return item.name"), encoding="utf-8")
    return f"shop.py:{LINE + header.count(chr(10)) + 1}"
