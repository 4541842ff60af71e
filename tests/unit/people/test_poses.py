"""The pose library and its skeleton pictures."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import poses


def test_there_are_at_least_ten_poses_of_eighteen_points_each():
    library = poses.library()
    assert len(library) >= 10
    for pose in library.values():
        assert tuple(pose.joints) == poses.POINTS
        assert pose.words


def test_poses_differ():
    shapes = [np.array(list(pose.joints.values())) for pose in poses.library().values()]
    for index, one in enumerate(shapes):
        assert all(np.abs(one - other).max() > 0.02 for other in shapes[index + 1 :])


def test_limbs_keep_their_lengths_unless_foreshortened():
    pose = poses.library()["relaxed"]
    for side in ("r", "l"):
        knee, ankle = (np.array(pose.joints[f"{side}_{part}"]) for part in ("knee", "ankle"))
        assert np.linalg.norm(ankle - knee) == pytest.approx(1.60)


def test_ten_are_ten_different_ones_in_several_framings():
    chosen = poses.chosen(10, seed=3)
    assert len({pose.name for pose in chosen}) == 10
    assert len({pose.framing for pose in chosen}) == 3
    assert [pose.name for pose in poses.chosen(10, seed=3)] == [pose.name for pose in chosen]
    assert [pose.name for pose in poses.chosen(10, seed=4)] != [pose.name for pose in chosen]


def test_whoever_cannot_sit_does_not():
    assert not any(pose.seated for seed in range(8) for pose in poses.chosen(10, seed, seated=False))


def test_a_skeleton_is_drawn_in_openpose_colours_on_black():
    pytest.importorskip("cv2")
    size = Size(512, 768)
    pose = poses.library()["hands-on-hips"]
    picture = poses.draw_openpose(pose, size)
    joints = poses.framed(pose, size)
    assert picture.shape == (768, 512, 3)
    assert (picture == 0).all(axis=2).mean() > 0.85
    for name, colour in zip(poses.POINTS, poses.COLOURS, strict=True):
        x, y = joints[name]
        assert tuple(picture[round(y), round(x)]) == colour, name


def test_a_full_figure_fits_its_picture():
    for pose in poses.library().values():
        if pose.framing == "full":
            for x, y in poses.framed(pose, Size(832, 1216)).values():
                assert 0 < x < 832
                assert 0 < y < 1216
