"""Base classes for tables and schemas, and types whose values the columns can hold."""

from greenroom.kit.models.base import NAMING_CONVENTION, Record, choices, own_registry
from greenroom.kit.models.documents import Document
from greenroom.kit.models.patch import NOT_GIVEN, NotGiven, Patch, apply, changes
from greenroom.kit.models.references import Reference, check
from greenroom.kit.models.schema import Input, Output, ZeroToNone
from greenroom.kit.models.types import Handle, Id, Int2, Int4, Int8, Line, NaiveUtc, Slug, Tags, Text, UtcDatetime

__all__ = [
    "NAMING_CONVENTION",
    "NOT_GIVEN",
    "Document",
    "Handle",
    "Id",
    "Input",
    "Int2",
    "Int4",
    "Int8",
    "Line",
    "NaiveUtc",
    "NotGiven",
    "Output",
    "Patch",
    "Record",
    "Reference",
    "Slug",
    "Tags",
    "Text",
    "UtcDatetime",
    "ZeroToNone",
    "apply",
    "changes",
    "check",
    "choices",
    "own_registry",
]
