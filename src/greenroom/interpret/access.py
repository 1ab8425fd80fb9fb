"""``value.name``: attribute access on every kind of value, and the value behind a name of the project."""

from __future__ import annotations

import ast
from functools import cache

from greenroom.domain.events import EnumString, NotAsynchronous
from greenroom.domain.heap import DELETED, DETACHED, PENDING, PERSISTENT, TRANSIENT, Collection, Instance, OrmObject, SessionObject
from greenroom.domain.loading import COMMITTED, EXPIRED, ROLLED_BACK, Origin
from greenroom.domain.provenance import Dump, Sent
from greenroom.domain.state import State
from greenroom.domain.values import (
    ANYTHING,
    NONE,
    Aliased,
    Anything,
    Arguments,
    Attribute,
    Awaitables,
    Block,
    Choice,
    ClassValue,
    Const,
    FunctionValue,
    Inspection,
    Library,
    Method,
    ModuleValue,
    Parent,
    Pending,
    Ref,
    Value,
    join_all,
)
from greenroom.facts.records import MappedClass
from greenroom.interpret.attributes import place, read, write
from greenroom.interpret.late import late_value
from greenroom.interpret.protocols import used
from greenroom.interpret.run import Diverted, Run
from greenroom.interpret.symbolic import symbolic
from greenroom.program.symbols import Class, External, Function, Module, Symbol, Variable
from greenroom.program.types import Named, TypeRef
from greenroom.semantics.sessions import OPERATIONS, PLAIN_ONLY

OF_COROUTINES = frozenset({"close", "send", "throw", "add_done_callback", "cancel", "result", "aclose", "asend"})
"""Methods that coroutines, generators and tasks have themselves."""
OPTIONS = frozenset({"expire_on_commit", "autoflush"})
"""Attributes of a session that say how it was made."""
LIVES = {"transient": TRANSIENT, "pending": PENDING, "persistent": PERSISTENT, "deleted": DELETED, "detached": DETACHED}
"""What ``inspect(obj)`` says of where an object stands."""
LOST = COMMITTED | ROLLED_BACK | EXPIRED
"""Conditions of a primary key that make ``inspect(obj).expired`` true."""
ATTRIBUTE_ERROR = External("builtins.AttributeError")
TABLE = External("sqlalchemy.Table")
MAPPER = External("sqlalchemy.Mapper")
METADATA = {"__table__": TABLE, "__mapper__": MAPPER}


def something(value: Value) -> Value:
    """A value without the None that it might be."""
    if isinstance(value, Choice) and NONE in value.atoms:
        kept = [atom for atom in value.atoms if atom != NONE]
        return join_all(kept) if kept else NONE
    return value


def get(run: Run, state: State, value: Value, name: str, node: ast.AST) -> Value:
    """The value of an attribute access; what may be None is not None here, or nothing comes of it."""
    return run.each(something(value), state, lambda atom, inner: _get(run, inner, atom, name, node))


def _get(run: Run, state: State, value: Value, name: str, node: ast.AST) -> Value:  # noqa: C901 - one case for each kind of value
    match value:
        case Ref(key):
            return _of_record(run, state, key, name, node)
        case ClassValue(symbol):
            return _of_class(run, state, symbol, name, node)
        case ModuleValue(module):
            found = run.program.lookup(module, name)
            return of_symbol(run, state, found) if found is not None else ANYTHING
        case Library(symbol):
            return _library_member(symbol, name)
        case Parent(receiver, after):
            return _of_parent(run, state, receiver, after, name, node)
        case Awaitables(owner):
            return Pending(Method(value, name), Arguments((owner,)), node, _module(run))
        case Pending():
            return _of_pending(run, value, name, node)
        case Aliased(symbol):
            return _of_class(run, state, symbol, name, node)
        case Inspection(owner):
            return _of_inspection(state, value, owner, name)
        case Method(Method(Inspection(owner), "attrs"), attribute) if name == "value":
            return get(run, state, owner, attribute, node)
        case Anything(type_ref):
            return _of_type(run, state, value, type_ref, name, node)
        case Const(None) if not name.startswith("__"):
            run.may_raise(ATTRIBUTE_ERROR, state)
            raise Diverted
        case _:
            return Method(value, name)


def _of_inspection(state: State, value: Inspection, owner: Value, name: str) -> Value:
    """``inspect(obj).name``."""
    if name == "mapper":
        return Library(MAPPER)
    if name in LIVES:
        return _lives(state, owner, name)
    return _is_expired(state, owner, value) if name == "expired" else Method(value, name)


