"""Looking at a photograph of a person: what is found, and what customers are told when it cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import people


def code_of(image: np.ndarray) -> str:
    with pytest.raises(JobFailed) as failure:
        people.look(image)
    assert failure.value.message
    return failure.value.code


@pytest.mark.usefixtures("with_weights")
class TestWithNetworks:
    def test_a_real_photograph_shows_one_person_with_shoulders_below_the_face(self, portrait):
        found = people.look(portrait)
        left, top, right, bottom = found.face
        assert (found.method, found.persons) == ("networks", 1)
        assert 140 < left < right < 260
        assert 50 < top < bottom < 170
        # Seen from the front, the person's left is on the viewer's right.
        assert found.joints["r_shoulder"][0] < left < right < found.joints["l_shoulder"][0]
        assert min(found.joints["r_shoulder"][1], found.joints["l_shoulder"][1]) > bottom - 20
        assert 0.35 < (found.person > 0.5).mean() < 0.75

    def test_head_and_clothes_are_told_apart(self, portrait):
        found = people.look(portrait)
        nose, chest = (130, 195), (300, 200)
        hair, corner = (40, 200), (20, 430)
        assert found.head[nose] > 0.98
        assert found.head[hair] > 0.98
        assert found.head[chest] < 0.02
        assert found.clothes[chest] > 0.98
        assert found.clothes[nose] < 0.02
        assert found.person[corner] < 0.02

    def test_bare_hands_are_found_where_the_arms_end(self, person):
        found = people.look(person)
        for side in ("l", "r"):
            x, y = found.joints[f"{side}_wrist"]
            around = found.hands[int(y) - 10 : int(y) + 60, int(x) - 40 : int(x) + 40]
            assert around.max() > 0.9

    def test_the_same_photograph_gives_the_same_masks(self, portrait):
        one, other = people.look(portrait), people.look(portrait)
        for part in ("person", "head", "hands", "clothes"):
            assert np.array_equal(getattr(one, part), getattr(other, part))

    def test_a_picture_without_people_is_refused(self, shirt):
        assert code_of(shirt) == "no_person"

    def test_two_people_are_refused(self, portrait):
        assert code_of(np.concatenate([portrait, portrait[:, ::-1]], axis=1)) == "several_people"

    def test_a_small_person_is_refused(self, portrait):
        wide = np.full((600, 600, 3), 190, np.uint8)
        wide[200:312, 250:362] = portrait[::4, ::4]
        assert code_of(wide) in ("person_too_small", "no_person")

    def test_a_face_alone_has_no_torso_to_dress(self, portrait):
        assert code_of(np.ascontiguousarray(portrait[40:160, 140:285])) == "torso_not_visible"


@pytest.mark.usefixtures("without_weights")
class TestWithoutNetworks:
    def test_the_fallback_names_itself_and_finds_head_and_shoulders(self, person):
        found = people.look(person)
        assert found.record()["method"] == "proportions"
        assert found.joints["r_shoulder"][0] < found.face[0] < found.face[2] < found.joints["l_shoulder"][0]
        assert found.head[240, 410] > 0.98
        assert found.clothes[600, 410] > 0.98
        assert found.clothes[240, 410] < 0.02

    def test_what_has_no_head_and_shoulders_is_nobody(self, shirt):
        noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), dtype=np.uint8)
        assert code_of(noise) == "no_person"
        assert code_of(np.full((300, 300, 3), 128, np.uint8)) == "no_person"
        assert code_of(np.ascontiguousarray(shirt[:, :450])) == "no_person"
