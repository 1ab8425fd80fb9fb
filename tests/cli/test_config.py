from __future__ import annotations

import re

import pytest

from greenroom.config import Config, ConfigError, Format, from_mapping
from greenroom.vocabulary import Confidence


def test_defaults() -> None:
    assert from_mapping({}, "here") == Config()


def test_values() -> None:
    config = from_mapping({"select": ["GR1"], "ignore": ["GR105"], "min_confidence": "definite", "format": "json"}, "here")
    assert (config.format, config.min_confidence) == (Format.JSON, Confidence.DEFINITE)
    assert [config.enabled(code) for code in ("GR101", "GR105", "GR501")] == [True, False, False]
    assert [config.admits(confidence) for confidence in Confidence] == [True, False]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"selct": []}, "unknown key 'selct' in here (did you mean 'select'?)"),
        ({"dialect": "postgres"}, "dialect = 'postgres' in here is not one of postgresql, "),
        ({"select": "GR1"}, "select = 'GR1' in here must be a list of strings"),
        ({"exit_zero": "yes"}, "exit_zero = 'yes' in here must be true or false"),
    ],
)
def test_mistakes_are_named(values: dict[str, object], told: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(told)):
        from_mapping(values, "here")
