"""Trunk and limbs in their clothes, in head heights, around the joints of a pose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import atan2, degrees
from typing import Any

import skia

from gpu_handlers.engines.persona.look import Look, shadow_of
from gpu_handlers.engines.persona.paths import (
    Point,
    between,
    common,
    distance,
    flat,
    limb,
    line,
    moved,
    shaded,
    sides,
    smooth,
    svg,
)
from gpu_handlers.engines.sketch.colour import WHITE, Colour, from_hex, mix, scaled

Joints = Mapping[str, Point]


@dataclass(frozen=True, slots=True)
class Trunk:
    """Places on the trunk of one figure, from its joints."""

    look: Look
    joints: Joints

    @property
    def hips(self) -> Point:
        """The middle between the hip joints."""
        return between(self.joints["r_hip"], self.joints["l_hip"], 0.5)

    @property
    def stride(self) -> float:
        """How far the outer knee is from the middle."""
        return max(abs(self.joints[f"{side}_knee"][0] - self.hips[0]) for side in ("r", "l"))

    def at(self, share: float, across: float) -> Point:
        """The point `share` of the way from neck to hips, `across` to the viewer's right."""
        x, y = between(self.joints["neck"], self.hips, share)
        (ax, ay), (bx, by) = self.joints["r_shoulder"], self.joints["l_shoulder"]
        (cx, cy), (dx, dy) = self.joints["r_hip"], self.joints["l_hip"]
        slope = ((by - ay) / (bx - ax)) * (1 - share) + ((dy - cy) / (dx - cx)) * share
        return x + across, y + across * slope

    def outline(self, *, loose: float, hem: float, flare: float = 0.0) -> Any:
        """The trunk down to `hem` (share of the spine), `loose` wider than the body, the hem another `flare` wider."""
        right = self._side(1, loose, hem, flare)
        left = self._side(-1, loose, hem, flare)
        return sides(right, left)

    def _side(self, out: int, loose: float, hem: float, flare: float) -> list[Point]:
        look = self.look
        shoulder = self.joints["l_shoulder" if out > 0 else "r_shoulder"]
        body = look.hips + loose
        points = [
            self.at(-0.05, out * 0.17),
            self.at(-0.015, out * 0.26),
            (shoulder[0] - out * 0.16, shoulder[1] - 0.04),
            (shoulder[0] + out * (look.shoulders + loose * 0.3), shoulder[1] + 0.12),
            self.at(0.3, out * (0.55 + look.shoulders * 0.6 + loose)),
            self.at(0.6, out * (look.waist + loose)),
        ]
        if hem > 0.95:
            points.append(self.at(0.82, out * ((look.waist * 0.45 + look.hips * 0.55) + loose)))
            points.append(self.at(0.97, out * (body - 0.01)))
        if hem > 1.3:
            points.append(self.at((0.97 + hem) / 2, out * (body + flare * 0.5)))
        return [*points, self.at(hem, out * (body + flare))]


def _skirt(trunk: Trunk, top: float, hips: float, hem: float, hem_half: float) -> Any:
    """A skirt from the waist over the hips to a hem with a soft curve."""
    at, waist = trunk.at, trunk.look.waist + 0.02
    path = skia.Path()
    path.moveTo(*at(top, -waist))
    path.cubicTo(*at(top + 0.12, -waist - 0.02), *at(top + 0.2, -hips), *at(hem, -hem_half))
    path.quadTo(*at(hem + 0.05, 0.0), *at(hem, hem_half))
    path.cubicTo(*at(top + 0.2, hips), *at(top + 0.12, waist + 0.02), *at(top, waist))
    path.close()
    return path


