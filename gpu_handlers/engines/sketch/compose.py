"""Where each actor stands: thirds, scale by depth, relations, nobody hidden behind anybody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from gpu_handlers.engines.sketch import plan as planning
from gpu_handlers.engines.sketch.figures import figure
from gpu_handlers.engines.sketch.painting import Frame
from gpu_handlers.engines.sketch.plan import Actor, Plan
from gpu_handlers.engines.sketch.subjects import Vector

MAIN_HEIGHT = 0.46  # of the picture's height, for a single subject
ROW_WIDTH = 0.86  # of the picture's width, for all that stand side by side
SIZE_FLATTENING = 0.42  # 1 draws true sizes (an ant beside a house is a dot), 0 draws all alike
HELD, HANDS = 0.27, 0.34  # of a holder's height: how tall what is held is, and how high the hands are
FLYING_M, SKY_M = 14.0, 90.0


@dataclass(frozen=True, slots=True)
class Placed:
    """An actor on the picture: `x` is the middle and `foot` the lower edge of its ink, `tall` its ink's height, px."""

    actor: Actor
    icon: Vector
    x: float
    foot: float
    tall: float
    depth_m: float
    flip: bool = False
    tilt: float = 0.0

    @property
    def wide(self) -> float:
        """Width of the ink, px."""
        left, top, right, bottom = self.icon.ink
        return self.tall * (right - left) * self.icon.width / max(1e-6, (bottom - top) * self.icon.height)

    @property
    def top(self) -> float:
        """Upper edge of the ink, px."""
        return self.foot - self.tall


def place(plan: Plan, frame: Frame, light_x: float, rng: Random) -> list[Placed]:
    """All actors with their places, far ones first.

    Args:
        light_x: where the sun or moon stands, as a fraction of the width; a single subject keeps away from it.
    """
    if not plan.actors:
        return []
    if plan.diagram:
        return _diagram(plan, frame, rng)
    placed: dict[int, Placed] = {}
    roots = [at for at, actor in enumerate(plan.actors) if actor.attached is None]
    tallest = max(plan.actors[at].height_m for at in roots)
    _row(
        [at for at in roots if plan.actors[at].stance in ("stand", "float")], plan, frame, light_x, tallest, rng, placed
    )
    _aloft(
        [at for at in roots if plan.actors[at].stance not in ("stand", "float")],
        plan,
        frame,
        light_x,
        tallest,
        rng,
        placed,
    )
    held = [at for at, actor in enumerate(plan.actors) if actor.relation == "hold"]
    for at in reversed(range(len(plan.actors))):  # what one stands on is named after it, so it is placed before
        actor = plan.actors[at]
        if actor.attached is not None and at not in held:
            _attach(at, actor, frame, rng, placed)
    for at in held:
        _attach(at, plan.actors[at], frame, rng, placed)
    return sorted((_framed(one, frame) for one in placed.values()), key=lambda one: -one.depth_m)


def _framed(one: Placed, frame: Frame) -> Placed:
    """`one` moved sideways until all of it is in the frame."""
    return replace(one, x=_clamped(one.x, one.wide, frame, 0.01)) if one.wide < 0.96 * frame.width else one


def within_bars(placed: list[Placed], frame: Frame, bar: float) -> list[Placed]:
    """`placed` moved clear of black bars of `bar` pixels: those on the ground further off, those aloft lower."""
    if bar <= 0 or not placed:
        return placed
    low, high = frame.height - bar * 1.12, bar * 1.12
    foot = max(one.foot for one in placed)
    rise = max(0.0, min(foot - low, min(one.top for one in placed) - high if foot - low > 0 else 0.0))
    further = frame.ground_depth(foot - rise) / frame.ground_depth(foot) if rise > 0 else 1.0
    moved = [replace(one, foot=one.foot - rise, depth_m=one.depth_m * further) for one in placed]
    if len(moved) == 1 and moved[0].top < high:
        return [replace(moved[0], foot=min(low, moved[0].foot + high - moved[0].top))]
    return moved


def _relative(actor: Actor, tallest: float) -> float:
    share: float = (actor.height_m / tallest) ** SIZE_FLATTENING
    return max(0.3, min(1.0, share))


