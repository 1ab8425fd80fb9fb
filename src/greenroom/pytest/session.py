"""Which part of the plugin works in which process."""

from __future__ import annotations

import pytest

from greenroom.pytest.accepted import load
from greenroom.pytest.gathering import Gathered
from greenroom.pytest.options import Settings
from greenroom.pytest.summary import Summary
from greenroom.pytest.watching import Watch


def begin(config: pytest.Config, settings: Settings) -> None:
    """Register what this process has to do: run tests, report on them, or both.

    Raises:
        pytest.UsageError: The baseline cannot be used.
    """
    is_worker = hasattr(config, "workerinput")
    distributes = not is_worker and config.getoption("dist", "no") != "no"
    accepted = load(settings.baseline, to_update=settings.update) if settings.baseline else None
    if not distributes:
        watch = Watch(settings, accepted)
        watch.begin()
        config.pluginmanager.register(watch, "greenroom-watch")
    if not is_worker:
        gathered = Gathered(settings, accepted)
        config.pluginmanager.register(gathered, "greenroom-gathered")
        config.pluginmanager.register(Summary(gathered), "greenroom-summary")
