"""What the command line and the ini file say, read into plain data. Both are as cheap as they can be: every run of pytest pays them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path

import pytest

TRACE = ".greenroom/trace.json"
"""Where the trace goes when nothing else is said, from the root of the project."""

MARKER = "greenroom(allow): what the test may meet: True, 'Model.attribute', 'Model', a kind such as 'implicit-io', or a list of them."


class Mode(enum.Enum):
    """How closely tests are watched."""

    OFF = "off"
    ON = "on"
    """Whatever fails in production fails the test."""
    STRICT = "strict"
    """Values that were there by luck are told as well."""


_WORDS = {
    "": Mode.OFF,
    **dict.fromkeys(("off", "false", "no", "0"), Mode.OFF),
    **dict.fromkeys(("on", "true", "yes", "1"), Mode.ON),
    "strict": Mode.STRICT,
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What one run of pytest should do."""

    mode: Mode
    trace: Path
    baseline: Path | None = None
    update: bool = False


def add(parser: pytest.Parser) -> None:
    """Declare options and ini settings."""
    group = parser.getgroup("greenroom", "implicit IO in async SQLAlchemy (greenroom)")
    # Each is an option of its own: one option with an optional value would take the path that follows for it.
    group.addoption(
        "--greenroom", dest="greenroom", action="store_const", const="on", default=None, help="Fail tests that meet implicit IO."
    )
    for word, meaning in (("strict", "As --greenroom, and tell values that were present by luck."), ("off", "Watch nothing.")):
        group.addoption(f"--greenroom={word}", dest="greenroom", action="store_const", const=word, help=meaning)
    group.addoption("--greenroom-baseline", metavar="FILE", default=None, help="What is in FILE is known and fails no test.")
    group.addoption(
        "--greenroom-update-baseline", action="store_true", default=False, help="Write what was met into the baseline, and fail no test."
    )
    group.addoption("--greenroom-trace", metavar="FILE", default=None, help=f"Where the trace is written; {TRACE} by default.")
    group.addoption(
        "--greenroom-database", metavar="URL", default=None, help="What greenroom_engine connects to: sqlite, or the URL of a PostgreSQL."
    )
    parser.addini("greenroom", "on, strict or off; --greenroom on the command line has precedence.", default="")
    parser.addini("greenroom_baseline", "As --greenroom-baseline; relative to the ini file.", default="")
    parser.addini("greenroom_trace", "As --greenroom-trace; relative to the ini file.", default="")
    parser.addini("greenroom_database", "As --greenroom-database.", default="")
    parser.addini("greenroom_metadata", "Whose tables greenroom_engine makes: module:name, one a line.", type="linelist", default=[])
    parser.addini("greenroom_factory", "Whose options greenroom_session takes over: module:name of a sessionmaker.", default="")


def read(config: pytest.Config) -> Settings:
    """Return what is set.

    Raises:
        pytest.UsageError: A setting says what it cannot.
    """
    baseline = _path(config, "baseline")
    update = bool(config.getoption("greenroom_update_baseline"))
    mode = mode_of(config, config.getoption("greenroom"))
    if update and baseline is None:
        raise pytest.UsageError(
            "--greenroom-update-baseline has no file to write; give --greenroom-baseline FILE, or set greenroom_baseline"
        )
    if update and mode is Mode.OFF:
        raise pytest.UsageError("--greenroom-update-baseline has nothing to write without --greenroom; give both")
    return Settings(mode, _path(config, "trace") or config.rootpath / TRACE, baseline, update)


def mode_of(config: pytest.Config, said: str | None) -> Mode:
    """Return how closely tests are watched: what the command line has ``said`` or, where it says nothing, the ini file.

    Raises:
        pytest.UsageError: The ini file says what it cannot.
    """
    if said is None:
        said = str(config.getini("greenroom")).strip().lower()
        if said not in _WORDS:
            raise pytest.UsageError(f"greenroom = {said} in {config.inipath} is not known; it is on, strict or off")
    return _WORDS[said]


def _path(config: pytest.Config, name: str) -> Path | None:
    """Return a path as its place means it: on the command line it starts where pytest was started, in the ini file where that lies."""
    given = config.getoption(f"greenroom_{name}")
    if given:
        return config.invocation_params.dir / str(given)
    written = str(config.getini(f"greenroom_{name}")).strip()
    return (config.inipath.parent if config.inipath else config.rootpath) / written if written else None
