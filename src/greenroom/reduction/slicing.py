"""The part of a project that some functions and classes need: their definitions, and the definitions of what these mention.

An over-approximation by names: what is mentioned is kept, whether or not it runs. Members of classes are kept when anything that is kept
mentions a word like theirs; of mapped classes, keys and what ``__mapper_args__`` names are kept besides.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from greenroom.facts.collect import Backend
from greenroom.program.program import Program
from greenroom.program.scan import absolute
from greenroom.program.symbols import Class, Function, Import, Module, Symbol, Variable
from greenroom.reduction.mentions import first_line, imports, is_docstring, references, targets, words

_PLAIN = frozenset({"property", "staticmethod", "classmethod", "cached_property", "hybrid_property", "hybrid_method", "computed_field"})
"""Decorators of methods that run only where their name is mentioned; those with others may be called by a library."""
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_KEYS = ("primary_key", "ForeignKey", "foreign_key")


@dataclass(slots=True)
class Kept:
    """What is kept of one module."""

    statements: set[ast.stmt] = field(default_factory=set)
    members: dict[ast.ClassDef, set[ast.stmt]] = field(default_factory=dict)
    aliases: dict[ast.stmt, set[str]] = field(default_factory=dict)
    """Of import statements at the top level, the names that they bind and that are wanted."""


class Slice:
    """Grows from what it is given until everything that it mentions is in it."""

    def __init__(self, program: Program, backend: Backend) -> None:
        self._program = program
        self._mapped = {mapped.symbol.node for mapped in backend.mapped_classes()}
        self._words: set[str] = set()
        self._forced: set[ast.AST] = set()
        self._done: set[tuple[Module, str]] = set()
        self.modules: dict[Module, Kept] = {}

    def add(self, module: Module, line: int) -> None:
        """Take the function around a line, or the statement of the module, with what makes the classes around it ones."""
        around = [
            node for node in ast.walk(module.tree) if isinstance(node, _FUNCTIONS) and first_line(node) <= line <= (node.end_lineno or 0)
        ]
        self._forced.update(around)
        statement = _top(module, line)
        if statement is not None:
            self._take(module, statement)

    def mention(self, *names: str) -> None:
        """Keep members of these names."""
        self._words.update(names)

    def settle(self) -> None:
        """Take members and subclasses of classes, and what is said about classes outside of them, until nothing is added any more."""
        while any(self._grow(module, kept, node) for module, kept in list(self.modules.items()) for node in list(kept.members)) or any(
            self._say(module, kept) for module, kept in list(self.modules.items())
        ):
            pass

    def _say(self, module: Module, kept: Kept) -> bool:
        """Take what a module does to a class that is kept: ``map_imperatively(Person, ...)``, ``Person.pets = relationship(...)``."""
        loose = [one for one in module.tree.body if one not in kept.statements and _is_loose(one) and self._is_about(module, one)]
        for statement in loose:
            self._take(module, statement)
        return bool(loose)

    def _is_about(self, module: Module, statement: ast.stmt) -> bool:
        symbols = (self._program.resolve(module, node) for node in ast.walk(statement) if isinstance(node, ast.Name))
        classes = (symbol for symbol in symbols if isinstance(symbol, Class))
        return any(cls.node in self.modules[cls.module].statements for cls in classes if cls.module in self.modules)

    def need(self, module: Module, name: str) -> None:
        """Take what gives a name of a module its meaning, wherever it is imported from."""
        if module.standin or (module, name) in self._done:
            return
        self._done.add((module, name))
        bindings = module.bindings.get(name, ())
        for binding in bindings:
            if isinstance(binding, Import):
                self._take_import(module, binding)
            else:
                self._take_at(module, binding.node)
        if not bindings:
            self._need_of_star(module, name)

    def _need_of_star(self, module: Module, name: str) -> None:
        for statement in module.tree.body:
            if isinstance(statement, ast.ImportFrom) and any(alias.name == "*" for alias in statement.names):
                target = self._program.module(absolute(module, statement), module)
                if target is not None and self._program.lookup(target, name) is not None:
                    self._kept(module).aliases.setdefault(statement, set()).add("*")
                    self.need(target, name)

    def _take_import(self, module: Module, binding: Import) -> None:
        if _top(module, binding.node.lineno) is binding.node:
            self._kept(module).aliases.setdefault(binding.node, set()).add(binding.bound_as)
        else:
            self._take_at(module, binding.node)  # under `try` or `if`
        self._follow(module, binding.module, binding.name)

    def _follow(self, module: Module, source: str, name: str | None) -> None:
        target = self._program.module(source, module)
        if name is None or target is None or name not in target.bindings:
            inner = self._program.module(source if name is None else f"{source}.{name}", module)
            if inner is not None and not inner.standin:
                self._kept(inner)
            elif target is not None and name is not None:
                self.need(target, name)
        else:
            self.need(target, name)

    def _kept(self, module: Module) -> Kept:
        return self.modules.setdefault(module, Kept())

    def _take_at(self, module: Module, node: ast.AST) -> None:
        statement = _top(module, getattr(node, "lineno", 0))
        if statement is not None:
            self._take(module, statement)

    def _take(self, module: Module, statement: ast.stmt) -> None:
        kept = self._kept(module)
        if statement in kept.statements:
            return
        kept.statements.add(statement)
        if isinstance(statement, ast.ClassDef):
            kept.members[statement] = set()
            self._read(module, *statement.bases, *statement.keywords, *statement.decorator_list)
        else:
            self._read(module, statement)

    def _grow(self, module: Module, kept: Kept, node: ast.ClassDef) -> bool:
        wanted = [one for one in node.body if one not in kept.members[node] and self._is_wanted(node, one)]
        symbol = module.definitions.get(node)
        if isinstance(symbol, Class) and any(_is_abstract(one) for one in wanted):
            for implementation in self._program.subclasses(symbol):
                self._take_symbol(implementation)
        kept.members[node].update(wanted)
        for statement in wanted:
            self._read(module, statement)
            if node not in self._mapped:
                self._words.update(targets(statement))  # a schema reads what its fields are called
        return bool(wanted)

    def _is_wanted(self, node: ast.ClassDef, statement: ast.stmt) -> bool:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                plain = all(_last(decorator) in _PLAIN for decorator in statement.decorator_list)
                return statement in self._forced or name in self._words or _is_dunder(name) or not plain
            case ast.Assign() | ast.AnnAssign() if node in self._mapped:
                names = targets(statement)
                key = any(word in ast.unparse(statement) for word in _KEYS)
                return key or any(name in self._words or _is_dunder(name) for name in names)
            case _:
                return not is_docstring(statement)

    def _read(self, module: Module, *nodes: ast.AST) -> None:
        """Take everything that some syntax mentions."""
        for node in nodes:
            self._words.update(words(node))
            for statement, alias in imports(node):
                if isinstance(statement, ast.Import):
                    self._follow(module, alias.name, None)
                else:
                    self._follow(module, absolute(module, statement), alias.name)
            for reference in references(node):
                if isinstance(reference, ast.Name):
                    if reference.id in module.bindings or module.stars:
                        self.need(module, reference.id)
                else:
                    self._take_symbol(self._program.resolve(module, reference))

    def _take_symbol(self, symbol: Symbol | None) -> None:
        if isinstance(symbol, Module) and not symbol.standin:
            self._kept(symbol)
        elif isinstance(symbol, (Class, Function, Variable)) and symbol.owner is None and _is_global(symbol):
            self.need(symbol.module, symbol.name)


def _top(module: Module, line: int) -> ast.stmt | None:
    """Return the statement at the top level that holds a line."""
    return next((one for one in module.tree.body if first_line(one) <= line <= (one.end_lineno or one.lineno)), None)


def _is_loose(statement: ast.stmt) -> bool:
    """Whether a statement binds no name, and does something."""
    match statement:
        case ast.Expr(value=ast.Call()):
            return True
        case ast.Assign(targets=several):
            return all(isinstance(target, ast.Attribute) for target in several)
        case _:
            return False


def _is_abstract(statement: ast.stmt) -> bool:
    """Whether a method leaves the rest to subclasses."""
    if not isinstance(statement, _FUNCTIONS):
        return False
    declared = any(_last(decorator) == "abstractmethod" for decorator in statement.decorator_list)
    return declared or any(isinstance(node, ast.Raise) and "NotImplementedError" in ast.unparse(node) for node in ast.walk(statement))


def _is_global(symbol: Class | Function | Variable) -> bool:
    match symbol:
        case Function():
            return symbol.parent is None
        case Variable():
            return symbol.function is None
        case _:
            return True


def _last(decorator: ast.expr) -> str:
    node = decorator.func if isinstance(decorator, ast.Call) else decorator
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _is_dunder(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")
