"""What is seen: frames of a board that fills under a hand."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import i420, lettering, whiteboard
from gpu_handlers.stages.i420 import Plane
from gpu_handlers.stages.timeline import Beat
from gpu_handlers.stages.whiteboard import layout, schedule, surface
from gpu_handlers.stages.whiteboard.lineart import MOST_STROKES
from gpu_handlers.stages.whiteboard.pen import Pen
from tests.unit.whiteboard.conftest import FPS, SIZE, frames_of, said, shown

PORTRAIT = Size(270, 480)


def filmed(beat: Beat, image: Rgb | None, size: Size = SIZE, seed: int = 7) -> Iterator[i420.Frame]:
    return whiteboard.film(beat, image, size=size, fps=FPS, frames=frames_of(beat), seed=seed)


def planned(beat: Beat, image: Rgb | None, size: Size = SIZE) -> schedule.Plan:
    board = layout.composed(beat.scene, image, size, np.random.default_rng([7, beat.scene.number]))
    return schedule.planned(board, beat, (frames_of(beat) - 1) / FPS)


def handless(plan: schedule.Plan, frames: int, size: Size = SIZE) -> Iterator[Plane]:
    """The board's brightness at every frame, without the hand before it."""
    board = surface.Surface(plan, size, np.random.default_rng(7))
    for number in range(frames):
        board.until(number / FPS)
        yield i420.planes(board.frame, size).luma.copy()


def blank(size: Size = SIZE) -> Plane:
    return i420.split(surface.empty(size)).luma


def test_a_scene_has_exactly_the_frames_asked_for(telling, house):
    frames = list(whiteboard.film(telling, house, size=SIZE, fps=FPS, frames=61, seed=1))
    assert len(frames) == 61
    assert {frame.size for frame in frames} == {SIZE.width * SIZE.height * 3 // 2}


def test_the_same_scene_gives_the_same_frames_and_another_seed_others(listing, house):
    first, again = ([frame.tobytes() for frame in filmed(listing, house)] for _ in range(2))
    assert first == again
    assert [frame.tobytes() for frame in filmed(listing, house, seed=8)] != first


def test_the_first_frame_is_an_empty_board_and_the_last_a_finished_one_without_hand(telling, house):
    frames = list(filmed(telling, house))
    assert np.array_equal(frames[0], i420.from_rgb(surface.empty(SIZE)))
    finished = surface.Surface(planned(telling, house), SIZE, np.random.default_rng(7))
    finished.until(1e6)
    assert np.array_equal(i420.planes(frames[-1], SIZE).luma, i420.planes(finished.frame, SIZE).luma)
    assert not np.array_equal(frames[-1], frames[0])


def test_what_is_drawn_stays_and_only_grows(listing, house):
    before = blank()
    for luma in handless(planned(listing, house), frames_of(listing)):
        # One step of rounding where colour comes softly.
        assert int((luma.astype(int) - before).max()) <= 1
        before = luma


def test_a_drawing_appears_stroke_by_stroke_and_not_line_by_line(telling, house):
    plan = planned(telling, house)
    drawing = next(run.piece for run in plan.runs if run.piece.wash is not None)
    rows, columns = np.nonzero(drawing.ink > 128)
    due = drawing.due[rows, columns]
    assert abs(np.corrcoef(due, rows)[0, 1]) < 0.9
    assert abs(np.corrcoef(due, columns)[0, 1]) < 0.9


def test_the_pen_passes_wherever_ink_appears(telling, house):
    plan = planned(telling, house)
    pen, before, inked = Pen(plan, SIZE), blank(), 0
    coloured = min(wash.start for wash in plan.washes)
    for number, luma in enumerate(handless(plan, int(coloured * FPS))):
        rows, columns = np.nonzero(before.astype(int) - luma > 40)
        before = luma
        if not len(rows):
            continue
        passed = [pen.at((number - share) / FPS) for share in np.linspace(0, 1, 60)]
        away = [np.hypot(columns - tip[0], rows - tip[1]) for tip in passed if tip is not None]
        assert np.percentile(np.min(away, axis=0), 95) <= 0.04 * SIZE.height
        inked += 1
    assert inked > 60


def test_the_hand_moves_steadily_and_stays_with_the_pen(telling, house):
    pen = Pen(planned(telling, house), SIZE)
    moments = np.arange(0.5, 5.5, 1 / FPS)
    exact, steady = (np.array([at(second) for second in moments]) for at in (pen.at, lambda s: pen.steady(s, 1 / FPS)))
    assert np.median(np.hypot(*(exact - steady).T)) < 0.06 * SIZE.height
    jolts, eased = (np.abs(np.diff(way, 2, axis=0)).sum() for way in (exact, steady))
    assert eased < 0.8 * jolts


def test_the_hand_comes_and_goes(telling, house):
    frames = list(filmed(telling, house))
    boards = list(handless(planned(telling, house), len(frames)))
    hidden = [
        not np.array_equal(i420.planes(frame, SIZE).luma, board) for frame, board in zip(frames, boards, strict=True)
    ]
    assert not hidden[0]
    assert sum(hidden) > len(hidden) / 2
    assert not any(hidden[-8:])


@pytest.mark.parametrize("size", [SIZE, PORTRAIT])
@pytest.mark.parametrize("kind", ["list", "steps", "comparison", "definition", "number", None])
def test_captions_and_edges_stay_free(kind, size, house):
    narration = "First boil some water, then add all of the leaves."
    beat = said(narration, "How to make a pot of tea at home")
    if kind is not None:
        items = ("boil some water", "add all of the leaves")[: 1 if kind in ("definition", "number") else 2]
        beat = shown(kind, narration, items, "How to make a pot of tea at home")
    for image in (house, None):
        *_, last = handless(planned(beat, image, size), frames_of(beat), size)
        touched = np.abs(last.astype(int) - blank(size)) > 2
        assert touched.any() or (image is None and kind is None)
        captions, side = round(0.84 * size.height), round(0.04 * size.width)
        assert not touched[captions:].any()
        assert not touched[:, :side].any()
        assert not touched[:, -side:].any()


def test_a_picture_without_anything_on_it_leaves_the_heading(telling):
    plan = planned(telling, np.full((90, 160, 3), 255, np.uint8))
    assert plan.washes == ()
    *_, last = handless(plan, frames_of(telling))
    assert (blank().astype(int) - last > 60).any()


@pytest.mark.parametrize("shape", [(120, 213, 3), (300, 40, 3), (3, 5, 3)])
def test_noise_is_drawn_in_a_bounded_number_of_strokes(telling, shape):
    noise = np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)
    plan = planned(telling, noise)
    assert all(int(run.piece.lifted.sum()) <= MOST_STROKES for run in plan.runs)
    assert sum(1 for _ in handless(plan, frames_of(telling))) == frames_of(telling)