def paint_legs(canvas: Any, look: Look, joints: Joints, light: float) -> None:
    """Trousers or bare legs under a skirt, and shoes."""
    skirt = look.skirted
    skin = look.skin
    order = ("r", "l") if light > 0 else ("l", "r")
    for side in order:
        hip, knee, ankle = (joints[f"{side}_{part}"] for part in ("hip", "knee", "ankle"))
        out = -1 if side == "r" else 1
        _shoe(canvas, look, ankle, out, light)
        if skirt:
            leg = limb((hip, knee, ankle), (0.24, 0.17, 0.1), caps=(True, False))
            shaded(canvas, leg, skin, look.shade, light=light, depth=0.12)
            if look.outfit == "dress":
                continue
        else:
            slim = look.gender == "female" or look.style == "fashion"
            halves = (0.3, 0.235, 0.17) if slim else (0.31, 0.265, 0.215)
            end = (ankle[0], ankle[1] - 0.02)
            leg = limb(((hip[0] + out * 0.0, hip[1]), knee, end), halves, caps=(True, False))
            shaded(canvas, leg, look.legs, shadow_of(look.legs), light=light, depth=0.14)
            fold = line(shadow_of(look.legs), 0.022, 0.8)
            canvas.drawLine(knee[0] - 0.12, knee[1] + 0.03, knee[0] + 0.08, knee[1] + 0.09, fold)
            if look.style == "casual":
                turn_up = limb(
                    (between(knee, end, 0.93), end), (halves[2] + 0.015, halves[2] + 0.02), caps=(False, False)
                )
                canvas.drawPath(turn_up, flat(mix(look.legs, WHITE, 0.28)))
            if look.style == "professional":
                canvas.drawLine(knee[0], knee[1] + 0.16, end[0], end[1] - 0.1, line(scaled(look.legs, 0.84), 0.016))
    if not skirt:
        hips = between(joints["r_hip"], joints["l_hip"], 0.5)
        yoke = smooth(
            [
                (hips[0] - look.hips + 0.04, hips[1] - 0.3),
                (hips[0] + look.hips - 0.04, hips[1] - 0.3),
                (hips[0] + look.hips - 0.02, hips[1] + 0.1),
                (hips[0], hips[1] + 0.42),
                (hips[0] - look.hips + 0.02, hips[1] + 0.1),
            ],
            tension=0.8,
        )  # fmt: skip
        canvas.drawPath(yoke, flat(look.legs))
        canvas.drawLine(hips[0], hips[1] - 0.1, hips[0], hips[1] + 0.36, line(shadow_of(look.legs), 0.02))


# Seen from the front, the ankle at (0, 0), toes turned to the right.
_SNEAKER = "M-0.15 -0.04 H0.15 C0.2 0.1 0.3 0.16 0.33 0.27 H-0.01 C-0.1 0.16 -0.2 0.1 -0.15 -0.04 Z"
_OXFORD = "M-0.16 -0.02 H0.16 C0.19 0.1 0.3 0.16 0.33 0.29 H-0.01 C-0.12 0.16 -0.18 0.1 -0.16 -0.02 Z"
_PUMP = (
    "M-0.1 0.02 C-0.05 0.14 0.05 0.14 0.1 0.02 C0.15 0.14 0.2 0.22 0.18 0.3 H0.06 C-0.06 0.22 -0.15 0.14 -0.1 0.02 Z"
)


def _shoe(canvas: Any, look: Look, ankle: Point, out: int, light: float) -> None:
    x, y = ankle
    if look.style == "casual":
        white = from_hex("f5f1ea")
        shaded(canvas, svg(_SNEAKER, at=ankle, mirrored=out < 0), white, from_hex("d2c8c2"), light=light, depth=0.08)
        sole = skia.Rect(x - 0.19 + out * 0.16, y + 0.22, x + 0.19 + out * 0.16, y + 0.295)
        canvas.drawRRect(skia.RRect.MakeRectXY(sole, 0.03, 0.03), flat(look.accent))
        return
    colour = from_hex("3a2a2a") if look.style == "professional" else scaled(look.layer, 0.55)
    if look.gender == "female":
        canvas.drawPath(limb((ankle, (x + out * 0.02, y + 0.16)), (0.1, 0.09)), flat(look.skin))
    shoe = svg(_PUMP if look.gender == "female" else _OXFORD, at=ankle, mirrored=out < 0)
    shaded(canvas, shoe, colour, shadow_of(colour), light=light, depth=0.07, gloss=0.4)


