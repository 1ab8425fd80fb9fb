"""Reads pydantic models: which attributes of an ORM object a schema asks for."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from greenroom.facts.annotation import annotated_layers
from greenroom.facts.calls import library_call
from greenroom.facts.declarations import Bodies, Declaration, declared_value
from greenroom.facts.expression import Expression, Scope
from greenroom.facts.fields import field_arguments, field_declarations, is_required
from greenroom.facts.records import Schema, SchemaField
from greenroom.program.program import Program
from greenroom.program.symbols import Class, External, Function
from greenroom.program.types import UNKNOWN

_SQLMODEL = "SQLModel"
_ROOT_MODEL = "RootModel"
_PYDANTIC = {"BaseModel", _ROOT_MODEL, "GenericModel", "BaseSettings"}
_MODELS = {
    "pydantic": _PYDANTIC,
    "pydantic_settings": _PYDANTIC,
    "sqlmodel": {_SQLMODEL},
    "fastapi_users": {"BaseUser", "BaseUserCreate", "BaseUserUpdate"},
    "fastapi_camelcase": {"CamelModel"},
    "fastapi_utils": {"APIModel"},
}
"""Top package to the names of its classes that make models of their subclasses."""
_BOUNDS = frozenset({"ge", "gt"})
_DESCRIBING = frozenset({"Field", "FieldInfo", "Doc", "WithJsonSchema", "Query", "Path", "Body", "Form", "Header", "Cookie"})
_VALIDATORS = frozenset({"field_validator", "validator", "model_validator", "root_validator"})
_BY_NAME = ("populate_by_name", "validate_by_name", "allow_population_by_field_name")
_BEFORE = {"model_validator", "root_validator"}
_EVERY = frozenset({"*"})
_USER = ("id", "email", "is_active", "is_superuser", "is_verified")
_ACCOUNT = ("id", "oauth_name", "access_token", "expires_at", "refresh_token", "account_id", "account_email")
_LIBRARY_FIELDS = {"fastapi_users.schemas.BaseUser": _USER, "fastapi_users.schemas.BaseOAuthAccount": _ACCOUNT}
"""Schemas of libraries that read ORM objects, with their fields."""


class SchemaReader:
    """Reads schemas, each field once: subclasses share the fields that they inherit."""

    def __init__(self, bodies: Bodies) -> None:
        self._bodies = bodies
        self._fields: dict[tuple[Declaration, str, bool], SchemaField] = {}

    def read(self, cls: Class) -> Schema | None:
        """Return the schema that a class declares, or None when it is no pydantic model."""
        program = self._bodies.program
        if not is_schema(program, cls):
            return None
        config = read_config(program, cls)
        schema = Schema(symbol=cls)
        schema.from_attributes = any(_flag(config, name) for name in ("from_attributes", "orm_mode"))
        schema.getter_dict = "getter_dict" in config
        schema.is_root_model = _is_root(program, cls)
        _read_validators(program, schema)
        schema.open = "extra" in config and (config["extra"].text() == "allow" or config["extra"].spelled() == "allow")
        _read_library_fields(program, schema)
        by_name = any(_flag(config, name) for name in _BY_NAME)
        generator = _alias_generator(config)
        for name, declaration in field_declarations(self._bodies, cls).items():
            schema.fields[name] = self._field(declaration, generator, by_name=by_name)
        if schema.is_root_model and "root" not in schema.fields:
            root = _root_type(program, cls)
            if root is not None:
                schema.fields["root"] = SchemaField("root", "root", root.type(), required=True, node=root.node)
        return schema

    def _field(self, declaration: Declaration, generator: str, *, by_name: bool) -> SchemaField:
        key = (declaration, generator, by_name)
        if key not in self._fields:
            self._fields[key] = _field(declaration, generator, by_name=by_name)
        return self._fields[key]


def is_schema(program: Program, cls: Class) -> bool:
    """Whether a class is a pydantic model, SQLModel classes included."""
    return program.has_external_base(cls, _is_model_path)


def read_config(program: Program, cls: Class) -> dict[str, Expression]:
    """Return the model configuration, the nearest class winning per key."""
    found: dict[str, Expression] = {}
    for item in reversed(program.mro(cls)):
        if isinstance(item, External):
            if item.name in (_SQLMODEL, "CamelModel") and _is_model_path(item.path):
                found["from_attributes"] = Expression(ast.Constant(value=True), Scope.of_class(program, cls))
            continue
        value = declared_value(program, item, "model_config")
        if value is not None:
            found.update(value.entries())
        for member in item.members.get("Config", []):
            if isinstance(member, Class):
                found.update(_config_class(program, member))
        scope = Scope(program, item.module)
        found.update({keyword.arg: Expression(keyword.value, scope) for keyword in item.node.keywords if keyword.arg})
    return found


def _read_library_fields(program: Program, schema: Schema) -> None:
    for path, names in _LIBRARY_FIELDS.items():
        if program.has_external_base(schema.symbol, path.__eq__):
            schema.from_attributes = True
            schema.fields.update({name: SchemaField(name, name, UNKNOWN, required=True) for name in names})


class _Alias(NamedTuple):
    reads: str
    otherwise: tuple[str, ...]


def _field(declaration: Declaration, generator: str, *, by_name: bool) -> SchemaField:
    annotation = declaration.annotation
    reference = annotation.inner.type() if annotation is not None and annotation.inner is not None else UNKNOWN
    arguments = field_arguments(declaration, reference)
    alias = _alias(declaration.name, arguments, generator, by_name=by_name)
    return SchemaField(
        name=declaration.name,
        reads=alias.reads,
        type=reference,
        required=is_required(arguments),
        excluded="exclude" in arguments and arguments["exclude"].truth(),
        node=declaration.node,
        otherwise=alias.otherwise,
        bounded=not _BOUNDS.isdisjoint(arguments),
        checked=any(_checks(item) for layer in annotated_layers(reference) for item in layer.metadata),
    )


def _checks(item: ast.expr) -> bool:
    """Whether a part of ``Annotated`` may look at the value: all but what only describes it."""
    name = item.func if isinstance(item, ast.Call) else item
    spelled = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else ""
    return not isinstance(item, ast.Constant) and spelled not in _DESCRIBING


def _alias(name: str, arguments: Mapping[str, Expression], generator: str, *, by_name: bool) -> _Alias:
    """The validation alias is what pydantic reads; with ``populate_by_name`` the name is tried after it."""
    choices: list[str] = []
    for key in ("validation_alias", "alias"):
        if key in arguments and arguments[key].constant() is not None:
            choices = _choices(arguments[key])
            break
    else:
        if generator:
            choices = [_GENERATORS[generator](name)]
    choices = list(dict.fromkeys([*choices, *([name] if by_name or not choices else [])]))
    return _Alias(choices[0], tuple(choices[1:]))


def _choices(expression: Expression) -> list[str]:
    text = expression.text()
    if text is not None:
        return [text]
    call = library_call(expression)
    if call is None or not call.positional:
        return []
    if call.name == "AliasChoices":
        return [choice for argument in call.positional for choice in _choices(argument)]
    return _choices(call.positional[0]) if call.name == "AliasPath" else []


def _alias_generator(config: Mapping[str, Expression]) -> str:
    """Return the kind of alias generator, told by the name of its function."""
    value = config.get("alias_generator")
    if value is None:
        return ""
    call = library_call(value)
    if call is not None and call.name == "AliasGenerator":
        value = call.argument(1, "validation_alias") or call.argument(0, "alias")
        if value is None:
            return ""
    name = value.name() or (ast.unparse(value.node) if isinstance(value.node, ast.Lambda) else "")
    return next((kind for kind in _GENERATORS if kind in name.lower()), "")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


_GENERATORS = {"camel": _camel, "pascal": _pascal}


def _read_validators(program: Program, schema: Schema) -> None:
    seen: set[str] = set()
    for item in program.mro(schema.symbol):
        if not isinstance(item, Class):
            continue
        for name, members in item.members.items():
            functions = [member for member in members if isinstance(member, Function)]
            if functions and name not in seen:
                seen.add(name)
                _read_validator(program, schema, functions[-1], item)


def _read_validator(program: Program, schema: Schema, function: Function, owner: Class) -> None:
    for decorator in function.decorators:
        expression = Expression(decorator, Scope.of_class(program, owner))
        if isinstance(decorator, ast.Call) and (name := expression.at(decorator.func).name()) in _VALIDATORS:
            named = frozenset(text for item in decorator.args if (text := expression.at(item).text()) is not None)
            schema.validated |= named if name not in _BEFORE and named else _EVERY
        if not isinstance(decorator, ast.Call) or expression.at(decorator.func).name() not in _BEFORE:
            continue
        keywords = {keyword.arg: expression.at(keyword.value) for keyword in decorator.keywords if keyword.arg}
        mode = keywords["mode"].text() if "mode" in keywords else None
        if mode == "before" or ("pre" in keywords and keywords["pre"].truth()):
            schema.before_validators.append(function)
        elif mode == "wrap":
            schema.wraps = True


def _config_class(program: Program, cls: Class) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    for item in reversed(program.mro(cls)):
        if isinstance(item, Class):
            for name in item.members:
                value = declared_value(program, item, name)
                if value is not None:
                    found[name] = value
    return found


def _flag(config: Mapping[str, Expression], name: str) -> bool:
    return name in config and config[name].truth()


def _is_root(program: Program, cls: Class) -> bool:
    return program.has_external_base(cls, lambda path: path.endswith(f".{_ROOT_MODEL}")) or "__root__" in program.members(cls)


def _root_type(program: Program, cls: Class) -> Expression | None:
    """Return the argument of ``RootModel[...]`` in the nearest base that gives one."""
    for item in program.mro(cls):
        for node in item.node.bases if isinstance(item, Class) else ():
            base = Expression(node, Scope(program, item.module)) if isinstance(item, Class) else None
            if base is not None and isinstance(node, ast.Subscript) and base.at(node.value).name() == _ROOT_MODEL:
                return base.at(node.slice)
    return None


def _is_model_path(path: str) -> bool:
    root, last = path.partition(".")[0], path.rpartition(".")[2]
    return last in _MODELS.get(root, ()) or path in _LIBRARY_FIELDS