def _row(
    indices: list[int], plan: Plan, frame: Frame, light_x: float, tallest: float, rng: Random, placed: dict[int, Placed]
) -> None:
    """Those on the ground, left to right; groups of one kind stagger in depth."""
    if not indices:
        return
    figures = {at: figure(plan.actors[at].subject, plan.actors[at].tone, plan.actors[at].variant) for at in indices}
    count = len(indices)
    tall = frame.height * MAIN_HEIGHT * (1.16 if count == 1 else 1.0)
    bases = {plan.actors[at].attached for at in range(len(plan.actors))}
    if set(indices) & bases:
        tall *= 1.12
    talls = {
        at: tall * _relative(plan.actors[at], tallest) * (rng.uniform(0.9, 1.06) if count > 1 else 1.0)
        for at in indices
    }
    widths = {at: Placed(plan.actors[at], figures[at], 0, 0, talls[at], 1).wide for at in indices}
    crowd = sum(widths.values()) * (1.0 if count == 1 else 1.08)
    rows = 1
    if count > 4:  # two staggered rows keep a crowd large enough to read
        rows, crowd = 2, crowd * 0.56
    limit = frame.width * _row_width(plan, count)
    shrink = min(1.0, limit / crowd)
    if tall * shrink > frame.height * 0.6:
        shrink = frame.height * 0.6 / tall
    gap = (limit - crowd * shrink) / max(1, count) * 0.4
    feet = _foot_rows(plan, frame)
    total = crowd * shrink + gap * (count / rows - 1)
    if count == 1:
        anchor = 0.5 + (0.5 - light_x) * (0.28 if frame.width >= frame.height else 0.12) + rng.uniform(-0.05, 0.05)
        middle = frame.width * anchor
        if plan.place_name == "cliff":
            middle = frame.width * (0.7 if light_x < 0.5 else 0.3)
        x = min(max(middle - total / 2, frame.width * 0.04), frame.width * 0.96 - total)
    else:
        x = (frame.width - total) / 2 + rng.uniform(-0.03, 0.03) * frame.width
        if plan.place_name == "cliff":  # all of them on the rock
            x = frame.width * 0.96 - total if light_x < 0.5 else frame.width * 0.04
    starts = [x, x + total * 0.09]
    flips = rng.random() < 0.5
    for order, at in enumerate(indices):
        row = order % rows
        wide = widths[at] * shrink
        foot = feet + frame.height * (rng.uniform(-0.022, 0.022) if count > 1 else 0.0) + row * -frame.height * 0.1
        scale = shrink * (0.86 if row else 1.0)
        if plan.place_name == "cliff" and plan.actors[at].stance == "stand":
            foot = frame.height * 0.7
        centre = starts[row] + wide / 2
        starts[row] += (wide + gap) * 1.08 if count > 1 else 0
        flip = (centre < frame.width / 2) if count > 1 else flips
        placed[at] = Placed(
            plan.actors[at], figures[at], centre, foot, talls[at] * scale, frame.ground_depth(foot), flip=flip
        )


def _row_width(plan: Plan, count: int) -> float:
    """Share of the width that a row may take; a cliff has room on its rock only."""
    if count == 1:
        return 0.74
    return 0.52 if plan.place_name == "cliff" else ROW_WIDTH


def _foot_rows(plan: Plan, frame: Frame) -> float:
    """The row that single subjects stand on."""
    share = {"land": 0.89, "floor": 0.88, "water": 0.82, "seabed": 0.93, "void": 0.8, "air": 0.8}[plan.place.ground]
    if plan.place_name in ("city",):
        share = 0.95
    return max(frame.horizon + frame.height * 0.08, frame.height * share)


