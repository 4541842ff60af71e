"""Which diagram a figure is drawn as."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import skia

from gpu_handlers.stages import easing
from gpu_handlers.stages.figures import bars, chain
from gpu_handlers.stages.figures.bars import Bars
from gpu_handlers.stages.figures.box import Box
from gpu_handlers.stages.figures.chain import Chain
from gpu_handlers.stages.figures.look import ENTER_SECONDS, Look
from gpu_handlers.stages.figures.number import Number
from gpu_handlers.stages.figures.quantity import quantity, spelt
from gpu_handlers.stages.figures.rows import Rows
from gpu_handlers.stages.figures.setting import fitted
from gpu_handlers.stages.figures.term import Term
from gpu_handlers.stages.figures.timing import items as when
from gpu_handlers.stages.figures.timing import said
from gpu_handlers.stages.figures.versus import Versus
from gpu_handlers.stages.script import Figure
from gpu_handlers.stages.timeline import Beat


class Diagram(Protocol):
    """Something that is drawn as it is said."""

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        """Draw it as it is `now` seconds after the start of the beat."""
        ...


def begins(figure: Figure, beat: Beat) -> float:
    """When the first part of a figure is said, seconds from the start of the beat."""
    times = when(beat)
    return _named(figure, beat, times[0]) if figure.kind == "definition" else times[0]


def diagram(figure: Figure, beat: Beat, box: Box, look: Look, *, titled_at: float, side: int) -> Diagram:
    """The figure of a beat as a diagram within `box`; its title above it, unless it is the scene's heading.

    Args:
        titled_at: when the title comes, seconds from the start of the beat.
        side: from where rows come, see `Rows`.
    """
    figure = replace(figure, items=tuple(_capital(item) for item in figure.items))
    times = when(beat)
    title = "" if _same(figure.title, beat.scene.heading) else figure.title
    if figure.kind == "definition":
        return _term(figure, beat, times, box, look)
    if figure.kind == "number" and len(figure.items) == 1:
        found = quantity(figure.items[0]) or spelt(figure.items[0])
        return Number(look, found, title, times[0], box)
    label = _Label(look, title, box, titled_at) if title else None
    inner = box if label is None else box.below(label.bottom)
    body = _body(figure, times, inner, look, side)
    return body if label is None else _Titled(label, body)


def _body(figure: Figure, times: tuple[float, ...], box: Box, look: Look, side: int) -> Diagram:
    known = bars.amounts(figure.items)
    if known:
        return Bars(look, known, times, box)
    if figure.kind == "comparison" and 1 < len(figure.items) <= 3:
        return Versus(look, figure.items, times, box)
    if figure.kind == "steps":
        if chain.suits(figure.items, box, look):
            return Chain(look, figure.items, times, box)
        return Rows(look, figure.items, times, box, side=side, linked=True)
    return Rows(look, figure.items, times, box, side=side)


def _term(figure: Figure, beat: Beat, times: tuple[float, ...], box: Box, look: Look) -> Term:
    if len(figure.items) > 1:
        return Term(look, figure.items[0], figure.items[1], (times[0], times[1]), box)
    return Term(look, figure.title, figure.items[0], (_named(figure, beat, times[0]), times[0]), box)


def _named(figure: Figure, beat: Beat, latest: float) -> float:
    """When a term is first said, `latest` at the latest."""
    if len(figure.items) > 1:
        return latest
    at = beat.scene.narration.casefold().find(figure.title.casefold())
    return min(latest, said(beat, at)) if at >= 0 else latest


def _capital(item: str) -> str:
    """An item as it begins a line; names with a spelling of their own, such as pH, keep it."""
    first = item.split(maxsplit=1)[0] if item.strip() else ""
    return item[:1].upper() + item[1:] if first == first.lower() else item


def _same(first: str, second: str) -> bool:
    return first.strip().casefold() == second.strip().casefold()


class _Label:
    """A title over a diagram."""

    def __init__(self, look: Look, text: str, box: Box, start: float) -> None:
        block = fitted(
            text,
            width=box.width,
            height=look.px(80),
            largest=look.px(28 if look.cards else 34),
            smallest=look.px(18),
            weight="bold",
            most_lines=2,
        )
        self._sprite = block.sprite(look.palette.accent, room=box.width)
        self._at, self._start = (round(box.left), round(box.top)), start
        self.bottom = box.top + block.height + look.px(16)

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        self._sprite.draw(canvas, *self._at, share=easing.share(now, self._start, ENTER_SECONDS))


class _Titled:
    """A label and what it is the title of."""

    def __init__(self, label: _Label, body: Diagram) -> None:
        self._label, self._body = label, body

    def draw(self, canvas: skia.Canvas, now: float) -> None:
        self._label.draw(canvas, now)
        self._body.draw(canvas, now)
