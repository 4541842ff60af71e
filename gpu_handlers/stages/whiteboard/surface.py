"""The board itself, in the encoder's own colours: empty at first, inked and coloured as time goes by.

Everything that can be known beforehand is: every inked pixel with its final value and its moment, sorted. A frame then
costs a copy of the pixels that have become due.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache, reduce

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import i420
from gpu_handlers.stages.i420 import Frame, Plane
from gpu_handlers.stages.whiteboard.piece import VISIBLE, Piece
from gpu_handlers.stages.whiteboard.schedule import Plan, Run, Wash

BOARD = (252, 250, 246)  # warm white
CORNERS = 0.045  # how much darker the corners are
GLOSS = 0.012  # how much lighter the reflection of a window is
RIM, RIM_COLOUR = 0.006, (226, 225, 222)  # the frame: of the short side
SOFT = 0.3  # of the way of a wash: how soft its front is
STREAKS = 0.16  # how ragged, as a marker leaves it

Floats = NDArray[np.float32]


class Surface:
    """A board on which a plan is carried out, moment by moment."""

    def __init__(self, plan: Plan, size: Size, random: np.random.Generator) -> None:
        self._size = size
        self.frame: Frame = i420.from_rgb(empty(size))
        self._planes = i420.planes(self.frame, size)
        self._blank = self._planes.luma.copy(), self._planes.blue.copy(), self._planes.red.copy()
        inks: dict[int, _Ink] = {}
        for run in plan.runs:
            if id(run.piece) not in inks:
                inks[id(run.piece)] = self._ink(run.piece)
        self._runs = [(run, inks[id(run.piece)]) for run in plan.runs]
        self._washes = [_Colouring(wash, self._size, random) for wash in plan.washes]

    def until(self, second: float) -> None:
        """Everything that is due by `second`, counted from the start of the scene; never backwards."""
        for run, ink in self._runs:
            if run.start <= second and ink.reached < run.high:
                ink.lay(self._planes, _reached(run, second))
        self._runs = [(run, ink) for run, ink in self._runs if run.end > second or ink.reached < run.high]
        for wash in self._washes:
            wash.apply(self._planes, second)
        self._washes = [wash for wash in self._washes if not wash.dry]

    def _ink(self, piece: Piece) -> _Ink:
        """The piece's pixels in the order they are due."""
        colour = i420.split(np.full((2, 2, 3), piece.colour, np.uint8))
        values = int(colour.luma[0, 0]), int(colour.blue[0, 0]), int(colour.red[0, 0])
        corners = (piece.due[row::2, column::2] for row in (0, 1) for column in (0, 1))
        half_due = reduce(np.minimum, corners)
        half = cv2.resize(piece.ink, half_due.shape[::-1], interpolation=cv2.INTER_AREA)
        layers = []
        for cover, due, blank, value, shift in (
            (piece.ink, piece.due, self._blank[0], values[0], 1),
            (half, half_due, self._blank[1], values[1], 2),
            (half, half_due, self._blank[2], values[2], 2),
        ):
            rows, columns = np.nonzero(cover > VISIBLE)
            moment = due[rows, columns]
            order = np.argsort(moment, kind="stable")
            rows, columns, moment = rows[order], columns[order], moment[order]
            share = cover[rows, columns].astype(np.float32) / 255
            rows, columns = rows + piece.top // shift, columns + piece.left // shift
            final = blank[rows, columns] * (1 - share) + value * share
            places = rows * blank.shape[1] + columns
            layers.append(_Pixels(places, moment, np.round(final).astype(np.uint8)))
        return _Ink(tuple(layers))


@dataclass(frozen=True, slots=True, eq=False)
class _Pixels:
    """Of one plane: places in it, when they are due (px of the pen's way, ascending), and their final values."""

    places: NDArray[np.intp]
    due: Floats
    values: Plane


class _Ink:
    """A piece's pixels in all three planes, and how far they are drawn."""

    def __init__(self, layers: tuple[_Pixels, ...]) -> None:
        self._layers = layers
        self._at = [0] * len(layers)
        self.reached = -1.0

    def lay(self, planes: i420.Planes, reached: float) -> None:
        """Ink every pixel due by `reached` px of the pen's way."""
        self.reached = reached
        for number, (pixels, plane) in enumerate(
            zip(self._layers, (planes.luma, planes.blue, planes.red), strict=True)
        ):
            first, last = self._at[number], int(np.searchsorted(pixels.due, reached, "right"))
            if last <= first:
                continue
            flat, places = plane.reshape(-1), pixels.places[first:last]
            # Lines that cross: the darker one stays.
            flat[places] = (
                np.minimum(flat[places], pixels.values[first:last]) if number == 0 else pixels.values[first:last]
            )
            self._at[number] = last


