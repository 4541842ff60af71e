"""Clips become one film that is exactly as long as they are together."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420, reel
from gpu_handlers.stages.reel import Clip

SIZE, FADE = Size(8, 4), 6


def flat(level: int, count: int):
    for _ in range(count):
        frame = i420.blank(SIZE)
        frame[:32], frame[32:] = level, 128
        yield frame


def luma(film) -> list[int]:
    return [int(frame[0]) for frame in film]


@pytest.mark.parametrize("transition", ["cut", "crossfade", "dip"])
@pytest.mark.parametrize("given", [0, 2, 3, 6, 50])
def test_no_transition_and_no_handle_changes_the_length(transition, given):
    clips = [Clip(flat(50, 20 + given), 20), Clip(flat(200, 15 + given), 15, transition), Clip(flat(90, 9), 9, "cut")]
    assert len(luma(reel.cut(clips, size=SIZE, fade=FADE))) == 44


def test_a_cut_takes_over_at_once():
    film = luma(reel.cut([Clip(flat(50, 20), 5), Clip(flat(200, 5), 5)], size=SIZE, fade=FADE))
    assert film == [50] * 5 + [200] * 5


def test_a_crossfade_begins_when_the_clip_before_has_had_its_time():
    film = luma(reel.cut([Clip(flat(50, 16), 10), Clip(flat(200, 10), 10, "crossfade")], size=SIZE, fade=FADE))
    assert film[:10] == [50] * 10
    assert film[16:] == [200] * 4
    steps = np.diff(film[9:17])
    assert steps.min() > 0
    assert np.ptp(steps) <= 2  # even


def test_a_dip_goes_through_black():
    need = reel.handle("dip", FADE)
    film = luma(reel.cut([Clip(flat(50, 10 + need), 10), Clip(flat(200, 10), 10, "dip")], size=SIZE, fade=FADE))
    assert film[9] == 50
    assert min(film) == i420.BLACK_LUMA
    low = film.index(min(film))
    assert film[9 : low + 1] == sorted(film[9 : low + 1], reverse=True)
    assert film[low:] == sorted(film[low:])
    assert film[10 + FADE] == 200


def test_a_film_may_rise_from_black():
    film = luma(reel.cut([Clip(flat(200, 10), 10, "dip")], size=SIZE, fade=FADE))
    assert film[0] == i420.BLACK_LUMA
    assert film[FADE:] == [200] * 4


def test_a_clip_shorter_than_the_fade_keeps_the_length():
    clips = [Clip(flat(50, 16), 10), Clip(flat(200, 8), 2, "crossfade"), Clip(flat(90, 10), 10, "crossfade")]
    assert len(luma(reel.cut(clips, size=SIZE, fade=FADE))) == 22


def test_a_clip_that_ends_early_is_an_error():
    with pytest.raises(ValueError, match="10 frames ended after 7"):
        luma(reel.cut([Clip(flat(50, 7), 10)], size=SIZE, fade=FADE))


def test_a_clip_is_filmed_to_its_end_before_the_next_is_asked_for():
    told = []

    def noted(name: str, count: int):
        for number, frame in enumerate(flat(50, count)):
            told.append(f"{name}{number}")
            yield frame

    def clips():
        for name in "ab":
            told.append(name)
            yield Clip(noted(name, 4), 3, "crossfade")

    luma(reel.cut(clips(), size=SIZE, fade=1))
    assert told == ["a", "a0", "a1", "a2", "a3", "b", "b0", "b1", "b2", "b3"]


def test_what_a_clip_needs_depends_on_what_follows():
    assert [reel.handle(after, 15) for after in ("crossfade", "dip", "cut", None)] == [15, 7, 0, 0]
