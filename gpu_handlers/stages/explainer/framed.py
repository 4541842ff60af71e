"""The scene's picture in a rounded frame, drifting slowly as if filmed."""

from __future__ import annotations

from math import cos, sin

import skia

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.stages import easing
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.crop import covering
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import LINEAR, fill, picture, plate
from gpu_handlers.stages.figures.sprite import sprite

ZOOM = (1.02, 1.09)  # at the start and at the end of a scene
ENTER_SECONDS = 0.55
MOVE_SECONDS = 0.8  # from the middle to the side
BORDER = 8  # design px
BACKING = 18  # design px that the shape behind the frame stands out


class Framed:
    """A picture that fills a box.

    Args:
        seconds: how long the scene lasts.
        seed: chooses the direction of the drift.
        waits: the box in whose middle it stands at first, and when it must have reached its own; None to stay.
    """

    def __init__(
        self,
        look: Look,
        image: Rgb,
        box: Box,
        *,
        seconds: float,
        seed: int,
        waits: tuple[Box, float] | None = None,
    ) -> None:
        self._look, self._seconds = look, seconds
        self._waits, self._box = waits, box
        back = look.px(BACKING)
        # The shape behind stands out at the left and below; both together fill the box.
        self._frame = Box(round(box.left + back), round(box.top), round(box.right), round(box.bottom - back))
        border = look.px(BORDER)
        self._inner = self._frame.inset(round(border))
        angle = seed % 8 * 0.785
        self._way = (cos(angle), sin(angle) * 0.6)
        self._picture = picture(plate(covering(image, self._inner, ZOOM[1])))
        wide, high = self._frame.width, self._frame.height
        self._card = sprite(wide, high, lambda canvas: look.card(canvas, wide, high), bleed=look.bleed)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """Draw it as it is `now` seconds into the scene."""
        came = easing.share(now, 0.05, ENTER_SECONDS)
        if came <= 0:
            return
        look, frame, inner = self._look, self._frame, self._inner
        shown, eased = min(1.0, came * 1.8), easing.out_cubic(came)
        scale = 0.95 + 0.05 * eased
        back = look.px(BACKING) * easing.out_cubic(easing.share(now, 0.25, ENTER_SECONDS))
        canvas.save()
        about_x, about_y = frame.middle
        away_x, away_y = self._away(now)
        canvas.translate(about_x + away_x, about_y + away_y)
        canvas.scale(scale, scale)
        canvas.translate(-about_x, -about_y)
        backing = skia.Rect.MakeLTRB(frame.left - back, frame.top + back, frame.right - back, frame.bottom + back)
        canvas.drawRRect(
            skia.RRect.MakeRectXY(backing, look.radius * 1.4, look.radius * 1.4),
            fill(look.palette.accent, round(shown, 2)),
        )
        self._card.draw(canvas, frame.left, frame.top, share=shown)
        paint = skia.Paint(AntiAlias=True, Shader=self._shader(now), Alphaf=shown)
        radius = max(1.0, look.radius - look.px(BORDER) * 0.6)
        rect = skia.Rect.MakeLTRB(inner.left, inner.top, inner.right, inner.bottom)
        canvas.drawRRect(skia.RRect.MakeRectXY(rect, radius, radius), paint)
        canvas.restore()

    def _away(self, now: float) -> tuple[float, float]:
        """How far it is from its place while it still waits or is on its way."""
        if self._waits is None:
            return 0.0, 0.0
        box, until = self._waits
        left = 1 - easing.in_out_cubic(easing.share(now, until - MOVE_SECONDS, MOVE_SECONDS))
        (x, y), (own_x, own_y) = box.middle, self._box.middle
        return (x - own_x) * left, (y - own_y) * left

    def _shader(self, now: float) -> skia.Shader:
        """The picture where it is now: always larger than its frame, so that no edge comes in."""
        share = easing.share(now, 0, max(self._seconds, 0.1))
        inner = self._inner
        zoom = (ZOOM[0] + (ZOOM[1] - ZOOM[0]) * share) * inner.width / self._picture.width()
        spare_x = self._picture.width() * zoom - inner.width
        spare_y = self._picture.height() * zoom - inner.height
        travel = (share - 0.5) * 0.8  # of the spare room at each side
        matrix = skia.Matrix()
        matrix.setScale(zoom, zoom)
        matrix.postTranslate(
            inner.left - spare_x * (0.5 + travel * self._way[0]), inner.top - spare_y * (0.5 + travel * self._way[1])
        )
        return self._picture.makeShader(skia.TileMode.kClamp, skia.TileMode.kClamp, LINEAR, matrix)
