"""What FastAPI and Pydantic find wrong with a request, as ``FieldError``: where it is, and never what was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, cast

from greenroom.kit.problems import FieldError

Where = Literal["body", "path", "query", "header", "cookie"]

LONGEST_NAME: Final = 200
"""Characters: names of members come from the client."""

MOST_ERRORS: Final = 100
"""A body of a thousand faults is told of its first hundred."""


def field_errors(errors: Sequence[Any], body: object) -> list[FieldError]:
    """Return the errors of a ``RequestValidationError`` (Pydantic's ``ErrorDetails``)."""
    return [_field_error(error, body) for error in errors[:MOST_ERRORS]]


def _field_error(error: Mapping[str, Any], body: object) -> FieldError:
    where, *rest = error["loc"]
    kind = str(error["type"])
    # Pydantic puts this before the text of the ValueError that a validator has raised.
    detail = str(error["msg"]).removeprefix("Value error, ")
    name = pointer(rest, body, missing=kind == "missing") if where == "body" else str(rest[0] if rest else "")
    return FieldError(cast("Where", where), name[:LONGEST_NAME], detail, kind)


def pointer(path: Sequence[object], body: object, *, missing: bool = False) -> str:
    """Return the JSON pointer (RFC 6901) of a place in a body.

    Pydantic's path holds the names of the members of unions that it has tried, too: what is no place in the body is left out.
    With ``missing``, the last part names a member that is not there.
    """
    parts: list[str] = []
    current = body
    for number, part in enumerate(path, 1):
        if _holds(current, part):
            current = current[part]  # type: ignore[index]  # a dict or a list
        elif not (missing and number == len(path)):
            continue
        parts.append(str(part).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{part}" for part in parts)


def _holds(container: object, part: object) -> bool:
    if isinstance(container, Mapping):
        return part in container
    return isinstance(container, (list, tuple)) and isinstance(part, int) and 0 <= part < len(container)
