"""Explainer films and films of moving type: what they promise to whoever watches or cuts them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from types import GeneratorType

import numpy as np
import pytest

from gpu_handlers.stages import i420
from gpu_handlers.stages.explainer.ground import Ground
from gpu_handlers.stages.figures import palette as palettes
from gpu_handlers.stages.figures import timing
from gpu_handlers.stages.figures.box import content, unit
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Page
from gpu_handlers.stages.kinetic import curtain
from gpu_handlers.stages.kinetic import layout as kinetic_layout
from tests.unit.explainer.conftest import (
    FIGURES,
    FPS,
    LANDSCAPE,
    PORTRAIT,
    STYLES,
    beat,
    changed,
    drawn,
    filmed,
    frames_of,
)

SIZES = pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["landscape", "portrait"])
STYLED = pytest.mark.parametrize("style", list(STYLES))
KINDS = pytest.mark.parametrize("kind", [*FIGURES, None])
SHADOW = 14  # levels that the soft edge of a card's shadow darkens what is around it
SLOW_FPS = 5
LONG = "A heading of eighty letters that goes on and on about plants and light and water"


def scene(kind, *, number=1):
    return (
        beat("Every leaf is a tiny factory. It turns light into sugar.") if kind is None else drawn(kind, number=number)
    )


@STYLED
@KINDS
@pytest.mark.parametrize("pictured", [True, False], ids=["picture", "no picture"])
def test_a_film_has_exactly_the_frames_asked_for(style, kind, pictured, image):
    one = scene(kind)
    film = STYLES[style](
        one, image if pictured else None, size=LANDSCAPE, fps=FPS, frames=17, seed=1, palette="math"
    )  # fmt: skip
    frames = list(film)
    assert len(frames) == 17
    assert {len(frame) for frame in frames} == {640 * 360 * 3 // 2}


@STYLED
def test_the_same_scene_gives_the_same_film(style, image):
    one = drawn("list")
    first, second = filmed(style, one, image), filmed(style, one, image)
    assert all(np.array_equal(*pair) for pair in zip(first, second, strict=True))


@STYLED
@SIZES
@KINDS
@pytest.mark.parametrize("number", [1, 2, None], ids=["picture first", "picture second", "no picture"])
def test_nothing_to_read_lies_in_the_margins_or_the_captions_place(style, size, kind, number, image):
    assert_within(style, scene(kind, number=number or 1), size, image if number else None)


@STYLED
@SIZES
@KINDS
def test_every_film_shows_something_to_read_or_to_look_at(style, size, kind):
    one = scene(kind)
    shown = filmed(style, one, size=size)[-6]
    bare = list(grounds(style, one, None, size))[-6]
    assert changed(shown, bare, levels=40).mean() > 0.01


@STYLED
@pytest.mark.parametrize("kind", ["list", "comparison", "bars", "number"])
def test_an_item_is_unseen_before_its_word_and_stands_soon_after(style, kind):
    one = drawn(kind)
    at = timing.items(one)[-1]
    film = filmed(style, one)
    before, after, later = (film[round(when * FPS)] for when in (at - 0.051, at + 0.45, at + 0.65))
    came = changed(after, before, levels=40)
    assert came.mean() > 0.004
    # What came is where nothing was, and it is nearly all there already.
    assert changed(later, after, levels=60).sum() < 0.5 * came.sum()


@STYLED
@SIZES
def test_long_headings_and_long_words_stay_within_the_page(style, size, image):
    one = beat("Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft.", heading=LONG)
    assert_within(style, one, size, image)


@STYLED
@pytest.mark.parametrize(
    "text",
    [
        "Go.",
        "植物は光から糖を作る。",
        "تصنع النباتات السكر من الضوء.",
        "पौधे प्रकाश से शक्कर बनाते हैं।",
        "Растения создают сахар из света.",
        "",
    ],
    ids=["one word", "Japanese", "Arabic", "Hindi", "Russian", "silent"],
)
def test_any_narration_makes_a_film(style, text):
    assert_within(style, beat(text, heading=text), LANDSCAPE, None)


@STYLED
def test_a_voice_without_word_times_does_as_well(style):

    one = replace(drawn("list"), words=())
    film = filmed(style, one)
    assert changed(film[-6], film[6], levels=40).mean() > 0.01


@STYLED
def test_captions_are_readable_on_whatever_lies_under_them(style, image):
    for frame in filmed(style, scene(None, number=2), image):
        under = frame[-round(LANDSCAPE.height * 0.13) :].reshape(-1, 3).astype(np.float32) / 255
        assert np.ptp(np.percentile(under @ (0.2126, 0.7152, 0.0722), (1, 99))) < 0.3


@STYLED
def test_a_film_is_made_frame_by_frame_in_little_memory(style, image):
    one = scene(None)
    film = STYLES[style](one, image, size=LANDSCAPE, fps=FPS, frames=120, seed=1, palette="science")
    assert isinstance(film, GeneratorType)
    for _ in range(20):
        next(film)
    tracemalloc.start()
    for _ in film:
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * 640 * 360 * 3 // 2


def grounds(style, one, image, size, fps=FPS):
    """The film's ground without anything on it."""
    page, cards = Page(size), style == "explainer"
    look = Look((palettes.cards if cards else palettes.lettered)("science"), unit(size), cards=cards)
    if cards:
        ground, start = Ground(look, size), one.start
    else:
        seconds = frames_of(one, fps) / fps
        parts = kinetic_layout.scene(one, image, size=size, look=look, seconds=seconds, seed=1)
        ground, start = parts.ground, 0.0
    for number in range(frames_of(one, fps)):
        ground.draw(page, start + number / fps)
        yield i420.to_rgb(page.frame(), size)


def assert_within(style, one, size, image):
    """Once the scene has opened, nothing but its ground lies outside of the place for content."""
    box = content(size)
    inside = np.zeros((size.height, size.width), bool)
    # Colour is kept at half the resolution, and some letters reach a little over their own place.
    inside[int(box.top) - 4 : int(box.bottom) + 4, int(box.left) - 4 : int(box.right) + 4] = True
    film = filmed(style, one, image, size=size, fps=SLOW_FPS)
    assert len(film) == frames_of(one, SLOW_FPS)
    for at, (frame, bare) in enumerate(zip(film, grounds(style, one, image, size, SLOW_FPS), strict=True)):
        if at / SLOW_FPS >= curtain.SECONDS + curtain.BEHIND_SECONDS:
            strayed = changed(frame, bare, levels=SHADOW) & ~inside
            assert not strayed.any(), (at, np.argwhere(strayed)[:3])