def _lives(state: State, owner: Value, name: str) -> Value:
    """``inspect(obj).persistent`` and its kin, where the object is known well enough."""
    record = state.record(owner)
    if not isinstance(record, OrmObject) or record.assumed:
        return ANYTHING
    bit = LIVES[name]
    return Const(value=record.life == bit) if record.life == bit or not record.life & bit else ANYTHING


def _is_expired(state: State, owner: Value, inspected: Value) -> Value:
    """``inspect(obj).expired``, where the load state answers."""
    record = state.record(owner)
    if not isinstance(record, OrmObject):
        return Method(inspected, "expired")
    known = [record.attributes[key].bits for key in record.mapped.primary_key if key in record.attributes]
    if not any(bits & LOST for bits in known):
        return Const(value=False)
    return Const(value=True) if all(not bits & ~LOST for bits in known) else ANYTHING


@cache
def _library_member(symbol: External, name: str) -> Library:
    return Library(External(f"{symbol.path}.{name}"))


def _module(run: Run) -> Module:
    assert run.module is not None
    return run.module


def _of_pending(run: Run, value: Pending, name: str, node: ast.AST) -> Value:
    if name in OF_COROUTINES or name.startswith(("__", "cr_", "ag_", "gi_")):
        return ANYTHING
    used(run, value)
    return ANYTHING


def _of_record(run: Run, state: State, key: int, name: str, node: ast.AST) -> Value:
    record = state.heap.get(key)
    match record:
        case OrmObject():
            return of_object(run, state, key, record, name, node)
        case SessionObject():
            return _of_session(run, state, key, record, name, node)
        case Instance():
            if name in record.attributes:
                value = record.attributes[name]
                if value == NONE and record.cls is not None and run.tracker.originals.get(key) is record:
                    return late_value(run, state, record.cls, name)
                return value
            if record.cls is None:
                return Method(Ref(key), name)
            return member_of(run, state, Ref(key), record.cls, name, node)
        case Collection():
            if record.kind == "row" and name in record.by_key:
                return record.by_key[name]
            return Method(Ref(key), name)
        case _:
            return ANYTHING


def of_object(run: Run, state: State, key: int, record: OrmObject, name: str, node: ast.AST) -> Value:  # noqa: C901 - one branch for each kind of attribute
    """An attribute of a mapped object."""
    mapped = record.mapped
    if name in record.attributes:
        return read(run, state, key, name, node)
    if name in mapped.synonyms:
        return of_object(run, state, key, record, mapped.synonyms[name], node)
    if name in mapped.composites:
        for part in mapped.composites[name]:
            if part in record.attributes:
                read(run, state, key, part, node)
        return ANYTHING
    if name in mapped.proxies:
        proxy = mapped.proxies[name]
        if proxy.relationship not in record.attributes:
            return ANYTHING
        related = read(run, state, key, proxy.relationship, node)
        target = state.record(related)
        if isinstance(target, OrmObject):
            return get(run, state, related, proxy.attribute, node)
        return ANYTHING
    if name == "awaitable_attrs":
        return Awaitables(Ref(key))
    if name == "__dict__":
        return Method(Ref(key), "__dict__")
    if name == "__class__":
        return ClassValue(mapped.symbol)
    if name in METADATA:
        return Library(METADATA[name])
    if name in record.values:
        return record.values[name]
    return member_of(run, state, Ref(key), mapped.symbol, name, node)


def _of_session(run: Run, state: State, key: int, record: SessionObject, name: str, node: ast.AST) -> Value:
    if record.cls is not None:
        member = run.program.member(record.cls, name)
        if isinstance(member, Function):
            return FunctionValue(member, Ref(key))
    if name == "sync_session":
        made = run.identity(run.program_anchor, ("sync", key))
        state.heap[made] = SessionObject(record.expire_on_commit, record.autoflush)
        return Ref(key)
    if name == "no_autoflush":
        return Block(Ref(key), "no_autoflush")
    if name == "is_active" or name in OPTIONS:
        state.watch.sessions.add(key)
        known = getattr(record, name) if name in OPTIONS else None if record.failed is None else False
        return ANYTHING if known is None else Const(known)
    if name in PLAIN_ONLY and record.is_async and not record.guessed and not run.greenlet and run.coroutine is not None:
        run.emit(NotAsynchronous(run.site(node), run.call_sites(), name))
    if name in OPERATIONS or name in ("query", "__aenter__", "__aexit__", "__enter__", "__exit__"):
        return Method(Ref(key), name)
    return ANYTHING


