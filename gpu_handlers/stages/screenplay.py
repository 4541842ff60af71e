"""What stands in a screenplay and is not said: places, cuts and fades, and who speaks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

SLUG = re.compile(r"^(?:INT|EXT|INT\./EXT|EXT\./INT|I/E)[.\s]\s*(?P<name>\S.*)$")
_DIRECTION = re.compile(
    r"(?:(?:SMASH |MATCH |JUMP |HARD |QUICK |TIME )?CUT TO(?: BLACK)?|"
    r"(?:SLOW |QUICK )?FADE (?:IN|OUT|UP|TO|(?:IN |OUT )?TO (?:BLACK|WHITE)|FROM BLACK)|"
    r"(?:SLOW |CROSS |LAP )?DISSOLVE(?: TO)?|(?:CROSSFADE|WIPE|IRIS|INTERCUT)(?: TO| IN| OUT)?|BACK TO SCENE)\s?[.:]?"
)
_ASIDE = re.compile(r"\([^()]{1,40}\)")
_BOLD_CUE = re.compile(r"^(\*\*|__)([^*_:]{1,40}):?\1:?")
_LONGEST_NAME = 30  # characters
# Words in capitals before a colon that announce, and name nobody.
_LABEL = re.compile(
    r"NOTES?|FACT|MYTH|TIP|WARNING|EXAMPLE|STEP|QUESTION|ANSWER|PART|RULE|LAW|WHO|WHAT|WHEN|WHERE|WHY|HOW|IT"
)
_QUOTES = "\"“„«»‘'「『"


def spoken(lines: Sequence[str], headings: Sequence[bool]) -> list[str]:
    """The lines without cues and directions; an empty one stands for each that had nothing else.

    A name in capitals before a colon is a cue where the text is a screenplay, or where it shows that it names somebody:
    it speaks twice, or in quotation marks, or is written like a name elsewhere. "DNA: it holds the plan" stays.

    Args:
        headings: which of the lines are headings; they stay.
    """
    written = [
        line if headed else _BOLD_CUE.sub(r"\2:", line.strip(), count=1)
        for line, headed in zip(lines, headings, strict=True)
    ]
    screenplay = any(SLUG.match(line.strip()) or _DIRECTION.fullmatch(line.strip()) for line in lines)
    cues = [None if headed else _cue(line) for line, headed in zip(written, headings, strict=True)]
    spoken_by = Counter(cue[0] for cue in cues if cue)
    words = set(re.findall(r"\w+", " ".join(lines)))

    def speaks(name: str, said: str) -> bool:
        first = name.split(maxsplit=1)[0]
        named = spoken_by[name] > 1 or said[:1] in tuple(_QUOTES) or first.capitalize() in words
        return screenplay or (named and not _LABEL.fullmatch(first))

    made: list[str] = []
    speaking = False  # whether the line above named the speaker
    for number, (line, cue) in enumerate(zip(written, cues, strict=True)):
        followed = bool("".join(written[number + 1 : number + 2]).strip())
        if headings[number]:
            made.append(lines[number])
            speaking = False
        elif _DIRECTION.fullmatch(line.strip()):
            made.append("")
            speaking = False
        elif cue is not None and speaks(*cue):
            made.append(_ASIDE.sub("", cue[1], count=1).strip() if cue[1].startswith("(") else cue[1])
            speaking = not cue[1]
        elif screenplay and followed and _name(line):
            made.append("")
            speaking = True
        elif speaking and _ASIDE.fullmatch(line.strip()):
            made.append("")
        else:
            made.append(lines[number])
            speaking = False
    return made


def _cue(line: str) -> tuple[str, str] | None:
    """Who speaks and what, of a line such as "MIRA (whispering): Look!"; None for ordinary lines."""
    before, colon, said = line.partition(":")
    return (_name(before), said.strip()) if colon and _name(before) else None


def _name(text: str) -> str:
    """The name in capitals that the text is; empty when it is something else."""
    name = " ".join(_ASIDE.sub("", text[: 4 * _LONGEST_NAME]).split())
    letters = name.replace(" ", "").replace("'", "").replace(".", "").replace("-", "")
    whole = len(text) <= 4 * _LONGEST_NAME and 2 <= len(name) <= _LONGEST_NAME
    return name if whole and letters.isalnum() and name.isupper() and not name.endswith(".") else ""
