"""Room on the interpreter's stack."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TypeVar, cast

SLOTS = 1 << 17
"""As many slots again stay free: enough for more frames than Python lets calls nest."""

Result = TypeVar("Result")


def with_room(action: Callable[[], Result]) -> Result:
    """Call ``action`` with one piece of stack for all calls below it.

    CPython takes the frames of calls from pieces of 16 KB. A call that does not fit into the last one gets a new piece from the system,
    and gives it back when it returns. In a deep recursion that happens at every other statement, and a tenth of the time goes by.
    A frame that is larger than a piece gets one of twice its size, at most, and what is left of that takes the frames below it.
    """
    code = _calling.__code__.replace(co_stacksize=SLOTS)
    roomy = cast("Callable[[Callable[[], Result]], Result]", FunctionType(code, _calling.__globals__))
    return roomy(action)


def _calling(action: Callable[[], Result]) -> Result:
    return action()
