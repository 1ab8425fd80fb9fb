"""Which functions can matter: those that touch the database side themselves, and those that call one that does.

A bare name that the module defines or imports means what it says there; what an attribute means is told by its name alone,
a method or a property. This reads words, not trees, and errs towards following a function: what is left out is never
interpreted unless it is handed a session or a mapped object.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from greenroom.facts.collect import Backend
from greenroom.program.functions import functions
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Module

_WORD = re.compile(r"[A-Za-z_]\w*")
_ATTRIBUTE = re.compile(r"\.\s*([A-Za-z_]\w*)")
_CALL = re.compile(r"(?<![\w.])(?<!def )([\w.]++)\s*\(")
"""What stands before the arguments of a call: a name, or a path that begins with a dot where it begins with no name."""
_DEPENDENCY = re.compile(r"\b(?:Depends|Security)\(\s*([\w.]+)")
_IMPORT = re.compile(r"^[ \t]*(?:from\s+[\w.]+\s+)?import\b\s*(\([^)]*\)|[^\n]*)", re.MULTILINE)
_TEXT = re.compile(r"""([A-Za-z]{0,2})(\"{3}[\s\S]*?\"{3}|'{3}[\s\S]*?'{3})|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|\#[^\n]*""")
"""Strings and comments, in which the others of these mean nothing."""
_USE = re.compile(
    r"(?:session|db|database|conn|connection|engine|uow|transaction|tx|repo|repository)\w*(?:\(\))?\s*\.\s*"
    r"(?:add|add_all|begin|close|connect|connection|delete|exec|execute|expire|get|get_one|merge|query|scalar|stream|stream_scalars)\s*\(",
    re.IGNORECASE,
)
"""A session's method, called on something that is named like a session."""
EVIDENCE = frozenset(
    {
        "AsyncAttrs", "AsyncSession", "Session", "SessionLocal", "async_scoped_session", "async_sessionmaker", "awaitable_attrs",
        "begin_nested", "commit", "create_async_engine", "create_engine", "expire_all", "expunge", "expunge_all", "flush", "joinedload",
        "make_transient", "refresh", "rollback", "run_sync", "scalar_one", "scalar_one_or_none", "scalars", "scoped_session",
        "selectinload", "sessionmaker",
    }
)  # fmt: skip
"""Words that hardly anything but a session, or what makes one, is called by."""
_QUERIES = frozenset(
    {"select", "load_only", "contains_eager", "subqueryload", "raiseload", "lazyload", "noload", "immediateload", "aliased"}
)
"""Functions that begin a query, or say what it loads."""
SESSION_NAMES = frozenset({"session", "db", "db_session", "async_session"})
"""Parameters that are taken for a session where they have no annotation."""
COMMON = frozenset(
    {
        "__aenter__", "__aexit__", "__call__", "__enter__", "__exit__", "__init__", "add", "all", "append", "close", "copy", "count",
        "create", "decorator", "delete", "dict", "execute", "filter", "find", "first", "format", "from_dict", "get", "handle", "id",
        "inner", "items", "join", "json", "keys", "list", "load", "main", "name", "pop", "process", "read", "run", "save", "send", "set",
        "split", "start", "stop", "strip", "to_dict", "type", "update", "validate", "values", "wrapper", "write",
    }
)  # fmt: skip
"""Names that mean too many things to follow a mention of them."""


@dataclass(slots=True)
class Candidate:
    """A function with the words of its source, but for comments and docstrings."""

    function: Function
    words: frozenset[str]
    attributes: frozenset[str]
    """The words after a dot."""
    called: frozenset[str]
    """The names of functions that it calls, or depends on: bare ones, and those after a name that may be a module's."""
    methods: frozenset[str]
    """The names of methods that it calls."""
    evident: bool


def candidates(program: Program, backend: Backend, modules: Iterable[Module]) -> list[Candidate]:
    """Every function of ``modules`` with what can be read off its text."""
    models = {mapped.name for mapped in backend.mapped_classes()}
    found: list[Candidate] = []
    for module in modules:
        names = EVIDENCE | _model_names(program, backend, module, models)
        lines = module.source.lines
        imported = _imported(module.source.text)
        for function in functions(module):
            text = _TEXT.sub(_code, "\n".join(lines[function.node.lineno - 1 : function.node.end_lineno or function.node.lineno]))
            words = frozenset(_WORD.findall(text))
            attributes = frozenset(_ATTRIBUTE.findall(text))
            paths = {*_CALL.findall(text), *_DEPENDENCY.findall(text)}
            called = frozenset(path.rpartition(".")[2] for path in paths if "." not in path or path.partition(".")[0] in imported)
            methods = frozenset(path.rpartition(".")[2] for path in paths if "." in path)
            evident = (
                not words.isdisjoint(names)
                or not called.isdisjoint(_QUERIES)
                or _USE.search(text) is not None
                or ("import" in words and _imports_model(program, backend, function, _imported(text) & models, set(attributes & models)))
                or (function.is_async and not SESSION_NAMES.isdisjoint(_parameters(function)))
            )
            found.append(Candidate(function, words, attributes, called, methods, evident))
    return found


