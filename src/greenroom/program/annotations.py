"""From an annotation to the type it denotes."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from greenroom.program.resolve import Resolver, parse_forward
from greenroom.program.substitution import free_variables, substitute
from greenroom.program.symbols import Class, External, Function, Module, Variable
from greenroom.program.types import UNKNOWN, AnnotatedRef, LiteralRef, Named, NoneRef, TypeRef, TypeVarRef, Union
from greenroom.source.typeparams import TypeParameter, type_parameters

_DEEPEST = 40
_TYPING = frozenset({"typing", "typing_extensions"})
_STANDS_FOR = {
    **{name: f"builtins.{name.lower()}" for name in ("List", "Dict", "Set", "FrozenSet", "Tuple", "Type")},
    **{name: f"collections.{name}" for name in ("Counter", "ChainMap", "OrderedDict")},
    "DefaultDict": "collections.defaultdict",
    "Deque": "collections.deque",
    "AbstractSet": "collections.abc.Set",
    "Text": "builtins.str",
}
_ABSTRACT = frozenset(
    {
        "AsyncGenerator", "AsyncIterable", "AsyncIterator", "Awaitable", "Callable", "Collection", "Container", "Coroutine", "Generator",
        "Hashable", "ItemsView", "Iterable", "Iterator", "KeysView", "Mapping", "MappingView", "MutableMapping", "MutableSequence",
        "MutableSet", "Reversible", "Sequence", "Sized", "ValuesView",
    }
)  # fmt: skip
_TYPE_VARIABLES = frozenset({"TypeVar", "ParamSpec", "TypeVarTuple"})


@dataclass(frozen=True, slots=True)
class _Scope:
    """Where an annotation is read."""

    module: Module
    function: Function | None = None
    owner: Class | None = None
    parameters: tuple[TypeParameter, ...] = ()
    """Type parameters of the alias statement that is being read."""
    aliases: frozenset[Variable] = frozenset()
    """Aliases being read, to notice those that are defined by themselves."""
    depth: int = 0

    def deeper(self) -> _Scope:
        return replace(self, depth=self.depth + 1)


class Annotations:
    """Reads type expressions; what cannot be understood is ``UNKNOWN``, at any depth."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._answers: dict[tuple[ast.expr, Module, Function | None, Class | None], TypeRef] = {}

    def forget(self) -> None:
        """Drop all answers."""
        self._answers.clear()

    def type_of(
        self, module: Module, annotation: ast.expr | None, *, function: Function | None = None, owner: Class | None = None
    ) -> TypeRef:
        """Return the type that ``annotation`` denotes where it stands; ``Self`` means ``owner``."""
        if annotation is None:
            return UNKNOWN
        key = (annotation, module, function, owner)
        found = self._answers.get(key)
        if found is None:
            enclosing = function
            while owner is None and enclosing is not None:
                owner, enclosing = enclosing.owner, enclosing.parent
            found = self._answers[key] = self._read(annotation, _Scope(module, function, owner))
        return found

    def base_type(self, cls: Class, base: ast.expr) -> TypeRef:
        """Return the type that a base class expression denotes: read around the class, but with its type parameters."""
        function = cls.owner if isinstance(cls.owner, Function) else None
        owner = cls.owner if isinstance(cls.owner, Class) else None
        return self._read(base, _Scope(cls.module, function, owner, type_parameters(cls.node)))

    def _read(self, node: ast.expr, scope: _Scope) -> TypeRef:
        if scope.depth > _DEEPEST:
            return UNKNOWN
        match node:
            case ast.Name() | ast.Attribute():
                return self._named(node, (), scope)
            case ast.Subscript(value=value, slice=index):
                return self._named(value, tuple(index.elts) if isinstance(index, ast.Tuple) else (index,), scope)
            case ast.BinOp(op=ast.BitOr()):
                return _union(self._read(part, scope.deeper()) for part in _alternatives(node))
            case ast.Constant(value=None):
                return NoneRef()
            case ast.Constant(value=str(text)):
                parsed = parse_forward(text)
                return UNKNOWN if parsed is None else self._read(parsed, scope.deeper())
            case ast.Starred(value=value):
                return self._read(value, scope.deeper())
            case ast.Call(func=ast.Name(id="type"), args=[ast.Constant(value=None)]):
                return NoneRef()
            case _:
                return UNKNOWN

    def _named(self, node: ast.expr, arguments: Sequence[ast.expr], scope: _Scope) -> TypeRef:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            parsed = parse_forward(node.value)
            return UNKNOWN if parsed is None else self._named(parsed, arguments, scope.deeper())
        if isinstance(node, ast.Name):
            parameter = next((item for item in _type_parameters(scope) if item.name == node.id), None)
            if parameter is not None:
                bound = parameter.bound
                return TypeVarRef(parameter.name, None if bound is None else self._bound(bound, scope))
        symbol = self._resolver.resolve_type(scope.module, node, function=scope.function, owner=scope.owner)
        match symbol:
            case Class():
                return Named(symbol, self._arguments(arguments, scope))
            case External():
                return self._external(symbol, arguments, scope)
            case Variable():
                return self._alias(symbol, arguments, scope)
            case _:
                return UNKNOWN

    def _external(self, symbol: External, arguments: Sequence[ast.expr], scope: _Scope) -> TypeRef:
        name = symbol.name
        if symbol.path == "types.NoneType":
            return NoneRef()
        if symbol.root in _TYPING:
            special = self._special(name, arguments, scope)
            if special is not None:
                return special
        if name == "Callable" and arguments:
            return Named(_canonical(symbol), self._callable(arguments, scope))
        return Named(_canonical(symbol), self._arguments(arguments, scope))

    def _special(self, name: str, arguments: Sequence[ast.expr], scope: _Scope) -> TypeRef | None:
        """Read the forms of ``typing`` that are no classes; None for all others."""
        match name:
            case "Any":
                return UNKNOWN
            case "Self":
                return Named(scope.owner) if scope.owner is not None else UNKNOWN
            case "Optional" if arguments:
                return _union((self._read(arguments[0], scope.deeper()), NoneRef()))
            case "Union" if arguments:
                return _union(self._read(argument, scope.deeper()) for argument in arguments)
            case "Annotated" if arguments:
                return AnnotatedRef(self._read(arguments[0], scope.deeper()), tuple(arguments[1:]), scope.module)
            case "Literal":
                return LiteralRef(tuple(_literal(argument) for argument in arguments))
            case _:
                return None

    def _callable(self, arguments: Sequence[ast.expr], scope: _Scope) -> tuple[TypeRef, ...]:
        parameters, result = arguments[0], arguments[-1]
        given = parameters.elts if isinstance(parameters, ast.List) else ()
        return self._arguments((*given, result), scope)

    def _arguments(self, arguments: Sequence[ast.expr], scope: _Scope) -> tuple[TypeRef, ...]:
        return tuple(self._argument(argument, scope.deeper()) for argument in arguments)

    def _argument(self, node: ast.expr, scope: _Scope) -> TypeRef:
        if isinstance(node, ast.Constant) and node.value is Ellipsis:
            return Named(External("builtins.ellipsis"))
        return self._read(node, scope)

    def _alias(self, variable: Variable, arguments: Sequence[ast.expr], scope: _Scope) -> TypeRef:
        """Read the right-hand side of an assignment as a type, in the module where it stands."""
        value = variable.value
        if value is None or variable in scope.aliases:
            return UNKNOWN
        parameters = type_parameters(variable.node)
        inside = _Scope(variable.module, variable.function, variable.owner, parameters, scope.aliases | {variable}, scope.depth + 1)
        found = self._made_by_call(variable, value, inside) if isinstance(value, ast.Call) else self._read(value, inside)
        if not arguments:
            return found
        names = [parameter.name for parameter in parameters] or free_variables(found)
        return substitute(found, dict(zip(names, self._arguments(arguments, scope), strict=False)))

    def _made_by_call(self, variable: Variable, call: ast.Call, scope: _Scope) -> TypeRef:
        maker = self._resolver.resolve(variable.module, call.func, function=scope.function, owner=scope.owner)
        if not isinstance(maker, External) or maker.root not in _TYPING:
            return UNKNOWN
        if maker.name in _TYPE_VARIABLES:
            return self._type_variable(variable, call, scope)
        if maker.name in {"NewType", "TypeAliasType"} and len(call.args) > 1:
            return self._read(call.args[1], scope)
        return UNKNOWN

    def _type_variable(self, variable: Variable, call: ast.Call, scope: _Scope) -> TypeRef:
        match call.args:
            case [ast.Constant(value=str(name)), *constraints]:
                pass
            case _:
                name, constraints = variable.name, []
        bound = next((keyword.value for keyword in call.keywords if keyword.arg == "bound"), None)
        if bound is not None:
            return TypeVarRef(name, self._bound(bound, scope))
        return TypeVarRef(name, _union(self._read(item, scope.deeper()) for item in constraints) if constraints else None)

    def _bound(self, node: ast.expr, scope: _Scope) -> TypeRef:
        if isinstance(node, ast.Tuple):
            return _union(self._read(item, scope.deeper()) for item in node.elts)
        return self._read(node, scope.deeper())


