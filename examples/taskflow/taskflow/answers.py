"""Answers that hold nothing of the domain."""

from __future__ import annotations

from typing import Literal

from greenroom.kit.models import Output


class Done(Output):
    """It is done, and there is nothing more to show."""

    ok: Literal[True] = True
