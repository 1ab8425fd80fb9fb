"""Logs as JSON lines, of the application and its libraries alike, with the request's id and without secrets.

https://www.structlog.org/en/stable/standard-library.html#rendering-using-structlog-based-formatters-within-logging
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from functools import lru_cache
from typing import Any, Final, TextIO

import orjson
import structlog

from greenroom.kit.web.request_ids import request_id

Event = MutableMapping[str, Any]

REDACTED: Final = "[redacted]"

_SECRET_NAMES = re.compile(
    r"pass(word|wd|phrase)?$|secret|token$|authori[sz]ation|cookie|api[-_]?key|private[-_]?key|credential|^dsn$", re.IGNORECASE
)
_SECRETS: Final = (
    # a JSON Web Token
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"), REDACTED),
    # Authorization: Bearer …
    (re.compile(r"\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]+", re.IGNORECASE), rf"\1 {REDACTED}"),
    # a parameter of a URL
    (re.compile(r"([?&][A-Za-z0-9_-]*(?:token|secret|password|api[-_]?key|signature|code)=)[^&#\s\"']+", re.IGNORECASE), rf"\1{REDACTED}"),
    # the password of a URL
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s@/]+@", re.IGNORECASE), rf"\1{REDACTED}@"),
)
_SUSPECT = re.compile(r"eyJ|://|[?&]|bearer|basic", re.IGNORECASE).search
"""What each of these has in it: most texts have nothing, and this is asked of every text of every line."""


# Without the values of local variables, which structlog's own would write.
_TRACEBACKS = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))


def configure_logging(*, level: str = "INFO", human: bool | None = None, stream: TextIO | None = None) -> None:
    """Let everything that is logged in the process, by structlog or by ``logging``, go to one stream (standard error).

    ``human`` writes lines for a terminal instead of JSON; None asks whether the stream is one. uvicorn's access lines are turned off:
    ``AccessLog`` writes them. Call it where the application is made; uvicorn has set up its own logging by then.
    """
    stream = stream or sys.stderr
    human = stream.isatty() if human is None else human
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        add_request_id,
    ]
    end: list[Any] = [redact, structlog.dev.ConsoleRenderer()] if human else [_TRACEBACKS, redact, _render]
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *end],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"


def add_request_id(_logger: object, _method: str, event: Event) -> Event:
    """Add the id of the request that is being answered."""
    current = request_id()
    if current is not None:
        event.setdefault("request_id", current)
    return event


def redact(_logger: object, _method: str, event: Event) -> Event:
    """Take secrets out: values whose name says that they are, and tokens and passwords within texts."""
    return {name: _redacted(name, value) for name, value in event.items()}


@lru_cache(1000)
def _is_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name) is not None


def _redacted(name: object, value: object) -> object:
    if isinstance(name, str) and _is_secret(name):
        return REDACTED
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, str):
        if _SUSPECT(value):
            for pattern, replacement in _SECRETS:
                value = pattern.sub(replacement, value)
        return value
    if isinstance(value, Mapping):
        return {inner: _redacted(inner, within) for inner, within in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_redacted(None, within) for within in value]
    return value


def _render(_logger: object, _method: str, event: Event) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
