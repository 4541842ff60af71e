from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import burn, i420, lettering
from gpu_handlers.stages.burn import burned
from gpu_handlers.stages.captions import Cue
from gpu_handlers.stages.i420 import Frame

SIZES = [Size(1280, 720), Size(1920, 1080), Size(720, 1280)]
CUE = Cue(1.0, 2.0, ("The lights of the village far below", "and wondered who lived there."))


def frame_of(level: int, size: Size) -> Frame:
    return i420.from_rgb(np.full((size.height, size.width, 3), level, np.uint8))


def busy(size: Size) -> Frame:
    return i420.from_rgb(np.random.default_rng(1).integers(0, 256, (size.height, size.width, 3), np.uint8))


def one(frame: Frame, size: Size, cue: Cue = CUE) -> Frame:
    (out,) = burned([frame], [Cue(0, 9, cue.lines, cue.words)], size=size, fps=1)
    return out


def luminance(level: np.ndarray) -> np.ndarray:
    """Relative luminance (WCAG 2) of grey levels 0 … 255."""
    share = level / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_letters_stand_out_from_any_picture(size: Size, level: int) -> None:
    before, after = frame_of(level, size), one(frame_of(level, size), size)
    luma = i420.planes(after, size).luma.astype(float)
    changed = np.abs(luma - i420.planes(before, size).luma) > 3
    grey = np.clip((luma[changed] - 16) * 255 / 219, 0, 255)
    letters = grey >= np.percentile(grey, 97) - 8
    plate = np.median(grey[~letters]) if level else 14.0
    contrast = (luminance(np.median(grey[letters])) + 0.05) / (luminance(np.array(plate)) + 0.05)
    assert contrast >= 7


@pytest.mark.parametrize("size", SIZES)
def test_captions_stay_in_the_safe_area_and_in_the_middle(size: Size) -> None:
    before, after = busy(size), one(busy(size), size)
    rows, columns = np.nonzero(i420.planes(after, size).luma != i420.planes(before, size).luma)
    assert rows.min() > size.height / 2
    assert rows.max() <= size.height * 0.955
    assert columns.min() >= size.width * 0.045
    assert columns.max() <= size.width * 0.955
    assert (columns.min() + columns.max()) / 2 == pytest.approx(size.width / 2, abs=4)


@pytest.mark.parametrize("size", SIZES)
def test_nothing_but_the_caption_changes(size: Size) -> None:
    before, after = busy(size), one(busy(size), size)
    old, new = i420.planes(before, size), i420.planes(after, size)
    top = size.height // 2
    np.testing.assert_array_equal(old.luma[:top], new.luma[:top])
    np.testing.assert_array_equal(old.blue[: top // 2], new.blue[: top // 2])
    np.testing.assert_array_equal(old.red[: top // 2], new.red[: top // 2])


def test_a_caption_is_there_for_its_time_only() -> None:
    size = Size(320, 180)
    plain = frame_of(90, size)
    frames = list(burned([plain] * 30, [CUE], size=size, fps=10))
    shown = [not np.array_equal(frame, plain) for frame in frames]
    assert shown == [False] * 10 + [True] * 10 + [False] * 10


def test_a_frame_that_comes_twice_is_drawn_on_once() -> None:
    size = Size(320, 180)
    plain = frame_of(200, size)
    first, second = burned([plain, plain], [Cue(0, 9, ("Hello there",))], size=size, fps=1)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(plain, frame_of(200, size))


def test_captions_stay_colourless() -> None:
    size = Size(640, 360)
    parts = i420.planes(one(frame_of(255, size), size), size)
    assert np.abs(parts.blue.astype(int) - 128).max() <= 4
    assert np.abs(parts.red.astype(int) - 128).max() <= 4


@pytest.mark.parametrize("size", [Size(720, 1280), Size(480, 854), Size(1280, 720)])
@pytest.mark.parametrize(
    "lines",
    [
        ("W" * 28, "M" * 28),
        ("WHOM WOULD MOMMY WARM WHEN", "MAMMOTHS MOWED WARM MEADOWS"),
        ("一二三四五六七八九十一二三四", "一二三四五六七八九十一二三四"),
    ],
)
def test_the_widest_captions_stay_in_their_zone(size: Size, lines: tuple[str, str]) -> None:
    before, after = busy(size), one(busy(size), size, Cue(0, 1, lines))
    rows = np.nonzero(i420.planes(after, size).luma != i420.planes(before, size).luma)[0]
    if burn.drawable([Cue(0, 1, lines)]):
        assert rows.min() >= (1 - burn.zone(size)) * size.height - 2


def test_what_does_not_fit_at_the_smallest_letters_ends_in_an_ellipsis() -> None:
    lines, font = burn._set(Cue(0, 1, ("W" * 60, "M" * 60)), Size(720, 1280))
    assert lines[-1].endswith("…")
    assert all(lettering.measure(line, font) <= burn._room(Size(720, 1280)) for line in lines)


def test_lines_too_wide_for_the_frame_are_broken() -> None:
    size = Size(360, 640)
    after = one(frame_of(90, size), size, Cue(0, 1, ("W" * 42, "M" * 42)))
    columns = np.nonzero(i420.planes(after, size).luma != i420.planes(frame_of(90, size), size).luma)[1]
    assert columns.min() >= size.width * 0.04
    assert columns.max() <= size.width * 0.96


def test_letters_that_no_font_has_are_not_drawn_as_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_face_for", lambda char, weight: None)
    size = Size(320, 180)
    plain = frame_of(90, size)
    cue = Cue(0, 9, ("你好世界",))
    assert not burn.drawable([cue])
    (out,) = burned([plain], [cue], size=size, fps=1)
    np.testing.assert_array_equal(out, plain)
