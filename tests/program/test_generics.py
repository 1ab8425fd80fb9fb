from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from greenroom.program.program import Program
from greenroom.program.symbols import Class, Variable
from greenroom.program.types import Named, TypeVarRef, Union

ProgramOf = Callable[[Mapping[str, str]], Program]
Short = Callable[[object], str]

BASES = """
    from typing import Generic, Protocol, TypeVar
    M = TypeVar("M", bound="Base")
    C = TypeVar("C")
    K = TypeVar("K")
    class Base: pass
    class User(Base): pass
    class Create: pass
    class Reader(Generic[M]): pass
    class Repo(Reader[M], Generic[M, C]): pass
    class Service(Repo[M, Create]): pass
    class Swapped(Repo[C, M]): pass
    class Many(Reader[list[M]]): pass
    class New[T, *Ts](Reader[T]): pass
    class Proto(Protocol[K]): pass
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class X(Repo[User, Create]): pass", {"M": "m.User", "C": "m.Create"}),
        ("class X(Service[User]): pass", {"M": "m.User", "C": "m.Create"}),
        ("class X(Swapped[Create, User]): pass", {"C": "m.Create", "M": "m.User"}),
        ("class X(Many[User]): pass", {"M": "m.User"}),
        ("class X(New[User]): pass", {"T": "m.User", "M": "m.User"}),
        ("class X(Proto[int]): pass", {"K": "!builtins.int"}),
        ("class X(Repo): pass", {"M": "~M: m.Base"}),
        ("class X(Repo['User', 'Create']): pass", {"M": "m.User", "C": "m.Create"}),
        ("class Y(Service[User]): pass\nclass X(Y): pass", {"M": "m.User", "C": "m.Create"}),
        ("Alias = Service[User]\nclass X(Alias): pass", {}),
        ("class X: pass", {}),
        ("class X(X[int]): pass", {}),
        ("class X(Y[int]): pass\nclass Y(X[str], Generic[K]): pass", {"K": "!builtins.int"}),
        ("class X(Missing[int], Reader[User]): pass", {"M": "m.User"}),
    ],
)
def test_type_arguments(program_of: ProgramOf, short: Short, text: str, expected: dict[str, str]) -> None:
    program = program_of({"m": BASES.replace("\n    ", "\n") + text})
    assert {name: short(value) for name, value in program.type_arguments(cls(program, "X")).items()} == expected


def test_arguments_of_one_base(program_of: ProgramOf, short: Short) -> None:
    program = program_of({"m": BASES.replace("\n    ", "\n") + "class X(Many[User], Service[Base]): pass"})
    found = {
        name: {key: short(value) for key, value in program.type_arguments(cls(program, "X"), cls(program, name)).items()}
        for name in ("Many", "Reader", "Service", "Repo", "User")
    }
    assert found == {
        "Many": {"M": "m.User"},
        "Reader": {"M": "!builtins.list[m.User]"},
        "Service": {"M": "m.Base"},
        "Repo": {"M": "m.Base", "C": "m.Create"},
        "User": {},
    }


@pytest.mark.parametrize(
    ("name", "expected"), [("Reader", "M"), ("Repo", "M C"), ("Service", "M"), ("Swapped", "C M"), ("New", "T Ts"), ("User", "")]
)
def test_type_parameters(program_of: ProgramOf, name: str, expected: str) -> None:
    program = program_of({"m": BASES})
    assert " ".join(program.type_parameters(cls(program, name))) == expected


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("M", "m.User"),
        ("list[M] | None", "!builtins.list[m.User] | None"),
        ("Annotated[M, 1]", "Annotated[m.User, 1]"),
        ("C", "~C"),
        ("dict[C, Reader[M]]", "!builtins.dict[~C, m.Reader[m.User]]"),
        ("int", "!builtins.int"),
    ],
)
def test_substitution(program_of: ProgramOf, short: Short, annotation: str, expected: str) -> None:
    program = program_of({"m": BASES.replace("\n    ", "\n") + f"from typing import Annotated\nx: {annotation}"})
    module = program.module("m")
    assert module is not None
    variable = module.bindings["x"][0]
    assert isinstance(variable, Variable)
    found = program.type_of(module, variable.annotation)
    assert short(program.substitute(found, {"M": Named(cls(program, "User"))})) == expected


def test_substituted_unions_are_flat(program_of: ProgramOf, short: Short) -> None:
    program = program_of({"m": ""})
    inner = Union((TypeVarRef("A"), TypeVarRef("B")))
    assert short(program.substitute(Union((TypeVarRef("A"), TypeVarRef("T"))), {"T": inner})) == "~A | ~B"


def cls(program: Program, name: str) -> Class:
    module = program.module("m")
    assert module is not None
    symbol = program.lookup(module, name)
    assert isinstance(symbol, Class)
    return symbol
