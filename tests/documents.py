"""The commands of our documents, as a reader would type them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

from infra.local.stack import ROOT

SHELLS = r"bash|sh|shell|console"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block for a shell."""

    file: str
    line: int
    kind: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Each with its continued lines; what a console answered is left out."""
        if self.kind == "console":
            return [re.sub(r"\s+# .*", "", line[2:]) for line in self.text.splitlines() if line.startswith("$ ")]
        commands, open_quotes = [], ""
        for line in self.text.replace("\\\n", " ").splitlines():
            if open_quotes or (line.strip() and not line.lstrip().startswith("#")):
                open_quotes = f"{open_quotes}\n{line}" if open_quotes else line
                if open_quotes.count("'") % 2 == 0:
                    commands.append(re.sub(r"\s{2,}# .*", "", open_quotes).strip())
                    open_quotes = ""
        return commands


def blocks(file: Path) -> list[Block]:
    """Every block of a document."""
    text = file.read_text()
    found = re.finditer(
        rf"^( *)```({SHELLS})\n(.*?)^\1```", text, re.MULTILINE | re.DOTALL
    )  # a step of a list is indented
    name = str(file.relative_to(ROOT))
    return [Block(name, text[: one.start()].count("\n") + 1, one[2], dedent(one[3])) for one in found]


def documents() -> list[Path]:
    """What is meant to be read."""
    return [
        *sorted(ROOT.glob("*.md")),
        *sorted((ROOT / "docs").rglob("*.md")),
        *sorted((ROOT / "clients").glob("*/README.md")),
        *sorted((ROOT / "samples").glob("*.md")),
    ]
