"""Schemas read the attributes that pydantic reads."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from pydantic import BaseModel, ValidationError

from greenroom.facts.collect import Backend
from greenroom.facts.records import Schema
from greenroom.program.program import Program
from greenroom.program.symbols import Class
from greenroom.program.types import Named
from greenroom.source.discover import discover
from tests.facts import models_schemas

BACKEND = Backend(Program(discover([Path(models_schemas.__file__)])))
MODELS = {
    name: model
    for name, model in vars(models_schemas).items()
    if inspect.isclass(model) and issubclass(model, BaseModel) and model.__module__ == models_schemas.__name__ and "[" not in name
}


class Probe:
    """Has no attribute at all, and remembers which were asked for."""

    def __init__(self) -> None:
        self.asked: set[str] = set()

    def __getattr__(self, name: str) -> object:
        if not name.startswith("__"):
            self.asked.add(name)
        raise AttributeError(name)


def symbol(name: str) -> Class:
    module = BACKEND.program.module("models_schemas")
    assert module is not None
    found = BACKEND.program.lookup(module, name)
    assert isinstance(found, Class)
    return found


def schema(name: str) -> Schema:
    found = BACKEND.schema(symbol(name))
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(MODELS))
def test_pydantic_reads_what_the_schema_says(name: str) -> None:
    model, found = MODELS[name], schema(name)
    assert found.from_attributes is bool(model.model_config.get("from_attributes"))
    assert list(found.fields) == list(model.model_fields) or set(found.fields) == set(model.model_fields)
    assert {key for key, item in found.fields.items() if item.required} == {
        key for key, item in model.model_fields.items() if item.is_required()
    }
    if not found.from_attributes or found.is_root_model:
        return
    probe = Probe()
    with pytest.raises(ValidationError):
        model.model_validate(probe)
    assert probe.asked == {attribute for item in found.fields.values() for attribute in (item.reads, *item.otherwise)}


def test_an_alias_comes_before_the_name() -> None:
    fields = schema("CamelByName").fields
    assert (fields["updated_at"].reads, fields["updated_at"].otherwise) == ("updatedAt", ("updated_at",))
    assert (fields["explicit_name"].reads, fields["explicit_name"].otherwise) == ("given", ("explicit_name",))


def test_excluded_fields_are_read_all_the_same() -> None:
    assert schema("Orm").fields["hidden"].excluded


def test_validators_that_see_the_object() -> None:
    assert [function.name for function in schema("Before").before_validators] == ["prepare"]
    assert schema("Wrapped").wraps
    assert not schema("Orm").wraps


def test_generic_fields_keep_their_type_variable() -> None:
    page = symbol("PlainPage")
    item = schema("PlainPage").fields["items"].type
    arguments = BACKEND.program.type_arguments(page)
    assert isinstance(item, Named)
    assert BACKEND.program.substitute(item, arguments) == Named(item.symbol, (Named(symbol("Plain")),))


def test_root_model() -> None:
    names = schema("Names")
    assert names.is_root_model
    assert isinstance(names.fields["root"].type, Named)


def test_other_classes_are_no_schemas() -> None:
    assert BACKEND.schema(symbol("NotASchema")) is None
