"""From a name in a scope to the symbol it denotes: imports, re-exports, aliases, scopes."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from greenroom.program.hierarchy import Hierarchy
from greenroom.program.libraries import Libraries
from greenroom.program.modules import Modules
from greenroom.program.scan import ACCESSORS, absolute, import_of
from greenroom.program.scope import local_bindings
from greenroom.program.symbols import Binding, Class, External, Function, Import, Module, Symbol, Variable

_DEEPEST = 40
"""How many imports and aliases are followed one after the other; real projects need fewer than ten."""
Scope: TypeAlias = Mapping[str, Sequence[Binding]]
_BUILTINS = frozenset(dir(builtins)) | {"__file__", "reveal_type", "WindowsError"}


class Resolver:
    """Follows names. Every question ends: cycles and chains without end have no answer."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.hierarchy = Hierarchy(modules, self._resolve_base)
        self._libraries = Libraries(modules)
        self._answers: dict[Module, dict[str, Symbol | None]] = {}
        self._asking: set[tuple[Module, str]] = set()
        self._provisional: dict[tuple[Module, str], Symbol | None] = {}
        self._cut = False
        self._exports: dict[Module, frozenset[str] | None] = {}

    def forget(self) -> None:
        """Drop all answers, those about classes included."""
        self._answers.clear()
        self._exports.clear()
        self.hierarchy.forget()

    def lookup(self, module: Module, name: str) -> Symbol | None:
        """Return what ``name`` means at the top level of ``module``, builtins included."""
        found = self.attribute(module, name)
        if found is not None or name in module.bindings:
            return found
        if name in _BUILTINS:
            return External(f"builtins.{name}")
        return next((External(f"{star}.{name}") for star in module.stars if self._find(star, module) is None), None)

    def attribute(self, module: Module, name: str) -> Symbol | None:
        """Return what ``module.name`` is: a name bound there or a submodule."""
        answers = self._answers.setdefault(module, {})
        if name in answers:
            return answers[name]
        key = (module, name)
        if key in self._provisional:
            return self._provisional[key]
        if key in self._asking or len(self._asking) > _DEEPEST:
            self._cut = True
            return None
        self._asking.add(key)
        try:
            found = self._attribute(module, name)
        finally:
            self._asking.discard(key)
        # Within a cycle an answer depends on where the cycle was entered: it holds for the running question only.
        if self._cut and self._asking:
            self._provisional[key] = found
        else:
            answers[name] = found
            self._provisional.clear()
            self._cut = False
        return found

    def resolve(self, module: Module, node: ast.expr, *, function: Function | None = None, owner: Class | None = None) -> Symbol | None:
        """Return the symbol that an expression denotes as a name."""
        return self._walk(module, node, list(_scopes(function, owner)), types=False)

    def resolve_type(
        self, module: Module, node: ast.expr, *, function: Function | None = None, owner: Class | None = None
    ) -> Symbol | None:
        """Return what an annotation's name denotes: parameters, local variables and fields of the same name do not hide types."""
        return self._walk(module, node, list(_scopes(function, owner)), types=True)

    def import_binding(self, module: Module, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> Symbol | None:
        """Return what one alias of an import statement binds."""
        if isinstance(node, ast.Import):
            return self._follow(module, import_of(node, alias))
        if alias.name == "*":
            return None
        return self._follow(module, Import(alias.asname or alias.name, absolute(module, node), alias.name, node))

    def _walk(self, module: Module, node: ast.expr, scopes: Sequence[Scope], *, types: bool) -> Symbol | None:
        names: list[str] = []
        while not isinstance(node, ast.Name):
            match node:
                case ast.Attribute(value=value, attr=attribute):
                    names.append(attribute)
                    node = value
                case ast.Subscript(value=value) if not names:
                    node = value
                case ast.Constant(value=str(text)) if not names and (parsed := parse_forward(text)) is not None:
                    node = parsed
                case _:
                    return None
        symbol = self._name(module, node.id, scopes, types=types)
        while names and symbol is not None:
            symbol = self._get(symbol, names.pop())
        return symbol

    def _name(self, module: Module, name: str, scopes: Sequence[Scope], *, types: bool) -> Symbol | None:
        for scope in scopes:
            bound = scope.get(name)
            if bound and types:
                bound = [binding for binding in bound if _may_be_type(binding)]
            if bound:
                return self._best(module, bound, follow=False)
        return self.lookup(module, name)

    def _get(self, symbol: Symbol, name: str) -> Symbol | None:
        match symbol:
            case Module():
                found = self.attribute(symbol, name)
                if found is None and self.modules.is_namespace(symbol):
                    return External(f"{symbol.name}.{name}")
                return found
            case External(path=path):
                return self._outside(f"{path}.{name}")
            case Class():
                return self.hierarchy.member(symbol, name)
            case _:
                return None

    def _attribute(self, module: Module, name: str) -> Symbol | None:
        bound = module.bindings.get(name)
        found = self._best(module, bound, follow=True) if bound else self._starred(module, name)
        if found is None and module.is_package:
            return self._find(f"{module.name}.{name}" if module.name else name, module)
        return found

    def _starred(self, module: Module, name: str) -> Symbol | None:
        for star in reversed(module.stars):
            target = self._find(star, module)
            if target is not None and target is not module and self._is_exported(target, name):
                found = self.attribute(target, name)
                if found is not None:
                    return found
        return None

    def _best(self, module: Module, bindings: Sequence[Binding], *, follow: bool) -> Symbol | None:
        """Choose between conditional definitions: a definition, then what the project has, then the first from outside."""
        external: External | None = None
        project: Symbol | None = None
        variable: Variable | None = None
        definition: Symbol | None = None
        for binding in bindings:
            match binding:
                case Class():
                    definition = binding
                case Function(kind=kind):
                    if definition is None or (kind not in ACCESSORS and kind != "overload"):
                        definition = binding
                case Variable():
                    target = self._alias(module, binding) if follow else binding
                    if isinstance(target, External):
                        external = external or target
                    elif not isinstance(target, Variable):
                        project = project or target
                    elif variable is None or not _is_empty(target):
                        variable = target
                case Import():
                    imported = self._follow(module, binding)
                    if isinstance(imported, External):
                        external = external or imported
                    else:
                        project = project or imported
        return definition or project or external or variable

    def _alias(self, module: Module, variable: Variable) -> Symbol:
        """Follow ``A = B`` to what ``B`` denotes; anything else is a variable."""
        value = variable.value
        if not isinstance(value, (ast.Name, ast.Attribute)) or not _may_be_alias(variable):
            return variable
        target = self._walk(module, value, [], types=False)
        if target is None or (isinstance(target, Variable) and target.owner is not None):
            return variable
        return target

    def _follow(self, module: Module, binding: Import) -> Symbol | None:
        if binding.module.startswith("."):
            return None
        if binding.name is None:
            return self._find(binding.module, module) or External(binding.module)
        if not binding.module:
            return self._find(binding.name, module)
        target = self._find(binding.module, module)
        path = f"{binding.module}.{binding.name}"
        if target is None:
            return self._outside(path)
        found = self.attribute(target, binding.name)
        return External(path) if found is None and self.modules.is_namespace(target) else found

    def _outside(self, path: str) -> Symbol:
        """What a dotted path outside the project denotes."""
        return self._libraries.find(path) or External(path)

    def _find(self, name: str, module: Module) -> Module | None:
        return self.modules.find(name, module.source)

    def _resolve_base(self, cls: Class, node: ast.expr) -> Symbol | None:
        function, owner = _enclosing(cls)
        found = self.resolve(cls.module, node, function=function, owner=owner)
        if found is cls and isinstance(node, ast.Name):
            # `from .base import Base` above `class Base(Base)`: the base is what the name meant before.
            bound = cls.module.bindings.get(node.id, [])
            earlier = bound[: bound.index(cls)] if cls in bound else []
            return self._best(cls.module, earlier, follow=True) if earlier else None
        return found

    def _is_exported(self, module: Module, name: str) -> bool:
        if module not in self._exports:
            self._exports[module] = _exports(module)
        exported = self._exports[module]
        return name in exported if exported is not None else not name.startswith("_")


@lru_cache(maxsize=4096)
def parse_forward(text: str) -> ast.expr | None:
    """Return the expression in a forward reference; None when it is none."""
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _scopes(function: Function | None, owner: Class | None) -> Iterator[Scope]:
    """Yield the scopes inside the module, innermost first; class scopes do not reach into functions or nested classes."""
    while function is not None:
        yield local_bindings(function)
        function = function.parent
    if owner is not None:
        yield owner.members
        outer = owner.owner
        while isinstance(outer, Class):
            outer = outer.owner
        yield from _scopes(outer, None)


def _enclosing(cls: Class) -> tuple[Function | None, Class | None]:
    """Return the scope in which the class statement stands."""
    return (cls.owner, None) if isinstance(cls.owner, Function) else (None, cls.owner)


def _may_be_type(binding: Binding) -> bool:
    if isinstance(binding, Variable):
        return binding.value is not None and _may_be_alias(binding)
    return isinstance(binding, (Import, Class))


def _may_be_alias(variable: Variable) -> bool:
    """Whether an assignment can name a type: one that declares another type for its value cannot."""
    match variable.annotation:
        case None | ast.Name(id="TypeAlias") | ast.Attribute(attr="TypeAlias") | ast.Constant(value="TypeAlias"):
            return True
        case _:
            return False


def _is_empty(variable: Variable) -> bool:
    return variable.value is None or (isinstance(variable.value, ast.Constant) and variable.value.value is None)


def _exports(module: Module) -> frozenset[str] | None:
    """Return ``__all__`` when it is spelled out, also in several steps; else None."""
    if "__all__" not in module.bindings:
        return None
    names: set[str] = set()
    for node in module.tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=value)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as value)
                | ast.AugAssign(target=ast.Name(id="__all__"), value=value)
                | ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="__all__")), args=[value]))
            ):
                if not isinstance(value, (ast.List, ast.Tuple, ast.Set)):
                    return None
                for element in value.elts:
                    if not (isinstance(element, ast.Constant) and isinstance(element.value, str)):
                        return None
                    names.add(element.value)
    return frozenset(names) if names else None
