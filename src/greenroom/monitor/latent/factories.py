"""Which session factories the application has, and which sessions a test made more kindly."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from greenroom.monitor.latent.code import by_application, is_test
from greenroom.monitor.places import innermost

_MADE_BY_TEST = "_greenroom_made_by_test"


@dataclass(frozen=True, slots=True)
class Factory:
    """What the sessions of one ``sessionmaker`` of the application do at a commit."""

    file: str
    line: int
    expires: bool


_known: set[Factory] = set()


def factory_made(options: dict[str, Any]) -> None:
    """Remember a factory that the application makes; those of tests do not count."""
    found = innermost(sys._getframe(2))
    if found is not None and by_application(found):
        _known.add(Factory(found[0].co_filename, found[1], bool(options.get("expire_on_commit", True))))


def session_made(session: Session) -> None:
    """Remember of a session whether a test made it."""
    found = innermost(sys._getframe(2))
    session.__dict__[_MADE_BY_TEST] = found is not None and is_test(found[0].co_filename)


def is_kinder(session: Session) -> bool:
    """Whether a session of a test keeps at a commit what all sessions of the application's factories drop."""
    made_by_test = session.__dict__.get(_MADE_BY_TEST, False)
    return made_by_test and not session.expire_on_commit and bool(_known) and all(factory.expires for factory in _known)


def forget() -> None:
    """Forget all factories."""
    _known.clear()