def paint_neck(canvas: Any, look: Look, joints: Joints, light: float) -> None:
    """Neck and chest, with the chin's shadow."""
    trunk = Trunk(look, joints)
    nose = joints["nose"]
    top = (trunk.joints["neck"][0] * 0.45 + nose[0] * 0.55, trunk.joints["neck"][1] - 0.42)
    half = 0.15 if look.shoulders < 0.1 else 0.195
    neck = limb((top, trunk.at(0.1, 0)), (half, half + 0.06), caps=(False, False))
    chest = smooth(
        [
            trunk.at(-0.04, -0.13),
            trunk.at(-0.04, 0.13),
            trunk.at(0.1, 0.3),
            trunk.at(0.34, 0.2),
            trunk.at(0.34, -0.2),
            trunk.at(0.1, -0.3),
        ],
        tension=0.8,
    )
    for path in (chest, neck):
        canvas.drawPath(path, flat(look.skin))
    canvas.save()
    canvas.clipPath(neck, True)
    shade = skia.Path.Oval(
        skia.Rect(top[0] - 0.34 - light * 0.05, top[1] - 0.36, top[0] + 0.34 - light * 0.05, top[1] + 0.25)
    )
    canvas.drawPath(shade, flat(look.shade))
    canvas.restore()
    bone = line(look.shade, 0.022, 0.65)
    for out in (-1, 1):
        a, b = trunk.at(0.045, out * 0.1), trunk.at(0.02, out * 0.4)
        canvas.drawLine(*a, *b, bone)


def paint_trunk(canvas: Any, look: Look, joints: Joints, light: float) -> None:
    """What is worn on the trunk."""
    trunk = Trunk(look, joints)
    match look.outfit:
        case "blazer" | "blazer-tie" | "blazer-skirt":
            _blazer(canvas, trunk, light)
        case "tee":
            _tee(canvas, trunk, light)
        case "tee-open-shirt":
            _tee(canvas, trunk, light)
            _open_layer(canvas, trunk, light, hem=1.14)
        case "hoodie":
            _pullover(canvas, trunk, light, look.layer)
            _hood(canvas, trunk, light)
        case "coat":
            _pullover(canvas, trunk, light, look.top, polo=True)
            _open_layer(canvas, trunk, light, hem=1.72)
        case "dress":
            _dress(canvas, trunk, light)
        case _:
            _pullover(
                canvas,
                trunk,
                light,
                look.layer if look.outfit == "sweater" else look.top,
                polo=look.outfit == "turtleneck",
            )


def sleeve_colour(look: Look) -> Colour | None:
    """What the arms wear; None for bare arms."""
    if look.outfit == "dress":
        return None
    return look.top if look.outfit in ("turtleneck", "tee") else look.layer


