"""Which shots a clip has: how long each is, how close, which way the camera goes, and from which seed it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any, Literal

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages.camera import Shot
from gpu_handlers.stages.moves import Move, Movement
from gpu_handlers.stages.sheets import Scene

Framing = Literal["wide", "medium", "close"]

# A still bears some four to eight seconds of movement before one has seen it.
SHOT_SECONDS, DRAFT_SHOT_SECONDS = 6.0, 12.0
FADE_SECONDS = 0.5
TRANSITION = {"kind": "crossfade", "seconds": FADE_SECONDS}
FRAMINGS: tuple[Framing, ...] = ("wide", "medium", "wide", "close")
CLOSENESS: dict[Framing, float] = {"wide": 1.08, "medium": 1.26, "close": 1.48}

# How much larger than the subject the frame should be; a dolly comes closer still.
ROOM: dict[Movement, float] = {"orbit": 1.15, "dolly": 1.35, "pan": 1.1, "static": 1.15}

# How much more than the frame is drawn, so that the camera never sees the picture's edge: width, height.
OVERSCAN: dict[Movement, tuple[float, float]] = {
    "orbit": (1.3, 1.2),
    "dolly": (1.06, 1.06),
    "pan": (1.62, 1.2),
    "static": (1.08, 1.08),
}


# Of one picture. Drawing and taking apart cost 0.3 to 0.6 s a megapixel, and a close shot in 1920×1080 would ask for 7.
DRAWN_PIXELS = 4_200_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One shot of the plan.

    Attributes:
        start: of its first frame in the clip, in frames; the fade from the shot before begins here.
        frames: with the fades at both ends.
    """

    number: int
    start: int
    frames: int
    framing: Framing
    move: Move
    seed: int


def plan(movement: Movement, *, frames: int, fps: int, seeds: list[int]) -> list[Entry]:
    """One shot per seed, `frames` together when each fades into the next."""
    overlap, count = overlap_frames(fps), len(seeds)
    whole = frames + (count - 1) * overlap
    lengths = [whole // count + (at < whole % count) for at in range(count)]
    entries, start = [], 0
    for at, (length, seed) in enumerate(zip(lengths, seeds, strict=True)):
        # Every third shot goes the other way, and the last dolly draws back: a rhythm, and an end.
        reverse = at % 3 == 2 if movement in ("orbit", "pan") else movement == "dolly" and count > 1 and at == count - 1
        framing = FRAMINGS[at % len(FRAMINGS)]
        entries.append(Entry(at + 1, start, length, framing, Move(movement, reverse=reverse), seed))
        start += length - overlap
    return entries


def shots_for(seconds: int, *, draft: bool) -> int:
    """How many shots a clip of `seconds` has."""
    return max(1, ceil(seconds / (DRAFT_SHOT_SECONDS if draft else SHOT_SECONDS)))


def overlap_frames(fps: int) -> int:
    """Frames of a fade."""
    return round(FADE_SECONDS * fps)


def drawn_size(entry: Entry, size: Size) -> Size:
    """How large the picture of a shot is drawn, px, multiples of 8: one pixel of it for each pixel of the frame.

    Beyond `DRAWN_PIXELS` it is drawn smaller, and `shot` enlarges it by as much.
    """
    across, down = OVERSCAN[entry.move.movement]
    closeness = CLOSENESS[entry.framing] * _share(entry, size)
    return Size(ceil(size.width * across * closeness / 8) * 8, ceil(size.height * down * closeness / 8) * 8)


def shot(entry: Entry, scene: Scene, size: Size) -> Shot:
    """The camera's take: closer framings turn towards the subject, and step back where it would not fit."""
    share = _share(entry, size)
    closeness = CLOSENESS[entry.framing]
    left, top, right, bottom = scene.subject
    covered = max((right - left) * scene.size.width / size.width, (bottom - top) * scene.size.height / size.height)
    back = min(closeness, max(1.0, covered / share * ROOM[entry.move.movement]))
    room = (1 - back / closeness) / 2
    across, down = (0.5 + min(room, max(-room, at - 0.5)) for at in scene.centre)
    return Shot(scene, entry.move, entry.frames, 1 / (back * share), (across, down))


def _share(entry: Entry, size: Size) -> float:
    """How much smaller than the frame's own pixels the picture is drawn; 1 for frames of 1280×720 and below."""
    across, down = OVERSCAN[entry.move.movement]
    pixels = size.width * size.height * across * down * CLOSENESS[entry.framing] ** 2
    return min(1.0, sqrt(DRAWN_PIXELS / pixels))


def record(entries: list[Entry], fps: int) -> list[dict[str, Any]]:
    """The plan as JSON, times in seconds."""
    return [
        {
            "shot": entry.number,
            "start": round(entry.start / fps, 3),
            "seconds": round(entry.frames / fps, 3),
            "framing": entry.framing,
            "camera": {"movement": entry.move.movement, "reverse": entry.move.reverse},
            "seed": entry.seed,
        }
        for entry in entries
    ]
