"""Draws `garment.jpg`: a striped T-shirt laid flat, with folds and stitches. Run from the repository root:

PYTHONPATH=.:layers/studio .venv/bin/python samples/garment.py
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import skia
from PIL import Image

from gpu_handlers.engines.persona.paths import svg

SIZE = (900, 960)
CLOTH, STRIPE, RIB = 0xFF1F6F78, 0xFFF4EBDD, 0xFF185A62


def main() -> None:
    """Write the picture beside this file."""
    surface = skia.Surface(*SIZE)
    canvas = surface.getCanvas()
    canvas.clear(0xFFCBD3D6)
    shirt = svg(
        "M350 118 C400 150 500 150 550 118 L640 142 C690 158 722 186 744 228 L836 418 L716 482 L676 402"
        " C668 520 672 700 684 846 C600 866 300 866 216 846 C228 700 232 520 224 402 L184 482 L64 418"
        " L156 228 C178 186 210 158 260 142 Z"
    )
    _shadow(canvas, shirt)
    canvas.save()
    canvas.clipPath(shirt, True)
    canvas.drawColor(CLOTH)
    canvas.save()
    canvas.clipPath(svg("M262 120 L224 402 L190 900 H710 L676 402 L638 120 Z"), True)
    for row in range(5):
        top = 372 + row * 84
        band = svg(
            f"M0 {top} C300 {top + 14} 600 {top + 14} 900 {top} V{top + 34} C600 {top + 48} 300 {top + 48}"
            f" 0 {top + 34} Z"
        )
        if row:
            canvas.drawPath(band, _flat(STRIPE))
    canvas.restore()
    pocket = svg("M520 268 H610 V352 C590 366 540 366 520 352 Z")
    canvas.drawPath(pocket, _flat(RIB))
    canvas.drawPath(pocket, _line(0xFFBFD9D6, 2.2, dashed=True))
    _folds(canvas)
    canvas.restore()
    inner = svg("M350 118 C400 150 500 150 550 118 C540 176 500 206 450 206 C400 206 360 176 350 118 Z")
    canvas.drawPath(inner, _flat(0xFF123F45))
    back = svg("M350 118 C400 150 500 150 550 118 L556 132 C500 168 400 168 344 132 Z")
    canvas.drawPath(back, _flat(RIB))
    collar = svg(
        "M350 118 C360 176 400 206 450 206 C500 206 540 176 550 118 L566 124 C556 196 510 232 450 232"
        " C390 232 344 196 334 124 Z"
    )
    canvas.drawPath(collar, _flat(RIB))
    canvas.drawPath(collar, _line(0x66FFFFFF, 1.6))
    for seam in ("M262 142 C236 220 226 310 224 402", "M638 142 C664 220 674 310 676 402"):
        canvas.drawPath(svg(seam), _line(0x55000000, 3, blur=1.2))
        canvas.drawPath(svg(seam), _line(0x44FFFFFF, 1.4, dashed=True))
    for seam in ("M80 394 L196 456", "M820 394 L704 456", "M218 824 C300 846 600 846 682 824"):
        canvas.drawPath(svg(seam), _line(0x66FFFFFF, 1.8, dashed=True))
    picture = np.asarray(surface.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType))[..., :3].astype(
        np.float32
    )
    weave = np.random.default_rng(4).normal(0, 2.4, picture.shape[:2])[..., None]
    Image.fromarray(np.clip(picture + weave, 0, 255).astype(np.uint8)).save(
        Path(__file__).with_suffix(".jpg"), quality=88, optimize=True
    )


def _folds(canvas: Any) -> None:
    rng = Random(7)  # noqa: S311 - folds
    for dark, light, width, path in (
        (0x50000000, 0x30FFFFFF, 16, "M250 420 C330 470 380 500 420 620"),
        (0x48000000, 0x2CFFFFFF, 14, "M652 424 C590 480 540 520 520 640"),
        (0x40000000, 0x28FFFFFF, 22, "M300 560 C360 660 350 740 330 850"),
        (0x40000000, 0x28FFFFFF, 22, "M596 540 C560 660 570 760 600 850"),
        (0x38000000, 0x22FFFFFF, 18, "M452 500 C440 620 470 740 450 850"),
        (0x46000000, 0x26FFFFFF, 12, "M150 260 C170 320 190 360 214 384"),
        (0x46000000, 0x26FFFFFF, 12, "M750 260 C730 320 710 360 686 384"),
        (0x30000000, 0x20FFFFFF, 20, "M330 230 C300 300 290 340 284 420"),
        (0x30000000, 0x20FFFFFF, 20, "M574 236 C604 300 612 340 618 420"),
    ):
        canvas.drawPath(svg(path), _line(dark, width, blur=9))
        canvas.save()
        canvas.translate(rng.uniform(9, 14), -5)
        canvas.drawPath(svg(path), _line(light, width * 0.7, blur=8))
        canvas.restore()
    sides = skia.Paint(AntiAlias=True)
    sides.setShader(
        skia.GradientShader.MakeLinear(
            points=[skia.Point(190, 0), skia.Point(710, 0)],
            colors=[0x38000000, 0x00000000, 0x14FFFFFF, 0x00000000, 0x48000000],
            positions=[0.0, 0.25, 0.45, 0.7, 1.0],
        )
    )
    canvas.save()
    canvas.clipPath(svg("M262 120 C236 220 226 310 224 402 L200 900 H700 L676 402 C674 310 664 220 638 120 Z"), True)
    canvas.drawRect(skia.Rect(180, 120, 720, 900), sides)
    canvas.restore()


def _shadow(canvas: Any, shirt: Any) -> None:
    paint = _flat(0x60403830)
    paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, 12))
    canvas.save()
    canvas.translate(8, 12)
    canvas.drawPath(shirt, paint)
    canvas.restore()


def _flat(colour: int) -> Any:
    return skia.Paint(Color=colour, AntiAlias=True)


def _line(colour: int, width: float, *, blur: float = 0.0, dashed: bool = False) -> Any:
    paint = skia.Paint(Color=colour, AntiAlias=True, Style=skia.Paint.kStroke_Style, StrokeWidth=width)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    if blur:
        paint.setMaskFilter(skia.MaskFilter.MakeBlur(skia.kNormal_BlurStyle, blur))
    if dashed:
        paint.setPathEffect(skia.DashPathEffect.Make([8.0, 6.0], 0.0))
    return paint


if __name__ == "__main__":
    main()
