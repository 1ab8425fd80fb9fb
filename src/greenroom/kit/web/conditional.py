"""Conditional requests (RFC 9110, section 13): a change only of what the client has seen, and no answer that it has already.

The tag is the version of the row that the answer shows. An answer that shows more than this row must not be tagged by it alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends, Header, HTTPException, Request, Response

from greenroom.kit.problems import FieldError, Invalid, PreconditionFailed, PreconditionRequired

# RFC 9110 allows bytes beyond ASCII as well, and no tag of ours holds one. The quotes may be left out, as people do who type a header.
_TAG: Final = r'(?:(?:W/)?"[\x21\x23-\x7e]*"|[A-Za-z0-9]+)'
# Empty members of a list are left out (RFC 9110, section 5.6.1.2).
_FIELD: Final = rf"^(?:\*|[ \t,]*{_TAG}(?:[ \t]*,[ \t,]*{_TAG})*[ \t,]*)$"
_IS_FIELD = re.compile(_FIELD).match
_TAGS = re.compile(_TAG).findall


def etag(version: int) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Tags:
    """The value of ``If-Match`` or ``If-None-Match``: None where the header is not there, ``("*",)`` for any."""

    listed: tuple[str, ...] | None

    @classmethod
    def read(cls, request: Request, name: str) -> Tags:
        """Read a header, which may be given in several lines. Raises ``Invalid``."""
        lines = request.headers.getlist(name)
        if not lines:
            return cls(None)
        value = ", ".join(lines)
        if not _IS_FIELD(value):
            raise Invalid(errors=[FieldError("header", name, 'Give entity tags such as "1", separated by commas, or *', "entity_tags")])
        return cls(("*",) if value == "*" else tuple(tag if tag.endswith('"') else f'"{tag}"' for tag in _TAGS(value)))

    @property
    def given(self) -> bool:
        """Whether the header is there."""
        return self.listed is not None

    def hold(self, version: int, *, weakly: bool = False) -> bool:
        """Tell whether a version is among them; ``weakly`` as ``If-None-Match`` compares (RFC 9110, section 8.8.3.2)."""
        listed = self.listed or ()
        return "*" in listed or etag(version) in listed or (weakly and f"W/{etag(version)}" in listed)


@dataclass(frozen=True, slots=True)
class Precondition:
    """What ``If-Match`` says; a route checks it against the version that it is about to change."""

    tags: Tags

    def check(self, version: int) -> None:
        """Raise ``PreconditionFailed`` unless the version is one that the client has named, or it has named none."""
        if self.tags.given and not self.tags.hold(version):
            raise PreconditionFailed(headers={"ETag": etag(version)})


@dataclass(frozen=True, slots=True)
class Freshness:
    """What ``If-None-Match`` says; a route that reads one thing asks it."""

    tags: Tags
    response: Response

    def check(self, version: int) -> None:
        """Tag the answer, or end the request with 304 where the client has this version already."""
        if self.tags.hold(version, weakly=True):
            raise HTTPException(304, headers={"ETag": etag(version)})
        self.response.headers["ETag"] = etag(version)


# Declared for OpenAPI; read from the request, because the header may be given in several lines.
_IfMatch = Annotated[
    str | None, Header(description="Change it only if it has one of these entity tags.", json_schema_extra={"pattern": _FIELD})
]
_IfNoneMatch = Annotated[
    str | None, Header(description="Answer 304 if it has one of these entity tags.", json_schema_extra={"pattern": _FIELD})
]


async def precondition(request: Request, if_match: _IfMatch = None) -> Precondition:  # noqa: ARG001  # it stands for OpenAPI
    """Read ``If-Match``."""
    return Precondition(Tags.read(request, "if-match"))


async def required_precondition(request: Request, if_match: _IfMatch = None) -> Precondition:  # noqa: ARG001  # as above
    """Read ``If-Match``; raise ``PreconditionRequired`` where it is not there."""
    tags = Tags.read(request, "if-match")
    if not tags.given:
        raise PreconditionRequired("Send If-Match with the ETag of what you have read")
    return Precondition(tags)


async def freshness(request: Request, response: Response, if_none_match: _IfNoneMatch = None) -> Freshness:  # noqa: ARG001  # as above
    """Read ``If-None-Match``."""
    return Freshness(Tags.read(request, "if-none-match"), response)


IfMatch = Annotated[Precondition, Depends(precondition)]
"""``async def change(…, unchanged: IfMatch)``, then ``unchanged.check(task.version)``."""

IfMatchRequired = Annotated[Precondition, Depends(required_precondition)]
"""As ``IfMatch``, and a request without the header is answered 428."""

IfNoneMatch = Annotated[Freshness, Depends(freshness)]
"""``async def read(…, fresh: IfNoneMatch)``, then ``fresh.check(row.version)``: sets ``ETag``, or answers 304."""
