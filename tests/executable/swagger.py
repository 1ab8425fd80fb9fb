"""What Swagger UI fills in for the body of a request when a user presses "Try it out" and types nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_STRINGS = {
    "date-time": "2026-11-28T12:00:00.000Z",
    "date": "2026-11-28",
    "uuid": "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    "email": "user@example.com",
}


def body_of(document: Mapping[str, Any], path: str, method: str) -> object:
    """Return the sample of an operation's JSON body."""
    operation = document["paths"][path][method.lower()]
    return sample(document, operation["requestBody"]["content"]["application/json"]["schema"])


def sample(document: Mapping[str, Any], schema: Mapping[str, Any]) -> object:
    """Return an example of a schema by the rules of Swagger UI: what is given, else the first choice, else the type's own sample."""
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    for key in ("examples", "enum"):
        if key in schema:
            return schema[key][0]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return sample(document, document["components"]["schemas"][name])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return sample(document, schema[key][0])
    return _of_type(document, schema)


def _of_type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> object:
    match schema.get("type"):
        case "array":
            return [sample(document, schema.get("items", {}))]
        case "string":
            return _STRINGS.get(schema.get("format", ""), "string")
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
        case _:
            return {name: sample(document, part) for name, part in schema.get("properties", {}).items()}
