"""What a subject throws on its surroundings: contact, cast and long shadows, mirror images."""

from __future__ import annotations

from math import ceil
from typing import Any

import skia

from gpu_handlers.engines.sketch.colour import from_hex, mix, scaled
from gpu_handlers.engines.sketch.compose import Placed
from gpu_handlers.engines.sketch.painting import Brush, Painting, argb, oval
from gpu_handlers.engines.sketch.stencil import draw, silhouette
from gpu_handlers.engines.sketch.subjects import recoloured


def contact(painting: Painting, brush: Brush, one: Placed) -> None:
    """The soft dark under the feet; broad and deep where the style has ambient occlusion."""
    style = painting.style
    colour = style.grade(mix(painting.light.sky[0], (0.02, 0.02, 0.08), 0.7))
    if style.staging == "paper":
        colour = style.ink or colour
    half, thick = one.wide * 0.46, max(3.0, one.tall * 0.035)
    alpha = 0.2 if style.staging in ("paper", "blob", "bold") else style.occlusion
    y = one.foot - thick * 0.15
    if style.occlusion > 0.45:
        wide = oval(one.x - half * 1.16, y - thick * 1.5, one.x + half * 1.16, y + thick * 1.9)
        brush.blot(wide, colour, alpha * 0.55, max(1.0, thick * 1.1))
    brush.blot(oval(one.x - half, y - thick, one.x + half, y + thick), colour, alpha, max(1.0, thick * 0.55))


def cast(painting: Painting, brush: Brush, one: Placed) -> None:
    """The actor's shape laid on the ground away from the sun; long when it is low."""
    light, canvas = painting.light, brush.canvas
    low = min(1.0, max(0.0, light.sun_y))
    colour = painting.style.grade(mix(light.sky[0], (0.02, 0.02, 0.1), 0.75))
    paint = skia.Paint(
        ColorFilter=skia.ColorFilters.Blend(argb(colour, 0.2 if light.dark else 0.3), skia.BlendMode.kSrcIn)
    )
    sigma = max(1.0, one.tall * 0.008)
    if painting.style.bands == 0:
        paint.setImageFilter(skia.ImageFilters.Blur(sigma, sigma))
    margin = one.tall * 0.5
    left, right = one.x - one.wide / 2 - margin, one.x + one.wide / 2 + margin
    canvas.saveLayer(skia.Rect(left, one.foot - one.tall * 0.5, right, one.foot + margin * 0.7), paint)
    # Feet stay; heads fall away from the light: x shears with height, y flattens and flips towards the camera.
    squash, lean = 0.2 + 0.12 * low, light.side * (0.25 + 0.55 * low)
    matrix = skia.Matrix()
    matrix.setAll(1, lean, -lean * one.foot, 0, -squash, one.foot * (1 + squash) - one.tall * 0.02, 0, 0, 1)
    canvas.concat(matrix)
    draw(canvas, one, one.icon.body)
    canvas.restore()


def drawn_out(painting: Painting, brush: Brush, one: Placed) -> None:
    """The flat long shadow of poster graphics: the shape swept away from the light, fading."""
    canvas, light = brush.canvas, painting.light
    length = painting.style.long_shadow * max(one.tall, one.wide)
    margin = length + 2
    left, top = one.x - one.wide / 2 - margin, one.top - 2
    wide, high = ceil(one.wide + 2 * margin), ceil(one.tall + margin + 4)
    shape = skia.Surface(wide, high)
    shape.getCanvas().translate(-left, -top)
    draw(shape.getCanvas(), one, silhouette(one, (0.0, 0.0, 0.0)))
    image, reach = shape.makeImageSnapshot(), 1.0
    while reach < length:  # each pass doubles the sweep
        step = min(reach, length - reach)
        wider = skia.Surface(wide, high)
        wider.getCanvas().drawImage(image, 0, 0)
        wider.getCanvas().drawImage(
            image, -light.side * step, step * 0.62, skia.SamplingOptions(skia.FilterMode.kLinear)
        )
        image, reach = wider.makeImageSnapshot(), reach + step
    colour = painting.style.grade(mix(light.sky[0], (0.05, 0.02, 0.16), 0.6))
    canvas.saveLayer(skia.Rect(left, top, left + wide, top + high))
    flat = skia.Paint(ColorFilter=skia.ColorFilters.Blend(argb(colour, 0.5), skia.BlendMode.kSrcIn))
    canvas.drawImage(image, left, top, skia.SamplingOptions(skia.FilterMode.kLinear), flat)
    fade = skia.Paint(BlendMode=skia.BlendMode.kDstIn)
    far = one.x - light.side * (one.wide / 2 + length)
    fade.setShader(
        skia.GradientShader.MakeLinear(
            points=[skia.Point(one.x, 0), skia.Point(far, 0)], colors=[0xFF000000, 0x00000000], positions=[0.2, 0.94]
        )
    )
    canvas.drawRect(skia.Rect(left, top, left + wide, top + high), fade)
    canvas.restore()


def mirrored(painting: Painting, brush: Brush, one: Placed) -> None:
    """The actor upside down in a polished floor, fading with its distance from the feet."""
    canvas, tall = brush.canvas, one.tall * 0.42
    bounds = skia.Rect(one.x - one.wide, one.foot, one.x + one.wide, one.foot + tall)
    canvas.saveLayer(bounds, skia.Paint(Alphaf=0.42))
    canvas.save()
    canvas.translate(0, 2 * one.foot)
    canvas.scale(1, -1)
    draw(canvas, one, recoloured(one.icon, painting.style.grade_subject))
    canvas.restore()
    fade = skia.Paint(BlendMode=skia.BlendMode.kDstIn)
    ends = [skia.Point(0, one.foot), skia.Point(0, one.foot + tall)]
    fade.setShader(skia.GradientShader.MakeLinear(points=ends, colors=[0xFF000000, 0x00000000]))
    canvas.drawRect(bounds, fade)
    canvas.restore()


def in_water(painting: Painting, brush: Brush, one: Placed, draught: float) -> None:
    """The actor's wavering image below its waterline; `draught` is the share of its height under water."""
    if painting.style.staging == "blob":  # the water ends at the window, its image would not
        return
    canvas, line = brush.canvas, one.foot - one.tall * draught
    tone = painting.style.grade(mix(painting.light.sky[0], painting.light.lit(from_hex("2c86b8")), 0.5))
    paint: Any = skia.Paint(Alphaf=0.34)
    paint.setImageFilter(skia.ImageFilters.Blur(one.tall * 0.006 + 0.5, one.tall * 0.02 + 0.5))
    canvas.saveLayer(
        skia.Rect(one.x - one.wide, line - one.tall * 0.02, one.x + one.wide, one.foot + one.tall * 0.5), paint
    )
    matrix = skia.Matrix()
    matrix.setAll(1, 0, 0, 0, -0.5, line * 1.5, 0, 0, 1)
    canvas.concat(matrix)
    body = recoloured(one.icon, lambda colour: mix(painting.style.grade_subject(scaled(colour, 0.7)), tone, 0.4))
    draw(canvas, one, body)
    canvas.restore()
