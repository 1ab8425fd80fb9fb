"""Fields of pydantic and SQLModel classes: annotated names along the MRO."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from greenroom.facts.annotation import annotated_layers
from greenroom.facts.calls import Call, library_call
from greenroom.facts.declarations import Bodies, Declaration
from greenroom.facts.expression import Expression, Scope
from greenroom.program.program import Program
from greenroom.program.symbols import Class
from greenroom.program.types import TypeRef

_NOT_FIELDS = {"model_config", "Config"}
_FIELD_MAKERS = {"Field", "FieldInfo"}


def field_declarations(bodies: Bodies, cls: Class) -> dict[str, Declaration]:
    """Return the field declarations by name, inherited ones first; the most derived class wins."""
    found: dict[str, Declaration] = {}
    for item in reversed(bodies.program.mro(cls)):
        if not isinstance(item, Class):
            continue
        for declaration in bodies.of(item):
            if is_field(declaration):
                found[declaration.name] = declaration
            elif declaration.annotation is not None and declaration.annotation.is_class_variable:
                found.pop(declaration.name, None)
    return found


def is_field(declaration: Declaration) -> bool:
    """Whether a declaration is a field: annotated, public, no ``ClassVar``, no private attribute, no relationship."""
    if declaration.annotation is None or declaration.function is not None or declaration.annotation.is_class_variable:
        return False
    if declaration.name.startswith("_") or declaration.name in _NOT_FIELDS:
        return False
    return declaration.construct not in ("PrivateAttr", "Relationship")


def field_arguments(declaration: Declaration, reference: TypeRef) -> Mapping[str, Expression]:
    """Return the arguments of the field's ``Field(...)``, in its value or in ``Annotated``; a plain default counts as ``default=``."""
    found: dict[str, Expression] = {}
    for layer in annotated_layers(reference):
        for item in layer.metadata:
            if isinstance(item, ast.Call):
                scope = Scope(_program(declaration), layer.module)
                call = library_call(Expression(item, scope))
                if call is not None and call.name in _FIELD_MAKERS:
                    found = {**_of_call(call), **found}
    if declaration.call is not None and declaration.call.name in _FIELD_MAKERS:
        return {**found, **_of_call(declaration.call)}
    if declaration.value is not None:
        found["default"] = declaration.value
    return found


def is_required(arguments: Mapping[str, Expression]) -> bool:
    """Whether a field has no default."""
    default = arguments.get("default")
    return "default_factory" not in arguments and (default is None or default.constant() is Ellipsis)


def _of_call(call: Call) -> dict[str, Expression]:
    found = dict(call.keywords)
    if call.positional:
        found.setdefault("default", call.positional[0])
    return found


def _program(declaration: Declaration) -> Program:
    annotation = declaration.annotation
    if annotation is None or annotation.inner is None:
        raise ValueError("a field has an annotation")
    return annotation.inner.scope.program
