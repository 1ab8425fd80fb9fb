"""Partial updates: what is not given stays, what is given as null becomes null."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticUndefined
from sqlmodel import SQLModel

from greenroom.kit.models.schema import Input


class NotGiven(Enum):
    """The class of ``NOT_GIVEN``."""

    NOT_GIVEN = "NOT_GIVEN"

    def __repr__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        raise TypeError("this member was not given: ask `changes(patch)`, or compare with `is NOT_GIVEN`")


NOT_GIVEN: Final = NotGiven.NOT_GIVEN
"""What a member of a ``Patch`` is that the client did not send. It is neither true nor false, so that nobody takes it for a value."""


def _not_given() -> NotGiven:
    return NOT_GIVEN


class Patch(Input):
    """Makes each member of a schema optional: ``class TaskPatch(TaskFields, Patch)``.

    Null is taken only where ``TaskFields`` takes it; elsewhere it is an error of that member. Defaults do not count: a member that is
    not given is ``NOT_GIVEN``, so a validator of the whole model (``model_validator(mode="after")``) must expect that.
    """

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        # A factory and not a default: OpenAPI shows defaults.
        for field in cls.model_fields.values():
            field.default = PydanticUndefined
            field.default_factory = _not_given
        return handler(source)


def changes(patch: Patch) -> dict[str, Any]:
    """Return what the client has sent, by name."""
    return {name: getattr(patch, name) for name in patch.__class__.model_fields if name in patch.model_fields_set}


def apply(patch: Patch, record: SQLModel, *, only: Collection[str]) -> dict[str, Any]:
    """Set what is given on an object of the ORM, and return it by name. Nothing is read, so nothing can load.

    ``only`` names the attributes that may be set so. Raises ``TypeError`` when the patch has a member beside these, given or not: an
    attribute becomes writable where somebody has written its name down, and not because a schema has grown.
    """
    if beside := sorted(set(type(patch).model_fields) - set(only)):
        raise TypeError(f"{type(patch).__name__} has members that may not be set: {', '.join(beside)}")
    given = changes(patch)
    for name, value in given.items():
        setattr(record, name, value)
    return given
