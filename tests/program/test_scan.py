from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

import pytest

from greenroom.program.program import Program
from greenroom.program.scan import class_symbol, function_symbol
from greenroom.program.scope import local_bindings
from greenroom.program.symbols import Class, Function, Module, Variable

ModuleOf = Callable[[str], Module]


@pytest.fixture
def module_of(program_of: Callable[[Mapping[str, str]], Program]) -> ModuleOf:
    def build(text: str) -> Module:
        program = program_of({"m": text})
        module = program.module("m")
        assert isinstance(module, Module)
        return module

    return build


def cls(module: Module, name: str = "A") -> Class:
    (found,) = module.bindings[name]
    assert isinstance(found, Class)
    return found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a = b = 1", "a b"),
        ("a, (b, *c) = x", "a b c"),
        ("[a, b] = x", "a b"),
        ("a: int", "a"),
        ("a += 1", ""),
        ("x.a = 1; y[0] = 1", ""),
        ("if x:\n a = 1\nelif y:\n b = 1\nelse:\n c = 1", "a b c"),
        ("try:\n a = 1\nexcept E:\n b = 1\nelse:\n c = 1\nfinally:\n d = 1", "a b c d"),
        ("try:\n a = 1\nexcept* E:\n b = 1", "a b"),
        ("with x as a, y as (b, c):\n d = 1", "a b c d"),
        ("for a in x:\n b = 1\nelse:\n c = 1", "a b c"),
        ("while x:\n a = 1\nelse:\n b = 1", "a b"),
        ("match x:\n case 1:\n  a = 1\n case _:\n  b = 1", "a b"),
        ("import a.b, c as d\nfrom x import e, f as g", "a d e g"),
        ("def a(): b = 1\nasync def c(): pass\nclass d: e = 1", "a c d"),
        ("from x import *", ""),
        ("type a = int", "a"),
        ("(lambda: 1)\nx()\nassert (a := 1)\ndel y", ""),
    ],
)
def test_names_of_a_module(module_of: ModuleOf, text: str, names: str) -> None:
    assert " ".join(module_of(text).bindings) == names


def test_every_binding_is_kept_in_order(module_of: ModuleOf) -> None:
    module = module_of("try:\n from x import a\nexcept ImportError:\n a = None\ndef a(): pass")
    assert [type(binding).__name__ for binding in module.bindings["a"]] == ["Import", "Variable", "Function"]


def test_unpacking_gives_each_name_its_part(module_of: ModuleOf) -> None:
    module = module_of("a, (b, c) = 1, (2, x)\nd, *e = 1, 2\nf, g = call()")
    values = {name: found[0].value for name, found in module.bindings.items() if isinstance(found[0], Variable)}
    assert {name: value and ast.unparse(value) for name, value in values.items()} == {
        "a": "1",
        "b": "2",
        "c": "x",
        "d": None,
        "e": None,
        "f": None,
        "g": None,
    }


def test_a_long_chain_of_elif(module_of: ModuleOf) -> None:
    assert len(module_of("if x: a0 = 1\n" + "".join(f"elif x: a{i} = 1\n" for i in range(1, 400))).bindings) == 400


@pytest.mark.parametrize(
    ("decorators", "kind"),
    [
        ("", "function"),
        ("@property", "property"),
        ("@functools.cached_property", "property"),
        ("@hybrid_property", "property"),
        ("@hybrid_method", "function"),
        ("@computed_field", "property"),
        ("@computed_field(return_type=int)\n @property", "property"),
        ("@classmethod", "classmethod"),
        ("@abc.abstractmethod\n @staticmethod", "staticmethod"),
        ("@typing.overload", "overload"),
        ("@f.setter", "setter"),
        ("@f.expression\n @classmethod", "expression"),
        ("@f.inplace.update_expression", "update_expression"),
        ("@Base.f.setter", "setter"),
        ("@router.getter", "function"),
        ("@validator.expression('x')", "function"),
        ("@(lambda x: x)", "function"),
    ],
)
def test_kinds_of_functions(module_of: ModuleOf, decorators: str, kind: str) -> None:
    (found,) = cls(module_of(f"class A:\n {decorators or 'pass'}\n def f(self): pass")).members["f"]
    assert isinstance(found, Function)
    assert found.kind == kind


def test_members_and_owners(module_of: ModuleOf) -> None:
    outer = cls(module_of("class A:\n x: int = 1\n class B:\n  def f(self): pass\n if y:\n  def g(self): pass\n import os"))
    assert list(outer.members) == ["x", "B", "g"]
    (inner,) = outer.members["B"]
    assert isinstance(inner, Class)
    (method,) = inner.members["f"]
    assert isinstance(method, Function)
    assert (inner.owner, method.owner, method.parent, method.qualname) == (outer, inner, None, "A.B.f")
    (field,) = outer.members["x"]
    assert isinstance(field, Variable)
    assert (field.owner, field.function) == (outer, None)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("yield", True),
        ("x = yield from y", True),
        ("await f((yield))", True),
        ("return 1", False),
        ("def g(): yield", False),
        ("return lambda: (yield)", False),
        ("class B:\n  def g(self): yield", False),
        ("@d((yield))\n def g(): pass", True),
        ("'yield'", False),
        ("async with a:\n  for x in y:\n   yield x", True),
    ],
)
def test_generators(module_of: ModuleOf, body: str, *, expected: bool) -> None:
    (function,) = module_of(f"async def f():\n {body}\n").bindings["f"]
    assert isinstance(function, Function)
    assert function.is_generator is expected


def test_definitions_inside_functions_have_one_symbol(module_of: ModuleOf) -> None:
    module = module_of("def f(a, *b, c: int = 1, **d):\n def g(): pass\n class C:\n  def m(self): pass\n global z\n z = 1\n x = 2")
    (function,) = module.bindings["f"]
    assert isinstance(function, Function)
    scope = local_bindings(function)
    assert list(scope) == ["a", "c", "b", "d", "g", "C", "x"]
    (inner,), (local,) = scope["g"], scope["C"]
    assert isinstance(inner, Function)
    assert isinstance(local, Class)
    assert isinstance(inner.node, ast.FunctionDef)
    assert function_symbol(inner.node, module, parent=function) is inner
    assert class_symbol(local.node, module, function) is local
    (method,) = local.members["m"]
    assert isinstance(method, Function)
    assert (local.owner, method.owner, method.parent) == (function, local, function)
    assert (inner.qualname, method.qualname) == ("f.<locals>.g", "f.<locals>.C.m")


def test_a_lambda_is_a_function(module_of: ModuleOf) -> None:
    module = module_of("f = lambda a, b=1: a")
    (variable,) = module.bindings["f"]
    assert isinstance(variable, Variable)
    assert isinstance(variable.value, ast.Lambda)
    function = function_symbol(variable.value, module)
    assert (function.name, list(local_bindings(function)), function.is_generator) == ("<lambda>", ["a", "b"], False)
