from __future__ import annotations

import numpy as np
import pytest
import skia

from gpu_handlers.stages import lettering


def drawn(text: str, weight: lettering.Weight = "regular") -> np.ndarray:
    """Alpha of a line, H×W."""
    surface = skia.Surface(600, 80)
    with surface as canvas:
        canvas.clear(skia.ColorTRANSPARENT)
        lettering.draw(canvas, text, 10, 50, lettering.font(32, weight), skia.Paint(AntiAlias=True))
    return np.asarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., 3])


@pytest.mark.parametrize("text", ["Hello", "Жуки", "αβγ", "Đường phố", "مرحبا", "नमस्ते"])
def test_these_letters_need_no_font_of_the_machine(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bundled = lettering._bundled("regular")
    assert all(any(face.unicharToGlyph(ord(char)) for face in bundled) for char in text)
    assert lettering.covers(text)
    assert drawn(text).any()


def test_a_line_is_as_wide_as_measured() -> None:
    for text in ("Hello world", "مرحبا بالعالم", "नमस्ते दुनिया"):
        columns = np.nonzero(drawn(text, "bold").any(axis=0))[0]
        assert columns.max() - 10 == pytest.approx(lettering.measure(text, lettering.font(32, "bold")), abs=4)


def test_bold_is_bolder() -> None:
    assert drawn("Hello", "bold").sum() > 1.2 * drawn("Hello").sum()


def test_arabic_letters_are_joined() -> None:
    apart = sum(lettering.measure(letter, lettering.font(32)) for letter in "مرحبا")
    assert lettering.measure("مرحبا", lettering.font(32)) < 0.9 * apart


def test_a_full_stop_ends_a_right_to_left_line_on_the_left() -> None:
    with_stop, without = drawn("שלום."), drawn("שלום")
    columns = [np.nonzero(image.any(axis=0))[0] for image in (with_stop, without)]
    ends = columns[0].max() - columns[1].max(), lettering.measure("שלום.", lettering.font(32))
    assert ends[0] >= 3, "the word moves to the right, since the stop stands before it"


@pytest.mark.parametrize("width_px", [60, 150, 400])
def test_lines_fit_and_lose_nothing(width_px: int) -> None:
    font = lettering.font(24)
    for text in (
        "In a quiet village lived a wizard.",
        "Donaudampfschifffahrtsgesellschaft",
        "吾輩は猫である。名前はまだ無い。",
    ):
        lines = lettering.lines(text, font, width_px)
        assert all(lettering.measure(line, font) <= width_px for line in lines)
        assert "".join("".join(lines).split()) == "".join(text.split())


def test_no_line_begins_with_a_closing_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "measure", lambda text, font: 20.0 * len(text))
    for line in lettering.lines("吾輩は猫である。名前はまだ無い。「そうか」と言った。", lettering.font(20), 160):
        assert line[0] not in "。、」"


def test_what_no_font_has_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_face_for", lambda char, weight: None)
    font = lettering.font(20)
    assert not lettering.covers("漢字")
    assert lettering.covers("😀 …")
    assert lettering._drawable("a漢b", font.getTypeface(), "regular")[0] == "ab"
