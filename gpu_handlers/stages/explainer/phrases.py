"""Key phrases: one of every sentence, marked as it is said."""

from __future__ import annotations

from math import inf

import numpy as np
import skia

from gpu_handlers.stages import easing, lettering
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look, panel
from gpu_handlers.stages.figures.setting import Block, fitted
from gpu_handlers.stages.figures.sprite import Sprite
from gpu_handlers.stages.figures.timing import Phrase, phrases
from gpu_handlers.stages.timeline import Beat

LEAST, MOST = 3, 9  # words
LEAVE_SECONDS = 0.2
RISE = 24  # design px
FILLER = 3  # letters up to which a word does not make a phrase worth showing


def key(beat: Beat, until: float = inf) -> list[tuple[float, Phrase]]:
    """The phrase of each sentence that says most, of those said before `until`, and when its sentence begins."""
    chosen, sentence = list[tuple[float, Phrase]](), list[Phrase]()
    spoken = [phrase for phrase in phrases(beat, least=LEAST, most=MOST) if phrase.end <= until]
    for phrase in spoken:
        sentence.append(phrase)
        if phrase.closes or phrase is spoken[-1]:
            chosen.append((sentence[0].start, max(sentence, key=_weight)))
            sentence = []
    return chosen


def _weight(phrase: Phrase) -> float:
    return sum(max(0, len(word.text) - FILLER) for word in phrase.words)


class KeyPhrases:
    """The key phrases of a beat within a box, one at a time. `until`: when the last must be gone, seconds."""

    def __init__(self, look: Look, beat: Beat, box: Box, *, largest: float, until: float = inf) -> None:
        self._until = until
        self._shown = list[_Marked]()
        for start, phrase in key(beat, until):
            block = fitted(
                phrase.text,
                width=box.width,
                height=box.height,
                largest=look.px(largest),
                smallest=look.px(18),
            )
            self._shown.append(_Marked(look, block, phrase, start, box))

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """The phrase of the sentence that is being said."""
        for at, one in enumerate(self._shown):
            until = self._shown[at + 1].start if at + 1 < len(self._shown) else self._until
            if one.start <= now < until:
                one.draw(canvas, now, until)


class _Marked:
    """A phrase with a marker that runs along it."""

    def __init__(self, look: Look, block: Block, phrase: Phrase, start: float, box: Box) -> None:
        self._look, self._block, self.start = look, block, start
        self._letters: Sprite = block.sprite(look.palette.ink, room=box.width)
        self._x, self._y = round(box.left), round(box.top + (box.height - block.height) / 2)
        face = lettering.font(block.size_px, block.weight)
        base = phrase.words[0].at
        knots = [word.at - base for word in phrase.words] + [
            phrase.words[-1].at + len(phrase.words[-1].text) - base
        ]  # fmt: skip
        times = [word.start for word in phrase.words] + [phrase.end]
        self._lines = list[tuple[float, float, float, float, bool]]()
        passed = 0
        for line in block.lines:
            begins, ends = (float(np.interp(at, knots, times)) for at in (passed, passed + len(line)))
            indent = block.indent(line, box.width)
            wide = lettering.measure(line, face)
            self._lines.append((indent, wide, begins, ends, lettering.right_to_left(line)))
            passed += len(line) + 1

    def draw(self, canvas: skia.Canvas, now: float, until: float) -> None:
        came = easing.share(now, self.start, ENTER_SECONDS)
        gone = easing.in_cubic(easing.share(now, until - LEAVE_SECONDS, LEAVE_SECONDS))
        rise = self._look.px(RISE) * (1 - easing.out_cubic(came) - gone * 0.6)
        shown = min(1.0, came * 1.5) * (1 - gone)
        size, y = self._block.size_px, self._y + rise
        if not gone:
            for at, (indent, wide, begins, ends, mirrored) in enumerate(self._lines):
                run = easing.share(now, begins, max(0.05, ends - begins))
                if run <= 0:
                    continue
                base = y + self._block.baseline(at)
                left, right = self._x + indent, self._x + indent + wide
                if mirrored:
                    left = right - (right - left) * run
                else:
                    right = left + (right - left) * run
                colour = self._look.palette.mark
                panel(canvas, Box(left, base - size * 0.36, right, base + size * 0.14), size * 0.08, colour)
        self._letters.draw(canvas, self._x, y, share=shown)