@pytest.mark.parametrize(
    "heading", ["Как растения питаются", "Πώς τρέφονται τα φυτά", "كيف تصنع النباتات الغذاء", "植物"]
)
def test_headings_of_other_scripts_are_written(heading):
    if not lettering.covers(heading):
        pytest.skip("this machine has no typeface for it")
    beat = said("Something is said here while it is written.", heading)
    *_, last = handless(planned(beat, None), frames_of(beat))
    assert (blank().astype(int) - last > 100).sum() > 300


def test_a_heading_from_right_to_left_is_written_from_the_right():
    plan = planned(said("Something is said here.", "كيف تصنع النباتات"), None)
    way = plan.runs[0].piece.way
    assert way[0, 0] > way[-1, 0] + 0.5 * np.ptp(way[:, 0])


def test_a_long_film_needs_no_more_memory_than_a_short_one(telling, house):
    def peak(frames: int) -> int:
        for _ in whiteboard.film(telling, house, size=SIZE, fps=FPS, frames=frames, seed=1):
            pass
        tracemalloc.start()
        for _ in whiteboard.film(telling, house, size=SIZE, fps=FPS, frames=frames, seed=1):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    frame = SIZE.width * SIZE.height * 3 // 2
    assert abs(peak(480) - peak(60)) < 4 * frame


def test_even_the_shortest_scene_is_finished(house):
    beat = shown("list", "Sun, rain.", ("Sun", "rain"), "Weather")
    frames = list(whiteboard.film(beat, house, size=SIZE, fps=FPS, frames=14, seed=1))
    assert len(frames) == 14
    plan = planned(beat, house)
    assert max(run.end for run in plan.runs) <= (frames_of(beat) - 1) / FPS