def paint_arm(canvas: Any, look: Look, joints: Joints, side: str, light: float, *, front: bool) -> None:
    """One arm with its sleeve and hand."""
    shoulder, elbow, wrist = (joints[f"{side}_{part}"] for part in ("shoulder", "elbow", "wrist"))
    out = -1 if side == "r" else 1
    start = (shoulder[0] - out * 0.13 + out * look.shoulders * 0.6, shoulder[1] + 0.2)
    broad = 1.0 if look.gender == "female" else 1.14
    arm = limb((start, elbow, wrist), (0.185 * broad, 0.15 * broad, 0.095 * broad))
    if front:
        canvas.drawPath(moved(arm, 0.0, 0.06), flat(from_hex("2a1830"), 0.2, blur=0.05))
    _hand(canvas, look, elbow, wrist, out, light, broad)
    colour = sleeve_colour(look)
    if colour is None or look.outfit == "tee":
        shaded(canvas, arm, look.skin, look.shade, light=light, depth=0.09)
    if colour is None:
        return
    if look.outfit == "tee":
        end = between(start, elbow, 0.74)
        sleeve = limb(
            (start, between(start, end, 0.5), end), (0.23 * broad, 0.24 * broad, 0.235 * broad), caps=(True, False)
        )
        shaded(canvas, sleeve, colour, shadow_of(colour), light=light, depth=0.11)
        hem = limb((between(start, end, 0.9), end), (0.238 * broad, 0.236 * broad), caps=(False, False))
        canvas.drawPath(hem, flat(shadow_of(colour), 0.5))
        return
    loose = 1.12 if look.outfit in ("hoodie", "sweater", "coat") else 1.0
    end = between(elbow, wrist, 0.93)
    if look.outfit in ("tee-open-shirt", "hoodie"):  # pushed up
        canvas.drawPath(limb((between(elbow, wrist, 0.3), wrist), (0.125 * broad, 0.095 * broad)), flat(look.skin))
        end = between(elbow, wrist, 0.42 if look.outfit == "tee-open-shirt" else 0.86)
    sleeve = limb(
        (start, elbow, end), (0.205 * broad * loose, 0.18 * broad * loose, 0.145 * broad * loose), caps=(True, False)
    )
    shaded(canvas, sleeve, colour, shadow_of(colour), light=light, depth=0.11)
    canvas.save()
    canvas.clipPath(sleeve, True)
    near = between(elbow, start, 0.12)
    fold = line(shadow_of(colour), 0.024, 0.85)
    canvas.drawLine(near[0] - out * 0.2, near[1] - 0.02, near[0] + out * 0.02, near[1] + 0.05, fold)
    canvas.drawLine(near[0] - out * 0.2, near[1] + 0.1, near[0] - out * 0.02, near[1] + 0.12, fold)
    canvas.restore()
    canvas.drawPath(sleeve, line(shadow_of(shadow_of(colour)), 0.012, 0.3))
    if look.outfit.startswith("blazer"):
        cuff = limb((end, between(elbow, wrist, 1.0)), (0.12 * broad, 0.112 * broad), caps=(False, False))
        canvas.drawPath(cuff, flat(look.top))
    else:
        rib = limb((between(elbow, end, 0.9), end), (0.158 * broad * loose, 0.152 * broad * loose), caps=(False, False))
        canvas.drawPath(rib, flat(shadow_of(colour), 0.75))


def _hand(canvas: Any, look: Look, elbow: Point, wrist: Point, out: int, light: float, broad: float) -> None:
    """A relaxed hand: palm, four fingers together, a thumb towards the body."""
    canvas.save()
    canvas.translate(*wrist)
    canvas.rotate(degrees(atan2(wrist[1] - elbow[1], wrist[0] - elbow[0])) - 90)
    size = 0.95 * broad
    canvas.scale(-out * size, size)
    palm = svg(
        "M-0.085 -0.04 C-0.12 0.06 -0.13 0.14 -0.11 0.21 C-0.1 0.31 -0.075 0.4 -0.045 0.43 C0 0.46"
        " 0.05 0.45 0.075 0.4 C0.1 0.31 0.115 0.2 0.11 0.12 C0.108 0.06 0.1 0.0 0.085 -0.04 Z"
    )
    thumb = svg(
        "M0.07 0.03 C0.13 0.07 0.175 0.13 0.175 0.21 C0.175 0.26 0.135 0.27 0.12 0.23 C0.1 0.18 0.08 0.16 0.05 0.14 Z"
    )
    side = light * -out
    shaded(canvas, palm, look.skin, look.shade, light=side, depth=0.045)
    canvas.drawPath(thumb, flat(mix(look.skin, look.shade, 0.25)))
    for x, top in ((-0.045, 0.25), (0.0, 0.26), (0.045, 0.25)):
        canvas.drawLine(x, top, x * 0.75, 0.41, line(look.shade, 0.013, 0.8))
    canvas.restore()