def _type_parameters(scope: _Scope) -> Iterator[TypeParameter]:
    """Yield the PEP 695 parameters in sight, innermost first."""
    yield from scope.parameters
    function, owner = scope.function, scope.owner
    while function is not None:
        yield from type_parameters(function.node)
        owner = owner or function.owner
        function = function.parent
    outer: Class | Function | None = owner
    while outer is not None:
        yield from type_parameters(outer.node)
        outer = outer.owner or (outer.parent if isinstance(outer, Function) else None)


def _alternatives(node: ast.expr) -> list[ast.expr]:
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _union(members: Iterator[TypeRef] | Sequence[TypeRef]) -> TypeRef:
    flat: dict[TypeRef, None] = {}
    for member in members:
        flat.update(dict.fromkeys(member.members if isinstance(member, Union) else (member,)))
    return next(iter(flat)) if len(flat) == 1 else Union(tuple(flat))


def _canonical(symbol: External) -> External:
    """Name the class that a generic alias of ``typing`` stands for."""
    if symbol.root in _TYPING:
        if symbol.name in _ABSTRACT:
            return External(f"collections.abc.{symbol.name}")
        if symbol.name in _STANDS_FOR:
            return External(_STANDS_FOR[symbol.name])
    return symbol


def _literal(node: ast.expr) -> object:
    try:
        value: object = ast.literal_eval(node)
        hash(value)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        # A member of an enumeration is named as it is written.
        return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else None
    return value
