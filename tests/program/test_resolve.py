from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Module

ProgramOf = Callable[[Mapping[str, str]], Program]
Short = Callable[[object], str]

APP = {
    "app/__init__": "",
    "app/models/__init__": "from .user import User\nfrom app.models.post import *\nfrom . import post as posts",
    "app/models/user": "class User:\n class Meta:\n  x = 1",
    "app/models/post": """
        from .user import User as _User
        class Post: pass
        class _Hidden: pass
        class Tag(_User): pass
        __all__ = ['Post', 'Tag']
    """,
}


def module(program: Program, name: str = "app.main") -> Module:
    found = program.module(name)
    assert found is not None
    return found


def expression(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("from app.models import User", "User", "app.models.user.User"),
        ("from .models import User as U", "U", "app.models.user.User"),
        ("from . import models", "models", "app.models"),
        ("import app.models.user", "app", "app"),
        ("import app.models.user as u", "u", "app.models.user"),
        ("from app.models import Post", "Post", "app.models.post.Post"),
        ("from app.models import _Hidden", "_Hidden", "-"),
        ("from app.models import posts", "posts", "app.models.post"),
        ("from app.models import user", "user", "app.models.user"),
        ("from app.models.post import _Hidden", "_Hidden", "app.models.post._Hidden"),
        ("from app.models import *", "Tag", "app.models.post.Tag"),
        ("from app.models.post import *", "_Hidden", "-"),
        ("from sqlalchemy.orm import *", "relationship", "!sqlalchemy.orm.relationship"),
        ("from sqlalchemy.orm import *", "len", "!builtins.len"),
        ("from sqlalchemy import select as s", "s", "!sqlalchemy.select"),
        ("import sqlalchemy as sa", "sa", "!sqlalchemy"),
        ("import sqlalchemy.orm", "sqlalchemy", "!sqlalchemy"),
        ("", "len", "!builtins.len"),
        ("def len(): pass", "len", "app.main.len"),
        ("", "nothing", "-"),
        ("from app.models import Missing", "Missing", "-"),
        ("from app.gone import Missing", "Missing", "!app.gone.Missing"),
        ("from ....far import x", "x", "-"),
        ("from app.models import User\nA = User\nB = A", "B", "app.models.user.User"),
        ("import app.models\nA = app.models.User.Meta", "A", "app.models.user.User.Meta"),
        ("A = print", "A", "!builtins.print"),
        ("A = call()", "A", "app.main.A="),
        ("from app.models import User\nA: type = User", "A", "app.main.A="),
        ("from app.models import User\nfrom typing import TypeAlias\nA: TypeAlias = User", "A", "app.models.user.User"),
        ("A = A", "A", "app.main.A="),
        ("A = B\nB = A", "A", "app.main.B="),
        ("from app.models import User\ntype A = User", "A", "app.models.user.User"),
        ("from app import main\nA = main.A", "A", "app.main.A="),
        ("from app.main import A", "A", "-"),
        ("try:\n from fast import X\nexcept ImportError:\n from app.models import User as X", "X", "app.models.user.User"),
        ("try:\n from fast import X\nexcept ImportError:\n from slow import X", "X", "!fast.X"),
        ("try:\n from fast import X\nexcept ImportError:\n X = None", "X", "!fast.X"),
        ("X = None\nif TYPE_CHECKING:\n from app.models import User as X", "X", "app.models.user.User"),
        ("if TYPE_CHECKING:\n from app.models import User as X\nelse:\n X = object", "X", "app.models.user.User"),
        ("if a:\n def f(): pass\nelse:\n from fast import f", "f", "app.main.f"),
        ("x = None\ndef g():\n global x\nx = make()", "x", "app.main.x="),
        ("@overload\ndef f(): ...\n@overload\ndef f(a): ...\ndef f(*a): pass", "f", "app.main.f"),
    ],
)
def test_names_of_a_module(program_of: ProgramOf, short: Short, text: str, name: str, expected: str) -> None:
    program = program_of({**APP, "app/main": text})
    assert short(program.lookup(module(program), name)) == expected


def test_the_variable_that_holds_something_is_chosen(program_of: ProgramOf) -> None:
    program = program_of({"m": "x = 1\nx = None\ny: int\ny = 2\nz: int"})
    values = {name: getattr(program.lookup(module(program, "m"), name), "value", "?") for name in "xyz"}
    assert {name: ast.unparse(value) if isinstance(value, ast.AST) else value for name, value in values.items()} == {
        "x": "1",
        "y": "2",
        "z": None,
    }


