"""Which part of the plugin works in which process."""

from __future__ import annotations

import pytest

from greenroom.pytest.accepted import load
from greenroom.pytest.gathering import Gathered
from greenroom.pytest.options import Mode, Settings
from greenroom.pytest.summary import Summary
from greenroom.pytest.watching import Watch

_WATCH = pytest.StashKey[Watch]()


def begin(config: pytest.Config, mode: Mode) -> None:
    """Begin to watch, once."""
    if _WATCH not in config.stash:
        watch = config.stash[_WATCH] = Watch(latent=mode is Mode.STRICT)
        config.add_cleanup(watch.end)


def set_up(config: pytest.Config, settings: Settings) -> None:
    """Register what this process has to do: run tests, report on them, or both.

    Raises:
        pytest.UsageError: The baseline cannot be used.
    """
    watch = config.stash[_WATCH]
    is_worker = hasattr(config, "workerinput")
    accepted = load(settings.baseline, to_update=settings.update) if settings.baseline else None
    if not is_worker and config.getoption("dist", "no") != "no":
        watch.end()
    else:
        watch.know(accepted, update=settings.update)
        config.pluginmanager.register(watch, "greenroom-watch")
    if not is_worker:
        gathered = Gathered(settings, accepted)
        config.pluginmanager.register(gathered, "greenroom-gathered")
        config.pluginmanager.register(Summary(gathered), "greenroom-summary")
