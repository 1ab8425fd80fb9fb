from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from greenroom.source.discover import Namespace, Tree, discover
from greenroom.source.file import SourceFile

Files = Mapping[str, str | bytes]
Write = Callable[[Files], Path]
TreeOf = Callable[[Files], Tree]


def names(tree: Tree, top: Path) -> list[str]:
    return [file.path.relative_to(top).as_posix() for file in tree.files]


def target(tree: Tree, name: str, near: str) -> str | None:
    file = next(file for file in tree.files if file.path.as_posix().endswith(near))
    found = tree.locate(name, file)
    return None if found is None else (found.directory if isinstance(found, Namespace) else found.path).as_posix()


def test_files_are_sorted_and_only_python(write: Write) -> None:
    top = write({"b.py": "", "a/c.py": "", "a/b.txt": "", "a.py": "", "z.pyi": "", ".hidden.py": ""})
    assert names(discover([top]), top) == ["a/c.py", "a.py", "b.py"]


def test_what_is_not_the_projects_code_is_left_out(write: Write) -> None:
    left_out = [".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", "build", "dist", "site-packages", ".hidden"]
    top = write(
        {**{f"{name}/x.py": "" for name in left_out}, "env/pyvenv.cfg": "", "env/lib/x.py": "", "build_tools/x.py": "", "a/b.py": ""}
    )
    assert names(discover([top]), top) == ["a/b.py", "build_tools/x.py"]


def test_a_package_called_build_is_code(write: Write) -> None:
    top = write({"app/build/__init__.py": "", "app/build/x.py": "", "app/dist/x.py": ""})
    assert names(discover([top]), top) == ["app/build/__init__.py", "app/build/x.py"]


def test_what_is_named_is_never_left_out_by_default(write: Write) -> None:
    top = write({"site-packages/a/b.py": "", "venv/pyvenv.cfg": "", "venv/c.py": "", "script": "x = 1"})
    tree = discover([top / "site-packages", top / "venv", top / "script"])
    assert names(tree, top) == ["script", "site-packages/a/b.py", "venv/c.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("tests", ["app/a.py", "app/old_a.py"]),
        ("tests/", ["app/a.py", "app/old_a.py"]),
        ("old_*", ["app/a.py", "app/tests/b.py", "tests/c.py"]),
        ("app/tests", ["app/a.py", "app/old_a.py", "tests/c.py"]),
        ("app/**", ["tests/c.py"]),
        ("**/tests/*", ["app/a.py", "app/old_a.py"]),
        ("*.py", []),
        ("app/*.py", ["tests/c.py"]),
        ("", ["app/a.py", "app/old_a.py", "app/tests/b.py", "tests/c.py"]),
    ],
)
def test_exclude_patterns(write: Write, pattern: str, left: list[str]) -> None:
    top = write({"app/a.py": "", "app/old_a.py": "", "app/tests/b.py": "", "tests/c.py": ""})
    assert names(discover([top], [pattern]), top) == left


