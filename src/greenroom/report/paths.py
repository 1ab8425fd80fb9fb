"""How paths are shown: relative to the working directory where they lie under it, else absolute, always with slashes."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path, base: Path) -> str:
    """Return ``path`` as reports print it for a reader who works in the absolute directory ``base``."""
    absolute = path if path.is_absolute() else base / path
    try:
        return absolute.relative_to(base).as_posix()
    except ValueError:
        return absolute.as_posix()
