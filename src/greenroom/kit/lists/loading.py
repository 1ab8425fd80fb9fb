"""Loader options from a response schema, for the places that need objects of the ORM."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from sqlalchemy import inspect as mapping_of
from sqlalchemy.orm import Mapper, joinedload, load_only, raiseload, selectinload
from sqlalchemy.orm.interfaces import ORMOption
from sqlmodel import SQLModel

from greenroom.kit.lists.selection import DeclarationError, nested_schema


def loads_for(schema: type[BaseModel], entity: type[SQLModel]) -> list[ORMOption]:
    """Return options by which a query loads all that ``schema`` reads of ``entity``, and nothing else.

    ``task = (await session.exec(select(Task).options(*loads_for(TaskRow, Task)))).one()``, then ``TaskRow.model_validate(task)``.
    A nested object is joined, a nested list takes one more statement. Everything else raises when it is read. Raises
    ``DeclarationError`` for a member that is no column or relationship.
    """
    columns, related = _parts(schema, entity)
    return [load_only(*columns, raiseload=True), raiseload("*"), *related]


def _parts(schema: type[BaseModel], entity: type[SQLModel]) -> tuple[list[Any], list[Any]]:
    mapper: Mapper[Any] = mapping_of(entity)
    columns: list[Any] = []
    related: list[Any] = []
    for name, member in schema.model_fields.items():
        nested = nested_schema(member)
        if name in mapper.relationships and nested is not None:
            relationship = mapper.relationships[name]
            load = (selectinload if relationship.uselist else joinedload)(relationship.class_attribute)
            below, deeper = _parts(nested, relationship.mapper.class_)
            related.append(load.load_only(*below, raiseload=True).options(*deeper, raiseload("*")))
        elif name in mapper.column_attrs:
            columns.append(mapper.column_attrs[name].class_attribute)
        else:
            raise DeclarationError(f"{schema.__name__}.{name} is neither a column nor a relationship of {entity.__name__}")
    if mapper.version_id_col is not None:  # a flush of the object compares it
        columns.append(mapper.get_property_by_column(mapper.version_id_col).class_attribute)
    return columns, related
