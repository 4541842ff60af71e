"""One phrase set large: its weightiest word largest, every word coming in when it is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.arrow import line
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import Look
from gpu_handlers.stages.figures.page import Colour, fill
from gpu_handlers.stages.figures.setting import CAPITAL, OVERHANG
from gpu_handlers.stages.figures.sprite import Sprite, sprite
from gpu_handlers.stages.figures.timing import Phrase, stripped
from gpu_handlers.stages.lettering import Weight

Move = Literal["rise", "slide", "pop", "letters"]
MOVES: tuple[Move, ...] = ("rise", "slide", "letters", "pop")

BASE, KEY = 64, 156  # design px; the key word only as far as it fits
LEAST = 0.36  # to which all is shrunk at most where there is much to say
LEADING = 1.24
LATER = 1.2  # letters that each place towards the end of a phrase is worth: what is new mostly comes last
SPACE = 0.27  # between words, ems
ENTER_SECONDS = 0.32
LEAVE_SECONDS = 0.14
AHEAD_SECONDS = 0.05  # a word that moves is read from the middle of its move on
LETTER_SECONDS = 0.022  # from one letter to the next
UNDERLINE_SECONDS = 0.4


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A word in its place.

    Attributes:
        letters, offsets: its pieces, and where each begins in it, px.
        x, baseline: its left end and base line, px.
        start: when it comes, seconds.
        spare: free room beyond its end, px.
    """

    letters: tuple[Sprite, ...]
    offsets: tuple[float, ...]
    x: float
    baseline: float
    width: float
    size_px: float
    start: float
    spare: float


class Verse:
    """A phrase within a box.

    Args:
        move: how its words come in.
        until: when it must be gone, seconds; infinite to stay.
    """

    def __init__(self, look: Look, phrase: Phrase, box: Box, *, move: Move, until: float) -> None:
        self._look, self._move, self._until = look, move, until
        self.start = phrase.start - AHEAD_SECONDS
        texts = [stripped(word.text) or word.text for word in phrase.words]
        key = max(range(len(texts)), key=lambda at: _weight(texts[at]) + LATER * at)
        self._mirrored = lettering.right_to_left(phrase.text)
        lines = _lines(look, texts, phrase.spaced, key, box)
        high = _height(lines)
        y = box.top + (box.height - high) / 2
        self._words = list[_Placed]()
        self._underline: tuple[float, float, float, float] | None = None
        for run, size, weight in lines:
            y += size * LEADING
            baseline = round(y - size * (LEADING - CAPITAL) / 2)
            x = 0.0
            for at in run:
                face = lettering.font(size, weight)
                wide = lettering.measure(texts[at], face)
                left = box.right - x - wide if self._mirrored else box.left + x
                colour = look.palette.accent if at == key else look.palette.ink
                start = phrase.words[at].start - AHEAD_SECONDS
                spare = left - box.left if self._mirrored else box.right - left - wide
                pieces = self._pieces(texts[at], size, weight, colour)
                self._words.append(_Placed(*pieces, round(left), baseline, wide, size, start, spare))
                if at == key and weight == "bold":
                    self._underline = (left, left + wide, baseline + size * 0.31, start)
                x += wide + (size * SPACE if phrase.spaced else 0)
            y += _air(size, weight)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """The words that have been said by `now`, until the phrase is gone."""
        if now < self.start or now >= self._until:
            return
        gone = easing.in_cubic(easing.share(now, self._until - LEAVE_SECONDS, LEAVE_SECONDS))
        shift = -self._look.px(20) * gone
        for word in self._words:
            came = easing.share(now, word.start, ENTER_SECONDS)
            if now >= word.start:
                self._word(canvas, word, now, came, shift, 1 - gone)
        if self._underline is not None and not gone:
            left, right, y, start = self._underline
            grown = easing.in_out_cubic(easing.share(now, start + ENTER_SECONDS / 2, UNDERLINE_SECONDS))
            ends = ((right, y), (left, y)) if self._mirrored else ((left, y), (right, y))
            line(canvas, *ends, grown, self._look.palette.second, self._look.px(6))

    def _word(
        self, canvas: skia.Canvas, word: _Placed, now: float, came: float, shift: float, kept: float
    ) -> None:  # fmt: skip
        eased, top = easing.out_cubic(came), word.baseline + shift
        if self._move == "rise":
            canvas.save()
            if came < 1:
                canvas.clipRect(skia.Rect.MakeLTRB(0, top - word.size_px * 1.1, 1e5, top + word.size_px * 0.34))
            word.letters[0].draw(canvas, word.x, top + word.size_px * 1.15 * (1 - eased), share=kept)
            canvas.restore()
        elif self._move == "slide":
            away = min(self._look.px(70), word.spare) * (1 - eased) * (-1 if self._mirrored else 1)
            word.letters[0].draw(canvas, word.x + away, top, share=kept * min(1.0, came * 1.7))
        elif self._move == "pop":
            tight = word.spare < word.width * 0.06
            scale = 0.72 + 0.28 * (eased if tight else easing.out_back(came))
            word.letters[0].draw(
                canvas,
                word.x,
                top,
                share=kept * min(1.0, came * 2.2),
                scale=scale,
                pivot=(1.0 if self._mirrored else 0.0, -0.35),
            )
        else:
            for at, (letter, offset) in enumerate(zip(word.letters, word.offsets, strict=True)):
                late = easing.share(now, word.start + at * LETTER_SECONDS, ENTER_SECONDS * 0.8)
                rise = word.size_px * 0.4 * (1 - easing.out_back(late))
                letter.draw(canvas, word.x + offset, top + rise, share=kept * min(1.0, late * 1.8))

    def _pieces(
        self, text: str, size: float, weight: Weight, colour: Colour
    ) -> tuple[tuple[Sprite, ...], tuple[float, ...]]:
        """A word, in letters where they move on their own, and where each of them begins."""
        face = lettering.font(size, weight)
        if self._move != "letters" or not _separable(text):
            return (_sprite(text, size, weight, colour),), (0.0,)
        # Measured as parts of the word, so that it does not change when all have come.
        offsets = [
            lettering.measure(text[: at + 1], face) - lettering.measure(text[at], face) for at in range(len(text))
        ]
        return tuple(_sprite(letter, size, weight, colour) for letter in text), tuple(offsets)


