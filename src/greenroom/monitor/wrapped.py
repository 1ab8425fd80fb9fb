"""Finds implicit IO in errors that only tell of it: a validation error of pydantic or FastAPI has it as text, and links to nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from greenroom.monitor.errors import linked
from greenroom.trace import Kind

_BOUND: Final = 200
"""How many errors of one validation are looked at."""
_NAMED: Final = re.compile(r"\b(MissingGreenlet|DetachedInstanceError)\b")
_KINDS: Final = {"MissingGreenlet": Kind.IMPLICIT_IO, "DetachedInstanceError": Kind.DETACHED}


@dataclass(frozen=True, slots=True)
class Told:
    """What an error tells of another one."""

    kind: Kind
    error: str
    """The name of the class that was raised."""
    attribute: str | None = None
    """Which attribute was being read, as far as the place in the data is a name."""


def told(error: BaseException) -> list[Told]:
    """Return what the error and all that it wraps tell of.

    Their ``errors()`` are asked (pydantic, FastAPI). They are never printed: what a validation error prints are its inputs, mapped
    objects, whose ``repr`` may load.
    """
    return [tale for one in linked(error) for tale in _tales(one)]


def _tales(error: BaseException) -> Iterator[Told]:
    if type(error).__name__ == "PydanticSerializationError":
        yield from _named(str(error), None)  # its text is its own message, without the value
    elif type(error).__name__.endswith("ValidationError"):
        for detail in _details(error):
            yield from _named(str(detail.get("msg", "")), _attribute(detail.get("loc", ())))


def _named(text: str, attribute: str | None) -> Iterator[Told]:
    name = _NAMED.search(text)
    if name is not None:
        yield Told(_KINDS[name[0]], name[0], attribute)


def _details(error: BaseException) -> list[Mapping[str, Any]]:
    try:
        found = getattr(error, "errors")()  # noqa: B009  # not of every class whose name ends so
        return [one for one in list(found)[:_BOUND] if isinstance(one, Mapping)]
    except Exception:  # noqa: BLE001  # the method is somebody else's, and this runs while an error is handled
        return []


def _attribute(location: object) -> str | None:
    names = [part for part in location if isinstance(part, str)] if isinstance(location, (tuple, list)) else []
    return names[-1] if names and names != ["response"] else None
