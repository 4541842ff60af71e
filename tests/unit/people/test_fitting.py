"""Try-on by diffusion: what the model may touch, what it is shown, and what stays the photograph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("cv2")

from PIL import Image, ImageFilter

from gpu_handlers.context import Stage
from gpu_handlers.engines.illustrator import CannotDraw, Drawing, Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.engines.tiny import TinyEngine
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import fitting, garment, people, tryon

SAMPLES = Path(__file__).parents[3] / "samples"
torch.set_num_threads(1)  # the models are so small that a second thread only costs
STAGE = Stage("fit", 0, 1, lambda _: None)


def photograph(name: str, width: int):
    picture = Image.open(SAMPLES / name).convert("RGB")
    return np.asarray(picture.resize((width, round(picture.height * width / picture.width))))


@pytest.fixture(scope="module")
def scene():
    """The photograph, its person, the garment, and the geometric draft."""
    photo = photograph("person.jpg", 416)
    person, cloth = people.look(photo), garment.cut_out(photograph("garment.jpg", 400), "casual")
    return photo, person, cloth, tryon.wear(photo, person, cloth, preserve_face=True)


@pytest.fixture(scope="module")
def tiny():
    return TinyEngine()


def fit(engine, scene, **options):
    photo, person, cloth, draft = scene
    order = {"category": "casual", "preserve_face": True, "seed": 5, "stage": STAGE} | options
    return fitting.refine(engine, photo, draft, person, cloth, **order)


def test_only_engines_that_can_go_by_a_picture_fit_garments(tiny):
    assert fitting.possible(tiny)
    assert not fitting.possible(SketchEngine())


def test_the_garment_is_drawn_anew_and_the_rest_stays_as_it_was(tiny, scene):
    photo, person, _, draft = scene
    mask, fitted = fitting.region(photo, draft, person), fit(tiny, scene, preserve_face=False).image
    assert 0.05 < (mask > 0.5).mean() < 0.6
    assert np.array_equal(fitted[mask == 0], draft[mask == 0])
    changed = (fitted != draft).any(axis=2)
    assert changed[mask > 0.9].mean() > 0.95


def test_face_hair_and_hands_are_the_photographs_own_pixels(tiny, scene):
    photo, person, *_ = scene
    own = np.maximum(person.head, person.hands)
    kept, free = fit(tiny, scene).image, fit(tiny, scene, preserve_face=False).image
    assert (own >= tryon.CORE).sum() > 500
    assert np.array_equal(kept[own >= tryon.CORE], photo[own >= tryon.CORE])
    away = np.asarray(Image.fromarray((own > 0).astype(np.uint8) * 255).filter(ImageFilter.MaxFilter(15))) == 0
    assert np.array_equal(kept[away], free[away])  # the feather is narrow


def test_the_mask_covers_the_old_clothes_but_neither_head_nor_hands(scene):
    photo, person, _, draft = scene
    mask = fitting.region(photo, draft, person)
    own = np.maximum(person.head, person.hands)
    assert mask[own >= 1].max() == 0
    assert (mask[(person.clothes > 0.9) & (own == 0)] > 0.5).mean() > 0.9


def test_the_same_order_gives_the_same_bytes_and_the_seed_and_garment_matter(tiny, scene):
    photo, person, cloth, draft = scene
    ours = fit(tiny, scene).image
    assert np.array_equal(ours, fit(tiny, scene).image)
    assert not np.array_equal(ours, fit(tiny, scene, seed=6).image)
    from dataclasses import replace

    other = np.dstack([255 - cloth.image[..., :3], cloth.image[..., 3:]])
    recoloured = (photo, person, replace(cloth, image=other), draft)
    assert not np.array_equal(ours, fit(tiny, recoloured).image)


def test_the_model_sees_a_crop_at_its_own_resolution_and_the_garment_on_white(scene):
    asked = []

    class Engine:
        native_px = 128

        def inpaint(self, order, *, on_step, on_preview=None):
            asked.append(order)
            return TinyEngine().inpaint(order, on_step=on_step)

    fit(Engine(), scene)
    (order,) = asked
    height, width = order.image.shape[:2]
    assert width % 8 == height % 8 == 0
    assert 0.8 < (width * height) / 128**2 < 1.25
    assert order.mask.shape == (height, width)
    assert (order.reference.mode, order.strength) == ("style", fitting.STRENGTH)
    shown = order.reference.image
    assert shown.shape[0] == shown.shape[1]  # the encoder cuts to a square
    assert (shown[0] == 255).all()


def test_a_draft_without_any_change_or_clothes_is_left_alone(tiny, scene):
    from dataclasses import replace

    photo, person, cloth, _ = scene
    bare = replace(person, clothes=np.zeros_like(person.clothes))
    assert np.array_equal(fit(tiny, (photo, bare, cloth, photo)).image, photo)


def test_too_little_memory_is_said_to_the_customer(scene):
    class Engine:
        native_px = 128

        def inpaint(self, order, *, on_step, on_preview=None) -> Drawing:
            raise CannotDraw("too_large", "too large for us")

    with pytest.raises(JobFailed, match="too large for us"):
        fit(Engine(), scene)


def test_a_cancel_stops_within_one_step(tiny, scene):
    steps = []

    def report(progress) -> None:
        steps.append(progress.step)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fit(tiny, scene, stage=Stage("fit", 0, 1, report))
    assert len(steps) == 1


def test_crops_of_any_shape_fit_the_model():
    for width, height in ((300, 900), (2000, 100), (64, 64)):
        size = fitting._working(width, height, 1024)
        assert isinstance(size, Size)
        assert size.width % 8 == size.height % 8 == 0
        assert size.width * size.height == pytest.approx(1024**2, rel=0.05)
