from __future__ import annotations

import re
from pathlib import Path

from tests.pytest_plugin.suites import Suite

_DOCS = Path(__file__).parents[2] / "docs"


def block(name: str) -> str:
    """Return the example of the page that stands below a comment of this name."""
    found = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", (_DOCS / "pytest.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_of_the_page_runs(suite: Suite) -> None:
    suite.pytester.makeconftest(block("conftest"))
    suite.write("from sqlalchemy import select\nfrom application import User\n" + block("test"))
    suite.run().assert_outcomes(passed=2)


def test_the_reference_has_all_options_and_settings(suite: Suite) -> None:
    text = suite.run("--help").stdout.str()
    page = (_DOCS / "reference" / "pytest.md").read_text(encoding="utf-8")
    options = {option.rstrip("=") for option in re.findall(r"--greenroom[-=a-z]*", text)}
    settings = set(re.findall(r"^  (greenroom\w*) \(", text, re.MULTILINE))
    assert {"--greenroom=strict", "--greenroom-trace"} <= options
    assert {"greenroom", "greenroom_factory"} <= settings
    assert options == set(re.findall(r"`(--greenroom[-=a-z]*)", page))
    assert settings == {one for one in re.findall(r"`(greenroom(?:_\w+)?)[` ]", page) if one != "greenroom_engine"}
