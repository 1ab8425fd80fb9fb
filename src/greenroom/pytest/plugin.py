"""What pytest loads: options, the marker, and, where a run asks for it, the watch.

Nothing here imports SQLAlchemy or the analyser: every run of pytest in an environment with greenroom pays for this module.
"""

from __future__ import annotations

import importlib.util

import pytest

from greenroom.pytest import fixtures, options

pytest_addoption = options.add


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Begin to watch before the first conftest imports the application: what it makes while it is imported is to be known.

    Raises:
        pytest.UsageError: A setting says what it cannot, or SQLAlchemy is missing.
    """
    _begin(early_config, options.mode_of(early_config, early_config.known_args_namespace.greenroom))


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and set up what this process has to do where tests are watched.

    Raises:
        pytest.UsageError: A setting says what it cannot.
    """
    config.addinivalue_line("markers", options.MARKER)
    config.pluginmanager.register(fixtures, "greenroom-fixtures")
    if fixtures.has_loop_scopes(config):
        from greenroom.pytest import loops  # noqa: PLC0415 -- pytest-asyncio need not be there

        config.pluginmanager.register(loops, "greenroom-loops")
    settings = options.read(config)
    # A worker of pytest-xdist loads what -p names after the first conftests.
    _begin(config, settings.mode)
    if settings.mode is not options.Mode.OFF:
        from greenroom.pytest.session import set_up  # noqa: PLC0415 -- only a run that is watched has use for SQLAlchemy

        set_up(config, settings)


def _begin(config: pytest.Config, mode: options.Mode) -> None:
    if mode is options.Mode.OFF:
        return
    if importlib.util.find_spec("sqlalchemy") is None:
        raise pytest.UsageError("--greenroom watches SQLAlchemy, which is not installed here; install sqlalchemy, or leave --greenroom out")
    from greenroom.pytest.session import begin  # noqa: PLC0415 -- as above

    begin(config, mode)
