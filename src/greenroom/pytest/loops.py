"""The fixtures that pytest-asyncio runs: one for each scope that a loop may have, for a connection belongs to the loop of its test."""

from __future__ import annotations

import pytest_asyncio

from greenroom.pytest.fixtures import connecting

_greenroom_connected_asyncio_function = pytest_asyncio.fixture(connecting(), loop_scope="function")
_greenroom_connected_asyncio_class = pytest_asyncio.fixture(connecting(), loop_scope="class")
_greenroom_connected_asyncio_module = pytest_asyncio.fixture(connecting(), loop_scope="module")
_greenroom_connected_asyncio_package = pytest_asyncio.fixture(connecting(), loop_scope="package")
_greenroom_connected_asyncio_session = pytest_asyncio.fixture(connecting(), loop_scope="session")
