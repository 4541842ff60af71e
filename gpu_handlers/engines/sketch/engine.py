"""`SketchEngine`: words in, a layered vector picture with true depth out, on any CPU, without any model."""

from __future__ import annotations

from hashlib import sha256
from random import Random
from typing import TYPE_CHECKING

from gpu_handlers.engines.illustrator import EngineFacts, Picture, Rgb, Role, Size, StepReport, unreported

if TYPE_CHECKING:
    from gpu_handlers.engines.sketch.painting import Painting

MIN_SIDE_PX, MAX_SIDE_PX = 16, 4096

FACTS = EngineFacts(
    engine="sketch",
    model="fluent-emoji-flat",
    revision="1.2.6",
    licence="MIT",
    notes=(
        "vector drawing, no model; subjects: Fluent Emoji (c) Microsoft Corporation, MIT",
        "keywords: emojibase-data 17.0.0 (MIT), Unicode CLDR (Unicode License v3)",
    ),
)


class SketchEngine:
    """Draws pictures from words with vectors. Construction is free; data is read at the first picture."""

    @property
    def facts(self) -> EngineFacts:
        """What every result says of this engine."""
        return FACTS

    def illustrate(
        self,
        prompt: str,
        *,
        style: str,
        size: Size,
        seed: int,
        negative: str = "",
        reference: Rgb | None = None,  # noqa: ARG002 - the interface has it, vectors cannot follow a photo
        cast: tuple[Role, ...] = (),
        steps: int | None = None,  # noqa: ARG002 - nothing is denoised here
        on_step: StepReport = unreported,
    ) -> Picture:
        """Draw `prompt`; the same arguments give the same bytes.

        Steps reported: plan, place, subjects, finish. `reference` is not used: vectors cannot stay close to a photo.
        The layers, composited back to front, are the picture before the style's finish (bloom, texture,
        vignette, grain, letterbox); for a style without finish they are the picture.

        Raises:
            ValueError: a side is outside 16 … 4096 px.
            SubjectsMissing: the vector set is not installed.
        """
        if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in (size.width, size.height)):
            raise ValueError(f"size {size.width}×{size.height} is outside {MIN_SIDE_PX} … {MAX_SIDE_PX} px")
        # skia costs 0.1 s to load: whoever only asks for `facts` does not pay for it.
        from gpu_handlers.engines.sketch import actors, compose, effects, finish, scenery, weather

        painting = _prepared(prompt, style, size, seed, negative, cast)
        on_step(1, 4)
        bar = effects.bar_height(painting.style, painting.frame)
        placed = compose.place(painting.plan, painting.frame, painting.light.sun_x, painting.rng)
        placed = compose.within_bars(placed, painting.frame, bar)
        scenery.paint_place(painting)
        on_step(2, 4)
        painting.window = None
        for one in placed:
            actors.paint_actor(painting, one)
        if painting.plan.flow:
            actors.paint_arrows(painting, placed)
        weather.paint_weather(painting)
        on_step(3, 4)
        picture = finish.picture_of(painting)
        on_step(4, 4)
        return picture


def _prepared(
    prompt: str, style: str, size: Size, seed: int, negative: str, cast: tuple[Role, ...]
) -> Painting:  # fmt: skip
    from gpu_handlers.engines.sketch.light import light_of
    from gpu_handlers.engines.sketch.painting import Frame, Painting, blob
    from gpu_handlers.engines.sketch.plan import plan_of
    from gpu_handlers.engines.sketch.styles import style_named

    # Style and size are left out: the same seed shows the same composition in every style, so styles can be compared.
    digest = sha256(f"{seed}\x00{prompt}\x00{negative}".encode("utf-8", "replace")).digest()
    rng = Random(int.from_bytes(digest[:8], "big"))  # noqa: S311 - a drawing, not a secret
    plan = plan_of(prompt, negative, cast)
    light = light_of(plan.time, plan.weather, plan.moods, rng)
    frame = Frame(size.width, size.height, size.height * plan.place.horizon)
    painting = Painting(frame, light, style_named(style), plan, rng)
    if painting.style.staging == "blob":
        painting.window = blob(frame, painting.aside())
    return painting
