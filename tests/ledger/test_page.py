"""The page in a real Chromium without a network, used as people use it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from greenroom.ledger import html
from greenroom.ledger.model import Ledger
from tests.kit.web.chromium import CHROMIUM, FLAGS
from tests.ledger.example import large, ledger, write_sources

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def opened(
    page_of: str, folder: Path, *, scheme: str = "light", script: bool = True, expected: str | None = None, width: int = 1280
) -> AsyncIterator[Page]:
    """Give the page, opened from a file; what it asks for beside itself and what it complains of fails the test."""
    if CHROMIUM is None:
        pytest.skip("skipped: there is no Chromium; install with: apt-get install chromium")
    path = folder / "ledger.html"
    path.write_text(page_of, encoding="ascii")
    asked: list[str] = []
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(
            offline=True,
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=script,
            viewport={"width": width, "height": 900},
        )
        page = await context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: asked.remove(request.url) if request.failure == "csp" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(path.as_uri())
        yield page
        await browser.close()
    assert set(asked) == {path.as_uri()}
    assert [one for one in complaints if not (expected and re.search(expected, one))] == []


@pytest.fixture
def example(tmp_path: Path) -> Ledger:
    return ledger(write_sources(tmp_path))


async def test_search_and_filters(example: Ledger, tmp_path: Path) -> None:
    async with opened(html.render(example, tmp_path), tmp_path) as page:
        findings = page.locator(".finding:visible")
        found = page.get_by_role("status")
        await expect(found).to_have_text("23 entries")
        await expect(findings).to_have_count(6)

        await page.get_by_label("Search").fill("Commit expired")
        await expect(findings).to_have_count(1)
        await expect(page.locator("#hazards h2")).to_contain_text("1 of 6")
        await expect(page.locator("nav")).to_contain_text("1 of 6")
        await expect(page.locator("#sessions .nothing")).to_be_visible()
        await page.get_by_role("button", name="Clear").click()
        await expect(findings).to_have_count(6)

        await page.get_by_label("Search").fill('"by this commit"')
        await expect(findings).to_have_count(1)
        await page.get_by_label("Search").fill('"this by commit"')
        await expect(findings).to_have_count(0)
        await page.get_by_label("Search").fill("selectinload(")  # what is folded is searched as well
        await expect(findings).to_have_count(2)
        await page.keyboard.press("Escape")
        await expect(found).to_have_text("23 entries")

        await page.get_by_label("Confidence").select_option("possible")
        await expect(findings).to_have_count(1)
        await page.get_by_label("Confidence").select_option("")
        await page.get_by_label("Family").select_option("GR3")
        await expect(findings).to_have_count(2)
        await expect(page.get_by_role("heading", name="Load states")).to_be_hidden()
        await page.get_by_label("File").select_option("app/donors.py")
        await expect(found).to_have_text("0 of 23 entries")
        await page.get_by_role("button", name="Clear").click()

        rows = page.locator("#operations tbody tr:visible")
        await expect(rows).to_have_count(3)  # files with a hazard are open
        await page.get_by_label("Class").select_option("side effect only")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("rollback")
        await page.get_by_role("button", name="Clear").click()
        await expect(rows).to_have_count(3)


async def test_the_chain_opens_with_its_source_lines(example: Ledger, tmp_path: Path) -> None:
    async with opened(html.render(example, tmp_path), tmp_path) as page:
        finding = page.locator(".finding").first
        chain = finding.get_by_role("list", name="Chain of causes")
        await expect(chain).to_be_hidden()
        await finding.locator("summary").click()
        await expect(chain.get_by_role("listitem")).to_have_count(3)
        await expect(chain).to_contain_text("app/donors.py:6 expired by this commit")
        await expect(chain).to_contain_text("await session.commit()")
        await expect(finding.locator("mark")).to_have_text("donor.name")
        await expect(finding.locator(".mend")).to_contain_text("Read it into a variable before the commit")


async def test_links_open_what_is_folded_or_filtered_away(example: Ledger, tmp_path: Path) -> None:
    async with opened(html.render(example, tmp_path), tmp_path) as page:
        await page.get_by_label("Confidence").select_option("possible")
        await page.locator("#first a", has_text="GR101").click()
        first = page.locator(".finding").first
        await expect(first).to_have_attribute("open", "")
        await expect(first.locator(".chain")).to_be_in_viewport()
        await expect(page.get_by_role("status")).to_have_text("23 entries")


async def test_keys(example: Ledger, tmp_path: Path) -> None:
    async with opened(html.render(example, tmp_path), tmp_path) as page:
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to the ledger")).to_be_focused()
        await page.keyboard.press("/")
        await expect(page.get_by_label("Search")).to_be_focused()
        await page.keyboard.type("gifts/j")
        await expect(page.get_by_label("Search")).to_have_value("gifts/j")
        await page.keyboard.press("Escape")
        await expect(page.get_by_label("Search")).to_have_value("")
        await page.get_by_role("button", name="Clear").focus()
        await page.keyboard.press("j")
        await page.keyboard.press("j")
        await page.keyboard.press("k")
        await expect(page.locator(".finding summary").first).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator(".finding .chain").first).to_be_visible()


@pytest.mark.parametrize(("scheme", "other"), [("light", "Dark"), ("dark", "Light")])
async def test_light_and_dark(example: Ledger, tmp_path: Path, scheme: str, other: str) -> None:
    paper = {"light": "rgb(252, 251, 248)", "dark": "rgb(22, 21, 19)"}
    async with opened(html.render(example, tmp_path), tmp_path, scheme=scheme) as page:
        await expect(page.locator("body")).to_have_css("background-color", paper[scheme])
        await page.get_by_label(other).check(force=True)
        await expect(page.locator("body")).to_have_css("background-color", paper[other.lower()])
        await page.reload()
        await expect(page.locator("body")).to_have_css("background-color", paper[other.lower()])
        await page.get_by_label("Auto").check(force=True)
        await expect(page.locator("body")).to_have_css("background-color", paper[scheme])


async def test_without_a_script_everything_can_be_read(example: Ledger, tmp_path: Path) -> None:
    async with opened(html.render(example, tmp_path), tmp_path, script=False) as page:
        await expect(page.get_by_role("search")).to_be_hidden()
        await expect(page.locator("#theme")).to_be_hidden()
        await page.locator(".finding summary").first.click()
        await expect(page.locator(".finding .chain").first).to_be_visible()


async def test_on_paper_everything_is_open(example: Ledger, tmp_path: Path) -> None:
    async with opened(html.render(example, tmp_path), tmp_path, scheme="dark", width=680) as page:
        await page.emulate_media(media="print")
        await page.evaluate("dispatchEvent(new Event('beforeprint'))")
        await expect(page.locator(".chain").last).to_be_visible()
        await expect(page.locator("nav")).to_be_hidden()
        await expect(page.get_by_role("search")).to_be_hidden()
        await expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
        await page.evaluate("dispatchEvent(new Event('afterprint'))")
        await expect(page.locator(".finding[open]")).to_have_count(0)


HOSTILE = (
    "</style></script><script>window.caught = 1</script><img src=\"x\" onerror='window.caught = 1'>"
    '" autofocus onfocus="window.caught = 1" x="'
)


async def test_hostile_words_do_nothing(example: Ledger, tmp_path: Path) -> None:
    app = tmp_path / "app"
    (app / "donors.py").write_text(f"x = 1\n{HOSTILE}\n" * 10, encoding="utf-8")
    path = app / "<img src=x onerror=window.caught=1>.py"
    odd = replace(
        example,
        findings=tuple(replace(one, message=HOSTILE, mend=HOSTILE, model=HOSTILE) for one in example.findings)
        + tuple(replace(one, path=path, name=HOSTILE) for one in example.findings[:1]),
        performed=tuple(replace(one, because=HOSTILE, place=replace(one.place, path=path, function=HOSTILE)) for one in example.performed),
        endpoints=tuple(replace(one, path=HOSTILE, response=HOSTILE) for one in example.endpoints),
        dialect=HOSTILE,
    )
    async with opened(html.render(odd, tmp_path), tmp_path) as page:
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        await page.get_by_label("File").select_option("app/<img src=x onerror=window.caught=1>.py")
        await expect(page.locator(".finding:visible")).to_have_count(1)
        await page.get_by_label("Search").fill("</style></script>")
        await expect(page.get_by_role("status")).to_contain_text(" of ")
        assert await page.evaluate("[window.caught ?? null, document.scripts.length, document.images.length]") == [None, 1, 0]


async def test_the_policy_holds_what_was_injected_all_the_same(example: Ledger, tmp_path: Path) -> None:
    evil = "<script>window.caught = 1</script><img src='https://example.org/x' onerror='window.caught = 1'>"
    page_of = html.render(example, tmp_path).replace("<main", f"{evil}<main", 1)
    async with opened(page_of, tmp_path, expected="Content Security Policy") as page:
        await expect(page.get_by_role("status")).to_have_text("23 entries")
        assert await page.evaluate("window.caught ?? null") is None


BASICS = Path(__file__).with_name("basics.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_names_headings_landmarks_and_contrast(example: Ledger, tmp_path: Path, scheme: str, width: int) -> None:
    async with opened(html.render(example, tmp_path), tmp_path, scheme=scheme, width=width) as page:
        await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert await page.evaluate(BASICS) == []


async def test_five_thousand_entries_stay_responsive(tmp_path: Path) -> None:
    """In the page itself: from the change of a filter to the frame in which it is seen."""
    async with opened(html.render(large(tmp_path, 5_000), tmp_path), tmp_path) as page:
        await expect(page.get_by_role("status")).to_have_text("5,000 entries")
        await page.get_by_label("Search").fill('"reason 4999"')
        await expect(page.get_by_role("status")).to_have_text("1 of 5,000 entries")
        await page.get_by_label("Search").fill("")
        await expect(page.get_by_role("status")).to_have_text("5,000 entries")
        seconds = await page.evaluate(
            """async () => {
              const select = document.querySelector('#class');
              const times = [];
              for (const value of ['safe', '', 'hazardous', '']) {
                const started = performance.now();
                select.value = value;
                select.dispatchEvent(new Event('change'));
                await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
                times.push(performance.now() - started);
              }
              return Math.max(...times) / 1000;
            }"""
        )
        assert seconds < 1.0
