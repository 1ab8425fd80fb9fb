"""placeholder"""
from __future__ import annotations

import ast
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Newer:
    """A tree, or the features found in vain."""

    tree: ast.Module | None
    features: tuple[str, ...] = ()


def parse_newer(text: str) -> Newer:
    del text
    return Newer(None)
