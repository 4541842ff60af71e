"""The person in the garment: what has to change, and what must not."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.stages import garment, people, tryon

TWO_TONED = [
    (240, 80), (360, 80), (430, 110), (560, 330), (490, 370), (420, 260),
    (425, 560), (175, 560), (180, 260), (110, 370), (40, 330), (170, 110),
]  # fmt: skip


@pytest.fixture(scope="module", params=["networks", "proportions"])
def seen(request, person):
    """The sample person, looked at in both ways."""
    from gpu_handlers.engines.people import nets

    if request.param == "networks" and nets.folder() is None:
        pytest.skip("the people weights are not on this machine")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "proportions":
            patch.setattr(nets, "folder", lambda: None)
        return people.look(person)


@pytest.fixture(scope="module")
def worn(seen, person, shirt):
    return tryon.wear(person, seen, garment.cut_out(shirt, "casual"), preserve_face=True)


def test_face_hair_and_hands_are_the_photographs_own_pixels(seen, person, worn):
    core = np.maximum(seen.head, seen.hands) >= tryon.CORE
    assert core.sum() > 20_000
    assert np.array_equal(worn[core], person[core])


def test_the_new_cloth_is_on_the_chest(seen, person, worn):
    x, y = (np.array(seen.joints["l_shoulder"]) + seen.joints["r_shoulder"]) / 2
    chest = worn[int(y) + 50 : int(y) + 110, int(x) - 50 : int(x) + 50].reshape(-1, 3).mean(axis=0)
    red, green, blue = chest
    assert red < 70 < green
    assert blue > 70  # teal, where the T-shirt was nearly white
    assert person[int(y) + 80, int(x)].min() > 180


def test_the_wall_and_the_legs_stay_as_they_were(seen, person, worn):
    assert np.array_equal(worn[:, :120], person[:, :120])
    assert np.array_equal(worn[1000:], person[1000:])


def test_the_old_shirt_does_not_show_on_the_trunk(seen, worn):
    hips = (seen.joints["l_hip"][1] + seen.joints["r_hip"][1]) / 2
    x = int((seen.joints["l_hip"][0] + seen.joints["r_hip"][0]) / 2)
    column = worn[500 : int(hips), x - 40 : x + 40].astype(int)
    stripes = (column.min(axis=2) > 170).mean()
    assert stripes < 0.6  # the new one has cream stripes, a third of it


def test_the_same_photographs_give_the_same_picture(seen, person, shirt, worn):
    again = tryon.wear(person, seen, garment.cut_out(shirt, "casual"), preserve_face=True)
    assert np.array_equal(again, worn)


def test_a_print_is_not_mirrored(seen, person, laid_flat):
    image = laid_flat(TWO_TONED, "#b02020").copy()
    right = image[:, 300:]
    right[(right == [0xB0, 0x20, 0x20]).all(axis=2)] = (0x20, 0x20, 0xB0)
    worn = tryon.wear(person, seen, garment.cut_out(image, "casual"), preserve_face=True)
    x, y = (np.array(seen.joints["l_shoulder"]) + seen.joints["r_shoulder"]) / 2
    rows = slice(int(y) + 80, int(y) + 140)
    left, right = (worn[rows, int(x) + side * 50 - 8 : int(x) + side * 50 + 8].mean(axis=(0, 1)) for side in (-1, 1))
    assert left[0] > left[2] + 40
    assert right[2] > right[0] + 40


def test_before_and_after_stand_side_by_side(person, worn):
    both = tryon.before_after(person, worn)
    width = person.shape[1]
    assert both.shape[0] == person.shape[0]
    assert np.array_equal(both[:, :width], person)
    assert np.array_equal(both[:, -width:], worn)
