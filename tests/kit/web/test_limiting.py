"""Rate limits: never more than the bucket holds, in memory that does not grow."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from greenroom.kit.web import WebSettings, install
from greenroom.kit.web.limiting import Buckets, address
from tests.kit.web.conftest import Connect


class Clock:
    """A clock that stands until it is moved."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


@given(
    st.floats(min_value=0.1, max_value=50),
    st.integers(min_value=1, max_value=20),
    st.lists(st.floats(min_value=0, max_value=2), min_size=1, max_size=100),
)
def test_never_more_than_burst_and_rate_let_through(rate: float, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    buckets = Buckets(rate, burst, clock=clock)
    admitted = 0
    for pause in pauses:
        clock.time += pause
        verdict = buckets.take("a")
        admitted += verdict.admitted
        assert admitted <= burst + clock.time * rate + 1e-6
        assert 0 <= verdict.remaining < burst
        if not verdict.admitted:
            # What is told is true: a moment before it would not be let through, then it is.
            clock.time += verdict.next + 1e-6
            assert buckets.take("a").admitted
            admitted += 1


def test_clients_do_not_take_from_each_other_and_memory_is_bounded() -> None:
    buckets = Buckets(1, 1, most=100, clock=Clock())
    assert buckets.take("a").admitted
    assert not buckets.take("a").admitted
    assert all(buckets.take(str(number)).admitted for number in range(1000))
    assert len(buckets) == 100


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (1, 0), (-1, 1)])
def test_a_bucket_that_never_fills_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Buckets(rate, burst)


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("::ffff:192.0.2.1", 1), "192.0.2.1"),
        (None, ""),
        (("testclient", 1), "testclient"),
    ],
)
def test_an_address_is_one_client(client: tuple[str, int] | None, key: str) -> None:
    assert address({"client": client}) == key


@pytest.mark.anyio
async def test_who_asks_too_often_is_told_when_to_come_back(connect: Connect) -> None:
    app = FastAPI()
    install(app, WebSettings(rate=0.5, burst=2, origins="https://app.example"))
    client = connect(app)
    answer = await client.get("/nowhere")
    assert answer.headers["ratelimit-policy"] == '"default";q=2;w=4'
    assert answer.headers["ratelimit"] == '"default";r=1;t=2'
    await client.get("/nowhere")
    refused = await client.get("/nowhere", headers={"Origin": "https://app.example"})
    assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-requests")
    assert refused.headers["retry-after"] == "2"
    assert refused.headers["access-control-allow-origin"] == "https://app.example"
    assert (await client.get("/health/live")).status_code == 200
    assert "429" in app.openapi()["paths"]["/health/live"]["get"]["responses"]