def _sprite(text: str, size: float, weight: Weight, colour: Colour) -> Sprite:
    """A word whose origin is the left end of its base line."""
    face = lettering.font(size, weight)

    def paint(canvas: skia.Canvas) -> None:
        lettering.draw(canvas, text, 0, 0, face, fill(colour))

    return sprite(
        lettering.measure(text, face),
        1,
        paint,
        bleed=2 + size * (0.75 + OVERHANG),
    )


def _separable(text: str) -> bool:
    """Whether letters may be drawn one by one: in Latin, Greek and Cyrillic, which do not join."""
    return all(ord(char) < 0x0530 for char in text)


def _weight(word: str) -> float:
    """How much a word says: numbers, then long words."""
    return 20.0 if any(char.isdigit() for char in word) else float(len(word))


def _lines(
    look: Look, texts: list[str], spaced: bool, key: int, box: Box
) -> list[tuple[list[int], float, Weight]]:  # fmt: skip
    """The words in lines, each with its size and weight, as large as they fit."""
    factor = 1.0
    while True:
        base = look.px(BASE) * factor
        made = list[tuple[list[int], float, Weight]]()
        face = lettering.font(100, "bold")
        fits = box.width / max(1.0, lettering.measure(texts[key], face)) * 100
        large = min(look.px(KEY) * factor, fits)
        made += _wrapped(texts, range(key), spaced, base, box.width)
        made.append(([key], large, "bold"))
        made += _wrapped(texts, range(key + 1, len(texts)), spaced, base, box.width)
        tall = _height(made)
        widest = max(_width(texts, run, spaced, size, weight) for run, size, weight in made)
        if factor <= LEAST or (tall <= box.height and widest <= box.width + 1):
            return made
        factor *= 0.93


def _height(lines: list[tuple[list[int], float, Weight]]) -> float:
    return sum(size * LEADING + _air(size, weight) for _, size, weight in lines)


def _air(size: float, weight: Weight) -> float:
    """Below the key word, for the line under it."""
    return size * 0.2 if weight == "bold" else 0.0


def _wrapped(
    texts: list[str], run: range, spaced: bool, size: float, width: float
) -> list[tuple[list[int], float, Weight]]:
    made = list[tuple[list[int], float, Weight]]()
    current = list[int]()
    for at in run:
        if current and _width(texts, [*current, at], spaced, size, "regular") > width:
            made.append((current, size, "regular"))
            current = []
        current.append(at)
    return [*made, (current, size, "regular")] if current else made


def _width(texts: list[str], run: list[int], spaced: bool, size: float, weight: Weight) -> float:
    face = lettering.font(size, weight)
    gaps = size * SPACE * (len(run) - 1) if spaced else 0.0
    return sum(lettering.measure(texts[at], face) for at in run) + gaps
