"""The whole figure on a transparent sheet, for any pose and framing."""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot
from typing import Any

import numpy as np
import skia

from gpu_handlers.engines.illustrator import Rgba, Size
from gpu_handlers.engines.persona import body, head
from gpu_handlers.engines.persona.look import Look
from gpu_handlers.engines.persona.paths import Point


def draw(
    look: Look,
    joints: Mapping[str, Point],
    size: Size,
    *,
    origin: Point,
    scale: float,
    front: tuple[str, ...] = (),
    turn: float = 0.0,
    tilt: float = 0.0,
    seated: bool = False,
    light: float = -1.0,
    smile: float = 0.5,
) -> Rgba:
    """The person, H×W×4 uint8 with straight alpha.

    Args:
        joints: OpenPose's point names to (x, y) in head heights.
        origin: where (0, 0) of the joints lies in the picture, pixels.
        scale: pixels per head height.
        front: arms ("r", "l") that lie in front of the trunk.
        turn: of the face, −1 … 1.
        tilt: of the head, degrees clockwise.
        light: −1 from the viewer's left, 1 from the right.
        smile: 0 … 1.
    """
    joints = _built(look, joints)
    surface = skia.Surface(size.width, size.height)
    canvas = surface.getCanvas()
    canvas.clear(0)
    canvas.translate(*origin)
    canvas.scale(scale, scale)
    behind = [side for side in ("r", "l") if side not in front and _behind_head(joints, side)]
    for side in behind:
        body.paint_arm(canvas, look, joints, side, light, front=False)
    _in_head(canvas, joints, tilt, lambda: head.paint_back(canvas, look, light))
    if seated:
        _stool(canvas, joints)
    body.paint_legs(canvas, look, joints, light)
    body.paint_neck(canvas, look, joints, light)
    body.paint_trunk(canvas, look, joints, light)
    beside = [side for side in ("r", "l") if side not in front and side not in behind]
    for side in beside:
        body.paint_arm(canvas, look, joints, side, light, front=False)
    _in_head(canvas, joints, tilt, lambda: head.paint(canvas, look, turn=turn, light=light, smile=smile))
    for side in reversed(front):
        body.paint_arm(canvas, look, joints, side, light, front=True)
    picture = surface.makeImageSnapshot().toarray(
        colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kUnpremul_AlphaType
    )
    return np.asarray(picture, np.uint8)


def _built(look: Look, joints: Mapping[str, Point]) -> dict[str, Point]:
    """The joints on this person's frame: arms sit closer on narrow shoulders."""
    inwards = 0.11 if look.shoulders < 0.1 else 0.03
    placed = dict(joints)
    for side, out in (("r", -1), ("l", 1)):
        for part in ("shoulder", "elbow", "wrist"):
            x, y = joints[f"{side}_{part}"]
            placed[f"{side}_{part}"] = (x - out * inwards, y)
    return placed


def _in_head(canvas: Any, joints: Mapping[str, Point], tilt: float, paint: Any) -> None:
    """Run `paint` with the head's own coordinates: units of a hundredth of its height, crown at 0, middle at x = 0."""
    neck = joints["neck"]
    canvas.save()
    canvas.translate(*neck)
    canvas.rotate(tilt)
    canvas.translate(0, CHIN - NECK_TO_CROWN - HEAD_SCALE)
    canvas.scale(0.01 * HEAD_SCALE, 0.01 * HEAD_SCALE)
    paint()
    canvas.restore()


HEAD_SCALE = 1.2  # a drawn head is a little larger than life; it keeps its chin
CHIN = 1.1  # and its neck is shorter
NECK_TO_CROWN = 1.28  # as in the pose library's build


def _behind_head(joints: Mapping[str, Point], side: str) -> bool:
    wrist, neck = joints[f"{side}_wrist"], joints["neck"]
    return hypot(wrist[0] - neck[0], wrist[1] - (neck[1] - 0.9)) < 0.62


def _stool(canvas: Any, joints: Mapping[str, Point]) -> None:
    (ax, ay), (bx, by) = joints["r_hip"], joints["l_hip"]
    x, y = (ax + bx) / 2, (ay + by) / 2 + 0.3
    foot = max(joints["r_ankle"][1], joints["l_ankle"][1]) + 0.25
    wood = skia.Paint(Color=0xFF8A5F45, AntiAlias=True)
    for lean in (-0.55, -0.18, 0.18, 0.55):
        leg = skia.Path.Polygon(
            [
                skia.Point(x + lean * 0.8 - 0.05, y),
                skia.Point(x + lean * 0.8 + 0.05, y),
                skia.Point(x + lean * 1.15 + 0.045, foot),
                skia.Point(x + lean * 1.15 - 0.045, foot),
            ],
            True,
        )
        canvas.drawPath(leg, wood)
    canvas.drawRRect(
        skia.RRect.MakeRectXY(skia.Rect(x - 0.74, y - 0.05, x + 0.74, y + 0.14), 0.08, 0.08),
        skia.Paint(Color=0xFFB07A58, AntiAlias=True),
    )
