"""Bytes to text the way Python reads a source file, and byte columns to character columns."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file; ``error`` says why Python would refuse it, and then ``text`` holds replacement characters."""

    text: str
    error: str | None = None
    line: int = 1


def decode(data: bytes) -> Decoded:
    """Decode by byte order mark, then by PEP 263 declaration, then as UTF-8."""
    body = data.removeprefix(codecs.BOM_UTF8)
    declared = _declared_encoding(body)
    if declared is None:
        return _decode_as(body, "utf-8", "no encoding is declared and the file is not UTF-8")
    name = declared.lower().replace("_", "-")
    if name == "utf-8" or name.startswith("utf-8-"):
        return _decode_as(body, "utf-8", "the file is not UTF-8, as it declares")
    if body is not data and len(body) != len(data):
        return Decoded(body.decode(errors="replace"), f"the file declares {declared} and begins with a UTF-8 byte order mark")
    return _decode_as(body, declared, f"the file is not {declared}, as it declares")


def split_lines(text: str) -> list[str]:
    r"""Split as Python's tokenizer does: at ``\n``, ``\r\n`` and ``\r`` only, without the ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def character_column(line: str, utf8_offset: int) -> int:
    """Turn the byte offset that ``ast`` gives into a character column that counts from 1."""
    if line.isascii():
        return utf8_offset + 1
    return len(line.encode(errors="surrogatepass")[:utf8_offset].decode(errors="replace")) + 1


def _declared_encoding(data: bytes) -> str | None:
    # Old Mac line ends are split here as well, although Python reads only "\n" at this point.
    for line in re.split(rb"\r\n|\n|\r", data[:4096], maxsplit=2)[:2]:
        found = _COOKIE.match(line)
        if found:
            return found[1].decode()
        if not _BLANK.match(line):
            return None
    return None


def _decode_as(data: bytes, encoding: str, complaint: str) -> Decoded:
    try:
        return Decoded(data.decode(encoding))
    except LookupError:
        return Decoded(data.decode(errors="replace"), f"unknown encoding {encoding!r}")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Decoded(data.decode(errors="replace"), f"{complaint}: {error.reason}", line)
    except Exception as error:  # noqa: BLE001 - any codec of the host may be declared, and codecs raise what they like
        return Decoded(data.decode(errors="replace"), f"{complaint}: {error}")
