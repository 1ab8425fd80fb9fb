"""The ledger as one page that needs nothing else: no network, no server, and no script to be read.

The script only filters, searches, and switches light and dark. The policy of the page forbids everything but the style and the script
that are in it, so that nothing which a source says could ever run. All of it is ASCII: it means the same in every encoding.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from greenroom.ledger.compare import Comparison
from greenroom.ledger.elements import Markup, element, joined, raw
from greenroom.ledger.model import Ledger
from greenroom.ledger.outline import project
from greenroom.ledger.sections import Page

ASSETS = Path(__file__).parent / "assets"


def render(ledger: Ledger, base: Path, compared: Comparison | None = None) -> str:
    """Return the ledger as one HTML document; ``base`` is the working directory."""
    style, script = (_ascii((ASSETS / name).read_text(encoding="utf-8")) for name in ("ledger.css", "ledger.js"))
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'; form-action 'none'"
    head = joined(
        [
            element("meta", charset="utf-8"),
            Markup(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("meta", name="referrer", content="no-referrer"),
            element("title", f"Ledger of {project(ledger, base)} · greenroom"),
            raw("style", style),
        ],
        "\n",
    )
    body = joined([Page(ledger, base, compared).body(), raw("script", script)], "\n")
    page = f'<!doctype html>\n<html lang="en">\n<head>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>'
    return page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _ascii(content: str) -> str:
    """What is hashed must be the same bytes wherever the page is stored: references would not be read in it.

    Raises:
        ValueError: The content has other characters.
    """
    if not content.isascii():
        raise ValueError("styles and scripts must be ASCII")
    return content
