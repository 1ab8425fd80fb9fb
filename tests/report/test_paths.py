from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.report.paths import shown

BASE = Path("/home/ada/project")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("app/main.py", "app/main.py"),
        ("/home/ada/project/app/main.py", "app/main.py"),
        ("./app/../app/main.py", "app/main.py"),
        ("../other/main.py", "/home/ada/other/main.py"),
        ("/home/ada/project-2/main.py", "/home/ada/project-2/main.py"),
    ],
)
def test_relative_under_the_working_directory_else_absolute(path: str, expected: str) -> None:
    assert shown(Path(path), BASE) == expected
