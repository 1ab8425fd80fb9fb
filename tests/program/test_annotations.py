from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Variable
from greenroom.program.types import UNKNOWN, AnnotatedRef

ProgramOf = Callable[[Mapping[str, str]], Program]
Short = Callable[[object], str]

IMPORTS = """
    import datetime, typing, typing as t, collections.abc
    from typing import Annotated, Any, Awaitable, Callable, ClassVar, Final, List, Literal, Optional, ParamSpec, Self
    from typing import Sequence, Type, TypeVar, Union, Unpack
    from typing_extensions import Self as TSelf
    from sqlalchemy.orm import Mapped
    from models import User, Box, UserId, SessionDep, Either, Pair, Later, Loop, Broken, engine, helper, Grown, Plain
    import models
    K = TypeVar("K")
    Bound = TypeVar("Bound", bound="User")
    Either2 = TypeVar("Either2", int, str)
    P = ParamSpec("P")
"""
MODELS = """
    from typing import Annotated, Generic, NewType, TypeAlias, TypeAliasType, TypeVar, Union
    from fastapi import Depends
    from sqlalchemy.ext.asyncio import AsyncSession
    T = TypeVar("T")
    class User: pass
    class Box(Generic[T]): pass
    UserId = NewType("UserId", int)
    SessionDep = Annotated[AsyncSession, Depends(get_db)]
    Either = Union[T, None]
    Pair = dict[str, T]
    Later: TypeAlias = "list[User]"
    Loop = Union["Loop", list["Loop"], int]
    Broken = list[Missing]
    engine = create_engine()
    def helper(): pass
    Grown = TypeAliasType("Grown", list[User])
    type Plain[A: User, B = int] = dict[A, B]
"""


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("User", "models.User"),
        ("models.User", "models.User"),
        ("'User'", "models.User"),
        ("'models.User | None'", "models.User | None"),
        ("int", "!builtins.int"),
        ("datetime.date", "!datetime.date"),
        ("None", "None"),
        ("type(None)", "None"),
        ("Optional[User]", "models.User | None"),
        ("t.Optional['User']", "models.User | None"),
        ("User | None | int", "models.User | None | !builtins.int"),
        ("Union[User, Union[int, None], int]", "models.User | !builtins.int | None"),
        ("Union[User]", "models.User"),
        ("list[User]", "!builtins.list[models.User]"),
        ("List['User']", "!builtins.list[models.User]"),
        ("typing.Dict[str, typing.List[int]]", "!builtins.dict[!builtins.str, !builtins.list[!builtins.int]]"),
        ("tuple[int, ...]", "!builtins.tuple[!builtins.int, !builtins.ellipsis]"),
        ("Sequence[User]", "!collections.abc.Sequence[models.User]"),
        ("collections.abc.AsyncIterator[User]", "!collections.abc.AsyncIterator[models.User]"),
        ("Type[User]", "!builtins.type[models.User]"),
        ("type[User]", "!builtins.type[models.User]"),
        ("Callable[[int, User], str]", "!collections.abc.Callable[!builtins.int, models.User, !builtins.str]"),
        ("Callable[..., Awaitable[User]]", "!collections.abc.Callable[!collections.abc.Awaitable[models.User]]"),
        ("Callable", "!collections.abc.Callable"),
        ("Annotated[User, Depends(x), 3]", "Annotated[models.User, Depends(x), 3]"),
        ("SessionDep", "Annotated[!sqlalchemy.ext.asyncio.AsyncSession, Depends(get_db)]"),
        ("Literal['a', 1, None, Color.RED]", "Literal['a', 1, None, 'Color.RED']"),
        ("Final[User]", "!typing.Final[models.User]"),
        ("ClassVar[int]", "!typing.ClassVar[!builtins.int]"),
        ("Mapped[Optional['User']]", "!sqlalchemy.orm.Mapped[models.User | None]"),
        ("Mapped['list[User]']", "!sqlalchemy.orm.Mapped[!builtins.list[models.User]]"),
        ("Box[User]", "models.Box[models.User]"),
        ("'Box'[User]", "models.Box[models.User]"),
        ("K", "~K"),
        ("Bound", "~Bound: models.User"),
        ("Either2", "~Either2: !builtins.int | !builtins.str"),
        ("Callable[P, K]", "!collections.abc.Callable[~K]"),
        ("UserId", "!builtins.int"),
        ("Either[User]", "models.User | None"),
        ("Pair[list[User]]", "!builtins.dict[!builtins.str, !builtins.list[models.User]]"),
        ("Pair", "!builtins.dict[!builtins.str, ~T]"),
        ("Later", "!builtins.list[models.User]"),
        ("Grown", "!builtins.list[models.User]"),
        ("Plain[User, str]", "!builtins.dict[models.User, !builtins.str]"),
        ("Plain", "!builtins.dict[~A: models.User, ~B]"),
        ("Loop", "? | !builtins.list[?] | !builtins.int"),
        ("Broken", "!builtins.list[?]"),
        ("Self", "?"),
        ("Any", "?"),
        ("missing", "?"),
        ("engine", "?"),
        ("helper", "?"),
        ("models", "?"),
        ("3", "?"),
        ("'not ( a type'", "?"),
        ("User()", "?"),
        ("[User]", "?"),
        ("*tuple[int]", "!builtins.tuple[!builtins.int]"),
        ("Unpack[Ts]", "!typing.Unpack[?]"),
    ],
)
def test_annotations(program_of: ProgramOf, short: Short, annotation: str, expected: str) -> None:
    program = program_of({"m": IMPORTS, "models": MODELS})
    module = program.module("m")
    assert module is not None
    call = ast.parse(f"f({annotation})", mode="eval").body
    assert isinstance(call, ast.Call)
    (argument,) = call.args
    assert short(program.type_of(module, argument)) == expected


