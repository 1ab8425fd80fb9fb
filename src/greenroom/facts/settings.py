"""Class-level settings of a mapped class: table name, ``__mapper_args__``, dataclass options."""

from __future__ import annotations

import ast
import re

from greenroom.facts.declarations import declared_value
from greenroom.facts.expression import Expression, Scope, returned
from greenroom.facts.library import library_base
from greenroom.facts.records import EagerDefaults, MappedClass
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function, Variable

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def table_name(program: Program, cls: Class, sources: list[Class | External]) -> str | None:
    """Return ``__tablename__``, evaluated where it is made from the class name; None when there is none or it is unknown."""
    for item in sources:
        if isinstance(item, External):
            known = library_base(item.path)
            if known is not None and (known.table or known.generated_table_name):
                return known.table or snake_case(cls.name)
            continue
        members = item.members.get("__tablename__", [])
        for member in reversed(members):
            if isinstance(member, Variable) and member.value is not None:
                return _text(Expression(member.value, Scope.of_class(program, item)), cls)
            if isinstance(member, Function):
                result = returned(member, program)
                return _text(result, cls) if result is not None else None
    return cls.name.lower() if program.has_external_base(cls, lambda path: path.startswith("sqlmodel.")) else None


def names_own_table(program: Program, cls: Class) -> bool | None:
    """Whether the class body names a table itself; None when it says nothing, False for ``__tablename__ = None``."""
    for member in reversed(cls.members.get("__tablename__", [])):
        if isinstance(member, Variable) and member.value is not None:
            return Expression(member.value, Scope.of_class(program, cls)).constant() is not None
        if isinstance(member, Function):
            return True
    return True if "__table__" in cls.members else None


def mapper_arguments(program: Program, sources: list[Class | External]) -> dict[str, Expression]:
    """Return the entries of the nearest ``__mapper_args__``."""
    for item in sources:
        value = declared_value(program, item, "__mapper_args__") if isinstance(item, Class) else None
        if value is not None:
            return value.entries()
    return {}


def apply_mapper_arguments(mapped: MappedClass, arguments: dict[str, Expression]) -> None:
    """Record what ``__mapper_args__`` or the keyword arguments of ``map_imperatively`` say."""
    for name, value in arguments.items():
        match name:
            case "eager_defaults":
                flag = value.constant()
                if isinstance(flag, bool):
                    mapped.eager_defaults = EagerDefaults.ALWAYS if flag else EagerDefaults.NEVER
            case "version_id_col":
                mapped.version_column = column_attribute(value)
            case "polymorphic_on":
                mapped.polymorphic_on = column_attribute(value)
            case "polymorphic_load":
                mapped.polymorphic_load = value.text()
            case "always_refresh":
                mapped.always_refresh = value.truth()
            case "with_polymorphic":
                mapped.with_polymorphic = value.constant() is not None


def column_attribute(value: Expression) -> str | None:
    """Return the attribute that ``polymorphic_on`` or ``version_id_col`` names, by string or by the column itself."""
    if isinstance(value.node, (ast.Name, ast.Attribute)):
        return value.spelled()
    return value.text()


def apply_dataclass_arguments(mapped: MappedClass, program: Program) -> None:
    """Record whether the class is a mapped dataclass and which methods are generated for it."""
    repr_given = eq_given = None
    for item in program.mro(mapped.symbol):
        if isinstance(item, External):
            known = library_base(item.path)
            mapped.is_dataclass = mapped.is_dataclass or (known is not None and known.dataclass)
            continue
        found = _dataclass_keywords(program, item)
        repr_given = found.get("repr") if repr_given is None else repr_given
        eq_given = found.get("eq") if eq_given is None else eq_given
        mapped.is_dataclass = mapped.is_dataclass or "decorated" in found
    mapped.dataclass_repr = repr_given is not False
    mapped.dataclass_eq = eq_given is not False


def snake_case(name: str) -> str:
    """Return ``UserAccount`` as ``user_account``."""
    return _CAMEL.sub("_", name).lower()


def _dataclass_keywords(program: Program, cls: Class) -> dict[str, bool]:
    found: dict[str, bool] = {}
    keywords = list(cls.node.keywords)
    for decorator in cls.node.decorator_list:
        node = decorator.func if isinstance(decorator, ast.Call) else decorator
        if getattr(node, "attr", getattr(node, "id", "")) in ("mapped_as_dataclass", "unmapped_dataclass"):
            found["decorated"] = True
            keywords.extend(decorator.keywords if isinstance(decorator, ast.Call) else [])
    for keyword in keywords:
        if keyword.arg in ("repr", "eq", "init"):
            found[keyword.arg] = Expression(keyword.value, Scope(program, cls.module)).truth(default=True)
    return found


def _text(expression: Expression, cls: Class) -> str | None:
    """Evaluate a table name; ``cls.__name__`` and the usual string methods on it are understood."""
    node = expression.node
    match node:
        case ast.Attribute(attr="__name__"):
            return cls.name
        case ast.Attribute(attr="__qualname__"):
            return cls.qualname
        case ast.Call(func=ast.Attribute(value=value, attr="lower")):
            inner = _text(expression.at(value), cls)
            return inner.lower() if inner is not None else None
        case ast.Call(func=func, args=[*_, argument]) if any(word in expression.at(func).spelled() for word in ("snake", "underscore")):
            inner = _text(expression.at(argument), cls)
            return snake_case(inner) if inner is not None else None
        case ast.Call(func=ast.Attribute(attr="sub"), args=[*_, argument]):
            inner = _text(expression.at(argument), cls)
            return _CAMEL.sub("_", inner) if inner is not None else None
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            parts = [_text(expression.at(left), cls), _text(expression.at(right), cls)]
            return "".join(part or "" for part in parts) if None not in parts else None
        case ast.JoinedStr(values=values):
            parts = [_text(expression.at(part.value if isinstance(part, ast.FormattedValue) else part), cls) for part in values]
            return "".join(part or "" for part in parts) if None not in parts else None
        case ast.Name():
            target = expression.follow()
            return _text(target, cls) if target.node is not node else None
    return expression.text()
