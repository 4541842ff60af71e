"""Diagrams, and what they are drawn with."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import i420, lettering
from gpu_handlers.stages.figures import diagram
from gpu_handlers.stages.figures import palette as palettes
from gpu_handlers.stages.figures.bars import amounts
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Page, fill, ink, picture, plate
from gpu_handlers.stages.figures.palette import READABLE, contrast
from gpu_handlers.stages.figures.quantity import quantity, spelt
from gpu_handlers.stages.figures.rows import ARROW_AHEAD_SECONDS
from gpu_handlers.stages.figures.setting import alike, fitted
from gpu_handlers.stages.figures.timing import items
from gpu_handlers.stages.kinetic import tones
from gpu_handlers.stages.kinetic.ground import VEIL
from tests.unit.explainer.conftest import FIGURES, changed, drawn

PAGE = Size(640, 360)
BOX = Box(40, 30, 600, 330)
LOOKS = {
    "cards": Look(palettes.cards("science"), 0.5, cards=True),
    "lettered": Look(palettes.lettered("science"), 0.5, cards=False),
}


def shown(kind, look, now, *, box=BOX):
    """What a diagram looks like at `now`."""
    page, one = Page(PAGE), drawn(kind)
    page.canvas.clear(ink(look.palette.ground))
    diagram(one.scene.figure, one, box, look, titled_at=0, side=1).draw(page.canvas, now)
    return i420.to_rgb(page.frame(), PAGE)


@pytest.mark.parametrize("look", list(LOOKS))
@pytest.mark.parametrize("kind", list(FIGURES))
def test_each_item_comes_when_it_is_said_and_not_before(kind, look):
    times = items(drawn(kind))
    for at, start in enumerate(times):
        ahead = ARROW_AHEAD_SECONDS if kind == "steps" and at else 0
        settled = max(0.5, times[at - 1] + 1.2 if at else 0.5)
        if settled < start - ahead:
            early = [shown(kind, LOOKS[look], when) for when in (settled, start - ahead - 0.001)]
            assert not changed(*early).any()
        before, after = shown(kind, LOOKS[look], start - 0.001), shown(kind, LOOKS[look], start + 0.4)
        assert changed(before, after, levels=30).sum() > 300


@pytest.mark.parametrize("look", list(LOOKS))
@pytest.mark.parametrize("box", [BOX, Box(40, 20, 300, 340)], ids=["wide", "tall"])
@pytest.mark.parametrize("kind", list(FIGURES))
def test_a_diagram_stays_within_its_box_and_the_room_rows_come_from(kind, look, box):
    inside = np.zeros((PAGE.height, PAGE.width), bool)
    # Two pixels more all round: colour is kept at half the resolution.
    inside[int(box.top) - 2 : int(box.bottom) + 2, int(box.left) - 2 : int(box.right) + 20] = True
    empty = np.full((PAGE.height, PAGE.width, 3), [LOOKS[look].palette.ground >> at & 255 for at in (16, 8, 0)])
    for now in np.arange(0, 7, 0.2):
        assert not (changed(shown(kind, LOOKS[look], now, box=box), empty, levels=24) & ~inside).any(), now


def test_text_is_readable_in_every_palette():
    for subject in palettes.subjects():
        for one in (palettes.cards(subject), palettes.lettered(subject)):
            for ground in (one.ground, one.tint, one.tint_deep, one.surface):
                for text in (one.ink, one.muted, one.accent, one.second):
                    assert contrast(text, ground) >= READABLE, (subject, hex(text), hex(ground))
            pairs = ((one.on_accent, one.accent), (one.on_second, one.second), (one.ink, one.mark))
            assert min(contrast(*pair) for pair in pairs) >= READABLE, subject


def test_type_is_readable_on_a_veiled_picture(image):
    for subject in palettes.subjects():
        one = palettes.lettered(subject)
        toned = tones.backdrop(image, one).reshape(-1, 3)
        ground = np.array([one.ground >> at & 255 for at in (16, 8, 0)])
        for colour in np.unique(np.round(toned * (1 - VEIL) + ground * VEIL).astype(int), axis=0)[::8]:
            behind = int(colour[0]) << 16 | int(colour[1]) << 8 | int(colour[2])
            assert min(contrast(text, behind) for text in (one.ink, one.muted, one.accent)) >= READABLE, subject


def test_palettes_name_every_colour():
    names = {field.name for field in fields(palettes.Palette)}
    assert all(set(one) == names for look in palettes._tables().values() for one in look.values())
    assert palettes.cards("gardening") == palettes.cards("technology")


@pytest.mark.parametrize("colour", [0xE4572E, 0x101010, 0xFFFFFF, 0x2040FF])
def test_a_page_shows_the_colours_it_was_painted_with(colour):
    size, wanted = Size(32, 16), [colour >> at & 255 for at in (16, 8, 0)]
    page = Page(size)
    page.canvas.clear(ink(colour))
    assert np.abs(i420.to_rgb(page.frame(), size)[8, 8].astype(int) - wanted).max() <= 3
    page.canvas.clear(ink(0x808080))
    page.canvas.drawImage(picture(plate(np.full((16, 32, 3), wanted, np.uint8))), 0, 0)
    assert np.abs(i420.to_rgb(page.frame(), size)[8, 8].astype(int) - wanted).max() <= 3


def test_mixed_on_a_page_is_mixed_in_the_film():
    size = Size(32, 16)
    page = Page(size)
    page.canvas.clear(ink(0xE4572E))
    page.canvas.drawPaint(fill(0x2040FF, 0.5))
    assert np.abs(i420.to_rgb(page.frame(), size)[8, 8].astype(int) - [130, 76, 151]).max() <= 3


def test_text_is_as_large_as_it_fits_and_never_wider():
    for text in ("Light", "The speed of light in empty space", "Donaudampfschifffahrtsgesellschaft", "光合成" * 9):
        block = fitted(text, width=200, height=90, largest=60, smallest=8, weight="bold")
        assert block.width <= 200.5
        assert block.height <= 90 or len(block.lines) == 1
    short, long = (fitted(text, width=200, height=90, largest=60, smallest=8).size_px for text in ("Ice", "Ice " * 30))
    assert short == 60 > long


def test_what_does_not_fit_at_the_smallest_size_ends_in_an_ellipsis():
    block = fitted("word " * 200, width=120, height=40, largest=30, smallest=14)
    assert block.lines[-1].endswith("…")
    assert block.height <= 40


def test_lines_of_a_title_are_of_about_the_same_length():
    block = fitted("A factory in every leaf", width=280, height=200, largest=40, smallest=40, weight="bold")
    face = lettering.font(40, "bold")
    first, second = (lettering.measure(line, face) for line in block.lines)
    assert second > 0.6 * first


def test_texts_beside_each_other_have_the_same_size():
    blocks = alike(["Ice", "Water that has been heated for a long time"], width=90, height=70, largest=40, smallest=8)
    assert blocks[0].size_px == blocks[1].size_px < 40


@pytest.mark.parametrize(
    ("text", "value", "halfway"),
    [
        ("71 %", 71, "36"),
        ("299,792 kilometres per second", 299792, "149,896"),
        ("9.81 m/s²", 9.81, "4.91"),
        ("3,5 Prozent", 3.5, "1,8"),
        ("1969", 1969, "1954"),
    ],
)
def test_numbers_are_counted_up_in_their_own_way_of_writing(text, value, halfway):
    found = quantity(text)
    assert found.value == pytest.approx(value)
    assert found.counted(0.5) == halfway
    assert found.counted(1) == text.split()[0]


def test_a_number_in_words_is_shown_as_it_is():
    assert quantity("three million years") is None
    assert quantity("from 3 to 5 metres") is None
    assert spelt("three million years").counted(0.3) == "three million years"


def test_amounts_are_compared_only_when_they_are_of_the_same_kind():
    assert [one.value for one in amounts(("nitrogen 78 %", "oxygen 21 percent"))] == [78, 21]
    assert not amounts(("Mars 6,779 km", "a day 24 hours"))
    assert not amounts(("the war of 1914", "the war of 1939"))
    assert not amounts(("nitrogen 78 %",))
    assert not amounts(("nitrogen 78 %", "oxygen"))
