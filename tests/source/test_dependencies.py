from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from greenroom.source.dependencies import Dependencies
from greenroom.source.discover import Tree
from greenroom.source.problem import Gravity

TreeOf = Callable[[Mapping[str, str | bytes]], Tree]


def dependencies(tree: Tree) -> Dependencies:
    (group,) = tree.groups
    return tree.dependencies(group)


@pytest.mark.parametrize(
    ("name", "content", "version"),
    [
        ("pyproject.toml", "[project]\ndependencies = [\"SQLAlchemy[asyncio]>=2.0.30,<3; python_version>'3'\"]", (2, 0, 30)),
        ("pyproject.toml", '[project.optional-dependencies]\ndb = ["sqlalchemy ~= 2.1"]', (2, 1)),
        ("pyproject.toml", '[dependency-groups]\ndb = ["sqlalchemy==2.1.0b1", {include-group = "x"}]', (2, 1, 0)),
        ("pyproject.toml", '[tool.poetry.dependencies]\nsqlalchemy = "^2.0"', (2, 0)),
        ("pyproject.toml", '[tool.poetry.group.db.dependencies]\nsqlalchemy = {version = "2.0.1", extras = ["asyncio"]}', (2, 0, 1)),
        ("requirements.txt", "-r base.txt\n# no\nsqlalchemy==2.0.36 \\\n    --hash=sha256:abc\n", (2, 0, 36)),
        ("requirements-dev.txt", "sqlalchemy", None),
        ("requirements/base.txt", "sqlalchemy (>=2.0)", (2, 0)),
        ("requirements.txt", "sqlalchemy @ git+https://example.org/2.9", None),
        ("uv.lock", '[[package]]\nname = "sqlalchemy"\nversion = "2.0.41"\n', (2, 0, 41)),
        ("poetry.lock", '[[package]]\nname = "SQLAlchemy"\nversion = "2.0.41"\n', (2, 0, 41)),
        ("Pipfile", '[packages]\nsqlalchemy = "*"', None),
        ("setup.cfg", "[options]\ninstall_requires =\n    sqlalchemy>=2.0\n    x", (2, 0)),
    ],
)
def test_every_kind_of_file_is_read(tree_of: TreeOf, name: str, content: str, version: tuple[int, ...] | None) -> None:
    found = dependencies(tree_of({"app/__init__.py": "", name: content}))
    assert "SQLAlchemy" in found
    assert found.version("sqlalchemy") == version


def test_a_lock_file_wins_over_a_range_and_the_nearest_folder_over_the_top(tree_of: TreeOf) -> None:
    found = dependencies(
        tree_of(
            {
                "service/app/__init__.py": "",
                "service/requirements.txt": "sqlalchemy>=2.0\nfastapi>=0.110",
                "requirements.txt": "fastapi>=0.90\nasyncpg",
                "uv.lock": '[[package]]\nname = "sqlalchemy"\nversion = "2.1.3"\n',
            }
        )
    )
    assert dict(found.versions) == {"sqlalchemy": "2.1.3", "fastapi": ">=0.110", "asyncpg": ""}


def test_nothing_above_the_repository_is_read(tree_of: TreeOf) -> None:
    tree = tree_of({"requirements.txt": "outside", "inner/.git/HEAD": "", "inner/app/__init__.py": ""})
    assert dict(dependencies(tree).versions) == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", "[project"),
        ("pyproject.toml", b"\xff\xfe"),
        ("uv.lock", "package = 1 2"),
        ("setup.cfg", "no section"),
        ("requirements.txt", b"\xff\xfes\0"),
    ],
)
def test_broken_files_are_warnings(tree_of: TreeOf, name: str, content: str | bytes) -> None:
    tree = tree_of({"app/__init__.py": "", name: content})
    assert dict(dependencies(tree).versions) == {}
    (problem,) = tree.all_problems()
    assert problem.gravity is Gravity.WARNING
    assert problem.path.name == name


@pytest.mark.parametrize(
    "content",
    [
        "project = 1",
        "project.dependencies = 'x'",
        "tool = []",
        "[tool.poetry]\ndependencies = 3",
        "[[project]]",
        "dependency-groups = {a = 1}",
    ],
)
def test_unexpected_shapes_are_nothing(tree_of: TreeOf, content: str) -> None:
    assert dict(dependencies(tree_of({"app/__init__.py": "", "pyproject.toml": content})).versions) == {}
