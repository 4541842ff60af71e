"""The camera moves as it was asked to, and nobody sees how it is done."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.stages import camera, i420, moves, sheets, storyboard
from gpu_handlers.stages.moves import Move
from tests.unit.video.conftest import FPS, FRAME, picture, shot

MOVES = ("orbit", "dolly", "pan", "static")


@pytest.mark.parametrize("layered", [True, False], ids=["layers", "depth map"])
def test_orbiting_keeps_the_subject_and_moves_what_is_behind_it(filmed, layered):
    far, near = filmed("orbit", layered=layered).flow()
    assert abs(near[0]) < 2.5
    assert far[0] > 6 * max(1, abs(near[0]))
    assert abs(far[1]) < 3


def test_orbiting_the_other_way_mirrors_the_motion(filmed):
    far, _ = filmed("orbit", reverse=True).flow()
    assert far[0] < -10


@pytest.mark.parametrize("layered", [True, False], ids=["layers", "depth map"])
def test_a_dolly_enlarges_the_near_more_than_the_far(filmed, layered):
    frames = filmed("dolly", layered=layered).frames
    near, far = zoom(frames, np.s_[60:120, 130:190]), zoom(frames, np.s_[10:170, 8:60])
    assert near == pytest.approx(1 / (1 - moves.DOLLY_SHARE), abs=0.04)
    assert 1.0 < far < 1.08


def test_a_pan_to_the_right_moves_everything_to_the_left_alike(filmed):
    take = filmed("pan", amplitude=0.5)
    far, near = take.flow()
    assert far[0] < -12
    assert near[0] == pytest.approx(far[0], abs=6)


def test_a_static_camera_breathes_but_stays(filmed):
    take = filmed("static", seconds=2)
    for at in (15, 30, 59):
        far, near = take.flow(0, at)
        assert np.hypot(*far) < 2
        assert np.hypot(*near) < 4
    assert not np.array_equal(take.frames[0], take.frames[-1])


def test_amplitude_is_configurable(filmed):
    wide, narrow = (filmed("orbit", amplitude=amplitude).flow()[0][0] for amplitude in (1.0, 0.5))
    assert narrow == pytest.approx(wide / 2, rel=0.15)
    still = filmed("orbit", amplitude=0.0).frames
    assert np.array_equal(still[0], still[-1])


@pytest.mark.parametrize("movement", MOVES)
def test_moves_start_and_end_softly(movement):
    move = Move(movement)
    poses = [move.at(at / 90, 3) for at in range(91)]
    speed = np.array([abs(b.x - a.x) + abs(b.z - a.z) + abs(b.yaw - a.yaw) for a, b in pairwise(poses)])
    assert speed[0] < 0.75 * speed.max()
    assert np.abs(np.diff(speed)).max() < 0.1 * speed.max()  # no jerk


@pytest.mark.parametrize("movement", MOVES)
@pytest.mark.parametrize("layered", [True, False], ids=["layers", "depth map"])
def test_no_hole_and_no_border_ever_shows(movement, layered):
    """Every pixel comes from within the picture: drawn bright, it can only be dark where nothing is."""
    made = picture(layered=layered)
    taken = shot(movement, layered=layered, amplitude=1.5)
    darkest = int(made.image.max(axis=2).min())
    for frame in camera.take(taken, size=FRAME, fps=FPS):
        assert int(i420.to_rgb(frame, FRAME).max(axis=2).min()) > darkest - 25


@pytest.mark.parametrize("movement", MOVES)
def test_the_edge_of_the_picture_is_never_smeared(movement):
    """Beyond its border a picture can only be repeated, which shows as rows or columns that are all alike."""
    for frame in camera.take(shot(movement, amplitude=2.0), size=FRAME, fps=FPS):
        luma = i420.planes(frame, FRAME).luma.astype(np.int16)
        for edge in (luma[:4], luma[-4:], luma[:, :4].T, luma[:, -4:].T):
            assert np.abs(np.diff(edge, axis=0)).mean() > 0.5


def test_what_the_subject_hid_is_really_there(filmed):
    """Behind layers nothing is invented: with the subject gone, the same wall appears."""
    first, last = (filmed("orbit").frames[at] for at in (0, -1))
    assert abs(first[60:120, 90:110].astype(int).mean() - last[60:120, 90:110].astype(int).mean()) < 25


@pytest.mark.parametrize("layered", [True, False], ids=["layers", "depth map"])
def test_the_same_shot_gives_the_same_bytes(layered):
    runs = [[f.tobytes() for f in camera.take(shot("orbit", layered=layered), size=FRAME, fps=FPS)] for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_picture_seen_from_where_it_was_taken_is_the_picture():
    made = picture()
    (frame, *_) = camera.take(shot("dolly"), size=FRAME, fps=FPS)
    left, top = (448 - 320) // 2, (232 - 180) // 2
    wanted = made.image[top : top + 180, left : left + 320]
    assert np.abs(i420.to_rgb(frame, FRAME).astype(int) - wanted).mean() < 3


def test_shots_fade_into_each_other_and_the_clip_keeps_its_length():
    entries = storyboard.plan("orbit", frames=100, fps=FPS, seeds=[1, 2, 3])
    taken = [shot("orbit", seconds=entry.frames / FPS) for entry in entries]
    frames = list(camera.film(iter(taken), size=FRAME, fps=FPS, overlap=storyboard.overlap_frames(FPS)))
    assert len(frames) == 100
    steps = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(frames)]
    assert max(steps) < 25  # no cut


def test_shots_are_made_when_the_film_gets_there():
    made = []

    def shots() -> Iterator[camera.Shot]:
        for number in range(3):
            made.append(number)
            yield shot("static")

    film = camera.film(shots(), size=FRAME, fps=FPS, overlap=5)
    for _ in range(20):
        next(film)
    assert made == [0]


def test_memory_does_not_grow_with_length():
    def peak(seconds: float) -> int:
        taken = shot("orbit", seconds=seconds)
        tracemalloc.start()
        for _ in camera.film([taken], size=FRAME, fps=FPS, overlap=15):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(0.5)
    assert peak(4) < peak(2) + 2**19


def test_odd_quarters_fit():
    """854 is not a multiple of 4: the widths of drafts."""
    size = Size(214, 120)
    made = SketchEngine().illustrate("a red fox in a forest", style="cartoon", size=Size(304, 152), seed=1)
    scene = sheets.of_picture(made, made.depth_m)
    frames = list(camera.take(camera.Shot(scene, Move("orbit"), 8, 1.0), size=size, fps=FPS))
    assert {frame.size for frame in frames} == {214 * 120 * 3 // 2}


@pytest.mark.parametrize(
    "prompt",
    ["A dragon flying over snow-capped mountains", "a red car on a city street at night", "", "photosynthesis"],
)
@pytest.mark.parametrize("style", ["realistic", "cartoon", "cinematic", "abstract"])
def test_drawn_scenes_of_all_styles_can_be_filmed(prompt, style):
    made = SketchEngine().illustrate(prompt, style=style, size=Size(416, 216), seed=3)
    scene = sheets.of_picture(made, made.depth_m)
    assert 1 <= len(scene.sheets) <= sheets.MAX_SHEETS
    first, *_, last = camera.take(camera.Shot(scene, Move("orbit"), 6, 1.0), size=FRAME, fps=FPS)
    assert not np.array_equal(first, last)
    edges = i420.to_rgb(last, FRAME)
    for edge in (edges[:2], edges[-2:], edges[:, :2], edges[:, -2:]):
        assert (edge.max(axis=2) <= 4).mean() < 0.2  # letterbox bars stay out


def zoom(frames, window) -> float:
    """How much what is in `window` grew, from the divergence of optical flow from frame to frame."""
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]
    rows, columns = np.mgrid[window]
    x, y = columns - columns.mean(), rows - rows.mean()
    grown = 1.0
    for a, b in pairwise(grey):
        flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0)[window]
        grown *= 1 + float((flow[..., 0] * x + flow[..., 1] * y).sum() / (x * x + y * y).sum())
    return grown