def member_of(run: Run, state: State, receiver: Value, cls: Class, name: str, node: ast.AST) -> Value:
    """A class member seen through an instance: bound methods, evaluated properties, class variables."""
    member = run.program.member(cls, name)
    match member:
        case Function():
            bound = FunctionValue(member, receiver)
            if member.kind == "property":
                return run.tables.call(run, state, bound, Arguments(), node)
            if member.kind == "staticmethod":
                return FunctionValue(member)
            return FunctionValue(member, ClassValue(cls)) if member.kind == "classmethod" else bound
        case Class():
            return ClassValue(member)
        case Variable():
            declared = member.annotation is not None and (isinstance(receiver, Anything) or _is_settings(run, cls))
            if member.value is not None and not declared:
                value = run.defined(state, member.module, member.value)
                return late_value(run, state, cls, name) if value == NONE else value
            if member.annotation is not None:
                type_ref = run.program.type_of(member.module, member.annotation, owner=cls)
                read = (
                    Sent(name, receiver.token, cls)
                    if isinstance(receiver, Anything) and isinstance(receiver.token, Sent)
                    else (cls.node, name)
                )
                return typed(run, state, run.program.substitute(type_ref, run.program.type_arguments(cls)), node, read)
            return ANYTHING
        case _:
            if name == "__class__":
                return ClassValue(cls)
            return Method(receiver, name)


def _is_settings(run: Run, cls: Class) -> bool:
    """Whether the environment decides what the fields of a class hold: their defaults say nothing."""
    return run.program.has_external_base(cls, lambda path: path.endswith(".BaseSettings"))


def _of_parent(run: Run, state: State, receiver: Value, after: Class, name: str, node: ast.AST) -> Value:
    own = own_class(run, state, receiver) or after
    order = list(run.program.mro(own))
    rest = order[order.index(after) + 1 :] if after in order else order[1:]
    for base in rest:
        if isinstance(base, Class) and base.members.get(name):
            member = base.members[name][0]
            if isinstance(member, Function):
                return (
                    run.tables.call(run, state, FunctionValue(member, receiver), Arguments(), node)
                    if member.kind == "property"
                    else FunctionValue(member, receiver)
                )
        if isinstance(base, External):
            break
    record = state.record(receiver)
    if isinstance(record, SessionObject) and name in OPERATIONS:
        return Method(receiver, name)
    return Method(receiver, name) if isinstance(record, OrmObject) else ANYTHING


def own_class(run: Run, state: State, value: Value) -> Class | None:
    """The class of an instance, or the class itself."""
    if isinstance(value, ClassValue):
        return value.symbol
    match state.record(value):
        case OrmObject() as record:
            return record.mapped.symbol
        case Instance() as record:
            return record.cls
        case SessionObject() as record:
            return record.cls
        case _:
            return None


def _of_class(run: Run, state: State, cls: Class, name: str, node: ast.AST) -> Value:
    mapped = run.backend.mapped(cls)
    if mapped is not None and (
        name in mapped.columns or name in mapped.relationships or name in mapped.column_properties or name in mapped.synonyms
        or name in mapped.proxies or name in mapped.hybrids or name in mapped.composites or name in mapped.query_expressions
    ):  # fmt: skip
        return Attribute(mapped, mapped.synonyms.get(name, name))
    if name in METADATA and mapped is not None:
        return Library(METADATA[name])
    member = run.program.member(cls, name)
    match member:
        case Function():
            return FunctionValue(member, ClassValue(cls)) if member.kind == "classmethod" else FunctionValue(member)
        case Class():
            return ClassValue(member)
        case Variable():
            if is_enum(run, cls):
                return Anything(Named(cls), ("member", cls.node, name))
            if member.value is not None:
                value = run.defined(state, member.module, member.value)
                return late_value(run, state, cls, name) if value == NONE else value
            return ANYTHING
        case _:
            return Method(ClassValue(cls), name)


def is_enum(run: Run, cls: Class) -> bool:
    """Whether the class is an enumeration."""
    return run.program.has_external_base(cls, lambda path: path.startswith("enum.") or path.endswith(("StrEnum", "IntEnum")))


def _of_type(run: Run, state: State, value: Anything, type_ref: TypeRef | None, name: str, node: ast.AST) -> Value:
    if name in ("value", "name") and isinstance(value.token, tuple) and value.token and value.token[0] == "enum-string":
        _, model, attribute, origin = value.token
        site, calls, _, _ = place(run, node)
        run.emit(EnumString(site, calls, model, attribute, origin), model, attribute)
        return ANYTHING
    if isinstance(type_ref, Named) and isinstance(type_ref.symbol, Class) and not is_enum(run, type_ref.symbol):
        return member_of(run, state, value, type_ref.symbol, name, node)
    return Method(value, name) if value.type is not None or isinstance(value.token, Dump) else ANYTHING


