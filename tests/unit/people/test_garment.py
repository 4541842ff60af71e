"""Cutting a garment out of its photograph and finding where it is pinned."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import garment

VEST = [
    (200, 80), (240, 80), (260, 170), (340, 170), (360, 80), (400, 80), (420, 260), (420, 560), (180, 560), (180, 260),
]  # fmt: skip
LONG = [
    (240, 80), (360, 80), (430, 110), (560, 470), (500, 495), (420, 280),
    (425, 560), (175, 560), (180, 280), (100, 495), (40, 470), (170, 110),
]  # fmt: skip


def test_the_sample_is_pinned_evenly_on_both_sides(shirt):
    found = garment.cut_out(shirt, "casual")
    middle = found.image.shape[1] / 2
    for left, right in (found.neck, found.shoulder, found.armpit):
        assert left[0] < middle < right[0]
        assert abs((middle - left[0]) - (right[0] - middle)) < 20
        assert abs(left[1] - right[1]) < 20
    assert found.neck[0][1] < found.shoulder[0][1] < found.armpit[0][1] < found.hem
    assert not found.worn
    assert all(sleeve is not None and 80 < sleeve.length < 300 for sleeve in found.sleeves)


def test_the_cut_out_is_trimmed_and_leaves_the_background_and_its_shadow_behind(shirt):
    found = garment.cut_out(shirt, "casual")
    height, width = found.image.shape[:2]
    alpha = found.image[..., 3]
    assert alpha[:, 0].max() == 0  # a margin of two pixels
    assert alpha[:, 8].max() > 0
    assert alpha[height // 2, width // 2] == 255
    assert alpha[-3:, 5].max() == 0
    assert 0.5 < (alpha > 127).mean() < 0.75  # with its shadow it would be more


def test_the_inside_of_the_back_is_opened_for_the_neck(shirt):
    found = garment.cut_out(shirt, "casual")
    below_collar = round(found.neck[0][1]) + 20
    assert found.image[below_collar, found.image.shape[1] // 2, 3] == 0


def test_a_vest_has_no_sleeves(laid_flat):
    found = garment.cut_out(laid_flat(VEST, "#304a80"), "fitness")
    assert found.sleeves == (None, None)
    assert found.record()["sleeves"] == 0


def test_long_sleeves_are_long(laid_flat, shirt):
    assert garment.cut_out(laid_flat(LONG, "#8a2b3a"), "formal").long_sleeved
    assert not garment.cut_out(shirt, "formal").long_sleeved


def test_grey_cloth_on_a_grey_ground_is_still_cloth(laid_flat):
    found = garment.cut_out(laid_flat(LONG, "#9a9690", "#d8d4cc"), "casual")
    assert 0.3 < (found.image[..., 3] > 127).mean() < 0.8


def test_stripes_in_the_colour_of_the_ground_do_not_tear_the_cloth(laid_flat):
    image = laid_flat(VEST, "#304a80").copy()
    for top in (300, 380, 460):
        image[top : top + 30, 181:420] = image[0, 0]
    found = garment.cut_out(image, "casual")
    assert found.image.shape[0] > 470
    assert found.image[found.image.shape[0] // 2, found.image.shape[1] // 2, 3] > 200


def test_categories_differ_in_ease_only(shirt):
    tight, loose = garment.cut_out(shirt, "fitness"), garment.cut_out(shirt, "traditional")
    assert tight.ease < loose.ease
    assert np.array_equal(tight.image, loose.image)


@pytest.mark.usefixtures("with_weights")
def test_a_garment_may_be_photographed_on_somebody(portrait):
    found = garment.cut_out(portrait, "casual")
    assert found.worn
    assert found.image.shape[2] == 4


@pytest.mark.parametrize("size", [(400, 400), (40, 40)])
def test_an_empty_picture_holds_no_garment(size):
    with pytest.raises(JobFailed) as failure:
        garment.cut_out(np.full((*size, 3), 200, np.uint8), "casual")
    assert failure.value.code == "garment_not_found"
    assert "plain background" in failure.value.message
