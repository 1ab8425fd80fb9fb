"""Argument parsing whose mistakes are one line on stderr."""

from __future__ import annotations

import argparse
import sys
from typing import NoReturn

from greenroom.cli.main import FAILED
from greenroom.config import suggestion


class Parser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that names the mistake and the way out in one line and exits with 2."""

    def error(self, message: str) -> NoReturn:
        """Print the mistake, with the nearest known option where one was mistyped."""
        unknown = message.removeprefix("unrecognized arguments: ")
        if unknown != message:
            word = unknown.split()[0].split("=")[0]
            options = [option for action in self._actions for option in action.option_strings]
            nearest = suggestion(word, options) if word.startswith("-") else ""
            message = f"unknown argument {word!r}{nearest}"
        fail(f"{self.prog}: {message}; see `{self.prog} --help`")


def fail(message: str) -> NoReturn:
    """End the program: greenroom cannot do its work, and ``message`` says why and what to do."""
    print(message, file=sys.stderr)
    raise SystemExit(FAILED)