def test_only_what_lies_below_the_given_path_is_excluded(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    top = write({"tests/project/a.py": "", "tests/project/tests/b.py": ""})
    assert names(discover([top / "tests/project"], ["tests"]), top) == ["tests/project/a.py"]
    monkeypatch.chdir(top / "tests/project")
    assert names(discover([Path("a.py"), Path("tests/b.py")], ["tests"]), top) == ["tests/project/a.py"]
    assert names(discover([Path()], ["tests/b.py"]), top) == ["tests/project/a.py"]


def test_pipes_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.py")
    tree = discover([tmp_path, tmp_path / "pipe.py"])
    assert tree.files == ()
    assert [problem.message for problem in tree.all_problems()] == ["neither a file nor a directory"]


def test_a_file_given_twice_is_one_file(write: Write) -> None:
    top = write({"a.py": "", "b/c.py": ""})
    assert names(discover([top, top / "a.py", top / "b", Path(f"{top}/b/../a.py")]), top) == ["a.py", "b/c.py"]


def test_links_are_followed_once_and_loops_end(write: Write, tmp_path: Path) -> None:
    top = write({"project/a/b.py": "", "outside/c.py": "", "outside/d/e.py": ""}) / "project"
    (top / "loop").symlink_to(top)
    (top / "a/again").symlink_to(top / "a")
    (top / "link").symlink_to(tmp_path / "outside")
    (top / "a/broken.py").symlink_to(tmp_path / "nowhere")
    (top / "a/alias.py").symlink_to(top / "a/b.py")
    assert names(discover([top]), top) == ["a/b.py", "link/c.py", "link/d/e.py"]


def test_missing_and_strange_paths_are_problems(tmp_path: Path) -> None:
    tree = discover([tmp_path / "missing", Path("nul\0byte")])
    assert tree.files == ()
    assert len(tree.all_problems()) == 2


def test_a_directory_that_cannot_be_listed_is_a_problem(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    top = write({"a/b.py": "", "c/d.py": ""})
    scandir = os.scandir

    def refusing(path: str) -> object:
        if str(path).endswith("/a"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    tree = discover([top])
    assert names(tree, top) == ["c/d.py"]
    assert [problem.message for problem in tree.all_problems()] == ["cannot list the directory: Permission denied"]


def test_a_package_is_named_from_above_its_top(write: Write) -> None:
    top = write({"src/app/__init__.py": "", "src/app/db/__init__.py": "", "src/app/db/models.py": ""})
    for given in (top, top / "src", top / "src/app", top / "src/app/db", top / "src/app/db/models.py"):
        file = discover([given]).files[-1]
        assert (file.module, file.root) == ("app.db.models", top / "src")


def test_a_package_file_is_the_package(tree_of: TreeOf) -> None:
    assert [file.module for file in tree_of({"app/__init__.py": "", "app/db/__init__.py": ""}).files] == ["app", "app.db"]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"gym/models.py": "", "gym/desk.py": "from models import X"}, ["desk", "models"]),
        ({"app/models.py": "", "app/main.py": "from app.models import X"}, ["app.main", "app.models"]),
        ({"app/db/m.py": "", "app/main.py": "import app.db.m"}, ["app.db.m", "app.main"]),
        ({"src/models.py": "", "src/main.py": "from src.models import X"}, ["src.main", "src.models"]),
        ({"src/app/m.py": "", "src/app/main.py": "from .m import X"}, ["app.m", "app.main"]),
        ({"src/app/m.py": "", "src/app/n.py": ""}, ["app.m", "app.n"]),
        ({"ns/app/__init__.py": "", "ns/app/m.py": "from ns.app import m"}, ["ns.app", "ns.app.m"]),
        ({"app/__init__.py": "", "app/migrations/v1.py": "import x"}, ["app", "app.migrations.v1"]),
        ({"a/b/one.py": "from ..c import two", "a/c/__init__.py": "", "a/c/two.py": ""}, ["a.b.one", "a.c", "a.c.two"]),
        ({"my-app/m.py": "", "my-app/main.py": "import m"}, ["m", "main"]),
        ({"app/tools/a.py": "from app.m import x", "app/tools/b.py": "", "app/m.py": ""}, ["app.m", "app.tools.a", "app.tools.b"]),
        ({"alembic/env.py": "from alembic import context\nfrom app import m", "app/m.py": ""}, ["env", "app.m"]),
        ({"a.py": "", "tests/test_a.py": "import a"}, ["a", "test_a"]),
    ],
)
def test_roots_fit_the_imports(tree_of: TreeOf, files: Files, expected: list[str]) -> None:
    assert [file.module for file in tree_of(files).files] == expected


def test_the_own_root_wins(tree_of: TreeOf) -> None:
    tree = tree_of(
        {
            "one/app/__init__.py": "",
            "one/app/models.py": "",
            "one/app/main.py": "",
            "two/app/__init__.py": "",
            "two/app/models.py": "",
            "two/tests/test_x.py": "",
        }
    )
    assert str(target(tree, "app.models", "one/app/main.py")).endswith("one/app/models.py")
    assert str(target(tree, "app.models", "two/tests/test_x.py")).endswith("two/app/models.py")


