"""When the pen draws what."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gpu_handlers.stages.timeline import Beat
from gpu_handlers.stages.whiteboard import layout, schedule
from tests.unit.whiteboard.conftest import FPS, LIST, SIZE, frames_of, said, shown


def laid_out(beat: Beat, image=None) -> tuple[layout.Board, schedule.Plan]:
    board = layout.composed(beat.scene, image, SIZE, np.random.default_rng(1))
    return board, schedule.planned(board, beat, (frames_of(beat) - 1) / FPS)


def drawn(plan: schedule.Plan, pieces: list) -> list[schedule.Run]:
    return [run for run in plan.runs if any(run.piece is piece for piece in pieces)]


def heard(beat: Beat, item: str) -> float:
    at = beat.scene.narration.index(item)
    return next(word.start for word in beat.words if word.at == at)


def test_every_item_is_written_when_it_is_heard(listing, house):
    for image in (None, house):
        board, plan = laid_out(listing, image)
        for item, text in zip(board.items, listing.scene.figure.items, strict=True):
            moment = heard(listing, text)
            first = item.words[0]
            assert min(run.start for run in drawn(plan, [*item.before, *item.words, *item.after])) >= moment
            assert max(run.end for run in drawn(plan, [*item.before, first])) <= moment + 0.5


@pytest.mark.parametrize("kind", ["list", "steps", "comparison"])
def test_words_of_an_item_are_written_no_later_than_half_a_second_after_they_are_said(kind):
    beat = shown(kind, "First comes the long warm summer day, then comes the short cold winter day.",
                 ("the long warm summer day", "the short cold winter day"))  # fmt: skip
    board, plan = laid_out(beat)
    for item, text in zip(board.items, beat.scene.figure.items, strict=True):
        at = beat.scene.narration.index(text)
        spoken = [word for word in beat.words if word.at >= at][: len(item.words)]
        for piece, word in zip(item.words, spoken, strict=True):
            (run,) = drawn(plan, [piece])
            assert word.start - 1e-6 <= run.start
            assert run.end <= word.start + 0.5


def test_there_is_one_hand(listing, house):
    _, plan = laid_out(listing, house)
    for before, after in pairwise(sorted(plan.runs, key=lambda run: run.start)):
        assert before.end <= after.start + 1e-6


def test_the_drawing_is_finished_before_the_narration_is_and_then_coloured(telling, house):
    board, plan = laid_out(telling, house)
    (wash,) = plan.washes
    last = max(run.end for run in drawn(plan, [board.drawing]))
    spoken = telling.words[-1].end
    assert 0.78 * spoken <= last <= 0.9 * spoken
    assert last <= wash.start < wash.end <= (frames_of(telling) - 1) / FPS


def test_a_drawing_that_is_interrupted_goes_on_where_it_was_left(listing, house):
    board, plan = laid_out(listing, house)
    runs = drawn(plan, [board.drawing])
    assert len(runs) > 1
    assert runs[0].low == 0
    assert all(before.high == pytest.approx(after.low) for before, after in pairwise(runs))
    assert runs[-1].high == pytest.approx(board.drawing.length)


def test_the_heading_comes_before_the_drawing(telling, house):
    board, plan = laid_out(telling, house)
    assert (
        max(run.end for run in drawn(plan, board.heading))
        <= min(run.start for run in drawn(plan, [board.drawing])) + 1e-6
    )


def test_a_scene_without_words_is_still_drawn(house):
    silent = said(LIST, "What a plant needs")
    silent = Beat(silent.scene, 0.0, 4.0, 0.0, ())
    board, plan = laid_out(silent, house)
    assert board.drawing is not None
    assert drawn(plan, [board.drawing])[-1].high == pytest.approx(board.drawing.length)
    assert plan.washes[-1].end <= (frames_of(silent) - 1) / FPS


@pytest.mark.parametrize("seconds_per_word", [0.02, 0.1, 1.5])
def test_everything_is_done_in_time_however_fast_it_is_said(seconds_per_word, house):
    beat = shown("list", LIST, ("sunlight", "water", "clean air", "good soil"), "What a plant needs")
    beat = said(LIST, "What a plant needs", beat.scene.figure, seconds_per_word=seconds_per_word)
    board, plan = laid_out(beat, house)
    finished = {id(run.piece): run for run in plan.runs}
    pieces = [
        *board.heading,
        board.drawing,
        *(p for item in board.items for p in (*item.before, *item.words, *item.after)),
    ]
    for piece in pieces:
        assert finished[id(piece)].high == pytest.approx(piece.length)
    assert max(run.end for run in plan.runs) <= (frames_of(beat) - 1) / FPS
