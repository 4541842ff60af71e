"""3D video: a prompt becomes shots with depth, filmed by a moving camera and cut together into one clip.

The file has the feature's own name, as the worker wants it; that is no identifier, so it is imported by string only.
"""  # noqa: N999

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Size
from gpu_handlers.failures import JobFailed
from gpu_handlers.outputs import OutputFile, Outputs
from gpu_handlers.stages import (
    camera,
    depth,
    encode,
    illustrate,
    keyframe,
    pictured,
    release,
    safety,
    sheets,
    stamp,
    storyboard,
)
from gpu_handlers.stages.safety import Flag
from gpu_handlers.stages.slate import Slate
from gpu_handlers.stages.storyboard import Entry

if TYPE_CHECKING:
    from studio.catalog import Video3d

SIZES = {"landscape": Size(1280, 720), "portrait": Size(720, 1280)}
DRAFT_SIZES = {"landscape": Size(854, 480), "portrait": Size(480, 854)}
FPS, DRAFT_FPS = 30, 24


def run(order: Video3d, ctx: JobContext) -> Outputs:
    """Plan the shots, film each as it is drawn, and encode while filming."""
    safety.check_prompt(order.prompt)
    size = (DRAFT_SIZES if order.draft else SIZES)[order.aspect]
    fps = DRAFT_FPS if order.draft else FPS
    frames = order.duration * fps
    seeds = illustrate.seeds(order.seed, storyboard.shots_for(order.duration, draft=order.draft))
    entries = storyboard.plan(order.camera_movement, frames=frames, fps=fps, seeds=seeds)
    depths: list[str] = []
    flags: list[Flag] = []
    with encode.folder() as folder, ctx.stage("shot", until=0.96) as stage:
        slate = Slate(stage, [entry.start for entry in entries], frames)
        shots = _shots(order, ctx, entries, size, slate, depths, flags)
        film = camera.film(shots, size=size, fps=fps, overlap=storyboard.overlap_frames(fps))
        still = encode.Still(at=entries[0].frames // 2)
        shown = still.kept(slate.watch(stamp.drafts(film, size) if order.draft else film))
        encoded = encode.video(
            shown, folder / "video.mp4", size=size, fps=fps, speed="ultrafast" if order.draft else "veryfast"
        )
        content = encoded.path.read_bytes()
    with ctx.stage("sign", until=0.98) as stage:
        facts = ctx.illustrator.facts
        video = release.mp4("video.mp4", content, facts)
        poster = release.poster("poster.jpg", still.image(size), seeds[0], facts)
        stage.step(1, 1)
    clip = {
        "width": size.width,
        "height": size.height,
        "fps": fps,
        "seconds": encoded.frames / fps,
        "codec": encoded.codec,
        "depth": sorted(set(depths)),
    }
    shots_record = storyboard.record(entries, fps)
    metadata = {"seeds": seeds, "quality": order.quality, "video": clip}
    metadata |= {"safety": pictured.record(flags), "provenance": release.record()}
    board = {"prompt": order.prompt, "style": order.style, "transition": storyboard.TRANSITION, "video": clip}
    return Outputs((video, poster, _json("storyboard.json", board | {"shots": shots_record})), metadata)


def _shots(
    order: Video3d,
    ctx: JobContext,
    entries: list[Entry],
    size: Size,
    slate: Slate,
    depths: list[str],
    flags: list[Flag],
) -> Iterator[camera.Shot]:
    """Every shot when the camera asks for it, so that one picture at a time is in memory."""
    for entry in entries:
        drawn = storyboard.drawn_size(entry, size)
        picture = keyframe.draw(
            ctx.illustrator, order.prompt, style=order.style, size=drawn, seed=entry.seed, on_step=slate.say
        )
        (flag,) = safety.check_pictures([picture.image])
        flags.append(flag)
        if flag.blocked:
            raise JobFailed(safety.CODE, "A picture was held back by the content check. Please change the prompt.")
        ctx.show(entry.number - 1, picture.image)
        slate.say()
        found = depth.of_picture(picture)
        depths.append(found.source)
        yield storyboard.shot(entry, sheets.of_picture(picture, found.metres), size)


def _json(name: str, content: dict[str, Any]) -> OutputFile:
    return OutputFile(name, json.dumps(content, indent=2, ensure_ascii=False).encode(), "application/json")