def of_symbol(run: Run, state: State, symbol: Symbol) -> Value:
    """The value that a symbol of the project stands for."""
    match symbol:
        case Class():
            return ClassValue(symbol)
        case Function():
            return decorated(run, state, symbol)
        case Module():
            return ModuleValue(symbol)
        case External():
            return Library(symbol)
        case Variable():
            value = run.defined(state, symbol.module, symbol.value) if symbol.value is not None else NONE
            if value == NONE:
                value = late_value(run, state, symbol.module, symbol.name)
            return value if symbol.value is not None or value != NONE else ANYTHING
    return ANYTHING


def decorated(run: Run, state: State, function: Function) -> Value:
    """The function after the project's own decorators."""
    plain = FunctionValue(function)
    if not function.decorators or any(call.function.node is function.node for call in run.calls):
        return plain

    def decorate(fresh: State) -> Value:
        value: Value = plain
        for decorator in reversed(function.decorators):
            target = decorator.func if isinstance(decorator, ast.Call) else decorator
            symbol = run.program.resolve(function.module, target, owner=function.owner)
            if isinstance(symbol, Function) and symbol.kind == "function":
                wrapper = run.defined(fresh, function.module, decorator)
                value = run.tables.call(run, fresh, wrapper, Arguments((value,)), decorator)
        return value

    return state.graft(run.fragment(function.node, function.module, decorate))


def typed(run: Run, state: State, type_ref: TypeRef | None, node: ast.AST, extra: object) -> Value:
    """A value of which only the type is known: objects of mapped classes and sessions become heap objects."""
    return symbolic(run, state, type_ref, node, extra)


def put(run: Run, state: State, value: Value, name: str, new: Value, node: ast.AST) -> None:
    """``value.name = new``."""

    def one(atom: Value, inner: State) -> Value:
        record = inner.record(atom)
        if isinstance(atom, Ref) and isinstance(record, OrmObject):
            name_ = record.mapped.synonyms.get(name, name)
            column = record.mapped.columns.get(name_)
            assigned = new
            if column is not None and column.enum is not None and _is_text(new):
                origin = Origin(run.site(node), f"a string is assigned to the Enum column `{name_}` here")
                assigned = Anything(None, ("enum-string", record.mapped.name, name_, origin))
            if name_ in record.mapped.composites:
                for part in record.mapped.composites[name_]:
                    if part in record.attributes:
                        write(run, inner, atom.id, part, ANYTHING, node)
                return NONE
            for validator in validators(run, record.mapped, name_):
                run.tables.call(run, inner, FunctionValue(validator, atom), Arguments((Const(name_), new)), node)
            setter = _setter(run, record, name_)
            if setter is not None:
                run.tables.call(run, inner, FunctionValue(setter, atom), Arguments((new,)), node)
            else:
                write(run, inner, atom.id, name_, assigned, node)
        elif isinstance(atom, Ref) and isinstance(record, Instance):
            inner.heap[atom.id] = Instance(record.cls, {**record.attributes, name: new}, record.schema)
        elif isinstance(atom, Anything) and isinstance(atom.token, Sent):
            inner.replace(atom, Anything(atom.type, ("symbol", id(node))))  # it does not hold what was sent any more
        return NONE

    run.each(value, state, one)


def _is_text(value: Value) -> bool:
    """Whether a value is a string for certain."""
    if isinstance(value, Const):
        return isinstance(value.value, str)
    return isinstance(value, Anything) and isinstance(value.type, Named) and value.type == Named(External("builtins.str"))


def validators(run: Run, mapped: MappedClass, name: str) -> list[Function]:
    """The methods that ``@validates`` calls when ``name`` is assigned."""
    found = run.validators.get(mapped.symbol)
    if found is None:
        found = {}
        for member in run.program.members(mapped.symbol).values():
            for decorator in member.decorators if isinstance(member, Function) else ():
                if isinstance(decorator, ast.Call) and isinstance(member, Function):
                    symbol = run.program.resolve(member.module, decorator.func)
                    if isinstance(symbol, External) and symbol.name == "validates":
                        for arg in decorator.args:
                            if isinstance(arg, ast.Constant):
                                found.setdefault(arg.value, []).append(member)
        run.validators[mapped.symbol] = found
    return found.get(name, [])


def _setter(run: Run, record: OrmObject, name: str) -> Function | None:
    if name in record.attributes:
        return None
    for base in run.program.mro(record.mapped.symbol):
        if isinstance(base, Class):
            for member in base.members.get(name, ()):
                if isinstance(member, Function) and member.kind == "setter":
                    return member
    return None