def _blazer(canvas: Any, trunk: Trunk, light: float) -> None:
    look = trunk.look
    at = trunk.at
    blouse = trunk.outline(loose=0.0, hem=1.02)
    shaded(canvas, blouse, look.top, mix(look.top, shadow_of(look.top), 0.6), light=light, depth=0.1)
    if look.outfit == "blazer-skirt":
        skirt = _skirt(trunk, 0.78, look.hips + 0.1, 1.66, max(look.hips - 0.06, trunk.stride + 0.16))
        shaded(canvas, skirt, look.legs, shadow_of(look.legs), light=light, depth=0.16)
    _neckline(canvas, trunk, 0.27 if look.outfit != "blazer-tie" else 0.07)
    if look.outfit == "blazer-tie":
        tie = svg_points(
            [
                at(0.05, -0.07),
                at(0.05, 0.07),
                at(0.11, 0.045),
                at(0.72, 0.1),
                at(0.8, 0.0),
                at(0.72, -0.1),
                at(0.11, -0.045),
            ]
        )
        shaded(canvas, tie, look.accent, shadow_of(look.accent), light=light, depth=0.05)
    for out in (-1, 1):  # the blouse's collar
        collar = svg_points([at(-0.06, out * 0.2), at(0.02, out * 0.02), at(0.13, out * 0.16), at(0.0, out * 0.3)])
        canvas.drawPath(
            collar, flat(scaled(look.top, 1.04) if out == light else mix(look.top, shadow_of(look.top), 0.35))
        )
    jacket = trunk.outline(loose=0.05, hem=1.13, flare=0.02)
    for out in (-1, 1):
        half = svg_points(
            [
                at(-0.1, out * 0.17),
                at(0.3, out * 0.17),
                at(0.68, -out * 0.03),
                at(1.02, -out * 0.03),
                at(1.2, out * 0.12),
                at(1.25, out * 1.4),
                at(-0.3, out * 1.4),
            ]
        )
        panel = common(jacket, half)
        shaded(canvas, panel, look.layer, shadow_of(look.layer), light=light, depth=0.11)
        lapel = svg_points(
            [
                at(-0.05, out * 0.2),
                at(0.05, out * 0.36),
                at(0.19, out * 0.44),
                at(0.2, out * 0.34),
                at(0.27, out * 0.37),
                at(0.68, -out * 0.01),
                at(0.3, out * 0.15),
            ]
        )
        canvas.drawPath(moved(lapel, 0.012 * out, 0.03), flat(shadow_of(shadow_of(look.layer)), 0.55))
        canvas.drawPath(lapel, flat(mix(look.layer, WHITE, 0.09 if out == light else 0.03)))
        pocket = svg_points([at(0.86, out * 0.24), at(0.84, out * 0.46), at(0.88, out * 0.465), at(0.9, out * 0.245)])
        canvas.drawPath(pocket, flat(shadow_of(look.layer)))
    for share in (0.73, 0.9):
        x, y = at(share, -0.0)
        canvas.drawCircle(x, y, 0.028, flat(shadow_of(shadow_of(look.layer))))
        canvas.drawCircle(x - 0.006, y - 0.006, 0.016, flat(look.accent))


def _tee(canvas: Any, trunk: Trunk, light: float) -> None:
    look = trunk.look
    shirt = trunk.outline(loose=0.02, hem=1.1)
    shaded(canvas, shirt, look.top, shadow_of(look.top), light=light, depth=0.1)
    _neckline(canvas, trunk, 0.09)


