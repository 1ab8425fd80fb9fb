"""What holds for every test: where all outer services must be there, one that is missing is a failure and no skip."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

pytest_plugins = ["pytester"]
EVERYTHING_IS_HERE = os.environ.get("GREENROOM_TESTS_NEED_ALL") == "1"
MISSING = "skipped: "
"""How the reason of a skip begins where something can be installed against it."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the skip of a test whose service is missing into a failure, where ``GREENROOM_TESTS_NEED_ALL`` is 1."""
    report = yield
    if EVERYTHING_IS_HERE and report.skipped and isinstance(report.longrepr, tuple) and MISSING in report.longrepr[2]:
        report.outcome = "failed"
        report.longrepr = report.longrepr[2]
    return report
