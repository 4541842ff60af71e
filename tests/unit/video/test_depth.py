"""Depth comes from the drawing, from a model that is here, or is assumed and said so."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Picture, Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.stages import depth, keyframe, sheets
from tests.unit.video.conftest import DRAWN, FAR_M, NEAR_M, SUBJECT, picture


def test_a_drawn_picture_keeps_its_own_depth():
    made = SketchEngine().illustrate("a cat", style="cartoon", size=Size(64, 64), seed=1)
    found = depth.of_picture(made)
    assert found.source == "drawn"
    assert found.metres is made.depth_m


def test_without_depth_and_without_a_model_a_ground_is_assumed_and_said(monkeypatch, tmp_path):
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    found = depth.of_picture(Picture(picture().image))
    assert found.source == "assumed"
    assert found.metres[0].min() > 3 * found.metres[-1].max()
    assert np.ptp(found.metres, axis=1).max() == 0


def test_depth_anything_runs_where_its_weights_are(monkeypatch, tmp_path):
    """The real classes with random weights: every line runs, nothing is downloaded."""
    transformers = pytest.importorskip("transformers")
    folder = tmp_path / depth.MODEL.id
    backbone = transformers.Dinov2Config(
        hidden_size=32, num_hidden_layers=4, num_attention_heads=2, image_size=56, patch_size=14,
        out_features=["stage1", "stage2", "stage3", "stage4"], reshape_hidden_states=False, apply_layernorm=True,
    )  # fmt: skip
    config = transformers.DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=32, neck_hidden_sizes=[8, 8, 16, 16], fusion_hidden_size=8,
        head_hidden_size=8,
    )  # fmt: skip
    transformers.DepthAnythingForDepthEstimation(config).save_pretrained(folder)
    transformers.DPTImageProcessor(
        size={"height": 56, "width": 56}, keep_aspect_ratio=True, ensure_multiple_of=14
    ).save_pretrained(folder)
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))
    found = depth.of_picture(Picture(picture().image))
    assert found.source == "depth-anything-v2-small"
    assert found.metres.shape == (DRAWN.height, DRAWN.width)
    assert depth.NEAREST_M * 0.99 <= found.metres.min() < found.metres.max() <= depth.FARTHEST_M * 1.01


def test_a_depth_map_is_cut_where_it_jumps():
    made = picture(layered=False)
    scene = sheets.of_picture(made, made.depth_m)
    assert len(scene.sheets) == 2
    back, front = scene.sheets
    assert back.span[1] < 1.5 / FAR_M  # what the subject hid lies as far away as what is around it
    assert front.span[1] == pytest.approx(1 / NEAR_M, rel=0.05)
    rows, columns = SUBJECT
    left, top, right, bottom = front.box
    assert abs(left - columns.start) < 16 and abs(right - columns.stop) < 16
    assert abs(top - rows.start) < 16 and abs(bottom - rows.stop) < 16


def test_a_ground_that_rises_towards_us_is_not_cut():
    image = picture().image
    scene = sheets.of_picture(Picture(image), depth.assumed(image))
    assert len(scene.sheets) == 1


def test_layers_become_few_sheets_with_the_subject_as_pivot():
    made = SketchEngine().illustrate("a dragon flying over mountains", style="cinematic", size=Size(640, 360), seed=7)
    scene = sheets.of_picture(made, made.depth_m)
    dragon = next(layer for layer in made.layers if "dragon" in layer.name)
    assert scene.pivot == pytest.approx(1 / dragon.depth_m)
    rows, columns = np.nonzero(dragon.image[..., 3])
    assert scene.centre[0] == pytest.approx((columns.min() + columns.max()) / 2 / 640, abs=0.02)
    assert scene.centre[1] == pytest.approx((rows.min() + rows.max()) / 2 / 360, abs=0.02)
    assert 0.55 < scene.horizon < 0.8  # of the meadow, though the middle of the picture is higher


def test_engines_that_denoise_draw_at_their_own_size():
    assert keyframe.native(Size(1800, 936)) == Size(1408, 768)
    assert keyframe.native(Size(400, 200)) == Size(400, 200)
    for shape in (Size(1280, 720), Size(2160, 1080), Size(1000, 1700)):
        own = keyframe.native(shape)
        wanted = min(keyframe.NATIVE_PIXELS, shape.width * shape.height)
        assert own.width * own.height == pytest.approx(wanted, rel=0.1)
        assert own.width / own.height == pytest.approx(shape.width / shape.height, rel=0.06)
