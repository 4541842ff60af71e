"""The head: face, features, hair, beard and glasses, in head units × 100."""

from __future__ import annotations

from typing import Any

import skia

from gpu_handlers.engines.persona import hair
from gpu_handlers.engines.persona.look import Look, shadow_of
from gpu_handlers.engines.persona.paths import common, flat, line, shaded, svg
from gpu_handlers.engines.sketch.colour import WHITE, from_hex, luma, mix, scaled

INK = from_hex("2b1f26")


def paint_back(canvas: Any, look: Look, light: float) -> None:
    """Hair behind neck and shoulders."""
    path = hair.back(look.hair_style)
    if path is not None:
        deep = mix(look.hair, shadow_of(look.hair), 0.55)
        shaded(canvas, path, deep, shadow_of(deep), light=light, depth=12)


def paint(canvas: Any, look: Look, *, turn: float, light: float, smile: float) -> None:
    """Everything else of the head.

    Args:
        turn: −1 … 1, features move to where the face looks.
        light: −1 from the left, 1 from the right.
        smile: 0 … 1.
    """
    face = _face(look)
    _ears(canvas, look, turn, light)
    shaded(canvas, face, look.skin, mix(look.skin, look.shade, 0.62), light=light, depth=9)
    canvas.save()
    canvas.clipPath(face, True)
    shift = turn * 8
    _cheeks(canvas, look, shift)
    if look.beard != "none":
        _beard(canvas, look, shift)
    _eyes(canvas, look, shift, smile)
    _nose(canvas, look, shift, light)
    _mouth(canvas, look, shift, smile)
    _age(canvas, look, shift)
    _fringe_shadow(canvas, look)
    canvas.restore()
    _hair(canvas, look, light)
    _brows(canvas, look, shift)
    if look.glasses:
        _glasses(canvas, shift)


def _face(look: Look) -> Any:
    jaw = look.jaw * 100
    return svg(
        f"M0 2 C22 2 34 18 34 44 C34 60 33 70 {jaw + 3:g} 80 C{jaw - 3:g} 92 12 101 0 101"
        f" C-12 101 {-jaw + 3:g} 92 {-jaw - 3:g} 80 C-33 70 -34 60 -34 44 C-34 18 -22 2 0 2 Z"
    )


def _ears(canvas: Any, look: Look, turn: float, light: float) -> None:
    for side in (-1, 1):
        x = side * 34 + turn * 3
        ear = skia.Path.Oval(skia.Rect(x - 6, 46, x + 6, 66))
        shaded(canvas, ear, look.skin, look.shade, light=light, depth=3)
        canvas.drawPath(
            svg(f"M{x - 1.5:g} 51 C{x + side * 3:g} 52 {x + side * 2.5:g} 58 {x:g} 61"), line(look.shade, 1.4)
        )
        if look.style == "fashion" and look.gender == "female":
            canvas.drawCircle(x + side * 1.5, 70, 3.4, flat(look.accent))
            canvas.drawCircle(x + side * 1.5 - 1, 69, 1.1, flat(WHITE, 0.8))


def _cheeks(canvas: Any, look: Look, shift: float) -> None:
    blush = mix(look.skin, from_hex("e8625f"), 0.42)
    for side in (-1, 1):
        canvas.drawOval(skia.Rect(side * 20 + shift - 9, 60, side * 20 + shift + 9, 73), flat(blush, 0.42, blur=3.2))
    if look.freckles:
        for x, y in ((-22, 63), (-17, 66), (-13, 62), (13, 62), (18, 66), (23, 63), (-19, 60), (20, 60)):
            canvas.drawCircle(x + shift, y, 0.85, flat(look.shade, 0.8))


