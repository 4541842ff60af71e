"""A persona photographed: the face belongs to the persona, poses to the order; likeness decides about another try."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

pytest.importorskip("cv2")

from gpu_handlers.context import Stage
from gpu_handlers.engines.people import likeness, nets
from gpu_handlers.engines.people.likeness import Likeness
from gpu_handlers.engines.persona.look import AGE_RANGES, ETHNICITIES, GENDERS
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.engines.tiny import TinyEngine
from gpu_handlers.stages import portraits, poses
from gpu_handlers.stages.persona import Persona

torch.set_num_threads(1)  # the models are so small that a second thread only costs
STAGE = Stage("illustrate", 0, 1, lambda _: None)
ANNA = Persona("female", "asian", "26-35", 11)


class Watched:
    """A tiny engine that remembers what it was asked for."""

    def __init__(self, engine: TinyEngine) -> None:
        self._engine = engine
        self.abilities, self.native_px = self._engine.abilities, self._engine.native_px
        self.orders = []

    def draw(self, order, **options):
        self.orders.append(order)
        return self._engine.draw(order, **options)


@pytest.fixture(autouse=True)
def no_detector(monkeypatch, tmp_path):
    """Random pictures have no faces; without a detector the crop follows the pose, and the tests are faster."""
    monkeypatch.setattr(nets, "folder", lambda: None)
    monkeypatch.setenv("STUDIO_MODELS_DIR", str(tmp_path))


@pytest.fixture(scope="module")
def tiny():
    return TinyEngine()


@pytest.fixture
def engine(tiny):
    return Watched(tiny)


def shoot(engine, person=ANNA, *, style="casual", count=2, seed=5, stage=STAGE):
    return portraits.shoot(engine, person, style, count, seed, stage)


def images(photos):
    return [photo.picture.image.tobytes() for photo in photos]


def test_only_engines_that_can_keep_a_face_and_follow_a_pose_photograph():
    tiny = TinyEngine()
    assert portraits.possible(tiny)
    assert not portraits.possible(SketchEngine())
    tiny._components = replace(tiny._components, face_adapter=None)
    assert not portraits.possible(tiny)


def test_the_same_order_gives_the_same_pictures(engine):
    photos, record = shoot(engine)
    again, _ = shoot(engine)
    assert images(photos) == images(again)
    assert len(set(images(photos))) == 2
    assert record["drawings"] == 3


def test_the_face_depends_on_the_persona_alone(engine):
    shoot(engine)
    shoot(engine, style="fashion", count=1, seed=99)
    shoot(engine, replace(ANNA, seed=12))
    anchors = [order for order in engine.orders if order.reference is None]
    assert anchors[0].prompt == anchors[1].prompt
    assert anchors[0].seeds == anchors[1].seeds == (11,)
    assert anchors[2].seeds == (12,)
    faces = [order.reference.image.tobytes() for order in engine.orders if order.reference]
    assert len(set(faces[:3])) == 1, "one face for both orders of one persona"
    assert faces[3] not in faces[:3]


def test_every_picture_takes_the_face_and_a_pose_of_its_own(engine):
    photos, _ = shoot(engine, count=4)
    orders = engine.orders[1:]
    assert [order.reference.mode for order in orders] == ["face"] * 4
    assert len({order.pose.image.tobytes() for order in orders}) == 4
    assert [order.seeds for order in orders] == [(5,), (6,), (7,), (8,)]
    for photo, order in zip(photos, orders, strict=True):
        assert photo.picture.image.shape == order.pose.image.shape
        assert poses.library()[photo.pose].words in order.prompt
        assert photo.place in order.prompt


def test_seeds_wrap_at_their_end(engine):
    shoot(engine, seed=2**32 - 1)
    assert [order.seeds for order in engine.orders[1:]] == [(2**32 - 1,), (0,)]


def test_everybody_can_be_described(engine):
    seen = set()
    for gender in GENDERS:
        for ethnicity in ETHNICITIES:
            for age in AGE_RANGES:
                words = portraits.described(Persona(gender, ethnicity, age, 3))
                assert int(words.split("photograph of a ")[1].split()[0]) >= 18
                seen.add(words)
    assert len(seen) == len(GENDERS) * len(ETHNICITIES) * len(AGE_RANGES)


def test_the_face_is_cut_out_where_the_pose_has_put_it():
    pose = poses.library()["portrait"]
    size = portraits.Size(256, 256)
    joints = poses.framed(pose, size)
    picture = np.zeros((256, 256, 3), np.uint8)
    for name in ("nose", "r_eye", "l_eye"):
        x, y = joints[name]
        picture[round(y), round(x)] = 255
    face = portraits.face_of(picture, pose)
    assert face.shape[0] == face.shape[1]
    assert 60 < face.shape[0] < 256
    assert (face == 255).any(axis=2).sum() == 3


def test_likeness_that_cannot_be_measured_says_why_and_costs_nothing(engine):
    photos, record = shoot(engine)
    assert [photo.record()["similarity"] for photo in photos] == [None, None]
    assert photos[0].record()["similarityUnknown"] == "face comparison is not installed here"
    assert [photo.tries for photo in photos] == [1, 1]
    assert "sface" not in {model["id"] for model in record["models"]}


def test_an_unlike_picture_is_drawn_again_but_not_for_ever_and_the_best_is_kept(engine, monkeypatch):
    scores = iter([0.2, 0.5, 0.3, 0.1, 0.9])
    monkeypatch.setattr(likeness, "compare", lambda *_: Likeness(next(scores)))
    progress = []
    photos, record = shoot(engine, count=3, stage=Stage("s", 0, 1, lambda report: progress.append(report.value)))
    assert [(photo.likeness.score, photo.tries) for photo in photos] == [(0.5, 2), (0.3, 1), (0.9, 1)]
    assert [photo.seed for photo in photos] == [5 + portraits.NEXT_TRY, 6, 7]
    assert record["drawings"] == 6
    assert progress == sorted(progress)
    assert progress[-1] == 1
    assert photos[0].record()["similarity"] == 0.5


def test_the_record_names_every_model_with_its_licence(engine):
    _, record = shoot(engine)
    assert {model["id"] for model in record["models"]} == {
        "random-sdxl",
        "random-t2i-adapter",
        "random-ip-adapter-plus-face",
        "random-image-encoder",
    }
    assert all(model["licence"] for model in record["models"])
    assert record["memory"]["peakGib"] > 0


def test_a_cancel_stops_within_one_step_of_any_picture(engine):
    told = []

    def report(progress) -> None:
        told.append(progress.step)
        if progress.step == 11:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        shoot(engine, stage=Stage("s", 0, 1, report))
    assert told == list(range(1, 12))
    assert len(engine.orders) == 2  # the anchor and the first picture, eight steps each
