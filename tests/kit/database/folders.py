"""Folders for servers of our own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def reachable(folder: Path) -> Path:
    """Give a folder that the user whom the server runs as can reach, where this process is root."""
    if os.geteuid() == 0:
        for parent in (folder, *folder.parents):
            if parent == Path(tempfile.gettempdir()):
                break
            parent.chmod(0o711)
    return folder / "server"
