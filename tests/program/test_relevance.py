from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from greenroom.program.program import Program
from greenroom.source.file import SourceFile

ProgramOf = Callable[[Mapping[str, str]], Program]


def names(files: list[SourceFile]) -> list[str]:
    return [file.module for file in files]


@pytest.mark.parametrize(
    ("text", "relevant"),
    [
        ("from sqlalchemy import select", True),
        ("async def f(s): await s.commit()", True),
        ("def f(x: 'AsyncSession'): pass", True),
        ("x.expire_all()", True),
        ("await user.awaitable_attrs.posts", True),
        ("from advanced_alchemy import x", True),
        ("import os", False),
        ("commit()", False),
        ("", False),
    ],
)
def test_what_is_worth_parsing(program_of: ProgramOf, text: str, *, relevant: bool) -> None:
    program = program_of({"m": text})
    assert names(program.relevant()) == (["m"] if relevant else [])
    assert program.parsed == 0


IMPORTERS = {
    "app/__init__": "",
    "app/db/__init__": "from .models import User",
    "app/db/models": "",
    "app/one": "import app.db.models",
    "app/two": "from app.db import models as m",
    "app/three": "from .db.models import (\n    Base,  # no\n    User as U,\n)",
    "app/four": "def f():\n    from .db import models",
    "app/five": "from app.deps import get_session, other",
    "app/six": "from app.db import other",
    "app/seven": "import os, app.db",
}


@pytest.mark.parametrize(
    ("modules", "imported", "expected"),
    [
        ({"app.db.models"}, set(), "app.db app.four app.one app.three app.two"),
        (set(), {"get_session"}, "app.five"),
        (set(), {"User"}, "app.db app.three"),
        ({"app.db"}, {"get_session"}, "app.five app.four app.seven app.six app.two"),
        ({"os"}, set(), "app.seven"),
        (set(), set(), ""),
        ({"nowhere"}, {"nothing"}, ""),
    ],
)
def test_importers(program_of: ProgramOf, modules: set[str], imported: set[str], expected: str) -> None:
    program = program_of(IMPORTERS)
    assert " ".join(sorted(names(program.importers_of(modules, imported)))) == expected
    assert program.parsed == 0


def test_importers_among_some_files_and_by_another_name(program_of: ProgramOf) -> None:
    program = program_of(
        {"back/__init__": "", "back/app/__init__": "", "back/app/db": "", "back/app/main": "import app.db", "back/x": "import app.db"}
    )
    assert sorted(names(program.importers_of({"back.app.db"}, set()))) == ["back.app.main", "back.x"]
    assert names(program.importers_of({"back.app.db"}, set(), program.files[:4])) == ["back.app.main"]
