"""Captions from what was really said and when: cues of one or two lines, and the files that players read.

The usual rules: 42 characters a line (half as many where characters are twice as wide), two lines, 5/6 … 7 seconds, two
frames between two cues, breaks where one would pause, at most 20 characters a second where the voice allows it.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import lore
from gpu_handlers.stages.timeline import Beat, Timeline

COLUMNS, PORTRAIT_COLUMNS = 42, 28
MAX_LINES = 2
SHORTEST_SECONDS, LONGEST_SECONDS = 5 / 6, 7.0
READABLE_CHARS_A_SECOND = 20.0
GAP_FRAMES = 2
LINGER_SECONDS = 0.4  # after the last word, where nothing follows
CHAIN_SECONDS = 0.5  # a shorter break between two cues only flickers: the first one stays

# What a break costs, by what stands before it; the best place is the end of a sentence.
_SENTENCE_END = re.compile(r"[.!?…。！？।؟]+[\"”’»」』)]*\s*$")
_CLAUSE_END = re.compile(r"[,;:，、；：،؛—–][\"”’»]*\s*$")


@dataclass(frozen=True, slots=True)
class CueWord:
    """One word of a cue.

    Attributes:
        line: 0 or 1.
        begin, end: its characters in that line.
        start, stop: when it is said, seconds from the start of the video.
    """

    line: int
    begin: int
    end: int
    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class Cue:
    """What stands on the screen for a while.

    Attributes:
        start, end: seconds from the start of the video.
        words: of all lines, in the order they are said.
    """

    start: float
    end: float
    lines: tuple[str, ...]
    words: tuple[CueWord, ...] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    """A word with what follows it up to the next one; times from the start of the video."""

    text: str
    start: float
    end: float


def columns(size: Size) -> int:
    """Characters a line for a picture of `size`."""
    return COLUMNS if size.width >= size.height else PORTRAIT_COLUMNS


def cues(timeline: Timeline, *, columns: int = COLUMNS, fps: int = 30) -> tuple[Cue, ...]:
    """The cues of the whole video; none reaches into the next scene.

    Args:
        columns: characters a line; full-width ones count twice.
        fps: frame rate, for the gap between cues.
    """
    found: list[Cue] = []
    for beat in timeline.beats:
        tokens = _tokens(beat, columns)
        groups = _grouped(tokens, columns)
        found += _timed(groups, beat, columns, GAP_FRAMES / fps)
    return tuple(found)


def srt(cues: Iterable[Cue]) -> bytes:
    """The cues as SubRip, UTF-8."""
    blocks = (
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n"
        + "\n".join(_directed(line.replace("-->", "→")) for line in cue.lines)
        for number, cue in enumerate(cues, start=1)
    )
    return ("\n\n".join(blocks) + "\n").encode()


def vtt(cues: Iterable[Cue]) -> bytes:
    """The cues as WebVTT, UTF-8; what could be taken for markup is escaped."""
    blocks = (
        f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n"
        + "\n".join(_directed(html.escape(line, quote=False)) for line in cue.lines)
        for cue in cues
    )
    return "\n\n".join(["WEBVTT", *blocks, ""]).encode()


def width(text: str) -> int:
    """Columns that `text` takes: two for full-width characters, none for marks on others."""
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def _tokens(beat: Beat, columns: int) -> list[_Token]:
    narration = beat.scene.narration
    if not beat.words:
        return []
    edges = [0, *(word.at for word in beat.words[1:]), len(narration)]
    tokens: list[_Token] = []
    for word, begin, end in zip(beat.words, edges, edges[1:], strict=False):
        text = narration[begin:end].replace("\n", " \n")
        whole = _Token(text, beat.start + word.start, beat.start + word.end)
        tokens += _split(whole, columns) if width(text.strip()) > columns // 2 else [whole]
    return [token for token in tokens if token.text]


def _split(token: _Token, columns: int) -> list[_Token]:
    """A very long word, or a phrase of a script without spaces, in pieces with a share of its time each."""
    pieces = re.findall(r".[、。，！？；：」』）ー\u0300-\u036f\u0900-\u0903\u093a-\u094f]*", token.text, re.DOTALL)
    if not any(unicodedata.east_asian_width(char) in "WF" for char in token.text):
        step = columns // 2
        pieces = [token.text[at : at + step] for at in range(0, len(token.text), step)]
    share = (token.end - token.start) / len(pieces)
    return [_Token(piece, token.start + at * share, token.start + (at + 1) * share) for at, piece in enumerate(pieces)]


def _grouped(tokens: Sequence[_Token], columns: int) -> list[Sequence[_Token]]:
    """Tokens of one scene cut into cues: the cheapest of all ways to cut (dynamic programming)."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(tokens) + 1):
        options: list[tuple[float, int]] = []
        for start in range(end - 1, -1, -1):
            group = tokens[start:end]
            if len(group) > 1 and not _fits(group, columns):
                break
            options.append((best[start][0] + _cost(group, last=end == len(tokens)), start))
        best.append(min(options))
    groups: list[Sequence[_Token]] = []
    end = len(tokens)
    while end:
        start = best[end][1]
        groups.append(tokens[start:end])
        end = start
    return groups[::-1]


