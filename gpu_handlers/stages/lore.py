"""The word lists of `story_words.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path


@cache
def listed(table: str, key: str = "words") -> frozenset[str]:
    """The words of one list."""
    return frozenset(_tables()[table][key].split())


@cache
def meanings(table: str) -> dict[str, str]:
    """Word → what it stands for, for tables whose keys are meanings."""
    return {word: meaning for meaning, words in _tables()[table].items() for word in words.split()}


@cache
def _tables() -> dict[str, dict[str, str]]:
    return tomllib.loads(Path(__file__).with_name("story_words.toml").read_text(encoding="utf-8"))
