"""Cursors: the place of a row in an order, as opaque text that fits one list, order and set of filters only."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, Final

import orjson
from pydantic import TypeAdapter, ValidationError

PATTERN: Final = r"^[A-Za-z0-9_-]{16,8000}$"

_VERSION: Final = b"1"
_DIGEST: Final = 9  # bytes; chance alone meets one of 2**72


class ForeignCursorError(Exception):
    """The text is no cursor of this list, order and set of filters."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The values of a row's sort keys, and whether the page before it is meant instead of the one after."""

    backward: bool
    values: tuple[Any, ...]


def encode(cursor: Cursor, context: bytes) -> str:
    """Return a cursor as text; ``context`` is what it belongs to.

    It is checked and not encrypted, nor signed with a secret: whoever forges one gets another place in a list that they may read.
    """
    words = [None if value is None else _text(value) for value in cursor.values]
    body = orjson.dumps([cursor.backward, *words])
    return _armoured(_digest(body, context) + body)


def decode(text: str, context: bytes, types: Sequence[TypeAdapter[Any]]) -> Cursor:
    """Read a cursor; ``types`` say what the values must be. Raises ``ForeignCursorError``."""
    try:
        found = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        digest, body = found[:_DIGEST], found[_DIGEST:]
        if digest != _digest(body, context) or _armoured(found) != text:
            raise ForeignCursorError
        backward, *words = orjson.loads(body)
        values = [None if word is None else adapter.validate_python(word) for word, adapter in zip(words, types, strict=True)]
    except (binascii.Error, ValueError, ValidationError) as error:
        raise ForeignCursorError from error
    return Cursor(bool(backward), tuple(values))


def _armoured(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _digest(body: bytes, context: bytes) -> bytes:
    return hashlib.blake2b(body, key=hashlib.blake2b(_VERSION + context).digest(), digest_size=_DIGEST).digest()


def _text(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