def _eyes(canvas: Any, look: Look, shift: float, smile: float) -> None:
    tall = 4.3 + 1.4 * look.eye_shape - 0.7 * smile
    slant = 1.4 if look.eye_shape < 0.15 else 0.6
    feminine = look.gender == "female"
    for side in (-1, 1):
        x, y = side * 14.2 + shift, 53.5
        inner, outer = x - side * 7.2, x + side * 7.6
        upper = (
            f"M{inner:g} {y + 1:g} C{x - side * 4:g} {y - tall * 1.25:g} {x + side * 4:g} {y - tall * 1.3:g}"
            f" {outer:g} {y - slant:g}"
        )
        almond = svg(
            f"{upper} C{x + side * 4:g} {y + tall * 0.85:g} {x - side * 4:g} {y + tall * 0.9:g} {inner:g} {y + 1:g} Z"
        )
        canvas.drawPath(almond, flat(from_hex("fdfaf7")))
        canvas.save()
        canvas.clipPath(almond, True)
        iris = x + shift * 0.12
        canvas.drawCircle(iris, y - 0.4, 4.5, flat(scaled(look.eyes, 0.62)))
        canvas.drawCircle(iris, y + 0.2, 3.7, flat(look.eyes))
        canvas.drawCircle(iris, y - 0.4, 2.1, flat(INK))
        canvas.drawRect(skia.Rect(x - 10, y - 8, x + 10, y - tall * 0.55), flat(INK, 0.16))
        canvas.restore()
        canvas.drawCircle(iris + 1.5, y - 2.0, 1.15, flat(WHITE))
        canvas.drawPath(svg(upper), line(INK, 2.1 if feminine else 1.6))
        if feminine:
            canvas.drawPath(
                svg(f"M{outer - side:g} {y - slant:g} L{outer + side * 2.8:g} {y - slant - 2.4:g}"), line(INK, 1.7)
            )
        canvas.drawPath(
            svg(
                f"M{inner + side * 1.5:g} {y - tall - 0.6:g} C{x:g} {y - tall * 1.25 - 2.6:g} {x + side * 4:g}"
                f" {y - tall * 1.2 - 2.2:g} {outer:g} {y - tall - 0.4:g}"
            ),
            line(look.shade, 1.1, 0.8),
        )


def _brows(canvas: Any, look: Look, shift: float) -> None:
    colour = mix(look.hair, INK, 0.3) if luma(look.hair) < 0.55 else mix(look.hair, from_hex("7a6a5c"), 0.55)
    thick = look.brow * 100
    for side in (-1, 1):
        x = side * 14.5 + shift
        canvas.drawPath(
            svg(f"M{x - side * 8:g} 44.6 C{x - side * 3:g} 41.4 {x + side * 3:g} 40.6 {x + side * 9:g} 43.2"),
            line(colour, thick),
        )


def _nose(canvas: Any, look: Look, shift: float, light: float) -> None:
    x = shift * 1.5
    wide = 4.6 * look.nose
    side = -light
    bridge = svg(
        f"M{x + side * 2.2:g} 57 C{x + side * 3:g} 62 {x + side * (wide + 0.5):g} 66"
        f" {x + side * wide:g} 69.5 C{x + side * 2:g} 71.5 {x:g} 71.4 {x:g} 71 Z"
    )
    canvas.drawPath(bridge, flat(mix(look.skin, look.shade, 0.6)))
    canvas.drawPath(
        svg(f"M{x - wide * 0.75:g} 70.4 C{x - wide * 0.3:g} 72.6 {x + wide * 0.3:g} 72.6 {x + wide * 0.75:g} 70.4"),
        line(shadow_of(look.shade), 1.4, 0.75),
    )


def _mouth(canvas: Any, look: Look, shift: float, smile: float) -> None:
    x, y, wide = shift * 1.1, 82.0, 9.5 + 2.6 * smile
    lift = 2.6 * smile
    if smile > 0.6:
        mouth = svg(
            f"M{x - wide:g} {y - lift:g} C{x - 4:g} {y + 0.4:g} {x + 4:g} {y + 0.4:g} {x + wide:g} {y - lift:g}"
            f" C{x + 6:g} {y + 7.6:g} {x - 6:g} {y + 7.6:g} {x - wide:g} {y - lift:g} Z"
        )
        canvas.drawPath(mouth, flat(from_hex("6b2430")))
        canvas.save()
        canvas.clipPath(mouth, True)
        canvas.drawPath(
            svg(
                f"M{x - wide:g} {y - lift - 3:g} H{x + wide:g} V{y + 2.2:g} C{x + 4:g} {y + 3.6:g} {x - 4:g}"
                f" {y + 3.6:g} {x - wide:g} {y + 2.2:g} Z"
            ),
            flat(from_hex("fdf8f4")),
        )
        canvas.restore()
        canvas.drawPath(mouth, line(look.lips, 1.7))
    else:
        upper = svg(
            f"M{x - wide:g} {y - lift:g} C{x - 5:g} {y - 2.6:g} {x - 2:g} {y - 3:g} {x:g} {y - 1.8:g}"
            f" C{x + 2:g} {y - 3:g} {x + 5:g} {y - 2.6:g}"
            f" {x + wide:g} {y - lift:g} C{x + 4:g} {y + 1.2:g} {x - 4:g} {y + 1.2:g} {x - wide:g} {y - lift:g} Z"
        )
        lower = svg(
            f"M{x - wide + 1.5:g} {y - lift + 0.6:g} C{x - 4:g} {y + 1.2:g} {x + 4:g} {y + 1.2:g}"
            f" {x + wide - 1.5:g} {y - lift + 0.6:g} C{x + 5:g} {y + 5.6:g} {x - 5:g} {y + 5.6:g}"
            f" {x - wide + 1.5:g} {y - lift + 0.6:g} Z"
        )
        canvas.drawPath(lower, flat(look.lips))
        canvas.drawPath(upper, flat(shadow_of(look.lips)))
    canvas.drawPath(svg(f"M{x - 4:g} 91 C{x - 1.5:g} 92.4 {x + 1.5:g} 92.4 {x + 4:g} 91"), line(look.shade, 1.2, 0.55))


