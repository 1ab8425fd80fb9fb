"""Newer syntax is read on every interpreter: these texts are given to the rewriting reader itself."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable

import pytest

from greenroom.source.file import SourceFile
from greenroom.source.syntax import parse_newer
from greenroom.source.typeparams import type_parameters


def unparsed(text: str) -> str:
    newer = parse_newer(textwrap.dedent(text))
    assert newer.tree is not None
    return ast.unparse(newer.tree)


@pytest.mark.parametrize(
    ("newer", "older"),
    [
        ("class A[T]: pass", "class A:\n    pass"),
        ("class A[T](Base[T], x=1): pass", "class A(Base[T], x=1):\n    pass"),
        ("def f[T: (int, str), *Ts, **P](x: T) -> T: return x", "def f(x: T) -> T:\n    return x"),
        ("async def f[\n  T,\n\n  K = int\n](x): pass", "async def f(x):\n    pass"),
        ("@d\nclass A[T]:\n  def f[K](self): pass", "@d\nclass A:\n\n    def f(self):\n        pass"),
        ("type X = list[int]", "X = list[int]"),
        ("if 1: type X[T] = list[T]; y = 2", "if 1:\n    X = list[T]\n    y = 2"),
        ("try: pass\nexcept A, B.c: pass", "try:\n    pass\nexcept (A, B.c):\n    pass"),
        ("try: pass\nexcept* A, B: pass", "try:\n    pass\nexcept* (A, B):\n    pass"),
        ("try: pass\nexcept A,: pass", "try:\n    pass\nexcept (A,):\n    pass"),
        ("lazy import a.b as c", "import a.b as c"),
        ("lazy from a import b", "from a import b"),
    ],
)
def test_statements(newer: str, older: str) -> None:
    assert unparsed(newer) == older


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ('f"{a["x"]}"', ["a['x']"]),
        ('f"{a["x"]!r:>{w["y"]}} and {b}"', ["a['x']", "w['y']", "b"]),
        ("f'{chr(10).join(['a', 'b'])}'", ["chr(10).join(['a', 'b'])"]),
        ("f\"{'\\n'.join(x)}\"", ["'\\n'.join(x)"]),
        ('"pre" f"{a["x"]}" "post"', ["a['x']"]),
        ('f"""{\n  a  # why\n}"""', ["a"]),
        ('f"{a["x"]=}"', ["a['x']"]),
        ('f"{a["x"] != b}{c}"', ["a['x'] != b", "c"]),
        ('t"{a["x"]}"', ["a['x']"]),
        ("rt'{a}'", ["a"]),
    ],
)
def test_expressions_of_templates(text: str, expressions: list[str]) -> None:
    tree = parse_newer(text).tree
    assert tree is not None
    (joined,) = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    values = [value.value for value in joined.values if isinstance(value, ast.FormattedValue)]
    assert [ast.unparse(value) for value in values] == expressions


def test_templates_inside_templates() -> None:
    tree = parse_newer('f"{f"{f"{x + 1}"}"}"').tree
    assert tree is not None
    assert sum(isinstance(node, ast.JoinedStr) for node in ast.walk(tree)) == 3
    assert "x + 1" in ast.unparse(tree)


def test_names_keep_their_places() -> None:
    text = textwrap.dedent(
        """
        class Répo[Mödel: Base]:
            def get[K](self, kéy: K) -> Mödel: return f"é{self["ü"]}{kéy.b}", self.z
        type Älias[T] = dict[T, kéy]; other = 1
        try:
            pass
        except A, B.c:
            call(f'{x['y']}', z)
        """
    )
    tree = parse_newer(text).tree
    assert tree is not None
    nodes = [node for node in ast.walk(tree) if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript, ast.Call))]
    nodes.sort(key=lambda node: (node.lineno, node.col_offset, node.end_col_offset or 0))
    assert [ast.get_source_segment(text, node) for node in nodes] == [
        *("K", "Mödel", "self", 'self["ü"]', "kéy", "kéy.b", "self", "self.z"),
        *("Älias", "dict", "dict[T, kéy]", "T", "kéy", "other"),
        *("A", "B", "B.c", "call", "call(f'{x['y']}', z)", "x", "x['y']", "z"),
    ]


def test_type_parameters_are_kept() -> None:
    tree = parse_newer("class A[T: Base, *Ts, **P = int]: pass\ntype X[K] = list[K]\ndef f[M: (int, 'str')](): pass").tree
    assert tree is not None
    found = [
        [(item.name, item.bound and ast.unparse(item.bound), item.default and ast.unparse(item.default)) for item in type_parameters(node)]
        for node in tree.body
    ]
    assert found == [
        [("T", "Base", None), ("Ts", None, None), ("P", None, "int")],
        [("K", None, None)],
        [("M", "(int, 'str')", None)],
    ]


@pytest.mark.parametrize("text", ["type = 1", "type(x)", "match = type[int]", "lazy = 2", "x = f'{a}' 'b'", "except_ = a, b", ""])
def test_older_syntax_is_left_alone(text: str) -> None:
    assert parse_newer(text).features == ()


@pytest.mark.parametrize(
    "text",
    [
        "class A[T",
        "def f[",
        "type X[T] =",
        "f'{a",
        "f'{a['b'}",
        "x = 'open",
        "except A, B",
        "print 'python 2'",
        "f'{" * 200,
        "class A[T]: =",
        "\\",
    ],
)
def test_what_is_no_python_is_refused_quietly(text: str) -> None:
    assert parse_newer(text).tree is None


def test_a_file_names_the_feature_its_interpreter_lacks(file_of: Callable[[str], SourceFile]) -> None:
    file = file_of("class A[T]:\n    x = = 1\n\ntype X = A[int]\nlazy import x\n")
    assert file.parse() is None
    assert "(the file uses type parameters (Python 3.12), " in file.problems[0].message
    assert "newer than the Python 3." in file.problems[0].message


def test_a_file_with_newer_syntax_is_parsed(file_of: Callable[[str], SourceFile]) -> None:
    tree = file_of("lazy import os\r\nclass A[T](Base[T]):\r\n    x: T\r\n").parse()
    assert tree is not None
    assert [parameter.name for node in tree.body for parameter in type_parameters(node)] == ["T"]
