"""The trail as lines of JSON that prove themselves: to be kept elsewhere, and checked there without the database.

The first line says what is in it; then come the checkpoints, and for each entity its head and its rows. In a row ``scope`` and ``changes``
are strings that hold JSON as PostgreSQL prints it: that is what was hashed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from greenroom.kit.trail.chain import stamp
from greenroom.kit.trail.following import TEXTS, Following, Verdict
from greenroom.kit.trail.verification import checkpoints, rows_of

FORMAT: Final = "greenroom.kit.trail 1"
_NUMBERS: Final = ("id", "transaction_id", "seq", "last_id", "heads")
_ROW: Final = ("id", "transaction_id", "entity", "entity_id", "seq", *TEXTS, "changes")


class ExportError(ValueError):
    """The lines are no export of a trail."""


async def export(connection: AsyncConnection, *, entity: str | None = None, entity_id: str | None = None) -> AsyncIterator[bytes]:
    """Yield the lines, each with its newline: of the whole trail, or of one kind of entity, or of one entity.

    A part of the trail proves the chains of its entities; only the whole proves that no entity is missing.
    """
    is_whole = entity is None and entity_id is None
    yield _line("trail", {"format": FORMAT, "whole": is_whole})
    if is_whole:
        for row in await checkpoints(connection):
            numbers = {name: getattr(row, name) for name in ("id", "snapshot", "last_id", "heads")}
            yield _line("checkpoint", {**numbers, "at": stamp(row.at), **_hex(row, "digest", "previous", "hash")})
    last = None
    async for row in rows_of(connection, entity, entity_id):
        key = {"entity": row.entity, "entity_id": row.entity_id}
        if key != last and row.head_seq is not None:
            yield _line("head", {**key, "seq": row.head_seq, "hash": row.head_hash.hex()})
        last = key
        if row.id is not None:
            yield _line("row", {**{name: getattr(row, name) for name in _ROW}, "at": stamp(row.at), **_hex(row, "previous", "hash")})


def verify_export(lines: Iterable[bytes], *, published: Collection[bytes] = (), recompute: int = 10, most_breaks: int = 100) -> Verdict:
    """Tell whether an export is what the database wrote, as ``verify`` does; raise ``ExportError`` for what is no export."""
    documents = _documents(lines)
    kind, begin = next(documents, ("nothing", {}))
    if kind != "trail" or begin.get("format") != FORMAT:
        raise ExportError(f"the first line is no beginning of an export ({FORMAT})")
    made: list[_Line] = []
    following: Following | None = None
    head: _Line | None = None
    is_bare = False
    """Whether no row has followed the head."""
    for kind, document in documents:
        line = _Line.of(document)
        if kind == "checkpoint":
            if following is not None:
                raise ExportError("a checkpoint stands after rows")
            made.append(line)
            continue
        following = following or Following(made, published, recompute)
        if is_bare and head is not None and (kind == "head" or not head.is_of(line)):
            following.take(head.beside(None))
        if kind == "head":
            head, is_bare = line, True
        else:
            following.take(line.beside(head if head is not None and head.is_of(line) else None))
            is_bare = False
    following = following or Following(made, published, recompute)
    if is_bare and head is not None:
        following.take(head.beside(None))
    return following.end(most_breaks)


@dataclass(slots=True)
class _Line:
    """The members of a line as attributes."""

    values: dict[str, Any]

    @classmethod
    def of(cls, document: dict[str, Any]) -> _Line:
        values = dict(document)
        try:
            if "at" in values:
                values["at"] = datetime.fromisoformat(values["at"])
            for name in ("digest", "previous", "hash"):
                if name in values:
                    values[name] = bytes.fromhex(values[name])
        except (TypeError, ValueError) as error:
            raise ExportError(f"a line holds what it cannot: {error}") from error
        if wrong := [name for name in _NUMBERS if not isinstance(values.get(name, 0), int)]:
            raise ExportError(f"a line holds no number as {', '.join(wrong)}")
        return cls(values)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # of many types
        try:
            return self.values[name]
        except KeyError:
            raise ExportError(f"a line has no {name!r}") from None

    def is_of(self, other: _Line) -> bool:
        return (self.entity, self.entity_id) == (other.entity, other.entity_id)

    def beside(self, head: _Line | None) -> _Line:
        """Return the row beside its head; a head alone is beside no row."""
        if "id" not in self.values:
            return _Line({**self.values, "id": None, "head_seq": self.seq, "head_hash": self.hash})
        return _Line({**self.values, "head_seq": head and head.seq, "head_hash": head and head.hash})


def _documents(lines: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        try:
            [(kind, document)] = orjson.loads(line).items()
        except (ValueError, AttributeError) as error:
            raise ExportError(f"line {number} cannot be read") from error
        if kind not in {"trail", "checkpoint", "head", "row"} or not isinstance(document, dict):
            raise ExportError(f"line {number} is of no known kind")
        yield kind, document


def _hex(row: Any, *names: str) -> dict[str, str]:  # noqa: ANN401  # a row of the driver
    return {name: getattr(row, name).hex() for name in names}


def _line(kind: str, document: dict[str, Any]) -> bytes:
    return orjson.dumps({kind: document}, option=orjson.OPT_APPEND_NEWLINE)