def _code(found: re.Match[str]) -> str:
    """What is left of a string or a comment: strings may be annotations, and long ones have code in them where they are formatted."""
    text = found[0]
    return "" if text.startswith("#") or (found[2] is not None and "f" not in found[1].lower()) else text


def _imports_model(program: Program, backend: Backend, function: Function, names: set[str], attributes: set[str]) -> bool:
    """Whether a function that imports something itself imports one of the models that it names, as far as its imports tell."""
    found = [program.resolve(function.module, ast.Name(name, ast.Load()), function=function) for name in names]
    return bool(attributes) or any(symbol is None or (isinstance(symbol, Class) and backend.mapped(symbol) is not None) for symbol in found)


def _imported(text: str) -> set[str]:
    """The words of import statements that may be bound by them."""
    return {word for names in _IMPORT.findall(text) for word in _WORD.findall(names)}


def _model_names(program: Program, backend: Backend, module: Module, models: set[str]) -> frozenset[str]:
    """The names under which a module knows mapped classes."""
    found = {name for name in models if _is_model(program, backend, module, name)}
    for node in module.tree.body:
        if isinstance(node, ast.ImportFrom):
            found.update(alias.asname for alias in node.names if alias.asname is not None and alias.name in models)
    return frozenset(found)


def _is_model(program: Program, backend: Backend, module: Module, name: str) -> bool:
    if name not in module.bindings and not module.stars:
        return False
    symbol = program.lookup(module, name)
    return isinstance(symbol, Class) and backend.mapped(symbol) is not None


def _parameters(function: Function) -> list[str]:
    spec = function.node.args
    return [parameter.arg for parameter in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]


def concerned(program: Program, every: Iterable[Candidate]) -> set[object]:
    """The functions with evidence, the methods of classes that hold a session, and all that mention one of these."""
    reached = _Reached(program)
    waiting: list[Candidate] = []
    reached.classes.update(c.function.owner.name for c in every if c.function.owner is not None and _serves(program, c.function.owner))
    holders = {c.function.owner for c in every if c.evident and c.function.name == "__init__" and isinstance(c.function.owner, Class)}
    for candidate in every:
        if candidate.evident or _holds(program, candidate.function, holders):
            reached.add(candidate.function)
        else:
            waiting.append(candidate)
    grown = True
    while grown and waiting:
        before = len(reached.functions)
        waiting = [candidate for candidate in waiting if not reached.by(candidate)]
        grown = len(reached.functions) > before
    return reached.functions


@dataclass(slots=True)
class _Reached:
    """The functions found so far, with the names that lead to them."""

    program: Program
    functions: set[object] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    """Functions, and classes that are called."""
    methods: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    """Properties."""
    classes: set[str] = field(default_factory=set)
    """Services, of which a mention is enough."""

    def add(self, function: Function) -> None:
        self.functions.add(function.node)
        if function.kind == "property":
            self.read.add(function.name)
        elif function.name not in COMMON:
            (self.names if function.owner is None else self.methods).add(function.name)
        elif function.name in ("__init__", "__call__", "__aenter__", "__enter__") and function.owner is not None:
            self.names.add(function.owner.name)

    def by(self, candidate: Candidate) -> bool:
        """Whether the candidate leads to one of them; then it is one too."""
        if (
            self.methods.isdisjoint(candidate.methods)
            and self.read.isdisjoint(candidate.attributes)
            and self.classes.isdisjoint(candidate.words)
            and not any(self._means(candidate, name) for name in self.names & candidate.called)
        ):
            return False
        self.add(candidate.function)
        return True

    def _means(self, candidate: Candidate, name: str) -> bool:
        """Whether a name that is called may mean one of them, as far as the module tells."""
        module = candidate.function.module
        if "import" in candidate.words or name in candidate.methods or len(module.bindings.get(name, ())) != 1:
            return True
        symbol = self.program.lookup(module, name)
        return symbol.node in self.functions if isinstance(symbol, Function) else not isinstance(symbol, External)


def _holds(program: Program, function: Function, holders: set[Class]) -> bool:
    owner = function.owner
    return owner is not None and (_serves(program, owner) or (bool(holders) and any(base in holders for base in program.mro(owner))))


def _serves(program: Program, cls: Class) -> bool:
    """Whether a class gets what it does to a session from a library."""
    return any(isinstance(base, Class) and base.module.standin for base in program.mro(cls))
