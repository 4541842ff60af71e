"""Titles say what they are given, in any script, and last exactly as long as they are asked to."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420, lettering, titles

WIDE, TALL, FPS = Size(640, 360), Size(360, 640), 30
WHITE = np.full((90, 160, 3), 255, np.uint8)
LONG = "How sunlight, water and carbon dioxide become the sugar that feeds almost every living thing on this earth " * 2


def opened(title: str, *, size: Size = WIDE, frames: int = 75, picture=WHITE, style: str = "pixar", **options):
    return [
        i420.to_rgb(frame, size)
        for frame in titles.opening(title, picture=picture, style=style, size=size, fps=FPS, frames=frames, **options)
    ]


def closed(**options):
    settings = {"language": "en", "tale": True, "picture": None, "style": "pixar", "size": WIDE} | options
    size = settings["size"]
    return [i420.to_rgb(frame, size) for frame in titles.closing("Tides", fps=FPS, frames=75, **settings)]


def letters(image) -> np.ndarray:
    return image.min(axis=2) > 190


@pytest.mark.parametrize("frames", [1, 2, 31, 90])
def test_cards_have_exactly_as_many_frames_as_asked(frames):
    assert len(opened("Tides", frames=frames)) == frames
    settings = {"language": "en", "tale": True, "picture": WHITE, "style": "anime", "size": WIDE, "fps": FPS}
    assert len(list(titles.closing("Tides", frames=frames, **settings))) == frames


def test_letters_ease_in_one_after_another_and_stay():
    film = opened("The Lantern in the Woods")
    shown = [int(letters(image).sum()) for image in film]
    assert shown[0] == 0
    assert shown[-1] > 1500
    growth = np.diff(shown)
    assert growth.max() < 0.25 * shown[-1]  # never all at once
    columns = [np.flatnonzero(letters(film[at]).any(axis=0)).max() for at in (18, 24, 70)]
    assert columns[0] < columns[1] <= columns[2]


def test_right_to_left_titles_ease_in_from_the_right():
    half = opened("رحلة الضوء")[24]
    left, right = letters(half)[:, :320].sum(), letters(half)[:, 320:].sum()
    assert right > 2 * left


@pytest.mark.parametrize("size", [WIDE, TALL], ids=["landscape", "portrait"])
@pytest.mark.parametrize(
    "title", ["Tides", LONG, "Donaudampfschifffahrtsgesellschaftskapitän", "W" * 60, "राजा और शेर की कहानी"]
)
def test_titles_of_any_length_stay_within_the_frame(title, size):
    rows, columns = np.nonzero(letters(opened(title, size=size)[-1]))
    assert len(rows) > 80
    assert columns.min() > 0.04 * size.width
    assert columns.max() < 0.96 * size.width
    assert rows.min() > 0.08 * size.height
    assert rows.max() < 0.92 * size.height
    assert abs((columns.min() + columns.max()) / 2 - size.width / 2) < 0.03 * size.width


def test_shorter_titles_are_larger():
    def tall(title: str) -> int:
        return max(text.size for text in titles._title(title, WIDE))

    assert tall("Tides") > tall("A short history of all that the sea has ever taken away from us") > tall(LONG)


@pytest.mark.parametrize("picture", [WHITE, None], ids=["white picture", "designed ground"])
@pytest.mark.parametrize("style", list(titles._GROUNDS))
def test_letters_stand_out_from_what_is_behind_them(style, picture):
    """WCAG 2.2 asks for a contrast of 3 to 1 for large letters."""
    film = opened("Tides", style=style, picture=picture)
    inked = letters(film[-1])
    behind = film[0][inked].astype(float) / 255  # the same pixels before the letters came
    linear = np.where(behind <= 0.04045, behind / 12.92, ((behind + 0.055) / 1.055) ** 2.4)
    brightest = np.percentile(linear @ [0.2126, 0.7152, 0.0722], 95)
    assert (0.93 + 0.05) / (brightest + 0.05) > 3


def test_the_ground_moves_slowly_without_a_jump():
    noise = np.random.default_rng(1).integers(0, 255, (9, 16, 3), np.uint8).repeat(40, 0).repeat(40, 1)
    film = [image[-60:].astype(int) for image in opened("Tides", picture=noise)]
    steps = [np.abs(b - a).mean() for a, b in pairwise(film)]
    assert np.abs(film[-1] - film[0]).mean() > 2
    assert max(steps) < 1.5


def test_stories_end_with_words_of_their_language():
    english, german = closed()[40], closed(language="de")[40]
    unknown = closed(language="xx")[40]
    assert np.abs(english.astype(int) - german).max() > 100
    assert titles._worded("end", "fr-CA") == "Fin"
    assert titles._worded("end", "xx") is None
    tides = closed(tale=False)[40]
    assert np.array_equal(unknown, tides)  # the title again


def test_every_end_card_says_that_it_is_synthetic(monkeypatch):
    words, said, draw = titles._words(), [], lettering.draw
    assert words["end"].keys() == words["disclosure"].keys()
    monkeypatch.setattr(lettering, "draw", lambda canvas, text, *rest: said.append(text) or draw(canvas, text, *rest))
    closed(language="de")
    closed(language="xx", tale=False)
    assert said == [
        *("Ende", titles.CREDIT, words["disclosure"]["de"]),
        *("Tides", titles.CREDIT, words["disclosure"]["en"]),
    ]


def test_the_end_card_leaves_in_black():
    film = closed()
    assert film[40].max() > 200
    assert film[-1].max() < 12
