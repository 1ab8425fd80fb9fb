"""JSON of no fixed shape, as far as ``jsonb`` and other JSON readers hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from typing_extensions import TypeAliasType

_NUMBER_MAX: Final = 2**53 - 1  # RFC 7493 (I-JSON), section 2.2: beyond it readers disagree

_WITHOUT_NUL: Final = r"^[^\u0000]*$"


class _Names:
    """Says in OpenAPI what the names of an object's members may be."""

    @staticmethod
    def __get_pydantic_json_schema__(schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "propertyNames": {"pattern": _WITHOUT_NUL}}


_String = Annotated[str, Field(pattern=_WITHOUT_NUL)]
_Number = Annotated[float, Field(ge=-_NUMBER_MAX, le=_NUMBER_MAX)]
_Json = TypeAliasType("_Json", "bool | _Number | _String | list[_Json] | Annotated[dict[str, _Json], _Names] | None")


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object for a ``jsonb`` column: ``details: Annotated[dict[str, Any], Document()]``.

    Refused: U+0000 (which ``jsonb`` cannot hold), lone surrogates, NaN and infinities, numbers beyond ±(2**53 - 1), nesting deeper than
    ``max_depth`` and more than ``max_bytes`` bytes of UTF-8. OpenAPI has no words for the last two.
    https://www.postgresql.org/docs/current/datatype-json.html
    """

    max_bytes: int = 16_384
    max_depth: int = 16

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        # The shape below is for OpenAPI; the check gives one error where a union would give one for each of its members.
        shape = handler.generate_schema(Annotated[dict[str, _Json], _Names])
        return core_schema.no_info_wrap_validator_function(lambda value, _: self._check(value), shape)

    def _check(self, value: object) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise PydanticCustomError("dict_type", "Input should be an object")
        self._check_value(value, 1)
        if len(orjson.dumps(value)) > self.max_bytes:
            raise PydanticCustomError("document_size", "The document is larger than {max_bytes} bytes", {"max_bytes": self.max_bytes})
        return value

    def _check_value(self, value: object, depth: int) -> None:
        if depth > self.max_depth:
            raise PydanticCustomError("document_depth", "The document is nested deeper than {max_depth}", {"max_depth": self.max_depth})
        if isinstance(value, dict):
            for key, member in value.items():
                _check_string(key)
                self._check_value(member, depth + 1)
        elif isinstance(value, list):
            for member in value:
                self._check_value(member, depth + 1)
        elif isinstance(value, str):
            _check_string(value)
        elif not (value is None or isinstance(value, bool)):
            _check_number(value)


def _check_string(value: object) -> None:
    if not isinstance(value, str):
        raise PydanticCustomError("document_key", "The names of a document's members are strings")
    if "\0" in value:
        raise PydanticCustomError("control_character", "The document holds the control character U+0000")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise PydanticCustomError("string_unicode", "The document holds half of a surrogate pair")


def _check_number(value: object) -> None:
    # NaN is not within the range either.
    if not isinstance(value, (int, float)) or not -_NUMBER_MAX <= value <= _NUMBER_MAX:
        raise PydanticCustomError("document_number", "A number of the document is not between -(2**53 - 1) and 2**53 - 1")