def _beard(canvas: Any, look: Look, shift: float) -> None:
    beard = svg(
        f"M-36 58 C-33 66 -30 70 -26 72 C-18 76 {-13 + shift:g} 72 {-6 + shift:g} 74.5 C{-2 + shift:g}"
        f" 76 {2 + shift:g} 76 {6 + shift:g} 74.5"
        f" C{13 + shift:g} 72 18 76 26 72 C30 70 33 66 36 58 V104 H-36 Z"
    )
    alpha = 0.26 if look.beard == "stubble" else 0.96
    canvas.drawPath(common(beard, _face(look)), flat(mix(look.hair, shadow_of(look.hair), 0.3), alpha))


def _age(canvas: Any, look: Look, shift: float) -> None:
    paint = line(look.shade, 1.15, 0.8)
    if look.lines >= 1:
        for side in (-1, 1):
            x = side * 12 + shift
            canvas.drawPath(svg(f"M{x:g} 71 C{x + side * 3:g} 74 {x + side * 4:g} 78 {x + side * 3:g} 81"), paint)
    if look.lines >= 2:
        for side in (-1, 1):
            x = side * 25 + shift
            canvas.drawPath(svg(f"M{x:g} 53 L{x + side * 4:g} 51"), paint)
            canvas.drawPath(svg(f"M{x:g} 56 L{x + side * 4:g} 57"), paint)
            canvas.drawPath(
                svg(
                    f"M{side * 8 + shift:g} 60 C{side * 12 + shift:g} 62.4 {side * 17 + shift:g} 62.4"
                    f" {side * 20 + shift:g} 60"
                ),
                paint,
            )
    if look.lines >= 3:
        canvas.drawPath(svg(f"M{-12 + shift:g} 31 C{-4 + shift:g} 29.6 {4 + shift:g} 29.6 {12 + shift:g} 31"), paint)
        canvas.drawPath(
            svg(f"M{-10 + shift:g} 35.4 C{-4 + shift:g} 34.2 {4 + shift:g} 34.2 {10 + shift:g} 35.4"), paint
        )


def _fringe_shadow(canvas: Any, look: Look) -> None:
    """What the hair throws on the forehead."""
    canvas.save()
    canvas.translate(0, 3.4)
    canvas.drawPath(hair.front(look.hair_style), flat(look.shade, 0.7))
    canvas.restore()


def _hair(canvas: Any, look: Look, light: float) -> None:
    path = hair.front(look.hair_style)
    alpha_crop = look.hair_style == "crop"
    colour = mix(look.hair, look.skin, 0.12) if alpha_crop else look.hair
    shaded(canvas, path, colour, shadow_of(colour), light=light, depth=6)
    sheen = hair.sheen(look.hair_style)
    if sheen is not None:
        canvas.save()
        canvas.clipPath(path, True)
        canvas.drawPath(sheen, line(mix(look.hair, WHITE, 0.42), 3.6, 0.42))
        canvas.restore()


def _glasses(canvas: Any, shift: float) -> None:
    rim = line(from_hex("2f2a30"), 1.9)
    for side in (-1, 1):
        x = side * 14.6 + shift
        lens = skia.RRect.MakeRectXY(skia.Rect(x - 11.2, 45.6, x + 11.2, 62.5), 7.5, 7.5)
        canvas.drawRRect(lens, flat(WHITE, 0.13))
        canvas.drawRRect(lens, rim)
        canvas.drawLine(x + side * 11.2, 51, side * 34 + shift * 0.4, 50, rim)
    canvas.drawPath(svg(f"M{-3.4 + shift:g} 52 C{-1 + shift:g} 50 {1 + shift:g} 50 {3.4 + shift:g} 52"), rim)
