"""Runs a generated test in the project's interpreter, in a process of its own, and reads what the observer wrote down."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from greenroom.prove.claim import Lines

OBSERVER = Path(__file__).with_name("observer.py")
_PROBE = "import importlib.util as u, json; print(json.dumps([n for n in {names!r} if u.find_spec(n) is None]))"


@dataclass(frozen=True, slots=True)
class Incident:
    """An error, where it was made or raised."""

    error: str
    message: str
    frames: tuple[tuple[str, int, str], ...]
    """File, line and function, innermost first."""
    attributes: tuple[tuple[tuple[str, ...], str], ...]
    """The attributes that were being answered for: names of the class and its bases, and of the attribute."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What one run showed."""

    stage: str
    """How far it came: ``start``, ``import``, ``prepare``, ``run``, ``end`` or ``timeout``."""
    raised: tuple[Incident, ...] = ()
    incidents: tuple[Incident, ...] = ()
    lines: tuple[bool, ...] = ()
    """Which statements of the claim's witness were run."""
    status: int | None = None
    answer: str = ""
    output: str = ""
    rollbacks: int = 0


def missing(python: str, names: Sequence[str], path: Sequence[str], timeout: float) -> list[str]:
    """Return those top-level packages that an interpreter cannot import.

    Raises:
        OSError: The interpreter cannot be started.
    """
    done = subprocess.run(  # noqa: S603 -- the interpreter that the user names
        [python, "-c", _PROBE.format(names=list(names))],
        capture_output=True, text=True, timeout=timeout, check=False, env=_environment(path), stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        found: list[str] = json.loads(done.stdout.strip().rpartition("\n")[2])
    except ValueError:
        raise OSError(done.stderr.strip().rpartition("\n")[2] or f"it ended with code {done.returncode}") from None
    return found


def run(text: str, python: str, path: Sequence[str], witness: Sequence[Lines], timeout: float) -> Observed:
    """Run a test, observed."""
    with tempfile.TemporaryDirectory(prefix="greenroom-prove-") as folder:
        test, report, lines = (os.path.join(folder, name) for name in ("test_proof.py", "report.json", "lines.json"))  # noqa: PTH118 -- for a command line
        Path(test).write_text(text, encoding="utf-8")
        Path(lines).write_text(json.dumps([[line.path, line.first, line.last] for line in witness]), encoding="utf-8")
        try:
            done = subprocess.run(  # noqa: S603 -- as above
                [python, str(OBSERVER), test, report, lines],
                capture_output=True, text=True, timeout=timeout, check=False, env=_environment(path), stdin=subprocess.DEVNULL,
                errors="replace",
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return Observed("timeout")
        output = (done.stdout + done.stderr)[-4000:]
        try:
            return _read(json.loads(Path(report).read_text(encoding="utf-8")), output)
        except (OSError, ValueError):
            return Observed("start", output=output)


def _environment(path: Sequence[str]) -> dict[str, str]:
    """The user's environment, with the roots of the sources in front, and without what would write into the project."""
    found = dict(os.environ)
    before = found.get("PYTHONPATH")
    found["PYTHONPATH"] = os.pathsep.join([*path, *([before] if before else [])])
    found["PYTHONDONTWRITEBYTECODE"] = "1"
    return found


def _read(report: dict[str, Any], output: str) -> Observed:
    return Observed(
        report["stage"],
        tuple(map(_incident, report["raised"])),
        tuple(map(_incident, report["incidents"])),
        tuple(report["lines"]),
        report["status"],
        report["answer"],
        output,
        report["rollbacks"],
    )


def _incident(found: dict[str, Any]) -> Incident:
    return Incident(
        found["error"],
        found["message"],
        tuple((path, line, name) for path, line, name in found["frames"]),
        tuple((tuple(names), key) for names, key in found["attributes"]),
    )
