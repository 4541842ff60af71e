"""When the pen draws what: figures when they are heard, everything else in the time between.

There is one hand. What is said comes first, at the moment it is said; heading and drawing share the time that is left,
so that the drawing is finished with about 15 % of the narration still to come, and then gets its colour.
"""

from __future__ import annotations

from dataclasses import dataclass

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.stages import timeline
from gpu_handlers.stages.whiteboard.layout import Board, Item
from gpu_handlers.stages.whiteboard.piece import Piece

LEAD_SECONDS = 0.35  # in which the hand comes
DONE = 0.85  # of the narration: then the drawing is finished
WASH_SECONDS, ICON_WASH_SECONDS = 1.3, 0.5
HEADING_SECONDS_PER_WORD, LEAST_SECONDS = 0.32, 0.09
ITEM_SECONDS = 0.4  # in which the words of an item are written when they are said faster than that
ICON_SECONDS = 1.1
GAP_SECONDS = 0.07  # for the way between what is heard and what is drawn meanwhile
SHORT = 0.12  # seconds: less free time than this is not worth moving the hand


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """The pen on a part of a piece: from `low` to `high` px of its way between two moments, in seconds."""

    piece: Piece
    start: float
    end: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Wash:
    """Colour (H×W×3, of the piece's size) coming over a piece, between two moments in seconds."""

    piece: Piece
    colour: Rgb
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that happens on the board, in order."""

    runs: tuple[Run, ...]
    washes: tuple[Wash, ...]


def planned(board: Board, beat: timeline.Beat, seconds: float) -> Plan:
    """Give everything on the board its time; all is done within `seconds`, the time of the last frame."""
    seconds = max(seconds, 0.0)
    end_of_speech = max((word.end for word in beat.words), default=beat.seconds * 0.95)
    end = min(seconds * 0.96, beat.seconds)
    lead = min(LEAD_SECONDS, 0.06 * seconds)
    # Colour needs its time too.
    ready = max(
        min(DONE * min(end_of_speech, beat.seconds), end - 0.3 * min(WASH_SECONDS, end)), lead + 0.2 * (end - lead)
    )
    runs, left_over = _heard(board.items, cues(beat, len(board.items)), beat, end)
    spare = _free(runs, lead, ready)
    if sum(to - since for since, to in spare) < max(0.3, 0.08 * seconds):
        # Somebody who never pauses: the hand cannot wait for a gap.
        spare = [(lead, ready)]
    first = [*board.heading, *left_over]
    runs += _poured(first, board.drawing, spare)
    runs.sort(key=lambda run: (run.start, run.end))
    return Plan(tuple(runs), tuple(_washes(runs, board, seconds)))


def cues(beat: timeline.Beat, count: int) -> list[float]:
    """When each item of the figure is heard, seconds from the start of the scene, none before the one before it."""
    figure = beat.scene.figure
    if figure is None or not count:
        return []
    found: list[float] = []
    for number in range(count):
        at = figure.at[number] if number < len(figure.at) else None
        heard = [word.start for word in beat.words if at is not None and word.at + len(word.text) > at]
        moment = heard[0] if heard else beat.seconds * (0.15 + 0.65 * number / count)
        found.append(max(moment, found[-1] + SHORT) if found else moment)
    return found


def _heard(
    items: list[Item], moments: list[float], beat: timeline.Beat, end: float
) -> tuple[list[Run], list[Piece]]:  # fmt: skip
    """The runs of the figure's items, and pictures for which there is no time while they are heard."""
    runs: list[Run] = []
    left_over: list[Piece] = []
    clock = 0.0
    for at, (item, moment) in enumerate(zip(items, moments, strict=True)):
        following = moments[at + 1] if at + 1 < len(moments) else end
        clock = max(clock, moment)
        following = max(following, clock + SHORT)
        pieces = len(item.before) + len(item.words)
        quick = min(ITEM_SECONDS, following - clock) / max(1, pieces)
        for piece in item.before:
            clock = _run(runs, piece, clock, min(quick, LEAST_SECONDS * 1.5))
        spoken = _spoken(beat, at, len(item.words))
        for piece, said in zip(item.words, spoken, strict=True):
            # As it is said, but no later than the next item.
            clock = max(clock, min(said, following - quick))
            clock = _run(runs, piece, clock, quick)
        room = following - GAP_SECONDS - clock
        share = min(ICON_SECONDS, room) / max(1, len(item.after))
        for piece in item.after:
            if room < SHORT:
                left_over.append(piece)
            else:
                clock = _run(runs, piece, clock, share)
    return runs, left_over


def _spoken(beat: timeline.Beat, number: int, count: int) -> list[float]:
    """When each word of an item is heard; all at once where they cannot be told."""
    figure = beat.scene.figure
    if figure is None or number >= len(figure.at) or not count:
        return [0.0] * count
    heard = [word.start for word in beat.words if word.at + len(word.text) > figure.at[number]][:count]
    return (heard + [heard[-1] if heard else 0.0] * count)[:count]


def _run(runs: list[Run], piece: Piece, clock: float, seconds: float) -> float:
    runs.append(Run(piece, clock, clock + seconds, 0.0, piece.length))
    return clock + seconds


def _free(runs: list[Run], start: float, end: float) -> list[tuple[float, float]]:
    """The time between `start` and `end` in which nothing is drawn yet."""
    free, clock = [], start
    for run in sorted(runs, key=lambda run: run.start):
        if min(run.start, end) - GAP_SECONDS - clock > SHORT:
            free.append((clock, min(run.start, end) - GAP_SECONDS))
        clock = max(clock, run.end + GAP_SECONDS)
    if end - clock > SHORT:
        free.append((clock, end))
    return free


def _poured(first: list[Piece], drawing: Piece | None, spare: list[tuple[float, float]]) -> list[Run]:
    """Heading, then drawing, one after the other into the spare time; a piece may be interrupted."""
    total = sum(end - start for start, end in spare)
    wanted = HEADING_SECONDS_PER_WORD * len(first)
    share = min(wanted, total * (0.35 if drawing is not None else 1.0))
    ways = sum(piece.length for piece in first) or 1.0
    tasks = [(piece, share * piece.length / ways) for piece in first]
    if drawing is not None and drawing.length:
        tasks.append((drawing, total - share))
    runs: list[Run] = []
    slots = list(spare)
    for piece, seconds in tasks:
        done, needed = 0.0, seconds
        while slots and needed - done > 1e-6:
            start, end = slots[0]
            taken = min(end - start, needed - done)
            low, high = (piece.length * at / needed for at in (done, done + taken))
            runs.append(Run(piece, start, start + taken, low, high))
            done += taken
            slots[0] = (start + taken, end)
            if slots[0][1] - slots[0][0] < 1e-6:
                slots.pop(0)
        if not done:
            runs.append(Run(piece, spare[-1][1], spare[-1][1], 0.0, piece.length))
    return runs


def _washes(runs: list[Run], board: Board, seconds: float) -> list[Wash]:
    finished: dict[int, float] = {}
    for run in runs:
        finished[id(run.piece)] = max(run.end, finished.get(id(run.piece), 0.0))
    washes = []
    coloured = [piece for item in board.items for piece in item.after if piece.wash is not None]
    for piece, length in [(board.drawing, WASH_SECONDS), *((piece, ICON_WASH_SECONDS) for piece in coloured)]:
        if piece is None or piece.wash is None:
            continue
        start = min(finished.get(id(piece), 0.6 * seconds) + 0.05, seconds * 0.97)
        washes.append(Wash(piece, piece.wash, start, min(start + length, seconds)))
    return sorted(washes, key=lambda wash: wash.start)
