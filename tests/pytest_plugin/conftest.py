from __future__ import annotations

import pytest

from tests.pytest_plugin.suites import APPLICATION, Suite


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    """An application with its tests in a folder of their own, which another pytest runs."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    pytester.makepyfile(application=APPLICATION)
    return Suite(pytester)