class _Colouring:
    """A wash on its way over a piece."""

    def __init__(self, wash: Wash, size: Size, random: np.random.Generator) -> None:
        self._wash = wash
        left, top, right, bottom = wash.piece.box
        half = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
        self._places = np.s_[top:bottom, left:right], half, half
        self._board = _empty(size)[self._places[0]]
        front = _front(wash.piece.ink.shape, random)
        coarse = np.ascontiguousarray(front[::2, ::2])
        self._fronts = front, coarse, coarse
        self._before: list[Plane] = []
        self._after: list[Plane] = []
        self.dry = False

    def apply(self, planes: i420.Planes, second: float) -> None:
        """Colour the board as far as the wash has come."""
        if self.dry or second < self._wash.start:
            return
        parts = planes.luma, planes.blue, planes.red
        if not self._before:
            self._before = [plane[place].copy() for plane, place in zip(parts, self._places, strict=True)]
            self._after = self._coloured()
        share = min(1.0, (second - self._wash.start) / max(1e-6, self._wash.end - self._wash.start))
        self.dry = share >= 1.0
        for at, (plane, front) in enumerate(zip(parts, self._fronts, strict=True)):
            there = np.clip((share * (1 + SOFT) - front) * np.float32(1 / SOFT), 0, 1)
            plane[self._places[at]] = cv2.blendLinear(self._after[at], self._before[at], there, 1 - there)

    def _coloured(self) -> list[Plane]:
        """All three planes of the piece's place once the wash is dry."""
        piece = self._wash.piece
        tinted = self._board.astype(np.float32) * (self._wash.colour.astype(np.float32) / 255)
        cover = piece.ink.astype(np.float32)[..., None] / 255
        final = i420.split((tinted * (1 - cover) + np.array(piece.colour, np.float32) * cover).astype(np.uint8))
        # Colour never takes ink away.
        return [np.minimum(self._before[0], final.luma), final.blue, final.red]


def empty(size: Size) -> Rgb:
    """The board with nothing on it, H×W×3."""
    return _empty(size).copy()


@lru_cache(maxsize=4)
def _empty(size: Size) -> Rgb:
    y, x = np.mgrid[0 : size.height, 0 : size.width].astype(np.float32)
    u, v = x / size.width * 2 - 1, y / size.height * 2 - 1
    light = 1 - CORNERS * np.clip((u * u + v * v) / 2, 0, 1) ** 1.5
    # A window somewhere to the left, as a faint slanted band.
    light += GLOSS * np.exp(-(((u + 0.55 + 0.35 * v) / 0.22) ** 2))
    board = np.clip(np.array(BOARD, np.float32) * light[..., None], 0, 255)
    rim = max(2, round(RIM * min(size.width, size.height)))
    edge = np.minimum(np.minimum(x, size.width - 1 - x), np.minimum(y, size.height - 1 - y))
    share = np.clip((rim - edge) / 1.5, 0, 1)[..., None]
    inner = np.clip(1 - np.abs(edge - rim - 1) / 3, 0, 1)[..., None] * 0.05
    board = board * (1 - share) * (1 - inner) + np.array(RIM_COLOUR, np.float32) * share
    # Half a step of noise, or the gradient shows as bands.
    grain = np.random.default_rng(5).uniform(-0.6, 0.6, board.shape[:2]).astype(np.float32)
    made: Rgb = np.round(np.clip(board + grain[..., None], 0, 255)).astype(np.uint8)
    return made


def _reached(run: Run, second: float) -> float:
    """How far the pen is on its way, px."""
    if second >= run.end or run.end <= run.start:
        return run.high
    return run.low + (run.high - run.low) * (second - run.start) / (run.end - run.start)


def _front(shape: tuple[int, ...], random: np.random.Generator) -> Floats:
    """When a wash gets where, 0 … 1: from the upper left to the lower right in slanted streaks."""
    high, wide = shape
    y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
    along = x + 0.55 * y
    across = (y - 0.55 * x) / max(8.0, 0.05 * min(high, wide))
    lanes = random.uniform(0, 1, 4096).astype(np.float32)
    at = across - across.min()
    first = at.astype(np.intp) % 4095
    part = at - np.floor(at)
    streak = lanes[first] * (1 - part) + lanes[first + 1] * part
    front = along / max(1.0, float(along.max())) * (1 - STREAKS) + STREAKS * streak
    return np.asarray((front - front.min()) / max(1e-6, float(np.ptp(front))), np.float32)
