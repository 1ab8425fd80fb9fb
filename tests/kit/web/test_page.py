"""The example of the page does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.kit.web.conftest import Connect

PAGE = Path(__file__).parents[3] / "docs" / "kit" / "web.md"


@pytest.mark.anyio
async def test_the_example_does_what_the_page_says(connect: Connect) -> None:
    (example, *_) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(example, str(PAGE), "exec"), names)  # noqa: S102  # the page's own code
    client: httpx.AsyncClient = connect(names["app"])
    assert (await client.get("/things/2")).json()["detail"] == "There is no thing 2"
    assert (await client.get("/things/x")).json()["errors"][0]["parameter"] == "thing_id"
    answer = await client.get("/things/1")
    assert (answer.json(), answer.headers["etag"]) == ("fence", '"3"')
    assert (await client.get("/things/1", headers={"If-None-Match": '"3"'})).status_code == 304
    for path in ("/health/live", "/health/ready", "/docs", "/problems/not-found"):
        assert (await client.get(path)).status_code == 200
