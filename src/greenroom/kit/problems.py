"""Errors that are answers: problem details as of RFC 9457.

Raise one anywhere below a route; ``kit.web`` turns it into ``application/problem+json`` and documents it in OpenAPI.
A subclass is one type of problem: its ``slug`` names it for programs (``type`` is ``/problems/<slug>``), its ``title`` for people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, Final, Literal

MEDIA_TYPE = "application/problem+json"

REQUEST_ID: Final = "greenroom.request_id"
"""Where in the ASGI scope a middleware puts the request's id: problems name it as their instance, and the trail with each change."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request.

    ``name`` is a JSON pointer into the body (``/subtasks/0/title``), or the name of a parameter or header.
    """

    where: Literal["body", "path", "query", "header", "cookie"]
    name: str
    detail: str
    code: str = "invalid"

    def document(self) -> dict[str, str]:
        """Return the member of ``errors``; RFC 9457, section 3, calls the place in a body its ``pointer``."""
        place = {"pointer": f"#{self.name}"} if self.where == "body" else {"parameter": self.name}
        return {"in": self.where, **place, "detail": self.detail, "code": self.code}


class Problem(Exception):  # noqa: N818  # the word of RFC 9457
    """A problem to answer with: the base class answers 500 and tells nothing."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = "The server failed"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        extensions: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Take what is particular: ``extensions`` become members of the document, ``headers`` headers of the answer."""
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = tuple(errors)
        self.extensions = dict(extensions or {})
        self.headers = dict(headers or {})

    def document(self, instance: str | None = None) -> dict[str, Any]:
        """Return the problem document; ``instance`` is the URI of this occurrence."""
        document: dict[str, Any] = {"type": f"/problems/{self.slug}", "title": self.title, "status": int(self.status)}
        if self.detail:
            document["detail"] = self.detail
        if instance:
            document["instance"] = instance
        if self.errors:
            document["errors"] = [error.document() for error in self.errors]
        return {**self.extensions, **document}


class MalformedRequest(Problem):
    """The request cannot be read at all: broken JSON, a wrong encoding."""

    status = HTTPStatus.BAD_REQUEST
    slug = "malformed-request"
    title = "The request cannot be read"


class Unauthenticated(Problem):
    """Nobody has proved who they are."""

    status = HTTPStatus.UNAUTHORIZED
    slug = "unauthenticated"
    title = "Authentication is needed"


class Forbidden(Problem):
    """The actor is known and may not do this."""

    status = HTTPStatus.FORBIDDEN
    slug = "forbidden"
    title = "This is not allowed"


class NotFound(Problem):
    """There is no such thing, or none that the actor may see."""

    status = HTTPStatus.NOT_FOUND
    slug = "not-found"
    title = "There is no such thing"


class Conflict(Problem):
    """The request is sound and does not fit the current state."""

    status = HTTPStatus.CONFLICT
    slug = "conflict"
    title = "The request conflicts with the current state"


class PreconditionFailed(Problem):
    """The thing has changed since the client read it (RFC 9110, ``If-Match``)."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "precondition-failed"
    title = "It has changed since you read it"


class PreconditionRequired(Problem):
    """A change without ``If-Match`` where one is needed (RFC 6585)."""

    status = HTTPStatus.PRECONDITION_REQUIRED
    slug = "precondition-required"
    title = "A precondition is needed"


class TooLarge(Problem):
    """The request is larger than the server takes."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    slug = "too-large"
    title = "The request is too large"


class UnsupportedMediaType(Problem):
    """The body is of a kind that the route does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    slug = "unsupported-media-type"
    title = "This media type is not read here"


class Invalid(Problem):
    """The request can be read, and fields of it hold what they must not."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "invalid"
    title = "The request holds invalid values"


class TooManyRequests(Problem):
    """The client asks too often; say when to come back with a ``Retry-After`` header."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many-requests"
    title = "Too many requests"


class Unavailable(Problem):
    """Something that the server needs is away; a later try may succeed."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "unavailable"
    title = "The service is not available now"
