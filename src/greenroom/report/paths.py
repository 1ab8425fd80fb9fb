"""How paths are shown: relative to the working directory where they lie under it, else absolute, always with slashes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def shown(path: Path, base: Path) -> str:
    """Return ``path`` as reports print it for a reader who works in the absolute directory ``base``."""
    absolute = Path(os.path.normpath(base / path))
    return (absolute.relative_to(base) if absolute.is_relative_to(base) else absolute).as_posix()


def repository(base: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the directory that GitHub sees paths from: its checkout when we work inside one, else ``base``."""
    workspace = environment.get("GITHUB_WORKSPACE")
    return Path(workspace) if workspace and base.is_relative_to(workspace) else base