def test_no_annotation_is_unknown(program_of: ProgramOf) -> None:
    program = program_of({"m": ""})
    module = program.module("m")
    assert module is not None
    assert program.type_of(module, None) is UNKNOWN


def test_the_module_of_metadata_is_where_they_are_written(program_of: ProgramOf) -> None:
    program = program_of({"m": IMPORTS, "models": MODELS})
    module = program.module("m")
    assert module is not None
    found = program.type_of(module, ast.Name("SessionDep"))
    assert isinstance(found, AnnotatedRef)
    assert found.module is program.module("models")


SCOPES = """
    from typing import Self
    from datetime import date
    class C[T: "Other"]:
        class Inner: pass
        Alias = list[Inner]
        date: date | None = None
        def list(self) -> Inner: ...
        def method[K](self, date: date, list: list[int], inner: Inner, alias: Alias, t: T, k: K, me: Self) -> "C[K]":
            from models import User
            class Local: pass
            x: Local | User
    class Other: pass
    def function(User: "User"):
        from models import User
    """


@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("date", "!datetime.date"),
        ("list", "!builtins.list[!builtins.int]"),
        ("inner", "m.C.Inner"),
        ("alias", "!builtins.list[m.C.Inner]"),
        ("t", "~T: m.Other"),
        ("k", "~K"),
        ("me", "m.C"),
    ],
)
def test_scopes_of_annotations(program_of: ProgramOf, short: Short, parameter: str, expected: str) -> None:
    program = program_of({"m": SCOPES, "models": MODELS})
    module = program.module("m")
    assert module is not None
    cls = program.lookup(module, "C")
    assert isinstance(cls, Class)
    (method,) = cls.members["method"]
    assert isinstance(method, Function)
    assert isinstance(method.node, ast.FunctionDef)
    annotation = next(arg.annotation for arg in method.node.args.args if arg.arg == parameter)
    for owner in (None, cls):
        assert short(program.type_of(module, annotation, function=method, owner=owner)) == expected
    assert short(program.type_of(module, method.node.returns, function=method)) == "m.C[~K]"
    local = method.node.body[-1]
    assert isinstance(local, ast.AnnAssign)
    assert short(program.type_of(module, local.annotation, function=method)) == "m.C.method.<locals>.Local | models.User"


def test_deep_and_wide_annotations_end(program_of: ProgramOf, short: Short) -> None:
    deep = "list[" * 90 + "int" + "]" * 90
    wide = " | ".join(f"T{index}" for index in range(300)) + " | int"
    program = program_of({"m": f"deep: {deep}\nwide: {wide}\ntext: {deep!r}"})
    module = program.module("m")
    assert module is not None
    variables = [binding for bound in module.bindings.values() for binding in bound if isinstance(binding, Variable)]
    found = {variable.name: short(program.type_of(module, variable.annotation)) for variable in variables}
    assert list(found) == ["deep", "wide", "text"]
    assert found["wide"] == "? | !builtins.int"
    assert found["deep"].startswith("!builtins.list[!builtins.list[")
    assert found["deep"].count("?") == 1
