"""Whatever the files hold, every question has an answer."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function
from greenroom.source.discover import discover

ProgramOf = Callable[[Mapping[str, str]], Program]


def ask_everything(program: Program) -> int:
    """Ask every question about every module and return how many names were looked up."""
    asked = 0
    for group in program.groups:
        for module in program.modules_in(group):
            for name in module.bindings:
                program.lookup(module, name)
                asked += 1
            for symbol in list(module.definitions.values()):
                if isinstance(symbol, Class):
                    program.members(symbol)
                    program.type_arguments(symbol)
                    program.subclasses(symbol)
                else:
                    ask_about(program, symbol)
            for node in ast.walk(module.tree):
                if isinstance(node, ast.expr):
                    program.resolve(module, node)
                    module.source.span(node)
        program.relevant(group.files)
        program.importers_of({"a"}, {"b"}, group.files)
        program.tree.dependencies(group)
    assert program.problems == sorted(program.problems, key=lambda problem: (problem.path, problem.line, problem.column))
    return asked


def ask_about(program: Program, function: Function) -> None:
    assert function.is_generator in {True, False}
    for argument in function.node.args.args:
        program.type_of(function.module, argument.annotation, function=function)
        program.resolve(function.module, ast.Name(argument.arg), function=function)


SEED = """
from __future__ import annotations
import app.models as m, typing as t
from .models import *
if t.TYPE_CHECKING:
    from app import User as U
class Base[T](m.Base, t.Generic[T], table=True):
    x: "m.Mapped[int | None]" = f"{m.column["x"]}"
    @property
    async def y(self, *a: T, k: list["Base"] = (1,)) -> "t.Self":
        with m.a() as (b, c): yield b
        from app import z
try:
    Alias = t.Annotated[Base[int], m.Depends(lambda: 1)]
except A, B:
    type Alias = Base[Alias]
"""


@pytest.mark.parametrize("seed", range(40))
def test_mutated_sources(program_of: ProgramOf, seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - repeatable damage
    files = {}
    for index in range(8):
        characters = list(SEED)
        for _ in range(generator.randrange(1, 4)):
            at = generator.randrange(len(characters))
            match generator.randrange(4):
                case 0:
                    del characters[at : at + generator.randrange(1, 20)]
                case 1:
                    characters[at:at] = generator.choice(["(", "]", "'", '"""', "\\", "\n", " ", "{", "\0", "é", "Base", "f'{", ":", ","])
                case 2:
                    characters[at : at + 5] = characters[: generator.randrange(40)]
                case _:
                    characters[at] = characters[generator.randrange(len(characters))]
        files[f"app/m{index}"] = "".join(characters)
    ask_everything(program_of({"app/__init__": "from .m0 import *\nfrom .m1 import User", "app/models": "from app import *", **files}))


def test_truncated_sources(program_of: ProgramOf) -> None:
    ask_everything(program_of({f"m{end}": SEED[:end] for end in range(0, len(SEED), 7)}))


def test_strange_bytes(tmp_path: Path) -> None:
    generator = random.Random(1)  # noqa: S311 - repeatable noise
    for index in range(30):
        (tmp_path / f"m{index}.py").write_bytes(generator.randbytes(200))
    (tmp_path / "héé 'x'.py").write_text("x = 1")
    (tmp_path / "directory.py").mkdir()
    (tmp_path / "pyproject.toml").write_bytes(generator.randbytes(50))
    program = Program(discover([tmp_path]))
    assert ask_everything(program) == 1
    assert len(program.problems) == 31


def test_a_generated_file_of_fifty_thousand_lines(program_of: ProgramOf) -> None:
    lines = ["class C:"] + [f"    a{index}: int = {index}" for index in range(25_000)] + [f"x{index} = C" for index in range(25_000)]
    program = program_of({"m": "\n".join(lines)})
    module = program.module("m")
    assert module is not None
    assert len(module.bindings) == 25_001
    assert program.lookup(module, "x24999") is program.lookup(module, "C")


def test_deep_expressions_that_parse(program_of: ProgramOf) -> None:
    chain = "a" + ".b" * 900
    program = program_of({"m": f"x = {chain}\nclass C({chain}): pass\ndef f(x: {chain}, y: '{chain}'): pass\nz = {'-' * 900}1\n"})
    assert ask_everything(program) == 4
