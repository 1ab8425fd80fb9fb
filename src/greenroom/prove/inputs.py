"""Arguments: a value for every parameter, derived from its annotation, its name, and what it is compared with."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from greenroom.facts.collect import Backend
from greenroom.facts.records import MappedClass, Schema, SchemaField
from greenroom.facts.sessionclasses import SessionKind
from greenroom.facts.sqltypes import is_enumeration
from greenroom.program.functions import defaults
from greenroom.program.symbols import Class, External, Function, Module, Variable
from greenroom.program.types import AnnotatedRef, LiteralRef, Named, NoneRef, TypeRef, TypeVarRef, Union, UnknownRef
from greenroom.prove import examples
from greenroom.prove.choices import Choices, Underivable
from greenroom.prove.rows import NUMBERS, Rows, members_of
from greenroom.prove.values import Kept, KeptAll, Made, Verbatim

FRESH = 9
"""The number of values that no row has."""
SESSION = Verbatim("session")
SESSIONS = Verbatim("sessions")
_DEPTH = 6
_LISTS = {"builtins.list", "collections.abc.Sequence", "collections.abc.Iterable", "collections.abc.Collection", "typing.Sequence",
          "typing.Iterable", "typing.Collection"}  # fmt: skip
_MAPPINGS = {"builtins.dict", "collections.abc.Mapping", "typing.Mapping", "collections.abc.MutableMapping"}
_MARKERS = frozenset({"Depends", "Security", "Path", "Query", "Header", "Cookie", "Body", "Form", "File"})
_NAMES = frozenset({"session", "db", "db_session", "async_session"})


class Inputs:
    """Makes values for the parameters of one entry."""

    def __init__(self, backend: Backend, rows: Rows, choices: Choices, functions: Iterable[Function]) -> None:
        self.backend = backend
        self.program = backend.program
        self.rows = rows
        self.choices = choices
        self.uses_session = False
        self.compared: dict[str, tuple[MappedClass, str]] = {}
        """What the functions of the way compare with columns, by its name there."""
        self.keys: dict[str, dict[str, None]] = {}
        """The keys by which the functions look into dictionaries, by the dictionary's name there."""
        for function in functions:
            self._read_comparisons(function)

    def arguments(self, function: Function, where: str, *, bound: bool, depth: int = _DEPTH) -> list[tuple[str, object]]:
        """Values for the parameters of a function, by name; those that have defaults of their own mostly keep them.

        Raises:
            Underivable: A parameter must be given, and no value can be made.
        """
        spec = function.node.args
        positional = [*spec.posonlyargs, *spec.args][1 if bound else 0 :]
        absent = defaults(function)
        found: list[tuple[str, object]] = []
        for parameter in (*positional, *spec.kwonlyargs):
            type_ref = self.program.type_of(function.module, parameter.annotation, function=function, owner=function.owner)
            injected = _is_injected(absent.get(parameter.arg))
            if parameter.arg in absent and not injected and not self._worth_giving(parameter.arg, type_ref):
                continue
            try:
                found.append((parameter.arg, self.value(type_ref, parameter.arg, f"{where}.{parameter.arg}", depth)))
            except Underivable as reason:
                if parameter.arg not in absent or injected:
                    written = f": {ast.unparse(parameter.annotation)}" if parameter.annotation is not None else ""
                    raise Underivable(f"parameter `{parameter.arg}{written}` of `{function.qualname}`: {reason}") from None
        return found

    def value(self, type_ref: TypeRef, name: str, knob: str, depth: int = _DEPTH) -> object:
        """A value of a type for what is called ``name``; ``knob`` names the decisions.

        Raises:
            Underivable: None can be made.
        """
        match type_ref:
            case AnnotatedRef(type=inner, metadata=metadata):
                return examples.constrained(self.value(inner, name, knob, depth), list(metadata))
            case Union(members=members):
                return self._of_union(members, name, knob, depth)
            case NoneRef():
                return None
            case LiteralRef(values=values):
                return self.choices.pick(knob, values)
            case TypeVarRef(bound=bound) if bound is not None:
                return self.value(bound, name, knob, depth)
            case Named(symbol=External() as symbol, args=args):
                return self._of_library(symbol, args, name, knob, depth)
            case Named(symbol=Class() as cls):
                return self.instance(cls, knob, depth)
            case UnknownRef():
                return self._unannotated(name, knob)
        raise Underivable("no value of its type can be made")

    def _worth_giving(self, name: str, type_ref: TypeRef) -> bool:
        named = type_ref.type if isinstance(type_ref, AnnotatedRef) else type_ref
        return (isinstance(named, Named) and self.backend.session_kind(named.symbol) is not None) or name in self.compared

    def _of_union(self, members: tuple[TypeRef, ...], name: str, knob: str, depth: int) -> object:
        """The first member that a value can be made of, and None as the other way."""
        reasons = []
        for member in members:
            if isinstance(member, NoneRef):
                continue
            try:
                made = self.value(member, name, knob, depth)
            except Underivable as reason:
                reasons.append(reason)
                continue
            return self.choices.pick(f"{knob}?", (made, None)) if any(isinstance(m, NoneRef) for m in members) else made
        if any(isinstance(member, NoneRef) for member in members):
            return None
        raise reasons[0] if reasons else Underivable("no value of its type can be made")

    def _of_library(self, symbol: External, args: tuple[TypeRef, ...], name: str, knob: str, depth: int) -> object:
        kind = self.backend.session_kind(symbol)
        if kind is SessionKind.ASYNC:
            self.uses_session = True
            return SESSION
        if symbol.name in ("async_sessionmaker", "sessionmaker") or (
            symbol.path.endswith(".Callable") and args and self._gives_session(args[-1])
        ):
            return SESSIONS
        if symbol.path in examples.PLAIN:
            return self._plain(symbol.path, name, knob)
        if symbol.path in _LISTS or symbol.path in ("builtins.set", "builtins.tuple", "builtins.frozenset"):
            return self._list(symbol, args, name, knob, depth)
        if symbol.path in _MAPPINGS:
            return {key: examples.text(key, FRESH) for key in self.keys.get(name, ())}
        if symbol.path in ("builtins.object", "typing.Any"):
            return self._unannotated(name, knob)
        raise Underivable(f"no value of `{symbol.path}` can be made")

    def _gives_session(self, type_ref: TypeRef) -> bool:
        return isinstance(type_ref, Named) and self.backend.session_kind(type_ref.symbol) is SessionKind.ASYNC

    def _list(self, symbol: External, args: tuple[TypeRef, ...], name: str, knob: str, depth: int) -> object:
        element: TypeRef = args[0] if args else UnknownRef()
        if isinstance(element, Named) and isinstance(element.symbol, Class) and self.backend.mapped(element.symbol) is not None:
            self.rows.need(element.symbol)
            self.uses_session = True
            return KeptAll(element.symbol)
        singular = name.removesuffix("s")
        made = self.value(element, singular, f"{knob}[]", depth - 1) if depth else None
        many = [made] if made is not None else []
        return set(many) if symbol.path == "builtins.set" and not isinstance(made, (Made, dict, list)) else many

    def _plain(self, path: str, name: str, knob: str) -> object:
        """What a row has, or what none has: the former first for what is looked up."""
        kept = self._of_rows(name)
        fresh = examples.PLAIN[path](name, FRESH)
        if path == "builtins.bool":
            return self.choices.pick(knob, (examples.truth(name), not examples.truth(name)))
        if kept is not None and isinstance(kept[0], type(fresh)):
            value, other, looked_up = kept
            return self.choices.pick(knob, (value, fresh, other) if looked_up else (fresh, value, other))
        if _is_key(name) and path in ("builtins.int", "uuid.UUID", "builtins.str"):
            known = examples.PLAIN[path](name, 1) if path != "builtins.str" else "1"
            return self.choices.pick(knob, (known, fresh))
        return fresh if path in ("builtins.str", "uuid.UUID") else examples.PLAIN[path](name, 1)

    def _of_rows(self, name: str) -> tuple[object, object, bool] | None:
        """The values that the first and the second row have for a name, and whether something is looked up by it."""
        if name in self.compared:
            mapped, attribute = self.compared[name]
            self.rows.need(mapped.symbol)
            return self._both(mapped, attribute, looked_up=True)
        owner = name.removesuffix("_id").replace("_", "") if _is_key(name) else ""
        for mapped in list(self.rows.needed.values()):
            if owner and mapped.name.lower() == owner and mapped.primary_key:
                return self._both(mapped, mapped.primary_key[0], looked_up=True)
        for mapped in list(self.rows.needed.values()):
            if name in mapped.columns and (not _is_key(name) or self.rows.target(mapped.columns[name]) is not None):
                try:
                    return self._both(mapped, name, looked_up=_is_key(name))
                except Underivable:
                    continue
        return None

    def _both(self, mapped: MappedClass, attribute: str, *, looked_up: bool) -> tuple[object, object, bool]:
        self.rows.keep(mapped, attribute)
        first, second = (self.rows.value(mapped, attribute, number) for number in NUMBERS)
        return first, second, looked_up

    def _unannotated(self, name: str, knob: str) -> object:
        if name in _NAMES:
            self.uses_session = True
            return SESSION
        kept = self._of_rows(name)
        if kept is not None:
            return kept[0]
        if _is_key(name):
            return self.choices.pick(knob, (1, FRESH))
        raise Underivable("it has no annotation that says what it takes")

    def instance(self, cls: Class, knob: str, depth: int = _DEPTH) -> object:
        """An object of a class: a session, a row, a member of an enumeration, a schema, or what the constructor makes.

        Raises:
            Underivable: None can be made.
        """
        if depth <= 0:
            raise Underivable(f"`{cls.name}` needs too many other objects")
        kind = self.backend.session_kind(cls)
        if kind is not None:
            self.uses_session = True
            return SESSION
        mapped = self.rows.need(cls)
        if mapped is not None:
            self.uses_session = True
            return Kept(cls, self.rows.key(mapped, 1))
        if is_enumeration(self.program, cls):
            return self.choices.pick(knob, members_of(self.backend, cls))
        schema = self.backend.schema(cls)
        if schema is not None:
            return self.schema(schema, knob, depth)
        return self._constructed(cls, knob, depth)

    def schema(self, schema: Schema, knob: str, depth: int) -> Made:
        """An object of a Pydantic model, with all fields that a value can be made for.

        Raises:
            Underivable: A field must be given, and no value can be made.
        """
        given: list[tuple[str, object]] = []
        for name, field in schema.fields.items():
            try:
                value = self._field(field, f"{knob}.{name}", depth)
            except Underivable as reason:
                if field.required:
                    raise Underivable(f"field `{schema.name}.{name}`: {reason}") from None
                continue
            if field.required or self.choices.pick(f"{knob}.{name}!", (True, False)):
                given.append((field.reads if field.reads != name and not field.otherwise else name, value))
        return Made(schema.symbol, tuple(given))

    def _field(self, field: SchemaField, knob: str, depth: int) -> object:
        made = self.value(field.type, field.name, knob, depth - 1)
        value = getattr(field.node, "value", None)
        return examples.constrained(made, [value] if isinstance(value, ast.Call) else [])

    def _constructed(self, cls: Class, knob: str, depth: int) -> object:
        """An object of a class of the project, by its constructor; of its only subclass where it is abstract."""
        program = self.program
        if program.has_external_base(cls, lambda path: path in ("typing.Protocol", "abc.ABC", "typing_extensions.Protocol")):
            below = program.subclasses(cls)
            if len(below) != 1:
                raise Underivable(f"`{cls.name}` is abstract, and {len(below) or 'no'} classes of the project implement it")
            cls = below[0]
        init = program.member(cls, "__init__")
        if isinstance(init, Function):
            return Made(cls, tuple(self.arguments(init, knob, bound=True, depth=depth - 1)))
        outside = [base for base in program.mro(cls) if isinstance(base, External) and base.root not in ("builtins", "typing", "abc")]
        if outside:
            raise Underivable(f"`{cls.name}` inherits its constructor from `{outside[0].path}`")
        fields = self._dataclass_fields(cls)
        return Made(cls, tuple((name, self.value(ref, name, f"{knob}.{name}", depth - 1)) for name, ref in fields.items()))

    def _dataclass_fields(self, cls: Class) -> Mapping[str, TypeRef]:
        if not any("dataclass" in ast.unparse(decorator) for decorator in cls.node.decorator_list):
            return {}
        return {
            name: self.program.type_of(member.module, member.annotation, owner=cls)
            for name, member in self.program.members(cls).items()
            if isinstance(member, Variable) and member.annotation is not None and member.value is None
        }

    def _read_comparisons(self, function: Function) -> None:
        for node in ast.walk(function.node):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Attribute(value=holder, attr=attribute), attr="is_"), args=[other]):
                    self._compare(function, holder, attribute, other)
                case ast.Compare(left=ast.Attribute(value=holder, attr=attribute), ops=[ast.Eq() | ast.Is()], comparators=[other]):
                    self._compare(function, holder, attribute, other)
                case ast.Compare(left=other, ops=[ast.Eq()], comparators=[ast.Attribute(value=holder, attr=attribute)]):
                    self._compare(function, holder, attribute, other)
                case (
                    ast.Subscript(value=ast.Name(id=name), slice=ast.Constant(value=str() as key))
                    | ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="get"), args=[ast.Constant(value=str() as key), *_])
                ):
                    self.keys.setdefault(name, {}).setdefault(key)
                case ast.Call(func=ast.Attribute(attr="get" | "get_one"), args=[model, other, *_]):
                    mapped = self._mapped(function.module, model)
                    if mapped is not None and len(mapped.primary_key) == 1:
                        self._note(other, mapped, mapped.primary_key[0])
                case ast.Call(keywords=keywords):
                    for keyword in keywords:
                        self._suggest(function.module, keyword.arg, keyword.value)
                case ast.Assign(targets=[ast.Attribute(attr=attribute)], value=value):
                    self._suggest(function.module, attribute, value)

    def _compare(self, function: Function, holder: ast.expr, attribute: str, other: ast.expr) -> None:
        mapped = self._mapped(function.module, holder)
        if mapped is None or attribute not in mapped.columns:
            self._suggest(function.module, attribute, other)
            return
        fixed = self._fixed(function.module, other)
        if fixed is not None:
            self.rows.fix(mapped, attribute, fixed)
        else:
            self._note(other, mapped, attribute)

    def _suggest(self, module: Module, attribute: str | None, node: ast.expr) -> None:
        value = self._fixed(module, node)
        if attribute is not None and value is not None and value not in self.rows.suggested.setdefault(attribute, []):
            self.rows.suggested[attribute].append(value)

    def _fixed(self, module: Module, node: ast.expr) -> object:
        """The constant or the member of an enumeration that an expression is; None for everything else."""
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Attribute):
            cls = self.program.resolve(module, node.value) if isinstance(node.value, (ast.Name, ast.Attribute)) else None
            if isinstance(cls, Class) and is_enumeration(self.program, cls):
                return next((member for member in members_of(self.backend, cls) if member.name == node.attr), None)
        return None

    def _mapped(self, module: Module, node: ast.expr) -> MappedClass | None:
        symbol = self.program.resolve(module, node) if isinstance(node, (ast.Name, ast.Attribute)) else None
        return self.backend.mapped(symbol) if isinstance(symbol, Class) else None

    def _note(self, node: ast.expr, mapped: MappedClass, attribute: str) -> None:
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if name and not (isinstance(node, ast.Attribute) and name == "id"):
            self.compared.setdefault(name, (mapped, attribute))


def _is_injected(default: ast.expr | None) -> bool:
    """Whether a default says what FastAPI gives: a call of the function itself has to give it."""
    return isinstance(default, ast.Call) and ast.unparse(default.func).rpartition(".")[2] in _MARKERS


def _is_key(name: str) -> bool:
    return name.endswith(("_id", "_uuid", "_pk")) or name in ("id", "pk", "uuid")
