"""Characters are recognised from scene to scene."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from gpu_handlers.engines.illustrator import Drawing, EngineFacts, Picture, Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.stages.cast import Cast
from gpu_handlers.stages.script import Scene, Story

SIZE = Size(480, 272)
MIA, LENA, FOX = "a young girl named Mia", "a girl named Lena", "a small fox"


def story(*seen: tuple[str, str]) -> Story:
    scenes = [
        Scene(number, "", "", visual, subject, "wide", "static", reverse=False, transition="cut")
        for number, (subject, visual) in enumerate(seen, start=1)
    ]
    return Story("", tuple(scenes), "en")


def palette(picture: Picture, name: str) -> np.ndarray:
    """Dress, skin and hair: the three flat colours that make up most of a figure, 0–255."""
    (layer,) = [layer for layer in picture.layers if layer.name == name and layer.lead]
    pixels = layer.image[layer.image[..., 3] == 255][:, :3]
    colours, counts = np.unique(pixels, axis=0, return_counts=True)
    return colours[np.argsort(-counts)[:3]].astype(int)


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """How far the colour that has the least likeness among the others' is from it, levels."""
    distances = np.linalg.norm(one[:, None] - other[None], axis=2)
    return float(max(distances.min(axis=1).max(), distances.min(axis=0).max()))


def drawn(told: Story, seed: int = 7) -> list[Picture]:
    cast, engine = Cast.of(told, seed), SketchEngine()
    return [
        cast.draw(engine, scene, style="motion-graphics", size=SIZE, on_step=lambda *_: None) for scene in told.scenes
    ]


def test_a_character_wears_the_same_in_every_scene_whatever_else_changes():
    told = story(
        (MIA, f"{MIA} in a meadow at noon"),
        (MIA, f"{MIA} walking on the beach at noon"),
        (MIA, "the girl and a house at noon"),
        (FOX, f"{FOX} beside {MIA} in a park at noon"),
    )
    pictures = drawn(told)
    looks = [palette(picture, "girl") for picture in pictures]
    assert max(apart(look, looks[0]) for look in looks) < 6
    assert np.abs(pictures[0].image.astype(int) - pictures[1].image).mean() > 10


def test_two_characters_of_one_kind_are_told_apart():
    told = story((MIA, f"{MIA} in a meadow at noon"), (LENA, f"{LENA} in a meadow at noon"))
    one, other = (palette(picture, "girl") for picture in drawn(told))
    assert apart(one, other) > 60


def test_a_story_is_cast_anew_with_another_seed():
    told = story((MIA, f"{MIA} in a meadow at noon"))
    looks = [palette(drawn(told, seed=seed)[0], "girl") for seed in (1, 2, 3)]
    assert all(apart(one, other) > 60 for one, other in combinations(looks, 2))


def test_two_who_act_together_are_no_third_character():
    cast = Cast.of(story((MIA, ""), (FOX, ""), (f"{MIA} and {FOX}", "")), 5)
    assert [(role.words, role.seed) for role in cast.roles] == [(MIA, 5), (FOX, 6)]
    assert {role.words for role in cast.appearing(story((f"{MIA} and {FOX}", "")).scenes[0])} == {MIA, FOX}


class Denoiser:
    """An engine with random weights would do the same, more slowly."""

    native_px = 64
    facts = EngineFacts("fake", "fake", "0", "none")

    def __init__(self, *abilities: str) -> None:
        self.abilities = frozenset(abilities)
        self.orders = []

    def draw(self, order, *, on_step, on_preview=None) -> Drawing:
        del on_step, on_preview
        self.orders.append(order)
        return Drawing((self._picture(order.size, order.seeds[0]),), {})

    def illustrate(self, prompt, *, style, size, seed, cast=(), on_step, **_) -> Picture:
        del prompt, style, cast, on_step
        self.orders.append(seed)
        return self._picture(size, seed)

    def inpaint(self, order, **_) -> Drawing:
        raise NotImplementedError(order)

    def _picture(self, size: Size, seed: int) -> Picture:
        return Picture(np.full((size.height, size.width, 3), seed % 256, np.uint8))


def filmed_by(engine: Denoiser) -> list:
    told = story((MIA, "one"), ("", "a lake"), (FOX, "two"), (MIA, "three"), (MIA, "four"))
    cast = Cast.of(told, 3)
    for scene in told.scenes:
        cast.draw(engine, scene, style="pixar", size=Size(64, 64), on_step=lambda *_: None)
    return engine.orders


def test_diffusion_goes_by_the_first_picture_of_each_character():
    first, lake, fox, *again = filmed_by(Denoiser("style"))
    assert isinstance(first, int)  # no reference yet
    assert isinstance(lake, int)
    assert isinstance(fox, int)
    assert len({first, lake, fox}) == 3
    for order in again:
        assert order.seeds == (first,)
        assert order.reference.mode == "style"
        assert int(order.reference.image.mean()) == first % 256


def test_diffusion_without_adapters_keeps_to_the_seed():
    first, _, _, *again = filmed_by(Denoiser())
    assert again == [first, first]


def test_the_real_engine_takes_the_reference():
    from gpu_handlers.engines.tiny import TinyEngine

    told = story((MIA, f"{MIA} in a park"), (MIA, f"{MIA} by the sea"))
    cast, engine = Cast.of(told, 3), TinyEngine()
    pictures = [
        cast.draw(engine, scene, style="pixar", size=Size(64, 64), on_step=lambda *_: None) for scene in told.scenes
    ]
    assert all(picture.image.shape == (64, 64, 3) for picture in pictures)