def test_other_roots_of_the_project_are_found(tree_of: TreeOf) -> None:
    tree = tree_of(
        {
            "libs/common/__init__.py": "",
            "libs/common/db.py": "",
            "services/api/app/__init__.py": "",
            "services/api/app/main.py": "",
            "scripts/run.py": "",
        }
    )
    for name in ("common.db", "libs.common.db"):
        assert str(target(tree, name, "app/main.py")).endswith("libs/common/db.py")
    assert target(tree, "app.missing", "scripts/run.py") is None


def test_a_stray_init_file_does_not_hide_the_real_root(tree_of: TreeOf) -> None:
    tree = tree_of({"backend/__init__.py": "", "backend/app/__init__.py": "", "backend/app/db.py": "", "backend/app/main.py": ""})
    assert str(target(tree, "app.db", "main.py")).endswith("backend/app/db.py")
    assert str(target(tree, "backend.app.db", "main.py")).endswith("backend/app/db.py")


@pytest.mark.parametrize(
    ("files", "name", "near"),
    [
        ({"app/__init__.py": "", "app/celery/__init__.py": "", "app/celery/tasks.py": ""}, "celery", "tasks.py"),
        ({"app/__init__.py": "", "app/logging.py": "", "app/main.py": ""}, "logging", "main.py"),
        ({"app/__init__.py": "", "app/main.py": "", "examples/redis.py": ""}, "redis", "app/main.py"),
        ({"vendor/sqlalchemy/__init__.py": "", "app/main.py": ""}, "sqlalchemy", "app/main.py"),
        ({"sqlalchemy/__init__.py": "", "main.py": ""}, "sqlalchemy", "main.py"),
        ({"app/__init__.py": "", "app/broker/__init__.py": "", "app/broker/x.py": ""}, "broker", "x.py"),
        ({"a.py": ""}, "", "a.py"),
        ({"a.py": ""}, "a.b.c", "a.py"),
    ],
)
def test_libraries_are_not_taken_for_the_projects_folders(tree_of: TreeOf, files: Files, name: str, near: str) -> None:
    assert target(tree_of(files), name, near) is None


def test_a_file_given_alone_sees_what_it_imports(write: Write) -> None:
    top = write({"pyproject.toml": "", "app/main.py": "from app.models import X", "app/models.py": "", "venv/y.py": ""})
    tree = discover([top / "app/main.py"])
    assert [file.module for file in tree.files] == ["app.main"]
    found = tree.locate("app.models", tree.files[0])
    assert isinstance(found, SourceFile)
    assert (found.module, found.path) == ("app.models", top / "app/models.py")
    assert found is tree.locate("app.models", tree.files[0])
    assert tree.locate("venv.y", tree.files[0]) is None


def test_a_package_below_namespace_packages_given_alone_finds_itself(write: Write) -> None:
    top = write(
        {
            "src/acme/shop/manager/__init__.py": "",
            "src/acme/shop/manager/models.py": "",
            "src/acme/shop/manager/api.py": "from acme.shop.manager.models import Item",
        }
    )
    package = top / "src/acme/shop/manager"
    tree = discover([package])
    assert target(tree, "acme.shop.manager.models", "manager/api.py") == (package / "models.py").as_posix()


def test_groups_are_projects(tree_of: TreeOf) -> None:
    tree = tree_of(
        {
            "one/src/app/__init__.py": "",
            "one/src/app/main.py": "import os",
            "one/tests/test_app.py": "import app.main",
            "two/pkg/__init__.py": "import app_that_is_not_there",
            "flat/a.py": "import b",
            "flat/b.py": "",
        }
    )
    assert [sorted(file.module for file in group.files) for group in tree.groups] == [
        ["a", "b"],
        ["app", "app.main", "test_app"],
        ["pkg"],
    ]
    assert sum(len(group.files) for group in tree.groups) == len(tree.files)


def test_an_empty_tree(tmp_path: Path) -> None:
    tree = discover([tmp_path])
    assert (tree.files, tree.groups, tree.all_problems(), tree.locate("x")) == ((), (), [], None)