def _fits(group: Sequence[_Token], columns: int) -> bool:
    if group[-1].end - group[0].start > LONGEST_SECONDS:
        return False
    total = width(_text(group))
    if total <= columns and not _ends_of_items(group):
        return True
    return total <= MAX_LINES * columns + 1 and _break(group, columns) is not None


def _cost(group: Sequence[_Token], *, last: bool) -> float:
    """The price of a cue: where it ends, how short it is, how fast it must be read, and that it is one more."""
    seconds = group[-1].end - group[0].start
    text = _text(group)
    price = 3.0 + (0.0 if last else _break_price(group[-1].text, ""))
    price += 8 * max(0.0, 1.2 - seconds)
    price += 0.4 * max(0.0, len(text) / max(seconds, 0.1) - READABLE_CHARS_A_SECOND)
    return price + 0.4 * max(0.0, seconds - 5.0)


def _break_price(before: str, after: str) -> float:
    """What a break between two tokens costs; 0 at the end of a sentence."""
    if "\n" in before or _SENTENCE_END.search(before):
        return 0.0
    if _CLAUSE_END.search(before):
        return 1.5
    word = before.strip().lower()
    if word in lore.listed("clings"):
        return 9.0
    return 3.0 if after.strip().lower() in lore.listed("joins") else 5.0


def _break(group: Sequence[_Token], columns: int) -> int | None:
    """After how many tokens the second line begins; None when two lines do not hold them."""
    best: tuple[float, int] | None = None
    for at in _ends_of_items(group) or range(1, len(group)):
        first, second = width(_text(group[:at])), width(_text(group[at:]))
        if first <= columns and second <= columns:
            # Even lines, the lower one rather longer, and no article at a line's end.
            price = (
                abs(first - second) / 4
                + (0.5 if first > second else 0)
                + _break_price(group[at - 1].text, group[at].text)
            )
            best = min(best, (price, at)) if best is not None else (price, at)
    return None if best is None or len(_ends_of_items(group)) >= MAX_LINES else best[1]


def _ends_of_items(group: Sequence[_Token]) -> list[int]:
    """After how many tokens an item of a list ends inside the group; there a line has to end."""
    return [at for at, token in enumerate(group[:-1], start=1) if "\n" in token.text]


def _timed(groups: Sequence[Sequence[_Token]], beat: Beat, columns: int, gap: float) -> list[Cue]:
    made: list[Cue] = []
    stop = beat.start + beat.seconds
    for number, group in enumerate(groups):
        following = groups[number + 1][0].start if number + 1 < len(groups) else None
        limit = stop if following is None else following - gap
        start, said = group[0].start, group[-1].end
        readable = start + min(len(_text(group)) / READABLE_CHARS_A_SECOND, LONGEST_SECONDS)
        end = max(said + LINGER_SECONDS, readable, start + SHORTEST_SECONDS)
        if following is not None and following - end < CHAIN_SECONDS:
            end = limit
        end = min(end, limit, start + LONGEST_SECONDS)
        made.append(_cue(group, start, max(end, start + gap), columns))
    return made


def _cue(group: Sequence[_Token], start: float, end: float, columns: int) -> Cue:
    second = _break(group, columns) if width(_text(group)) > columns or _ends_of_items(group) else None
    parts = [group] if second is None else [group[:second], group[second:]]
    words: list[CueWord] = []
    for line, part in enumerate(parts):
        at = 0
        for token in part:
            shown = " ".join(token.text.split())
            if shown:
                words.append(CueWord(line, at, at + len(shown), token.start, token.end))
            at += len(shown) + bool(re.search(r"\s$", token.text))
    return Cue(start, end, tuple(_text(part) for part in parts), tuple(words))


def _text(group: Sequence[_Token]) -> str:
    return " ".join("".join(token.text for token in group).split())


def _clock(seconds: float, point: str) -> str:
    millis = round(seconds * 1000)
    return f"{millis // 3_600_000:02}:{millis // 60_000 % 60:02}:{millis // 1000 % 60:02}{point}{millis % 1000:03}"


def _directed(line: str) -> str:
    """With a right-to-left mark where a line of such a script could begin with something else."""
    strong = next((kind for kind in map(unicodedata.bidirectional, line) if kind in ("L", "R", "AL")), "L")
    return line if strong == "L" else f"\u200f{line}"
