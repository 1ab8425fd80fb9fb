"""Projects written from dictionaries, and what the program says about them in short words."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Module, Variable
from greenroom.program.types import AnnotatedRef, LiteralRef, Named, NoneRef, TypeVarRef, Union, UnknownRef
from greenroom.source.discover import discover

ProgramOf = Callable[[Mapping[str, str]], Program]


@pytest.fixture
def program_of(tmp_path: Path) -> ProgramOf:
    """Write a repository and return the program in it; file names without a suffix are modules."""

    def build(files: Mapping[str, str]) -> Program:
        (tmp_path / ".git").mkdir(exist_ok=True)
        for name, text in files.items():
            path = tmp_path / (name if name.endswith(".py") else f"{name}.py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))
        return Program(discover([tmp_path]))

    return build


@pytest.fixture
def short() -> Callable[[object], str]:
    """Write a symbol, a type or None as text: ``app.User``, ``sqlalchemy.select``, ``builtins.list[app.User]``."""
    return _short


def _short(thing: object) -> str:
    match thing:
        case None:
            return "-"
        case External(path=path):
            return f"!{path}"
        case Module(name=name):
            return name
        case Class(module=module, qualname=qualname) | Function(module=module, qualname=qualname):
            return f"{module.name}.{qualname}"
        case Variable(name=name, module=module):
            return f"{module.name}.{name}="
        case _:
            return _short_type(thing)


def _short_type(thing: object) -> str:
    match thing:
        case Named(symbol=symbol, args=args):
            return f"{_short(symbol)}[{', '.join(map(_short, args))}]" if args else _short(symbol)
        case Union(members=members):
            return " | ".join(map(_short, members))
        case NoneRef():
            return "None"
        case TypeVarRef(name=name, bound=bound):
            return f"~{name}" if bound is None else f"~{name}: {_short(bound)}"
        case AnnotatedRef(type=inner, metadata=metadata):
            return f"Annotated[{_short(inner)}, {', '.join(map(ast.unparse, metadata))}]"
        case LiteralRef(values=values):
            return f"Literal{list(values)}"
        case UnknownRef():
            return "?"
        case _:
            raise AssertionError(thing)
