"""Pictures with depth become moving pictures: a pinhole camera moved through each shot's sheets.

A pixel of the frame that looks along the ray (u, v, 1) sees, from a camera moved by (x, y, z), the source position
u + d·(x − u·z), where d is the nearness (1 / depth) found there: one fixed-point equation per pixel. Sheets are smooth
in depth, so three rounds at a quarter of the resolution solve it; the result is scaled up and every plane of the frame
is sampled once. Sheets are laid over each other with their own soft edges, so nothing tears and nothing stretches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import cos, sin
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420, reel
from gpu_handlers.stages.i420 import Frame, Plane, Planes
from gpu_handlers.stages.moves import Move, Pose
from gpu_handlers.stages.reel import Clip
from gpu_handlers.stages.sheets import QUARTER, Scene, Sheet

ROUNDS = 3
SPARSE = 4  # every how many nodes are looked at to find a sheet's part of the frame
TRIES = 12  # samples of a move when looking whether it leaves the picture

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One take.

    Attributes:
        frames: how many it has.
        zoom: pixels of the frame per pixel of the scene.
        centre: what the middle of the frame shows at rest, as fractions of the scene's width and height.
    """

    scene: Scene
    move: Move
    frames: int
    zoom: float
    centre: tuple[float, float] = (0.5, 0.5)


def film(shots: Iterable[Shot], *, size: Size, fps: int, overlap: int = 0) -> Iterator[Frame]:
    """The frames of all shots, each shot fading into the next over `overlap` frames; nothing else is kept.

    Args:
        shots: taken one by one, when the film gets there. Each is longer than two overlaps.
        size: of the frames in pixels, even.
    """
    clips = (Clip(take(shot, size=size, fps=fps), shot.frames - overlap, "crossfade") for shot in shots)
    return reel.cut(clips, size=size, fade=overlap)


def take(shot: Shot, *, size: Size, fps: int) -> Iterator[Frame]:
    """The frames of one shot."""
    lens = _Lens(shot, size)
    move = within(shot, size)
    seconds = shot.frames / fps
    for number in range(shot.frames):
        yield lens.frame(move.at(number / max(1, shot.frames - 1), seconds))


def within(shot: Shot, size: Size) -> Move:
    """The shot's move, made smaller where it would show what lies beyond the picture's borders."""
    lens = _Lens(shot, size)
    for share in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1):
        move = shot.move.scaled(share)
        if all(lens.covered(move.at(at / TRIES, 6.0)) for at in range(TRIES + 1)):
            return move
    return shot.move.scaled(0.0)