def _aloft(
    indices: list[int], plan: Plan, frame: Frame, light_x: float, tallest: float, rng: Random, placed: dict[int, Placed]
) -> None:
    """Those in the air, in water or in space, spread over the open part of the picture."""
    if not indices:
        return
    grounded = bool(placed)
    count = len(indices)
    free = plan.place.ground in ("void", "seabed")
    lowest = 0.74 if free else (frame.horizon / frame.height) * 0.9
    if grounded:
        lowest = min(lowest, min(one.top for one in placed.values()) / frame.height)
        lowest = max(lowest, 0.3)
    size = (0.5 if free else 0.42) if not grounded else 0.3
    size = size if count == 1 else size / count**0.42
    columns = min(count, 4)
    rows = -(-count // columns)
    for order, at in enumerate(indices):
        actor = plan.actors[at]
        icon = figure(actor.subject, actor.tone, actor.variant)
        tall = frame.height * size * _relative(actor, tallest)
        one = Placed(actor, icon, 0, 0, tall, 1)
        if one.wide > frame.width * (0.62 if count == 1 else 0.84 / columns):
            tall *= frame.width * (0.62 if count == 1 else 0.84 / columns) / one.wide
        column, row = order % columns, order // columns
        if count == 1:
            x = 0.5 + (0.5 - light_x) * (0.6 if not free else 0.24) + rng.uniform(-0.04, 0.04)
            y = (0.5 if free else min(0.42, lowest * 0.62)) + rng.uniform(-0.03, 0.03)
        else:
            x = (column + 0.5 + (0.22 if row % 2 else 0.0)) / (columns + (0.2 if rows > 1 else 0)) + rng.uniform(
                -0.03, 0.03
            )
            span = lowest * (0.78 if not grounded else 0.6)
            y = 0.1 + span * (row + 0.5) / rows + (rng.uniform(-0.07, 0.07) if rows == 1 else rng.uniform(-0.03, 0.03))
        foot = max(tall + frame.height * 0.04, min(y * frame.height + tall / 2, frame.height * 0.95))
        depth_m = SKY_M if actor.stance == "sky" else FLYING_M * rng.uniform(0.8, 1.2)
        tilt = rng.uniform(-9, 9) if free else rng.uniform(-4, 4)
        placed[at] = Placed(actor, icon, x * frame.width, foot, tall, depth_m, rng.random() < 0.5, tilt)


def _attach(at: int, actor: Actor, frame: Frame, rng: Random, placed: dict[int, Placed]) -> None:
    """Place an actor by its relation to one already placed."""
    base = placed[actor.attached or 0]
    icon = figure(actor.subject, actor.tone, actor.variant)
    ratio = (actor.height_m / max(0.05, base.actor.height_m)) ** SIZE_FLATTENING
    tall = base.tall * max(0.28, min(1.15, ratio))
    one = Placed(actor, icon, base.x, base.foot, tall, base.depth_m)
    side = -1.0 if base.x > frame.width / 2 else 1.0
    near = base.depth_m - 0.05 - 0.01 * actor.order
    match actor.relation:
        case "on" | "riding" | "inside":
            seat = planning.seat_of(base.actor.subject) if actor.relation != "inside" else 0.8
            room = base.wide * (0.84 if actor.of > 1 else 1.0)
            fit = min(1.0, room / (one.wide * actor.of)) if actor.of > 1 else min(1.0, 0.9 * base.wide / one.wide)
            if actor.relation == "on" and seat < 0.2:
                fit = min(fit, 0.62 * base.wide / one.wide)
            one = replace(one, tall=tall * max(0.2, fit))
            slot = (actor.order + 0.5) / actor.of - 0.5
            placed[at] = replace(
                one, x=base.x + slot * room, foot=base.top + base.tall * seat, depth_m=near, flip=slot > 0
            )
        case "hold":
            one = replace(one, tall=base.tall * HELD)
            one = replace(one, tall=one.tall * min(1.0, 0.8 * base.wide / one.wide))
            placed[at] = replace(one, foot=base.foot - base.tall * HANDS + one.tall / 2, depth_m=near)
        case "over":
            one = replace(one, tall=max(tall, frame.height * 0.2))
            top = max(frame.height * 0.05, base.top - one.tall * 1.06)
            placed[at] = replace(
                one,
                x=base.x + rng.uniform(-0.1, 0.1) * frame.width + actor.order * one.wide * 0.8,
                foot=top + one.tall,
                depth_m=base.depth_m,
                tilt=rng.uniform(-6, 6),
            )
        case "behind":
            x = _clamped(base.x + side * (base.wide * 0.42 + one.wide * 0.3), one.wide, frame)
            foot = base.foot - frame.height * 0.04
            placed[at] = replace(one, x=x, foot=foot, depth_m=frame.ground_depth(foot) + 0.3)
        case "front" | "under":
            shift = 0.3 if actor.relation == "under" else 0.36
            x = _clamped(base.x + side * (base.wide * shift + actor.order * one.wide * 0.9), one.wide, frame)
            foot = min(frame.height * 0.965, base.foot + frame.height * (0.03 if actor.relation == "under" else 0.055))
            placed[at] = replace(
                one,
                x=x,
                foot=foot,
                tall=max(one.tall, frame.height * 0.17),
                depth_m=min(near, frame.ground_depth(foot)),
                flip=side > 0,
            )
        case _:
            x = _clamped(base.x + side * (base.wide + one.wide) * 0.55, one.wide, frame)
            placed[at] = replace(one, x=x, depth_m=near)


def _clamped(x: float, wide: float, frame: Frame, margin: float = 0.02) -> float:
    return min(max(x, wide * 0.5 + frame.width * margin), frame.width * (1 - margin) - wide * 0.5)


def _diagram(plan: Plan, frame: Frame, rng: Random) -> list[Placed]:
    """A concept: its main subject in the middle, the others around it from the upper left to the upper right."""
    main, *around = plan.actors
    tall = min(frame.height * 0.48, frame.width * 0.44)
    centre = Placed(main, figure(main.subject), frame.width / 2, frame.height * 0.87, tall, 6.0)
    if centre.wide > frame.width * 0.42:
        centre = replace(centre, tall=tall * frame.width * 0.42 / centre.wide)
    spots = {
        1: [(0.2, 0.3)],
        2: [(0.19, 0.3), (0.81, 0.3)],
        3: [(0.17, 0.46), (0.3, 0.17), (0.82, 0.36)],
        4: [(0.18, 0.26), (0.15, 0.66), (0.83, 0.3), (0.86, 0.68)],
    }
    places = spots.get(len(around), [(0.15 + 0.7 * at / max(1, len(around) - 1), 0.22) for at in range(len(around))])
    size = min(frame.height * 0.2, frame.width * 0.18)
    if rng.random() < 0.5:
        places = [(1 - x, y) for x, y in places]
    out = [
        Placed(
            actor,
            figure(actor.subject, actor.tone, actor.variant),
            x * frame.width,
            y * frame.height + size / 2,
            size,
            5.0 - 0.1 * at,
        )
        for at, (actor, (x, y)) in enumerate(zip(around, places, strict=True))
    ]
    return [centre, *out]
