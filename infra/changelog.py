"""`python -m infra.changelog v1.2.3`: what CHANGELOG.md says of a version, for its release."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def section(version: str) -> str:
    """The text below the version's heading.

    Raises:
        SystemExit: there is no such heading, or nothing below it.
    """
    number = re.escape(version.removeprefix("v"))
    found = re.search(rf"^## \[{number}\][^\n]*\n(.*?)(?=^## |^\[|\Z)", CHANGELOG.read_text(), re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        raise SystemExit(f"CHANGELOG.md says nothing of {version}")
    return found[1].strip() + "\n"


if __name__ == "__main__":
    print(section(sys.argv[1]), end="")
