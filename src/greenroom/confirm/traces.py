"""Trace files: found, decoded, and refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from greenroom.config import ConfigError, seen
from greenroom.trace import Trace, TraceError, from_json

_ANEW = "give the file that the monitor or the pytest plugin wrote, or write it anew"


@dataclass(frozen=True, slots=True)
class Recorded:
    """A trace, and the file that holds it."""

    path: Path
    trace: Trace
    written: float
    """When the file was written, in seconds since the epoch."""

    def alone(self, number: int) -> Recorded:
        """Return a trace that has one of the incidents, counted from 1, and nothing else.

        Raises:
            ConfigError: There is no incident of this number.
        """
        incidents = self.trace.incidents
        if not 1 <= number <= len(incidents):
            numbers = f"they count from 1 to {len(incidents)}" if incidents else "there is none"
            raise ConfigError(f"{seen(self.path)} has no incident {number}; {numbers}")
        return replace(self, trace=replace(self.trace, incidents=(incidents[number - 1],), routes=()))


def load_all(paths: Iterable[Path]) -> tuple[Recorded, ...]:
    """Read trace files, each once.

    Raises:
        ConfigError: One of them cannot be read, or is something else than a trace of this version.
    """
    return tuple(load(path) for path in dict.fromkeys(paths))


def load(path: Path) -> Recorded:
    """Read the trace at ``path``.

    Raises:
        ConfigError: It cannot be read, or it is something else than a trace of this version.
    """
    try:
        data, written = path.read_bytes(), path.stat().st_mtime
    except FileNotFoundError:
        raise ConfigError(f"there is no trace {seen(path)}; check the spelling, or write it with `pytest --greenroom`") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot read the trace {seen(path)}: {reason}; give a file that may be read") from None
    try:
        return Recorded(path, from_json(json.loads(data.decode("utf-8-sig"))), written)
    except UnicodeDecodeError:
        raise ConfigError(f"{seen(path)} is no trace: it is not UTF-8; {_ANEW}") from None
    except TraceError as error:
        raise ConfigError(f"{seen(path)} cannot be used: {error}; {_ANEW}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{seen(path)} is no trace: it is not JSON ({error}); {_ANEW}") from None
