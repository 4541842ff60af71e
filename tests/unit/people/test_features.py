"""Both features from order to files on the sketch engine."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from gpu_handlers.failures import JobFailed
from gpu_handlers.features import cloth_swap, influencer_creation
from gpu_handlers.stages import watermark
from studio import catalog
from studio.catalog import ClothSwap

UPLOADS = {"person": "upl_00000000000000000000000001", "cloth": "upl_00000000000000000000000002"}


def order_of(**fields):
    return catalog.parse("influencer-creation", fields)


def pixels(file) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(file.content)).convert("RGB"))


class TestClothSwap:
    def test_the_order_becomes_two_pictures_and_says_how(self, context, person, shirt):
        order = ClothSwap(**UPLOADS, category="casual", consent=True, seed=4)
        outputs = cloth_swap.run(order, context(person=person, cloth=shirt))
        assert [file.name for file in outputs.files] == ["tryon.png", "before-after.png"]
        assert pixels(outputs.files[0]).shape == person.shape
        assert pixels(outputs.files[1]).shape[1] > 2 * person.shape[1]
        said = outputs.metadata
        assert said["method"] == "geometric"
        assert said["person"]["persons"] == 1
        assert said["safety"][0]["blocked"] is False
        assert watermark.read_watermark(pixels(outputs.files[0])).seed == 4

    def test_large_photographs_are_scaled_down(self, context, person, shirt, monkeypatch):
        monkeypatch.setattr(cloth_swap, "MAX_SIDE_PX", 608)
        order = ClothSwap(**UPLOADS, consent=True)
        outputs = cloth_swap.run(order, context(person=person, cloth=shirt))
        assert pixels(outputs.files[0]).shape == (608, 416, 3)

    def test_without_consent_nothing_is_looked_at(self, context):
        order = ClothSwap.model_construct(**UPLOADS, category="casual", preserve_face=True, consent=False, seed=1)
        with pytest.raises(JobFailed) as failure:
            cloth_swap.run(order, context())
        assert failure.value.code == "consent_required"

    def test_a_picture_without_a_garment_fails_with_a_reason(self, context, person):
        order = ClothSwap(**UPLOADS, consent=True)
        with pytest.raises(JobFailed) as failure:
            cloth_swap.run(order, context(person=person, cloth=np.full((400, 400, 3), 210, np.uint8)))
        assert failure.value.code == "garment_not_found"


class TestInfluencerCreation:
    def test_a_set_has_as_many_pictures_as_ordered_in_different_poses(self, context):
        order = order_of(gender="female", ethnicity="asian", ageRange="26-35", poses=4, seed=9)
        outputs = influencer_creation.run(order, context())
        assert [file.name for file in outputs.files] == [f"image-{number}.png" for number in range(1, 5)]
        images = outputs.metadata["images"]
        assert len({image["pose"] for image in images}) == 4
        # Nothing was measured, and the result says so.
        assert all(image["similarity"] is None and image["identity"] == "by construction" for image in images)
        for file in outputs.files:
            assert pixels(file).shape in ((1024, 1024, 3), (1216, 832, 3))

    def test_the_id_brings_the_person_back_with_other_poses(self, context):
        first = influencer_creation.run(
            order_of(gender="male", ethnicity="black", ageRange="46-60", poses=1, seed=1), context()
        )
        again = influencer_creation.run(
            order_of(personaId=first.metadata["personaId"], style="casual", poses=1, seed=77), context()
        )
        assert again.metadata["personaId"] == first.metadata["personaId"]

    def test_the_same_order_gives_the_same_pictures(self, context):
        order = order_of(gender="non-binary", ethnicity="mixed", ageRange="18-25", poses=1, seed=5)
        one, other = (influencer_creation.run(order, context()) for _ in range(2))
        assert np.array_equal(pixels(one.files[0]), pixels(other.files[0]))
