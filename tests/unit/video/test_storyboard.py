"""Shots: as many as a clip bears, together exactly as long as ordered."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import storyboard
from gpu_handlers.stages.sheets import Scene


@pytest.mark.parametrize("seconds", [15, 30, 60])
@pytest.mark.parametrize("draft", [False, True])
@pytest.mark.parametrize("fps", [24, 30])
def test_the_clip_is_exactly_as_long_as_ordered(seconds, draft, fps):
    count = storyboard.shots_for(seconds, draft=draft)
    entries = storyboard.plan("orbit", frames=seconds * fps, fps=fps, seeds=list(range(count)))
    assert entries[-1].start + entries[-1].frames == seconds * fps
    for one, after in pairwise(entries):
        assert after.start == one.start + one.frames - storyboard.overlap_frames(fps)
    lengths = [entry.frames / fps for entry in entries]
    assert min(lengths) >= 4
    assert max(lengths) <= (13 if draft else 8)


def test_drafts_have_fewer_shots():
    assert [storyboard.shots_for(s, draft=False) for s in (15, 30, 60)] == [3, 5, 10]
    assert [storyboard.shots_for(s, draft=True) for s in (15, 30, 60)] == [2, 3, 5]


def test_shots_vary_in_framing_seed_and_direction():
    entries = storyboard.plan("pan", frames=1800, fps=30, seeds=list(range(10)))
    assert {entry.framing for entry in entries} == {"wide", "medium", "close"}
    assert {entry.move.reverse for entry in entries} == {False, True}
    assert [entry.seed for entry in entries] == list(range(10))


def test_only_the_last_dolly_draws_back():
    entries = storyboard.plan("dolly", frames=900, fps=30, seeds=list(range(5)))
    assert [entry.move.reverse for entry in entries] == [False, False, False, False, True]
    (single,) = storyboard.plan("dolly", frames=200, fps=30, seeds=[1])
    assert not single.move.reverse


@pytest.mark.parametrize("movement", ["orbit", "dolly", "pan", "static"])
def test_pictures_are_drawn_larger_than_the_frame_but_within_what_engines_draw(movement):
    for size in (Size(1280, 720), Size(720, 1280), Size(854, 480)):
        for entry in storyboard.plan(movement, frames=900, fps=30, seeds=list(range(5))):
            drawn = storyboard.drawn_size(entry, size)
            assert drawn.width % 8 == drawn.height % 8 == 0
            assert size.width < drawn.width <= 4096
            assert size.height < drawn.height <= 4096


def test_close_shots_turn_to_the_subject_but_stay_inside():
    entries = storyboard.plan("static", frames=900, fps=30, seeds=list(range(4)))
    scene = Scene((), Size(800, 400), 0.1, (0.05, 0.85, 0.15, 0.95))
    for entry in entries:
        x, y = storyboard.shot(entry, scene, Size(400, 200)).centre
        room = (1 - 1 / storyboard.CLOSENESS[entry.framing]) / 2
        assert x == pytest.approx(0.5 - room)
        assert y == pytest.approx(0.5 + room)
    centred = Scene((), Size(800, 400), 0.1, (0.46, 0.45, 0.56, 0.55))
    assert storyboard.shot(entries[-1], centred, Size(400, 200)).centre == pytest.approx((0.51, 0.5))


def test_close_shots_step_back_for_a_subject_that_would_not_fit():
    *_, close = storyboard.plan("static", frames=900, fps=30, seeds=list(range(4)))
    tall = Scene((), Size(640, 320), 0.1, (0.45, 0.05, 0.55, 0.95))
    small = Scene((), Size(640, 320), 0.1, (0.45, 0.45, 0.55, 0.55))
    assert storyboard.shot(close, small, Size(400, 200)).zoom == 1
    assert storyboard.shot(close, tall, Size(400, 200)).zoom == pytest.approx(1 / storyboard.CLOSENESS["close"])
