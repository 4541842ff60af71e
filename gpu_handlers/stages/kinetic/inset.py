"""A picture in three tones, cut to a simple shape, beside the type."""

from __future__ import annotations

from math import cos, sin

import skia

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.stages import easing
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.crop import covering
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import LINEAR, picture, plate, stroke
from gpu_handlers.stages.kinetic import tones

ZOOM = 1.1
ENTER_SECONDS = 0.6
LINE = 4  # design px


class Inset:
    """A disc, an arch or a sheet with the picture in it, opening upwards.

    Args:
        kind: which shape.
        seconds: how long the scene lasts.
    """

    def __init__(self, look: Look, image: Rgb, box: Box, *, kind: int, seconds: float) -> None:
        self._look, self._seconds = look, seconds
        line = look.px(LINE)
        room = box.inset(line + look.px(10))
        if kind % 3 == 0:
            side = min(room.width, room.height)
            x, y = room.middle
            room = Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)
        self._box = Box(round(room.left), round(room.top), round(room.right), round(room.bottom))
        self._shape = _shape(self._box, kind, look.radius)
        outer = self._box.inset(-line - look.px(8))
        self._outline = _shape(outer, kind, look.radius + line + look.px(8))
        self._picture = picture(plate(tones.inset(covering(image, self._box, ZOOM), look.palette)))

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """Draw it as it is `now` seconds into the scene."""
        came = easing.share(now, 0.12, ENTER_SECONDS)
        if came <= 0:
            return
        box, eased = self._box, easing.out_cubic(came)
        canvas.save()
        if came < 1:
            reach = self._look.px(24)
            top = box.bottom + reach - (box.height + 2 * reach) * eased
            canvas.clipRect(skia.Rect.MakeLTRB(box.left - reach, top, box.right + reach, box.bottom + reach))
        canvas.drawPath(self._outline, stroke(self._look.palette.accent, self._look.px(LINE)))
        canvas.drawPath(self._shape, skia.Paint(AntiAlias=True, Shader=self._shader(now)))
        canvas.restore()

    def _shader(self, now: float) -> skia.Shader:
        box, share = self._box, easing.share(now, 0, max(0.1, self._seconds))
        zoom = box.width * (1 + (ZOOM - 1) * (0.25 + 0.75 * share)) / self._picture.width()
        spare_x, spare_y = self._picture.width() * zoom - box.width, self._picture.height() * zoom - box.height
        matrix = skia.Matrix()
        matrix.setScale(zoom, zoom)
        angle = 0.8 * share
        matrix.postTranslate(
            box.left - spare_x * (0.5 + 0.3 * sin(angle)), box.top - spare_y * (0.5 + 0.3 * cos(angle) - 0.3)
        )
        return self._picture.makeShader(skia.TileMode.kClamp, skia.TileMode.kClamp, LINEAR, matrix)


def _shape(box: Box, kind: int, radius: float) -> skia.Path:
    rect = skia.Rect.MakeLTRB(box.left, box.top, box.right, box.bottom)
    if kind % 3 == 0:
        return skia.Path.Oval(rect)
    if kind % 3 == 1:
        arch = skia.RRect()
        crown = skia.Point(box.width / 2, min(box.width / 2, box.height * 0.6))
        foot = skia.Point(radius, radius)
        arch.setRectRadii(rect, [crown, crown, foot, foot])
        return skia.Path.RRect(arch)
    return skia.Path.RRect(skia.RRect.MakeRectXY(rect, radius, radius))