def test_the_implementation_of_overloads_is_chosen(program_of: ProgramOf) -> None:
    program = program_of({"m": "@overload\ndef f(): ...\ndef f(a): pass\n@overload\ndef f(b): ..."})
    found = program.lookup(module(program, "m"), "f")
    assert isinstance(found, Function)
    assert not found.decorators


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("User", "app.models.user.User"),
        ("models.User", "app.models.user.User"),
        ("app.models.post.Post", "app.models.post.Post"),
        ("User.Meta", "app.models.user.User.Meta"),
        ("User.Meta.x", "app.models.user.x="),
        ("Tag.Meta", "app.models.user.User.Meta"),
        ("User.missing", "-"),
        ("sa.orm.relationship", "!sqlalchemy.orm.relationship"),
        ("'User'", "app.models.user.User"),
        ("'models.User'", "app.models.user.User"),
        ("'not ( an expression'", "-"),
        ("User[int]", "app.models.user.User"),
        ("'User[int]'", "app.models.user.User"),
        ("User[int].Meta", "-"),
        ("User()", "-"),
        ("1", "-"),
        ("engine.connect", "-"),
        ("helper.x", "-"),
        ("models.missing", "-"),
    ],
)
def test_expressions(program_of: ProgramOf, short: Short, text: str, expected: str) -> None:
    imports = "import app.models.post, sqlalchemy as sa\nfrom . import models\nfrom .models import User, Tag\n"
    program = program_of({**APP, "app/main": f"{imports}engine = make()\ndef helper(): pass"})
    assert short(program.resolve(module(program), expression(text))) == expected


FUNCTIONS = """
    import outer
    class A:
        class Inner: pass
        field = 1
        def method(self, parameter: int):
            from sqlalchemy import select
            import app.models.user
            class Local(Base):
                def deep(self): pass
            def nested(own):
                pass
            value = make()
            for item in value: pass
            return nested
    def Inner(): pass
    def Base(): pass
    """


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("select", "!sqlalchemy.select"),
        ("app.models.user.User", "app.models.user.User"),
        ("Local", "app.main.A.method.<locals>.Local"),
        ("nested", "app.main.A.method.<locals>.nested"),
        ("parameter", "app.main.parameter="),
        ("value", "app.main.value="),
        ("item", "app.main.item="),
        ("outer", "!outer"),
        ("Inner", "app.main.Inner"),
        ("field", "-"),
        ("own", "-"),
        ("A.Inner", "app.main.A.Inner"),
    ],
)
def test_names_inside_a_function(program_of: ProgramOf, short: Short, name: str, expected: str) -> None:
    program = program_of({**APP, "app/main": FUNCTIONS})
    main = module(program)
    method = program.resolve(main, expression("A.method"))
    assert isinstance(method, Function)
    assert short(program.resolve(main, expression(name), function=method)) == expected


def test_names_of_enclosing_functions_and_classes(program_of: ProgramOf, short: Short) -> None:
    program = program_of({**APP, "app/main": FUNCTIONS})
    main = module(program)
    method = program.resolve(main, expression("A.method"))
    cls = program.lookup(main, "A")
    assert isinstance(method, Function)
    assert isinstance(cls, Class)
    nested = program.resolve(main, expression("nested"), function=method)
    local = program.resolve(main, expression("Local"), function=method)
    assert isinstance(nested, Function)
    assert isinstance(local, Class)
    assert short(program.resolve(main, expression("select"), function=nested)) == "!sqlalchemy.select"
    assert short(program.resolve(main, expression("own"), function=nested)) == "app.main.own="
    assert short(program.resolve(main, expression("Inner"), owner=cls)) == "app.main.A.Inner"
    assert short(program.resolve(main, expression("nested"), owner=local)) == "app.main.A.method.<locals>.nested"
    assert [short(base) for base in program.bases(local)] == ["-"]


