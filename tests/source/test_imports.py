from __future__ import annotations

import pytest

from greenroom.source.imports import ImportLine, read_imports


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import a", [("a", ())]),
        ("import a.b as c, d_e", [("a.b", ()), ("d_e", ())]),
        ("from a.b import c as d, e", [("a.b", ("c", "e"))]),
        ("from . import models", [(".", ("models",))]),
        ("from ..a import (\n    b,  # why, not\n    c as d,\n)\n", [("..a", ("b", "c"))]),
        ("from a import b, \\\n    c\nimport d", [("a", ("b", "c")), ("d", ())]),
        ("from a import (b)", [("a", ("b",))]),
        ("from a import *", [("a", ("*",))]),
        ("from .import a", [(".", ("a",))]),
        ("if x: import a; import b", [("a", ()), ("b", ())]),
        ("def f():\n\tfrom\ta  import  b\n", [("a", ("b",))]),
        ("from a import b\r\nimport c\r\n", [("a", ("b",)), ("c", ())]),
        ("import_module('x')\nimportlib.y\nx.import_()\nfrom_import = 1\nimporter = 2", []),
        ("from a import importer", [("a", ("importer",))]),
        ("import", []),
        ("from a import (b", [("a", ("b",))]),
        ("", []),
    ],
)
def test_import_lines(text: str, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert list(read_imports(text.encode())) == [ImportLine(module, names) for module, names in expected]
