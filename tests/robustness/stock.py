"""Files that are broken, deep or large."""

from __future__ import annotations

import os

from tests.robustness.kinds import DEPTH, FOUND, MODELS, READ, STACK, STEPS, USE, Kind, one, unreadable


def _nested(opening: str, depth: int, innermost: str) -> str:
    lines = [f"{' ' * (level + 4)}{opening}\n" for level in range(depth)]
    return "".join(lines) + " " * (depth + 4) + innermost + "\n"


TEXTS = (
    one("syntax error", "def f(:\n", *unreadable("syntax error")),
    one("newer syntax", "x = (\ntype X[T] = list[T]\n", *unreadable("syntax error")),
    one("byte order mark", b"\xef\xbb\xbf" + (MODELS + USE + READ).encode(), FOUND),
    one("declared encoding", b"# coding: latin-1\n" + (MODELS + "x = 'é'\n" + USE + READ).encode("latin-1"), FOUND),
    one("unknown encoding", b"# coding: uft-8\n", *unreadable("unknown encoding")),
    one("wrong encoding", b"x = '\xe9'\n", *unreadable("the file is not UTF-8")),
    one("UTF-16", "x = 1\n".encode("utf-16"), *unreadable("the file is not UTF-8")),
    one("NUL bytes", b"x = 1\n\0", *unreadable("NUL bytes")),
    one("empty", b""),
    one("only a comment without a line end", b"# nothing"),
    one("carriage returns", (MODELS + USE + READ).replace("\n", "\r").encode(), FOUND),
    one("form feeds", "\x0c".join((MODELS, "x = 1\n", USE + READ)), FOUND),
    Kind("a directory called like a module", {"m.py/inner.py": MODELS + USE + READ}, (("GR101", "inner.py", "expired by a commit"),)),
    Kind(
        "a file name that is no text",
        {},
        unreadable("syntax error", "m\udcff.py"),
        lambda f: (f / os.fsdecode(b"m\xff.py")).write_text("("),
    ),
    Kind(
        "a broken dependency file", {"pyproject.toml": b"\xff\xfe[", "m.py": MODELS + USE + READ}, (FOUND, ("note", "pyproject.toml", ""))
    ),
    Kind("symlink loop", {"m.py": MODELS + USE + READ}, (FOUND,), lambda folder: (folder / "loop").symlink_to(folder)),
    Kind("a link to itself", {"m.py": MODELS + USE + READ}, (FOUND,), lambda folder: (folder / "self.py").symlink_to(folder / "self.py")),
)
"""What is wrong with a file before anybody asks what it means."""

DEEP = (
    one("brackets", "x = " + "(" * 10_000 + ")" * 10_000, *unreadable("syntax error")),
    one("more operators than the parser takes", "x = " + "+".join("1" * 50_000), *unreadable("nested too deeply")),
    one("attributes", MODELS + USE + "    x = user" + ".id" * 900 + "\n" + READ, STACK),
    one("operators", MODELS + USE + "    x = " + " + ".join(["user.id"] * 900) + "\n" + READ, STACK),
    one("operators at module level", MODELS + "X = " + " + ".join(["'a'"] * 900) + "\n" + USE + "    X\n" + READ, STACK),
    one("calls in a row", MODELS + USE + "    x = select(User)" + ".where(User.id)" * 900 + "\n" + READ, STACK),
    one("subscripts", MODELS + USE + "    x = user" + "[0]" * 900 + "\n" + READ, STACK),
    one("choices", MODELS + USE + "    x = " + " and ".join(["user.id"] * 400) + "\n" + READ, FOUND),
    one("conditional expressions", MODELS + USE + "    x = " + "user if user.id else " * 60 + "0\n" + READ, FOUND),
    one("branches in a row", MODELS + USE + "    if user.id: pass\n" + "    elif user.id: pass\n" * 900 + READ, FOUND, STACK),
    one("blocks", MODELS + USE + _nested("if user.id:", 90, "pass") + READ, FOUND),
    one("loops", MODELS + USE + _nested("for i in user.id:", 19, "pass") + READ, FOUND),
    one("blocks around a session", MODELS + USE + _nested("async with session.begin_nested():", 19, "pass") + READ, FOUND),
    one("functions", MODELS + USE + _nested("def inner():", 90, "pass") + READ, FOUND),
    one("lambdas", MODELS + USE + "    x = " + "lambda: " * 900 + "user\n" + READ, FOUND),
    one("annotations", MODELS + "def f(x: " + "list[" * 80 + "User" + "]" * 80 + ", y: '" + " | ".join(["User"] * 3000) + "'): pass\n"
         + USE + "    f(user)\n" + READ, FOUND),
    one("a chain of calls", MODELS + "".join(f"async def f{i}(s: AsyncSession):\n    await f{i + 1}(s)\n" for i in range(40))
         + "async def f40(s: AsyncSession):\n    await s.commit()\n", DEPTH),
)  # fmt: skip
"""What is nested deeper than people write."""

LARGE = (
    one("a function of 10,000 statements", MODELS + USE + READ.replace("return ", "") * 5_000, FOUND, STEPS),
    one("a file of 50,000 lines", MODELS + "".join(f"class C{i}:\n    x: int = {i}\n" for i in range(25_000)) + USE + READ, FOUND),
    one("a table of 20,000 rows", MODELS + f"X = {[[number] for number in range(20_000)]}\n" + USE + "    X\n" + READ, FOUND),
    one("a model of 2,000 columns", MODELS + "".join(f"    c{i}: Mapped[int]\n" for i in range(2_000)) + USE + READ, FOUND),
)
"""What is larger than people write."""