def test_import_statements_inside_functions(program_of: ProgramOf, short: Short) -> None:
    program = program_of({**APP, "app/main": ""})
    main = module(program)
    found = []
    for text in ("import app.models", "import app.models as m", "from .models import User, posts", "from x import *", "import x.y"):
        (node,) = ast.parse(text).body
        assert isinstance(node, (ast.Import, ast.ImportFrom))
        found += [short(program.import_binding(main, node, alias)) for alias in node.names]
    assert found == ["app", "app.models", "app.models.user.User", "app.models.post", "-", "!x"]


@pytest.mark.parametrize(
    "files",
    [
        {"a": "from b import x", "b": "from a import x"},
        {"a": "from a import x"},
        {"a": "from b import *", "b": "from c import *", "c": "from a import *"},
        {"a": "from b import x", "b": "from c import y as x", "c": "import a\ny = a.x"},
        {"a": "x = x.y.z"},
        {"a": "class x(x.y): pass\nclass y(y): pass\nclass z(x.z): pass", "b": ""},
        {f"m{i}": "".join(f"from m{j} import *\n" for j in range(20)) for i in range(20)} | {"a": "from m0 import *"},
        {f"m{i}": f"from m{i + 1} import x" for i in range(300)} | {"a": "from m0 import x"},
        {f"m{i}": "import a\n" + "".join(f"from m{j} import x\n" for j in range(20)) for i in range(20)} | {"a": "from m0 import x"},
    ],
    ids=range(9),
)
def test_cycles_and_endless_chains_end(program_of: ProgramOf, files: dict[str, str]) -> None:
    program = program_of(files)
    for file in program.files:
        found = program.module_of(file)
        assert found is not None
        for name in ("x", "y", "z", "missing"):
            symbol = program.lookup(found, name)
            assert program.lookup(found, name) is symbol
            if isinstance(symbol, Class):
                assert program.mro(symbol) == (symbol,)


def test_a_cycle_does_not_hide_what_is_there(program_of: ProgramOf, short: Short) -> None:
    files = {"a": "from b import *\nclass A: pass", "b": "from a import *\nfrom c import *", "c": "from b import A\nclass C: pass"}
    for first in "abc":
        program = program_of(files)
        program.lookup(module(program, first), "A")
        assert {name: short(program.lookup(module(program, name), "A")) for name in "abc"} == dict.fromkeys("abc", "a.A")


def test_namespace_packages(program_of: ProgramOf, short: Short) -> None:
    program = program_of(
        {"app/db/models": "class User: pass", "app/main": "import app.db.models\nfrom app.db import models\nfrom app import db"}
    )
    main = module(program)
    assert [short(program.resolve(main, expression(text))) for text in ("app.db.models.User", "models.User", "db.models.User", "db.x")] == [
        *["app.db.models.User"] * 3,
        "!app.db.x",
    ]


def test_a_folder_called_like_a_library(program_of: ProgramOf, short: Short) -> None:
    program = program_of({"alembic/env": "from alembic import context, op as o\nimport alembic\nfrom app import x", "app": "x = 1"})
    env = next(module for group in program.groups for module in program.modules_in(group) if module.source.path.name == "env.py")
    assert [short(program.resolve(env, expression(text))) for text in ("context", "o.execute", "alembic.op")] == [
        *("!alembic.context", "!alembic.op.execute", "!alembic.op")
    ]


def test_a_file_is_one_module_by_all_its_names(program_of: ProgramOf) -> None:
    program = program_of({"backend/__init__": "", "backend/app/__init__": "", "backend/app/db": "class X: pass", "backend/app/main": ""})
    main = module(program, "backend.app.main")
    assert program.module("app.db", main) is program.module("backend.app.db", main)
    assert program.module("app.missing", main) is None


def test_an_unparsable_module_is_none(program_of: ProgramOf, short: Short) -> None:
    program = program_of({"a": "x =", "b": "from a import x\nimport a"})
    b = module(program, "b")
    assert program.module("a") is None
    assert [short(program.lookup(b, name)) for name in "xa"] == ["!a.x", "!a"]
    assert [problem.path.name for problem in program.problems] == ["a.py"]


def test_evicted_modules_are_read_again(program_of: ProgramOf) -> None:
    program = program_of({"a": "from b import x", "b": "def x(): pass"})
    before = program.lookup(module(program, "a"), "x")
    assert program.parsed == 2
    (group,) = program.groups
    program.evict(group)
    after = program.lookup(module(program, "a"), "x")
    assert isinstance(after, Function)
    assert after is not before
    assert program.parsed == 4
