"""Story video: a script becomes scenes with pictures, a voice and music, filmed and cut into one film."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Size
from gpu_handlers.outputs import Outputs
from gpu_handlers.stages import (
    compose,
    illustrate,
    illustrated,
    safety,
    script,
    telling,
    titles,
)
from gpu_handlers.stages.compose import Format
from gpu_handlers.stages.pictured import Pictures
from gpu_handlers.stages.reel import Clip

if TYPE_CHECKING:
    from gpu_handlers.stages.telling import Telling
    from studio.catalog import StoryVideo

SIZES = {"landscape": Size(1920, 1080), "portrait": Size(1080, 1920)}
DRAFT_SIZES = {"landscape": Size(854, 480), "portrait": Size(480, 854)}
FPS, DRAFT_FPS = 30, 24
TITLE_SECONDS, END_SECONDS = 3.0, 3.0


def run(order: StoryVideo, ctx: JobContext) -> Outputs:
    """Speak the script, compose the music, and film scene after scene while encoding."""
    safety.check_script(order.story_title, order.script)
    size = (DRAFT_SIZES if order.draft else SIZES)[order.aspect]
    made = Format(size, DRAFT_FPS if order.draft else FPS, order.draft)
    (seed,) = illustrate.seeds(order.seed, 1)
    with ctx.stage("narrate", until=0.06) as stage:
        story = script.tell(order.script, title=order.story_title)
        safety.check_script(*story.texts)  # without its markup the script may say something else
        told = telling.tell(
            story,
            voice=order.voice_style,
            seconds=None,
            overflow=order.overflow,
            opening=TITLE_SECONDS if story.title else 0.0,
            closing=END_SECONDS,
            fade=compose.FADE_SECONDS,
            on_step=stage.step,
        )
    files, metadata = compose.film(
        ctx,
        told,
        made,
        style=order.visual_style,
        mood=order.background_music,
        burned=order.captions == "burned",
        seed=seed,
        filmed=lambda pictures: _clips(order, told, made, pictures),
    )
    return Outputs(files, {"quality": order.quality, **metadata})


def _clips(order: StoryVideo, told: Telling, made: Format, pictures: Pictures) -> Iterator[Clip]:
    first = told.story.scenes[0]
    return compose.clips(
        told,
        made,
        opening=lambda frames: titles.opening(
            told.story.title,
            picture=pictures.of(first, illustrated.drawn_size(first, made.size)).image,
            style=order.visual_style,
            size=made.size,
            fps=made.fps,
            frames=frames,
        ),
        scene=lambda beat, frames: illustrated.film(
            beat,
            pictures.of(beat.scene, illustrated.drawn_size(beat.scene, made.size)),
            size=made.size,
            fps=made.fps,
            frames=frames,
        ),
        closing=lambda frames: titles.closing(
            told.story.title,
            language=told.story.language,
            tale=True,
            picture=pictures.latest.image if pictures.latest else None,
            style=order.visual_style,
            size=made.size,
            fps=made.fps,
            frames=frames,
        ),
    )
