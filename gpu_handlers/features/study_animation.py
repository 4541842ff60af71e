"""Study animation: a script or a topic becomes a narrated lesson, in one of four styles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Size
from gpu_handlers.outputs import Outputs
from gpu_handlers.stages import (
    compose,
    explainer,
    illustrate,
    illustrated,
    kinetic,
    lesson,
    safety,
    telling,
    titles,
    whiteboard,
)
from gpu_handlers.stages.compose import Format
from gpu_handlers.stages.i420 import Frame
from gpu_handlers.stages.pictured import Pictures
from gpu_handlers.stages.reel import Clip
from gpu_handlers.stages.timeline import Beat

if TYPE_CHECKING:
    from gpu_handlers.stages.telling import Telling
    from studio.catalog import StudyAnimation

SIZES = {"landscape": Size(1280, 720), "portrait": Size(720, 1280)}
DRAFT_SIZES = {"landscape": Size(854, 480), "portrait": Size(480, 854)}
FPS, DRAFT_FPS = 30, 24
# Cards and windows show a part of the screen; a picture of their shape loses nothing at its sides.
INSETS = {"landscape": Size(832, 720), "portrait": Size(720, 720)}
BESIDE_A_FIGURE = Size(616, 720)
SQUARE = Size(720, 720)
TITLE_SECONDS, END_SECONDS = 2.5, 2.5


def run(order: StudyAnimation, ctx: JobContext) -> Outputs:
    """Write what is missing of the script, speak it, and film scene after scene while encoding."""
    safety.check_script(order.topic, order.script or "")
    size = (DRAFT_SIZES if order.draft else SIZES)[order.aspect]
    made = Format(size, DRAFT_FPS if order.draft else FPS, order.draft)
    (seed,) = illustrate.seeds(order.seed, 1)
    with ctx.stage("narrate", until=0.06) as stage:
        written = lesson.write(
            order.script,
            topic=order.topic,
            subject=order.subject,
            seconds=order.duration - TITLE_SECONDS - END_SECONDS,
            guided=order.fill == "guide",
        )
        safety.check_script(*written.story.texts)  # without its markup the script may say something else
        told = telling.tell(
            written.story,
            voice=order.voice_style,
            seconds=order.duration,
            overflow=order.overflow,
            opening=TITLE_SECONDS if written.story.title else 0.0,
            closing=END_SECONDS,
            fade=compose.FADE_SECONDS,
            on_step=stage.step,
        )
        told = replace(told, notes=(*written.notes, *told.notes))
    files, metadata = compose.film(
        ctx,
        told,
        made,
        style=order.animation_style,
        mood=order.background_music,
        burned=order.captions == "burned",
        seed=seed,
        filmed=lambda pictures: _clips(order, told, made, pictures, seed),
    )
    return Outputs(files, {"quality": order.quality, "written": written.parts, **metadata})


def _clips(order: StudyAnimation, told: Telling, made: Format, pictures: Pictures, seed: int) -> Iterator[Clip]:
    size, fps, style = made.size, made.fps, order.animation_style

    def scene(beat: Beat, frames: int) -> Iterator[Frame]:
        match style:
            case "3d-cgi":
                picture = pictures.of(beat.scene, illustrated.drawn_size(beat.scene, size))
                return illustrated.film(beat, picture, size=size, fps=fps, frames=frames)
            case "whiteboard":
                image = pictures.of(beat.scene, whiteboard.picture_size(beat.scene, size)).image
                return whiteboard.film(beat, image, size=size, fps=fps, frames=frames, seed=seed)
            case "explainer":
                beside = beat.scene.figure is not None and order.aspect == "landscape"
                image = pictures.of(beat.scene, BESIDE_A_FIGURE if beside else INSETS[order.aspect]).image
                return explainer.film(beat, image, size=size, fps=fps, frames=frames, seed=seed, palette=order.subject)
            case "motion-graphics":
                image = pictures.of(beat.scene, SQUARE).image
                return kinetic.film(beat, image, size=size, fps=fps, frames=frames, seed=seed, palette=order.subject)

    return compose.clips(
        told,
        made,
        opening=lambda frames: titles.opening(
            told.story.title, picture=None, style=style, size=size, fps=fps, frames=frames
        ),
        scene=scene,
        closing=lambda frames: titles.closing(
            told.story.title,
            language=told.story.language,
            tale=False,
            picture=None,
            style=style,
            size=size,
            fps=fps,
            frames=frames,
        ),
    )