def _pullover(canvas: Any, trunk: Trunk, light: float, colour: Colour, *, polo: bool = False) -> None:
    look = trunk.look
    at = trunk.at
    loose = 0.02 if polo else 0.07
    shirt = trunk.outline(loose=loose, hem=1.1)
    shaded(canvas, shirt, colour, shadow_of(colour), light=light, depth=0.12)
    fold = line(shadow_of(colour), 0.026, 0.7)
    for share, across, length in ((0.66, 0.3, 0.22), (0.78, -0.34, 0.2), (0.9, 0.26, 0.16)):
        a, b = at(share, across), at(share + 0.05, across - length * (1 if across > 0 else -1))
        canvas.drawLine(*a, *b, fold)
    if polo:
        roll = smooth(
            [at(-0.17, -0.175), at(-0.17, 0.175), at(-0.02, 0.25), at(0.035, 0.0), at(-0.02, -0.25)], tension=0.6
        )
        shaded(canvas, roll, mix(colour, WHITE, 0.05), shadow_of(colour), light=light, depth=0.06)
        a, b = at(-0.1, -0.2), at(-0.1, 0.2)
        canvas.drawLine(*a, *b, line(shadow_of(colour), 0.018, 0.6))
        return
    _neckline(canvas, trunk, 0.075, rib=mix(colour, shadow_of(colour), 0.5))
    hem = common(shirt, svg_points([at(1.03, -1.2), at(1.03, 1.2), at(1.3, 1.2), at(1.3, -1.2)]))
    canvas.drawPath(hem, flat(mix(colour, shadow_of(colour), 0.55)))
    if look.outfit == "sweater":
        for index, share in enumerate((0.3, 0.36, 0.42)):
            band = common(
                shirt, svg_points([at(share, -1.2), at(share, 1.2), at(share + 0.04, 1.2), at(share + 0.04, -1.2)])
            )
            canvas.drawPath(band, flat((look.top, look.accent, look.top)[index], 0.9))


def _hood(canvas: Any, trunk: Trunk, light: float) -> None:
    look = trunk.look
    at = trunk.at
    hood = smooth(
        [
            at(-0.16, -0.3),
            at(-0.02, -0.5),
            at(0.12, -0.36),
            at(0.15, 0.0),
            at(0.12, 0.36),
            at(-0.02, 0.5),
            at(-0.16, 0.3),
            at(0.04, 0.0),
        ],
        tension=0.8,
    )
    shaded(canvas, hood, mix(look.layer, WHITE, 0.07), shadow_of(look.layer), light=light, depth=0.07)
    for out in (-1, 1):
        a, b = at(0.12, out * 0.14), at(0.36, out * 0.17)
        canvas.drawLine(*a, *b, line(look.accent, 0.028))
        canvas.drawCircle(*b, 0.026, flat(look.accent))
    pocket = svg_points([at(0.72, -0.26), at(0.72, 0.26), at(1.0, 0.38), at(1.0, -0.38)])
    canvas.drawPath(pocket, flat(shadow_of(look.layer), 0.35))
    canvas.drawPath(pocket, line(shadow_of(shadow_of(look.layer)), 0.016, 0.6))


def _open_layer(canvas: Any, trunk: Trunk, light: float, *, hem: float) -> None:
    """An open shirt or coat over what is worn below."""
    look = trunk.look
    at = trunk.at
    whole = trunk.outline(loose=0.08, hem=hem, flare=0.06)
    for out in (-1, 1):
        half = svg_points(
            [
                at(-0.1, out * 0.2),
                at(0.2, out * 0.26),
                at(0.7, out * 0.24),
                at(hem, out * 0.3),
                at(hem + 0.1, out * 0.3),
                at(hem + 0.1, out * 1.5),
                at(-0.3, out * 1.5),
            ]
        )
        panel = common(whole, half)
        canvas.drawPath(moved(panel, -out * 0.04, 0.03), flat(from_hex("2a1830"), 0.16))
        shaded(canvas, panel, look.layer, shadow_of(look.layer), light=light, depth=0.12)
        lapel = svg_points(
            [
                at(-0.06, out * 0.2),
                at(0.06, out * 0.44),
                at(0.2, out * 0.46),
                at(0.34, out * 0.25),
                at(0.15, out * 0.25),
            ]
        )
        canvas.drawPath(moved(lapel, 0.01 * out, 0.025), flat(shadow_of(shadow_of(look.layer)), 0.5))
        canvas.drawPath(lapel, flat(mix(look.layer, WHITE, 0.1 if out == light else 0.04)))
        if hem > 1.4:
            pocket = svg_points([at(1.0, out * 0.42), at(0.98, out * 0.6), at(1.03, out * 0.61), at(1.05, out * 0.43)])
            canvas.drawPath(pocket, flat(shadow_of(shadow_of(look.layer)), 0.6))


