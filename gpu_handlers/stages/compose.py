"""A told film from its telling to the files that leave the house: music, clips in a row, captions, signatures."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from gpu_handlers.context import JobContext, Stage
from gpu_handlers.engines.illustrator import EngineFacts, Rgb, Size
from gpu_handlers.outputs import OutputFile
from gpu_handlers.stages import burn, captions, encode, mix, pictured, reel, release, stamp
from gpu_handlers.stages.captions import Cue
from gpu_handlers.stages.cast import Cast
from gpu_handlers.stages.i420 import Frame
from gpu_handlers.stages.pictured import Pictures
from gpu_handlers.stages.reel import Clip
from gpu_handlers.stages.script import Transition
from gpu_handlers.stages.slate import Slate
from gpu_handlers.stages.telling import Telling
from gpu_handlers.stages.timeline import Beat

FADE_SECONDS = 0.5
POSTER_AT = 0.6  # of the first scene: its picture is there, and has not left yet


@dataclass(frozen=True, slots=True)
class Format:
    """How a film looks to a player."""

    size: Size
    fps: int
    draft: bool

    @property
    def fade(self) -> int:
        """Frames of a transition."""
        return round(FADE_SECONDS * self.fps)

    def frames(self, seconds: float) -> int:
        """The frame that shows at a moment."""
        return round(seconds * self.fps)


@dataclass(frozen=True, slots=True, eq=False)
class _Film:
    """A finished film.

    Attributes:
        frames: how many.
        cues: its captions.
        burned: whether they are in the picture.
        notes: what the customer should know, in words.
    """

    content: bytes
    poster: Rgb
    frames: int
    codec: str
    cues: tuple[Cue, ...]
    burned: bool
    notes: tuple[str, ...]


def film(
    ctx: JobContext,
    telling: Telling,
    made: Format,
    *,
    style: str,
    mood: str,
    burned: bool,
    seed: int,
    filmed: Callable[[Pictures], Iterator[Clip]],
) -> tuple[tuple[OutputFile, ...], dict[str, Any]]:
    """Compose the music, film scene after scene while encoding, and sign what came of it.

    Args:
        style: of the pictures, as the feature names it.
        mood: of the music.
        burned: captions into the picture, as far as a font has their letters.
        filmed: gives the clips, see `clips`, from the pictures that it is given.
    Returns:
        `video.mp4`, `poster.jpg`, `captions.srt`, `captions.vtt` and `storyboard.json`, and what the result tells of
        them.
    """
    with encode.folder() as folder:
        sound = folder / "sound.wav"
        with ctx.stage("music", until=0.1) as stage:
            mix.wav(sound, telling.sound(mood, seed, stage.step))
        with ctx.stage("scene", until=0.96) as stage:
            watch = _slate(telling, made, stage)
            pictures = Pictures(ctx, Cast.of(telling.story, seed), style, watch.say)
            finished = _video(filmed(pictures), telling, sound, made, watch, burned=burned)
    with ctx.stage("sign", until=0.98):
        board = {"title": telling.story.title, "style": style, "scenes": _scenes(telling)}
        files = _files(finished, board, ctx.illustrator.facts, seed)
    metadata = _record(finished, telling, made, mood)
    return files, metadata | {
        "seeds": [seed],
        "safety": pictured.record(pictures.flags),
        "provenance": release.record(),
    }


def clips(
    telling: Telling,
    made: Format,
    *,
    opening: Callable[[int], Iterator[Frame]],
    scene: Callable[[Beat, int], Iterator[Frame]],
    closing: Callable[[int], Iterator[Frame]],
) -> Iterator[Clip]:
    """Title, scenes and end card, each filmed when the film gets there; together exactly as long as the timeline.

    Args:
        opening, scene, closing: called with how many frames to film, those of the fade that follows included.
    """
    beats = telling.timeline.beats
    last = beats[-1].start + beats[-1].seconds
    borders = [0.0, *(beat.start for beat in beats), last, telling.timeline.seconds]
    title, *lengths, end = (after - before for before, after in pairwise(map(made.frames, borders)))
    entering = [_entering(telling, beat) for beat in beats]
    following: list[Transition | None] = [*entering[1:], "crossfade" if end else None]
    if title:
        yield Clip(opening(title + reel.handle(entering[0], made.fade)), title)
    for beat, length, into, after in zip(beats, lengths, entering, following, strict=True):
        yield Clip(scene(beat, length + reel.handle(after, made.fade)), length, into)
    if end:
        yield Clip(closing(end), end, "crossfade")


def _slate(telling: Telling, made: Format, stage: Stage) -> Slate:
    """Tells of progress as "scene 4 of 12"."""
    whole = made.frames(telling.timeline.seconds)
    return Slate(stage, [made.frames(beat.start) for beat in telling.timeline.beats], whole)


def _video(
    clips: Iterable[Clip], telling: Telling, sound: Path, made: Format, watch: Slate, *, burned: bool
) -> _Film:  # fmt: skip
    """Encode the clips as they are filmed, with the sound of the WAV `sound`; the video lies beside it meanwhile."""
    size, fps = made.size, made.fps
    cues = captions.cues(telling.timeline, columns=captions.columns(size), fps=fps)
    shown: Iterator[Frame] = reel.cut(clips, size=size, fade=made.fade)
    drawable = burn.drawable(cues)
    if burned and drawable:
        shown = burn.burned(shown, cues, size=size, fps=fps)
    first = telling.timeline.beats[0]
    still = encode.Still(at=made.frames(first.start + POSTER_AT * first.seconds))
    shown = still.kept(stamp.drafts(shown, size) if made.draft else shown)
    encoded = encode.video(
        watch.watch(shown),
        sound.with_name("video.mp4"),
        size=size,
        fps=fps,
        audio=sound,
        speed="ultrafast" if made.draft else "veryfast",
        title=telling.story.title,
    )
    notes = (burn.NOT_BURNED,) if burned and not drawable else ()
    return _Film(
        encoded.path.read_bytes(),
        still.image(size),
        encoded.frames,
        encoded.codec,
        cues,
        burned and drawable,
        notes,
    )  # fmt: skip


def _files(film: _Film, board: dict[str, Any], facts: EngineFacts, seed: int) -> tuple[OutputFile, ...]:
    return (
        release.mp4("video.mp4", film.content, facts),
        release.poster("poster.jpg", film.poster, seed, facts),
        OutputFile("captions.srt", captions.srt(film.cues), "application/x-subrip"),
        OutputFile("captions.vtt", captions.vtt(film.cues), "text/vtt"),
        OutputFile(
            "storyboard.json", json.dumps(board, indent=2, ensure_ascii=False).encode(), "application/json"
        ),
    )  # fmt: skip


def _record(film: _Film, telling: Telling, made: Format, mood: str) -> dict[str, Any]:
    """What the result tells of picture, voice and music."""
    told = telling.record(mood)
    video = {
        "width": made.size.width,
        "height": made.size.height,
        "fps": made.fps,
        "seconds": film.frames / made.fps,
        "codec": film.codec,
        "captions": "burned" if film.burned else "files",
        "scenes": len(telling.timeline.beats),
    }
    return told | {"video": video, "notes": [*told["notes"], *film.notes]}


def _scenes(telling: Telling) -> list[dict[str, Any]]:
    """The scenes as JSON, times in seconds."""
    return [
        {
            "scene": beat.scene.number,
            "start": round(beat.start, 3),
            "seconds": round(beat.seconds, 3),
            "narration": beat.scene.narration,
            "heading": beat.scene.heading,
            "visual": beat.scene.visual,
            "subject": beat.scene.subject,
            "framing": beat.scene.framing,
            "camera": {"movement": beat.scene.movement, "reverse": beat.scene.reverse},
            "transition": _entering(telling, beat),
        }
        for beat in telling.timeline.beats
    ]


def _entering(telling: Telling, beat: Beat) -> Transition:
    """How a scene begins: the first one comes out of the title, where there is one."""
    if beat.scene.number == telling.timeline.beats[0].scene.number:
        return "crossfade" if telling.timeline.opening else "cut"
    return beat.scene.transition
