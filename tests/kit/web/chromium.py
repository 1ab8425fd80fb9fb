"""The documentation page in a real Chromium, used as people use it."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from playwright.async_api import Page, async_playwright, expect

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@asynccontextmanager
async def documentation(url: str, expected: str | None = None) -> AsyncIterator[Page]:
    """Give the page of the server at a URL; what it asks of others and what it complains of fails the test.

    ``expected`` is a pattern of complaints that belong to the test: Chromium complains of each answer that is an error.
    """
    if CHROMIUM is None:
        pytest.skip("skipped: there is no Chromium; install with: apt-get install chromium")
    foreign: list[str] = []
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page()
        page.on("request", lambda request: foreign.append(request.url) if not request.url.startswith((url, "data:", "blob:")) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await page.goto(f"{url}/docs")
        yield page
        with suppress(Exception):
            await browser.close()
    assert foreign == []
    assert [one for one in complaints if not (expected and re.search(expected, one))] == []


async def authorize(page: Page, token: str) -> None:
    """Give the page a token, by its button."""
    await page.get_by_role("button", name="Authorize").click()
    await page.get_by_label("auth-bearer-value").fill(token)
    await page.get_by_role("button", name="Apply credentials").click()
    await page.get_by_role("button", name="Close").click()


async def execute(page: Page, operation: str, **parameters: object) -> tuple[int, str]:
    """Open an operation, click on "Try it out" and "Execute", and return the status and the body that are shown.

    Nothing is typed but the parameters that are given. An operation is opened once in the life of a page.
    """
    block = page.locator(f'[id^="operations-"][id$="-{operation}"]').first
    await block.locator(".opblock-summary-control").click()
    await block.get_by_role("button", name="Try it out").click()
    for name, value in parameters.items():
        await block.get_by_placeholder(name).fill(str(value))
    await block.get_by_role("button", name="Execute").click()
    status = block.locator(".live-responses-table .response-col_status").last
    await expect(status).to_have_text(re.compile(r"\d{3}"), timeout=30_000)
    body = await block.locator(".live-responses-table .response-col_description pre").first.inner_text()
    number = int((await status.inner_text()).split()[0])
    await block.locator(".opblock-summary-control").click(force=True)  # the page is slow with many that are open
    return number, body