def _dress(canvas: Any, trunk: Trunk, light: float) -> None:
    look = trunk.look
    at = trunk.at
    skirt = _skirt(trunk, 0.66, look.hips + 0.26, 1.8, look.hips + 0.34)
    shaded(canvas, skirt, look.layer, shadow_of(look.layer), light=light, depth=0.2)
    fold = line(shadow_of(look.layer), 0.03, 0.6)
    for across in (-0.3, 0.05, 0.36):
        a, b = at(0.95, across), at(1.7, across * 1.7)
        canvas.drawLine(*a, *b, fold)
    top = trunk.outline(loose=0.0, hem=0.8)
    shaded(canvas, top, look.layer, shadow_of(look.layer), light=light, depth=0.1)
    _neckline(canvas, trunk, 0.16)
    belt = common(top, svg_points([at(0.62, -1), at(0.62, 1), at(0.7, 1), at(0.7, -1)]))
    canvas.drawPath(belt, flat(look.accent))


def _neckline(canvas: Any, trunk: Trunk, depth: float, *, rib: Colour | None = None) -> None:
    """Skin showing at the neck, down to `depth` of the spine."""
    look = trunk.look
    at = trunk.at
    half = 0.21 if depth > 0.12 else 0.24
    opening = svg_points(
        [
            at(-0.09, -half),
            at(-0.09, half),
            at(depth * 0.35, half * 0.92),
            at(depth, 0.03),
            at(depth, -0.03),
            at(depth * 0.35, -half * 0.92),
        ]
    )
    soft = smooth(
        [
            at(-0.09, -half),
            at(-0.09, half),
            at(depth * 0.45, half * 0.86),
            at(depth, 0.0),
            at(depth * 0.45, -half * 0.86),
        ],
        tension=0.7,
    )
    path = opening if depth > 0.2 else soft
    if rib is not None:
        canvas.drawPath(path, line(rib, 0.075))
    canvas.save()
    canvas.clipPath(path, True)
    canvas.drawPath(path, flat(look.skin))
    nose = trunk.joints["nose"]
    top = (trunk.joints["neck"][0] * 0.45 + nose[0] * 0.55, trunk.joints["neck"][1] - 0.42)
    canvas.drawOval(skia.Rect(top[0] - 0.36, top[1] - 0.36, top[0] + 0.36, top[1] + 0.25), flat(look.shade))
    for out in (-1, 1):
        a, b = at(0.045, out * 0.06), at(0.025, out * 0.3)
        canvas.drawLine(*a, *b, line(look.shade, 0.02, 0.55))
    canvas.restore()


def svg_points(points: list[Point]) -> Any:
    """A polygon whose corners are a little rounded."""
    path = skia.Path()
    count = len(points)
    for index, point in enumerate(points):
        before, after = points[index - 1], points[(index + 1) % count]
        reach_before, reach_after = (min(0.04, 0.4 * distance(point, other)) for other in (before, after))
        start = between(point, before, reach_before / max(1e-6, distance(point, before)))
        end = between(point, after, reach_after / max(1e-6, distance(point, after)))
        path.lineTo(*start) if index else path.moveTo(*start)
        path.quadTo(*point, *end)
    path.close()
    return path
