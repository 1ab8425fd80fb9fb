"""The query parameters of a list: a Pydantic model made from its declaration, so that OpenAPI shows each of them."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.datastructures import MutableHeaders

from greenroom.kit.lists import cursors
from greenroom.kit.lists.filters import Parameter
from greenroom.kit.lists.selection import DeclarationError

DEFAULT_LIMIT: Final = 50
MOST_LIMIT: Final = 100
MOST_OFFSET: Final = 10_000


class ListQuery(BaseModel):
    """What every list takes; the model of a list adds ``sort`` and its filters. Unknown parameters are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=MOST_LIMIT, description="How many to give.")] = DEFAULT_LIMIT
    total: Annotated[bool, Field(description="Whether to count all, into the header Total-Count.")] = False


class CursorQuery(ListQuery):
    """Pages by cursor."""

    cursor: Annotated[
        str,
        # Not nullable: a query string has no null.
        Field(pattern=cursors.PATTERN, default_factory=lambda: None, description="The page, as a Link header has named it."),
    ]


class OffsetQuery(CursorQuery):
    """Pages by cursor or, for those who want to jump, by offset."""

    offset: Annotated[int, Field(ge=0, le=MOST_OFFSET, description="How many to leave out, after the cursor if there is one.")] = 0


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page is asked for: the checked query, and what the answer's links and headers need of the request."""

    query: ListQuery
    path: str = ""
    asked: tuple[tuple[str, str], ...] = ()
    """The parameters as they were written."""
    headers: MutableMapping[str, str] | MutableHeaders = field(default_factory=dict)
    """The headers of the answer: ``Link`` and ``Total-Count`` are put here."""

    def link(self, cursor: str, relation: str) -> str:
        """Return the link to another page (RFC 8288), relative to the host."""
        kept = [(name, value) for name, value in self.asked if name not in {"cursor", "offset"}]
        return f'<{quote(self.path)}?{urlencode([*kept, ("cursor", cursor)])}>; rel="{relation}"'


def query_model(
    name: str, sorts: Mapping[str, Any], default: str, parameters: Mapping[str, Parameter], *, offset: bool
) -> type[CursorQuery]:
    """Return the model of one list's parameters. Raises ``DeclarationError`` when a filter has the name of something else."""
    base = OffsetQuery if offset else CursorQuery
    if taken := sorted({*base.model_fields, "sort"} & set(parameters)):
        raise DeclarationError(f"a filter cannot have the name {', '.join(taken)}")
    word = f"-?(?:{'|'.join(sorts)})"
    sort = Field(
        default, pattern=f"^{word}(?:,{word})*$", max_length=200, description="By what to sort; descending with a hyphen before it."
    )
    fields: dict[str, Any] = {
        parameter.name: (parameter.annotation, Field(default_factory=lambda: None)) for parameter in parameters.values()
    }
    return create_model(name, __base__=base, sort=(str, sort), **fields)
