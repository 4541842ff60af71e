"""A scene's picture is filmed as its script says, for as long as it lasts."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Role, Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.stages import camera, i420, illustrated, sheets, storyboard
from gpu_handlers.stages.moves import Move
from gpu_handlers.stages.script import Scene
from gpu_handlers.stages.timeline import Beat
from tests.unit.video.conftest import FPS, FRAME, Take, picture

MOVEMENTS, FRAMINGS = ("orbit", "dolly", "pan", "static"), ("wide", "medium", "close")


def scene(movement: str = "dolly", framing: str = "wide", *, reverse: bool = False) -> Scene:
    return Scene(1, "", "", "", "", framing, movement, reverse, "cut")


def filmed(told: Scene, frames: int, made=None) -> Take:
    beat = Beat(told, 0.0, frames / FPS, 0.3, ())
    film = illustrated.film(beat, made or picture(), size=FRAME, fps=FPS, frames=frames)
    return Take([i420.to_rgb(frame, FRAME) for frame in film])


@pytest.mark.parametrize("frames", [1, 20, 61])
def test_a_scene_has_exactly_as_many_frames_as_asked(frames):
    assert len(filmed(scene(), frames).frames) == frames


@pytest.mark.parametrize("size", [Size(1920, 1080), Size(1080, 1920), Size(1280, 720), Size(854, 480)])
def test_pictures_are_never_too_large_to_be_drawn_in_time(size):
    for movement, framing in product(MOVEMENTS, FRAMINGS):
        drawn = illustrated.drawn_size(scene(movement, framing), size)
        assert drawn.width % 8 == drawn.height % 8 == 0
        assert max(drawn.width, drawn.height) <= 4096
        assert drawn.width * drawn.height <= 1.02 * storyboard.DRAWN_PIXELS


def test_a_picture_drawn_smaller_shows_the_same():
    """The frame covers the same part of the picture, whether it was drawn in full or not."""
    told = sheets.Scene((), Size(100, 50), 0.1, (0.4, 0.3, 0.6, 0.8))
    covered = []
    for size in (Size(1280, 720), Size(1920, 1080)):
        entry = storyboard.Entry(1, 0, 90, "close", Move("pan"), 0)
        drawn = storyboard.drawn_size(entry, size)
        shot = storyboard.shot(entry, replace(told, size=drawn), size)
        covered.append((size.width / shot.zoom / drawn.width, *shot.centre))
    assert covered[0] == pytest.approx(covered[1], abs=0.01)


def test_short_scenes_move_less_and_long_ones_more_slowly():
    def speed(frames: int) -> float:
        far, _ = filmed(scene("orbit"), frames).flow()
        return abs(far[0]) / frames

    short, whole, long = speed(30), speed(180), speed(360)
    assert short < 3 * whole  # the whole move in a sixth of the time would be six times as fast
    assert long == pytest.approx(whole / 2, rel=0.15)


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_a_long_scene_never_jerks(movement):
    frames = filmed(scene(movement), 300).frames[::3]
    steps = np.array([np.abs(b.astype(int) - a).mean() for a, b in pairwise(frames)])
    assert np.abs(np.diff(steps)).max() < 0.35 * steps.max() + 0.3


@pytest.mark.parametrize("reverse", [False, True])
def test_a_pan_ends_on_whom_it_is_about(reverse):
    prompt, cast = "an old man on a cliff at noon", (Role("an old man", 1),)
    told = scene("pan", reverse=reverse)
    made = SketchEngine().illustrate(
        prompt, style="motion-graphics", size=illustrated.drawn_size(told, FRAME), seed=2, cast=cast
    )
    (lead,) = [layer for layer in made.layers if layer.lead]
    side = np.nonzero(lead.image[..., 3] > 128)[1].mean() / lead.image.shape[1] - 0.5
    assert abs(side) > illustrated.ASIDE
    far, _ = filmed(told, 30, made).flow()
    assert far[0] * side < 0  # things move to the left when the camera turns to the right


def test_closer_framings_hold_everybody_of_the_cast():
    cast = (Role("a girl", 1), Role("a fox", 2))
    told = scene("static", "close")
    made = SketchEngine().illustrate(
        "a girl and a fox in a park", style="pixar", size=illustrated.drawn_size(told, FRAME), seed=2, cast=cast
    )
    taken = sheets.of_picture(made, made.depth_m)
    leads = [layer for layer in made.layers if layer.lead]
    assert len(leads) == 2
    left, top, right, bottom = taken.subject
    for layer in leads:
        high, wide = layer.image.shape[:2]
        rows, columns = np.nonzero(layer.image[..., 3] > 200)
        assert left - 0.02 < columns.min() / wide < columns.max() / wide < right + 0.02
        assert top - 0.02 < rows.min() / high < rows.max() / high < bottom + 0.02


@pytest.mark.parametrize("style", ["3d-cgi", "cinematic", "pixar"])
def test_who_stands_on_the_ground_is_not_bent_with_it(style):
    made = SketchEngine().illustrate(
        "a girl in a meadow at noon", style=style, size=Size(480, 272), seed=4, cast=(Role("a girl", 1),)
    )
    taken = sheets.of_picture(made, made.depth_m)
    (lead,) = [layer for layer in made.layers if layer.lead]
    rows, columns = np.nonzero(lead.image[..., 3] > 250)
    spans = [
        sheet.span
        for sheet in taken.sheets
        if not sheet.backdrop and sheet.fine[rows, columns, 1].min() > 200 and sheet.flat
    ]
    assert any(low <= 1 / lead.depth_m * 1.01 and high >= 1 / lead.depth_m * 0.99 for low, high in spans)


@pytest.mark.parametrize(
    "prompt", ["A dragon flying over snow-capped mountains", "a rocket in space", "a girl in a park"]
)
@pytest.mark.parametrize("movement", MOVEMENTS)
def test_leaving_out_what_nobody_sees_changes_nothing(prompt, movement):
    made = SketchEngine().illustrate(prompt, style="cinematic", size=Size(480, 272), seed=3)
    taken = sheets.of_picture(made, made.depth_m)
    everything = replace(taken, sheets=tuple(replace(sheet, solid=taken.size.height) for sheet in taken.sheets))
    films = [
        list(camera.take(camera.Shot(each, Move(movement), 5, 1.0), size=FRAME, fps=FPS))
        for each in (taken, everything)
    ]
    assert all(np.array_equal(one, other) for one, other in zip(*films, strict=True))
