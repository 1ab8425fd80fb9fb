"""What pytest loads: options, the marker, and, where a run asks for it, the watch.

Nothing here imports SQLAlchemy or the analyser: every run of pytest in an environment with greenroom pays for this module.
"""

from __future__ import annotations

import importlib.util

import pytest

from greenroom.pytest import options

pytest_addoption = options.add


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; begin to watch where that is asked for.

    Raises:
        pytest.UsageError: A setting says what it cannot.
    """
    config.addinivalue_line("markers", options.MARKER)
    settings = options.read(config)
    if settings.mode is options.Mode.OFF:
        return
    if importlib.util.find_spec("sqlalchemy") is None:
        raise pytest.UsageError("--greenroom watches SQLAlchemy, which is not installed here; install sqlalchemy, or leave --greenroom out")
    from greenroom.pytest.session import begin  # noqa: PLC0415 -- only a run that is watched has use for SQLAlchemy

    begin(config, settings)