class _Lens:
    """One shot's geometry at one frame size."""

    def __init__(self, shot: Shot, size: Size) -> None:
        self._scene, self._size = shot.scene, size
        # The picture was taken with a focal length of its own height, as the sketch engine draws (vertical angle 53°).
        self._focal = float(shot.scene.size.height)
        # Its axis meets the horizon, as a level camera's does: turning it keeps the horizon level and the ground flat.
        # What the frame shows above or below is a matter of cropping, like a shifted lens.
        self._middle = (shot.scene.size.width / 2, shot.scene.size.height * shot.scene.horizon)
        # One node more on each side, so that scaling up never has to guess beyond the outermost.
        wide, high = -(-size.width // QUARTER) + 2, -(-size.height // QUARTER) + 2
        across = (np.arange(wide, dtype=np.float32) - 1) * QUARTER + (QUARTER - 1) / 2 + 0.5
        down = (np.arange(high, dtype=np.float32) - 1) * QUARTER + (QUARTER - 1) / 2 + 0.5
        aim_x = (shot.centre[0] - 0.5) * shot.scene.size.width / self._focal
        aim_y = (shot.centre[1] - shot.scene.horizon) * shot.scene.size.height / self._focal
        scale = np.float32(1 / (self._focal * shot.zoom))
        self._u, self._v = np.meshgrid(
            (across - np.float32(size.width / 2)) * scale + np.float32(aim_x),
            (down - np.float32(size.height / 2)) * scale + np.float32(aim_y),
        )
        # Forward means towards what the middle of the frame shows, but half as level as somebody walking on the ground:
        # heading straight for something high up would be taking off.
        self._heading = (aim_x, aim_y / 2)

    def frame(self, pose: Pose) -> Frame:
        """What the camera sees."""
        frame = i420.blank(self._size)
        out = i420.planes(frame, self._size)
        for patch in self._patches(*self._rays(pose)):
            _lay(patch, out)
        return frame

    def covered(self, pose: Pose) -> bool:
        """Whether everything along the frame's edge lies within the picture."""
        base, reach = self._rays(pose)
        wide, high = self._scene.size.width / QUARTER - 1, self._scene.size.height / QUARTER - 1
        edges = (np.s_[1:2, 1:-1], np.s_[-2:-1, 1:-1], np.s_[1:-1, 1:2], np.s_[1:-1, -2:-1])
        for sheet in self._scene.sheets:
            for edge in edges:
                x, y = _solved(sheet, base[0][edge], base[1][edge], reach[0][edge], reach[1][edge])
                outside = (x < -0.4) | (x > wide + 0.4) | (y < -0.4) | (y > high + 0.4)
                if not sheet.backdrop and outside.any():
                    column = np.clip(x * QUARTER, 0, self._scene.size.width - 1).astype(np.intp)
                    row = np.clip(y * QUARTER, 0, self._scene.size.height - 1).astype(np.intp)
                    outside &= sheet.fine[row, column, 1] > 8
                if outside.any():
                    return False
        return True

    def _rays(self, pose: Pose) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """For every node: the source position at infinite distance, and how far it moves per unit of nearness.

        Both in pixels of the nearness maps.
        """
        u, v = _turned(self._u, self._v, pose.yaw, pose.pitch)
        distance = 1 / self._scene.pivot
        unit = np.float32(self._focal / QUARTER)
        x = u * unit + np.float32((self._middle[0] - QUARTER / 2) / QUARTER)
        y = v * unit + np.float32((self._middle[1] - QUARTER / 2) / QUARTER)
        forward = np.float32(pose.z * distance)
        right = np.float32((pose.x + pose.z * self._heading[0]) * distance)
        lower = np.float32((pose.y + pose.z * self._heading[1]) * distance)
        return (x, y), ((right - u * forward) * unit, (lower - v * forward) * unit)

    def _patches(self, base: tuple[Floats, Floats], reach: tuple[Floats, Floats]) -> list[_Patch]:
        """What of each sheet shows, back to front; what lies under a nearer sheet's solid part is left out."""
        patches: list[_Patch] = []
        floor = self._size.height
        for sheet in reversed(self._scene.sheets):
            bounds = self._bounds(sheet, base, reach)
            if bounds is None or bounds[1] >= floor:
                continue
            left, top, right, bottom = *bounds[:3], min(bounds[3], floor)
            nodes = np.s_[top // QUARTER : -(-bottom // QUARTER) + 2, left // QUARTER : -(-right // QUARTER) + 2]
            x, y = _solved(sheet, base[0][nodes], base[1][nodes], reach[0][nodes], reach[1][nodes])
            solid = bottom
            if bottom == floor and left == 0 and right == self._size.width:
                floor = solid = min(bottom, top + QUARTER * _rows_above(y, sheet.solid))
            patches.append(_Patch(sheet, x, y, (left, top, right, bottom), solid))
        return patches[::-1]

    def _bounds(
        self, sheet: Sheet, base: tuple[Floats, Floats], reach: tuple[Floats, Floats]
    ) -> tuple[int, int, int, int] | None:
        """The part of the frame that a sheet may cover, px; multiples of 8, or the frame's edge."""
        width, height = self._size.width, self._size.height
        if sheet.backdrop:
            return 0, 0, width, height
        left, top, right, bottom = (edge / QUARTER for edge in sheet.box)
        # Along a ray the source position moves on a line: between its ends lies all that the ray can meet.
        every = np.s_[::SPARSE, ::SPARSE]
        (x0, x1), (y0, y1) = (
            [part[every] + step[every] * end for end in sheet.span] for part, step in zip(base, reach, strict=True)
        )
        slack = 3 + SPARSE
        inside = (np.maximum(x0, x1) > left - slack) & (np.minimum(x0, x1) < right + slack)
        inside &= (np.maximum(y0, y1) > top - slack) & (np.minimum(y0, y1) < bottom + slack)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        if not len(rows):
            return None
        unit = QUARTER * SPARSE
        x_first, y_first = (max(0, int(at[0]) * unit - unit) // 8 * 8 for at in (columns, rows))
        x_last, y_last = (
            min(end, -(-(int(at[-1]) + 1) * unit // 8) * 8) for at, end in ((columns, width), (rows, height))
        )
        return (x_first, y_first, x_last, y_last) if x_last > x_first and y_last > y_first else None


def _turned(u: Floats, v: Floats, yaw: float, pitch: float) -> tuple[Floats, Floats]:
    """Rays of a camera turned by `yaw` to the right and `pitch` down, as (x / z, y / z)."""
    if not yaw and not pitch:
        return u, v
    sy, cy, sp, cp = (np.float32(value) for value in (sin(yaw), cos(yaw), sin(pitch), cos(pitch)))
    tilted, deep = v * cp + sp, cp - v * sp
    forward = deep * cy - u * sy
    return np.asarray((u * cy + deep * sy) / forward, np.float32), np.asarray(tilted / forward, np.float32)


def _solved(sheet: Sheet, x: Floats, y: Floats, dx: Floats, dy: Floats) -> tuple[Floats, Floats]:
    """Where each ray meets the sheet, in pixels of its nearness map."""
    start = np.float32(sum(sheet.span) / 2)
    sx, sy = x + dx * start, y + dy * start
    if sheet.flat:
        return sx, sy
    for _ in range(ROUNDS):
        found = cv2.remap(sheet.nearness, sx, sy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        sx, sy = x + dx * found, y + dy * found
    return sx, sy


@dataclass(frozen=True, slots=True, eq=False)
class _Patch:
    """One sheet's part of a frame.

    Attributes:
        x, y: where each node meets the sheet, in pixels of its nearness map.
        bounds: left, top, right, bottom within the frame, px.
        solid: the row of the frame from which the sheet hides all beneath it; `bounds`' bottom if it hides nothing.
    """

    sheet: Sheet
    x: Floats
    y: Floats
    bounds: tuple[int, int, int, int]
    solid: int


def _rows_above(y: Floats, solid: int) -> int:
    """How many rows of nodes there are until all that follow see the sheet from row `solid` (px) on."""
    slack = 4  # px: two of the coarse planes
    above = np.flatnonzero(y.min(axis=1) * QUARTER < solid + slack)
    return int(above[-1]) + 1 if len(above) else 0


def _lay(patch: _Patch, out: Planes) -> None:
    """Sample a sheet and lay it over what is already in `out`."""
    left, top, right, bottom = patch.bounds
    fine = _sampled(patch.sheet.fine, patch.x, patch.y, QUARTER, (right - left, bottom - top))
    half = ((right - left) // 2, (bottom - top) // 2)
    coarse = _sampled(patch.sheet.coarse, patch.x, patch.y, QUARTER // 2, half)
    into = np.s_[top:bottom, left:right]
    luma = out.luma[into]
    into = np.s_[top // 2 : bottom // 2, left // 2 : right // 2]
    blue, red = out.blue[into], out.red[into]
    if patch.sheet.backdrop:
        luma[...] = fine
        cv2.extractChannel(coarse, 0, blue)
        cv2.extractChannel(coarse, 1, red)
        return
    soft = patch.solid - top
    if soft:
        rest = cv2.bitwise_not(cv2.extractChannel(fine[:soft], 1))
        _over(luma[:soft], cv2.extractChannel(fine[:soft], 0), rest)
        above_blue, above_red, covered, _ = cv2.split(coarse[: soft // 2])
        rest = cv2.bitwise_not(covered)
        _over(blue[: soft // 2], above_blue, rest)
        _over(red[: soft // 2], above_red, rest)
    if patch.solid < bottom:
        cv2.extractChannel(fine[soft:], 0, luma[soft:])
        cv2.extractChannel(coarse[soft // 2 :], 0, blue[soft // 2 :])
        cv2.extractChannel(coarse[soft // 2 :], 1, red[soft // 2 :])


def _over(target: Any, above: Any, rest: Any) -> None:
    """Lay a premultiplied plane over `target`, of which `rest` (0–255) stays."""
    cv2.add(cv2.multiply(target, rest, scale=1 / 255), above, dst=target)


def _sampled(source: Plane, x: Floats, y: Floats, factor: int, size: tuple[int, int]) -> Plane:
    """`source` where the nodes point, `factor` pixels per node; also `factor` pixels per pixel of the nearness map."""
    offset = np.float32((factor - 1) / 2)
    whole = (x.shape[1] * factor, x.shape[0] * factor)
    across, down = (
        cv2.resize(part * np.float32(factor) + offset, whole, interpolation=cv2.INTER_LINEAR)[
            factor : factor + size[1], factor : factor + size[0]
        ]
        for part in (x, y)
    )
    # Float maps and one or four channels: measured the fastest of what OpenCV has (two and three channels cost more).
    return np.asarray(cv2.remap(source, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)
