from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from greenroom.program.program import Program
from greenroom.program.symbols import Class, Function, Member, Variable

ProgramOf = Callable[[Mapping[str, str]], Program]
Short = Callable[[object], str]


def cls(program: Program, name: str, module: str = "m") -> Class:
    found = program.module(module)
    assert found is not None
    symbol = program.lookup(found, name)
    assert isinstance(symbol, Class)
    return symbol


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("class X: pass", "X"),
        ("class X(object): pass", "X !builtins.object"),
        ("class A: pass\nclass B(A): pass\nclass C(A): pass\nclass X(B, C): pass", "X B C A"),
        ("class X(Base, metaclass=M): pass", "X"),
        ("from sqlalchemy.orm import DeclarativeBase as D\nclass B(D): pass\nclass X(B): pass", "X B !sqlalchemy.orm.DeclarativeBase"),
        ("from a import A\nclass X(A[int], *more, call(), **kw): pass", "X !a.A"),
        ("class X(X): pass", "X"),
        ("class X(Y): pass\nclass Y(X): pass", "X Y"),
        ("class Z: pass\nclass X(Y, Z): pass\nclass Y(X): pass", "X Y Z"),
        ("class X(X.Y): pass", "X"),
        ("class A: pass\nclass B(A): pass\nclass X(A, B): pass", "X A B"),
        ("class A: pass\nclass X(A, A): pass", "X A"),
        ("class O:\n class I: pass\nclass X(O.I): pass", "X O.I"),
        ("from a import X\nclass X(X): pass", "X !a.X"),
        ("import a\nclass X(a.X): pass", "X !a.X"),
        ("Alias = make()\nclass X(Alias): pass", "X"),
        ("class A: pass\nAlias = A\nclass X('Alias'): pass", "X A"),
        ("def f():\n class X: pass\nclass X: pass", "X"),
    ],
)
def test_the_order_of_resolution(program_of: ProgramOf, short: Short, text: str, order: str) -> None:
    program = program_of({"m": text})
    assert " ".join(short(base).removeprefix("m.") for base in program.mro(cls(program, "X"))) == order


def test_bases_that_cannot_be_named_are_none(program_of: ProgramOf, short: Short) -> None:
    program = program_of({"m": "from a import A\nB = make()\nclass X(A, B, call(), missing): pass"})
    assert [short(base) for base in program.bases(cls(program, "X"))] == ["!a.A", "-", "-", "-"]


def test_a_very_long_chain_of_classes(program_of: ProgramOf) -> None:
    text = "class C0: pass\n" + "".join(f"class C{i}(C{i - 1}): pass\n" for i in range(1, 1500))
    program = program_of({"m": text})
    assert len(program.mro(cls(program, "C1499"))) == 1500


MEMBERS = """
    class Base:
        name: str = "base"
        only_here = 1
        @property
        def total(self): return 1
        class Meta: pass
    class Mixin:
        only_annotated: int
        name: str
    class X(Mixin, Base):
        @hybrid_property
        def size(self): return 1
        @size.setter
        def size(self, value): pass
        @size.inplace.expression
        @classmethod
        def _size(cls): return 2
        @Base.total.setter
        def total(self, value): pass
        @overload
        def get(self, a): ...
        def get(self, *a): pass
        @overload
        def get(self, b): ...
        late = 1
        late: int
    """


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("size", "X.size property"),
        ("_size", "X._size expression"),
        ("total", "Base.total property"),
        ("get", "X.get function"),
        ("name", "Mixin.name None"),
        ("only_here", "Base.only_here 1"),
        ("late", "X.late 1"),
        ("Meta", "Base.Meta"),
        ("missing", None),
    ],
)
def test_members(program_of: ProgramOf, name: str, expected: str | None) -> None:
    program = program_of({"m": MEMBERS})
    assert _described(program.member(cls(program, "X"), name)) == expected


def _described(member: Member | None) -> str | None:
    match member:
        case None:
            return None
        case Function():
            return f"{member.qualname} {member.kind}"
        case Variable():
            assert member.owner is not None
            return f"{member.owner.name}.{member.name} {member.value and ast.unparse(member.value)}"
        case Class():
            return member.qualname


def test_all_members_are_listed_from_the_base_on(program_of: ProgramOf) -> None:
    program = program_of({"m": MEMBERS})
    members = program.members(cls(program, "X"))
    assert list(members) == ["name", "only_here", "total", "Meta", "only_annotated", "size", "_size", "get", "late"]
    assert _described(members["name"]) == "Mixin.name None"


def test_questions_about_bases(program_of: ProgramOf) -> None:
    program = program_of(
        {
            "a": "from sqlalchemy.orm import DeclarativeBase\nclass Base(DeclarativeBase): pass",
            "m": "import a\nclass X(a.Base, table=True): pass",
        }
    )
    x, base = cls(program, "X"), cls(program, "Base", "a")
    assert program.has_external_base(x, lambda path: path.startswith("sqlalchemy."))
    assert not program.has_external_base(x, lambda path: path == "pydantic.BaseModel")
    assert program.is_subclass(x, lambda symbol: symbol is base)
    assert not program.is_subclass(base, lambda symbol: symbol is x)
    keyword = program.keyword(x, "table")
    assert keyword is not None
    assert ast.unparse(keyword) == "True"
    assert program.keyword(base, "table") is None


def test_subclasses_in_the_modules_read_so_far(program_of: ProgramOf) -> None:
    program = program_of(
        {
            "a": "class A:\n class Inner: pass",
            "b": "import a\nclass B(a.A): pass\nclass C(B):\n class D(a.A.Inner): pass",
            "c": "from b import C\nclass E(C): pass",
        }
    )
    a = cls(program, "A", "a")
    assert program.subclasses(a) == []
    cls(program, "B", "b")
    assert [found.name for found in program.subclasses(a)] == ["B", "C"]
    cls(program, "E", "c")
    assert [found.name for found in program.subclasses(a)] == ["B", "C", "E"]
    inner = program.member(a, "Inner")
    assert isinstance(inner, Class)
    assert [found.qualname for found in program.subclasses(inner)] == ["C.D"]


def test_subclasses_of_itself_end(program_of: ProgramOf) -> None:
    program = program_of({"m": "class X(Y): pass\nclass Y(X): pass"})
    assert [found.name for found in program.subclasses(cls(program, "X"))] == ["Y"]
