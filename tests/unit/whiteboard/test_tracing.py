"""From lines to strokes."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages.whiteboard import tracing
from gpu_handlers.stages.whiteboard.lineart import drawn
from gpu_handlers.stages.whiteboard.piece import marker, outlined
from gpu_handlers.stages.whiteboard.thinning import neighbours, thin


def canvas() -> np.ndarray:
    return np.zeros((120, 160), np.uint8)


@pytest.mark.parametrize("thickness", [2, 5, 9, 15])
def test_a_line_of_any_width_becomes_one_stroke_along_its_middle(thickness):
    image = canvas()
    cv2.line(image, (30, 60), (130, 60), 255, thickness)
    (stroke,) = tracing.strokes(thin(image))
    # A round line gets shorter by half its width at both ends.
    assert np.ptp(stroke[:, 0]) == pytest.approx(100, abs=thickness + 2)
    assert np.abs(stroke[:, 1] - 60).max() <= 1.5


def test_thinning_neither_breaks_nor_joins_shapes():
    image = canvas()
    cv2.circle(image, (50, 60), 30, 255, 7)
    cv2.rectangle(image, (100, 20), (150, 100), 255, 5)
    lines = thin(image)
    assert cv2.connectedComponents(lines, connectivity=8)[0] == cv2.connectedComponents(image, connectivity=8)[0]
    assert (neighbours(lines)[lines > 0] >= 2).all()


def test_where_lines_cross_the_pen_goes_straight_on():
    image = canvas()
    cv2.line(image, (80, 20), (80, 100), 1, 1)
    cv2.line(image, (20, 60), (140, 60), 1, 1)
    long = sorted(tracing.strokes(image), key=len)[-1]
    assert np.ptp(long[:, 0]) < 5 or np.ptp(long[:, 1]) < 5


def test_every_pixel_of_the_lines_is_on_or_beside_a_stroke():
    image = canvas()
    cv2.circle(image, (60, 60), 40, 255, 3)
    cv2.line(image, (10, 10), (150, 110), 255, 3)
    lines = thin(image)
    points = np.vstack(tracing.strokes(lines))
    rows, columns = np.nonzero(lines)
    away = np.hypot(points[:, 0, None] - columns, points[:, 1, None] - rows).min(axis=0)
    assert away.max() <= tracing.STUB_PX


def test_contours_come_before_details_and_one_object_before_the_next():
    contour = np.column_stack([np.arange(10, 90), np.full(80, 10)]).astype(np.float32)
    detail = np.column_stack([np.arange(12, 20), np.full(8, 12)]).astype(np.float32)
    other = np.column_stack([np.arange(100, 150), np.full(50, 5)]).astype(np.float32)
    objects = np.zeros((120, 160), np.int32)
    objects[:, :95] = 1
    first, second, third = tracing.ordered([other, detail, contour], objects)
    assert np.ptp(first[:, 0]) == 79
    assert len(second) == 8
    assert len(third) == 50


def test_smoothing_keeps_both_ends():
    stairs = np.array([[at, at // 2] for at in range(40)], np.float32)
    smooth = tracing.smoothed(stairs)
    assert len(smooth) == len(stairs)
    assert smooth[0] == pytest.approx(stairs[0], abs=0.01)
    assert smooth[-1] == pytest.approx(stairs[-1], abs=0.01)


def test_ink_is_due_when_the_pen_is_there():
    stroke = np.column_stack([np.arange(20, 140), np.full(120, 60)]).astype(np.float32)
    piece = outlined([stroke], 5, Size(160, 120))
    rows, columns = np.nonzero(piece.ink > 128)
    assert piece.due[rows, columns] == pytest.approx(columns + piece.left - 20, abs=4)


def test_a_marker_covers_its_stroke():
    stroke = np.column_stack([np.arange(20, 140), np.full(120, 60)]).astype(np.float32)
    cover = marker([stroke], 6, Size(160, 120))
    assert (cover[60, 20:140] == 255).all()
    assert not cover[:50].any()


def test_a_drawing_keeps_its_lines_and_a_photo_is_drawn_along_its_edges(house):
    random = np.random.default_rng(1)
    piece = drawn(house, (0, 0, 480, 300), 3, random)
    assert (piece.ink > 128).mean() > 0.01
    soft = cv2.GaussianBlur(np.full((300, 480, 3), (60, 90, 120), np.uint8), (3, 3), 0)
    cv2.circle(soft, (240, 150), 80, (220, 180, 60), -1)
    outline = drawn(soft, (0, 0, 480, 300), 3, random)
    rows, columns = np.nonzero(outline.ink > 128)
    radius = np.hypot(columns + outline.left - 240, rows + outline.top - 150)
    assert np.median(radius) == pytest.approx(80, abs=12)
