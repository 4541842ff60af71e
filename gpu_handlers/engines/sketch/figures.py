"""Whole figures: a body for subjects the set knows only as a head or a half figure."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256

from gpu_handlers.engines.sketch import plan
from gpu_handlers.engines.sketch.colour import Colour, from_hex, from_hsv, luma, mix, scaled, to_hex, to_hsv
from gpu_handlers.engines.sketch.subjects import Vector, colour_at, exists, recoloured, vector

TONES = ("light", "medium-light", "medium", "medium-dark", "dark")
_SHIRTS = ("3f7fd9", "e0574f", "3aa98a", "f2a93b", "7d63c9", "d95f97", "4a9fb8", "6f9b3f")
_TROUSERS = ("3a4a6b", "4b4453", "5b4a3a", "2f5266")
_SKIRTED = frozenset({"woman", "girl", "old-woman", "princess", "mrs-claus"})
_HAIRED = frozenset({"man", "woman", "boy", "girl", "child", "person", "man-beard"})
_HAIR = ("2b2024", "7a4a2b", "e0b25a", "b5522d", "4a3023")
_DARK_HAIR = ("1c1618", "33211c", "4a2c20")
_PALE = 0.55  # brightness of skin from which hair may be of any colour
_COATS = ((0.0, 1.0, 1.0), (-0.018, 1.08, 0.8), (0.02, 0.82, 1.12))
"""Turn of the hue, factors of saturation and brightness: how animals and things of one kind are told apart."""


@lru_cache(maxsize=512)
def figure(subject: str, tone: str | None = None, variant: int | None = None) -> Vector:
    """The vector that stands for `subject` in a scene.

    People get a skin tone: the one the words name, else one that the subject's name settles, so that "the girl"
    is the same girl in every picture.

    Args:
        variant: another skin, hair and dress, or another shade of an animal's coat; neighbours differ.
    """
    name = _toned(subject, tone, variant)
    icon = vector(name)
    kind = plan.body_of(subject)
    if kind == "people":
        return _standing(_haired(icon, subject, variant), subject, variant)
    if variant is not None and not plan.is_person(subject):
        icon = _shaded(icon, variant)
    if kind == "animals":
        return _sitting(icon)
    if kind == "busts":
        return _below_bust(icon, subject)
    return icon


def _toned(subject: str, tone: str | None, variant: int | None) -> str:
    toned = f"{subject}-{tone or TONES[_pick(subject, 4, variant)]}"
    return toned if exists(toned) else subject


def _pick(subject: str, among: int, variant: int | None = None) -> int:
    """A choice that only the subject's name and its variant settle."""
    return (sha256(subject.encode()).digest()[0] + (variant or 0)) % among


def _haired(icon: Vector, subject: str, variant: int | None) -> Vector:
    """The head with hair of the variant's colour; the set gives each skin only one."""
    if variant is None or subject not in _HAIRED:
        return icon
    first, *_ = re.findall(r'fill="(#[0-9a-f]{3,6})"', icon.body)  # the set paints hair first, what is behind the head
    shades = _HAIR if luma(from_hex(colour_at(icon, 0.5, 0.62))) > _PALE else _DARK_HAIR
    hair = "#" + shades[_pick(subject + "hair", len(shades), variant)]
    return replace(icon, name=f"{icon.name}+{hair}", body=icon.body.replace(f'"{first}"', f'"{hair}"'))


def _shaded(icon: Vector, variant: int) -> Vector:
    turn, strong, bright = _COATS[variant % len(_COATS)]

    def change(colour: Colour) -> Colour:
        hue, saturation, value = to_hsv(colour)
        if saturation < 0.12 or value < 0.2:  # eyes, teeth, outlines
            return colour
        return from_hsv((hue + turn) % 1.0, min(1.0, saturation * strong), min(1.0, value * bright))

    return replace(icon, name=f"{icon.name}+{variant % len(_COATS)}", body=recoloured(icon, change))


def _standing(icon: Vector, subject: str, variant: int | None) -> Vector:
    """Shirt and trousers, or a dress, under a face."""
    skin = colour_at(icon, 0.5, 0.62)
    shirt = "#" + _SHIRTS[_pick(subject, len(_SHIRTS), variant)]
    dark = to_hex(scaled(from_hex(shirt), 0.8))
    trousers = "#" + _TROUSERS[_pick(subject + "legs", len(_TROUSERS), variant)]
    shoes = "#3b2f3f"
    legs = 9.0 if subject in ("boy", "girl", "child", "baby") else 13.0
    hip, foot = 36.5, 36.5 + legs
    body = _legs(hip, foot, skin if subject in _SKIRTED else trousers, shoes)
    body += (
        f'<path fill="{dark}" d="M10.300 25.500L6 34.500a1.700 1.700 0 0 0 3 1.600l3.500-7z'
        'M21.700 25.500L26 34.500a1.700 1.700 0 0 1-3 1.600l-3.500-7z"/>'
    )
    body += f'<circle fill="{skin}" cx="7.200" cy="36" r="1.800"/><circle fill="{skin}" cx="24.800" cy="36" r="1.800"/>'
    if subject in _SKIRTED:
        body += f'<path fill="{shirt}" d="M11 24.500h10l4 {hip + 4 - 24.5:g}c-4 1.800-14 1.800-18 0z"/>'
        body += f'<path fill="{dark}" d="M11.500 32h9l.6 1.700H10.900z"/>'
    else:
        body += f'<path fill="{shirt}" d="M10 26.5c0-1.5 1.5-2.5 3-2.5h6c1.5 0 3 1 3 2.5L22.3 37.5H9.7z"/>'
        body += f'<path fill="{trousers}" d="M9.800 36.200h12.400v2.600H9.800z"/>'
    head = f'<g transform="translate(3.200 0) scale(.8)">{icon.body}</g>'
    return Vector(f"{icon.name}+body", body + head, 32.0, foot + 3.0, dye=shirt, dyed_only=frozenset({shirt, dark}))


def _below_bust(icon: Vector, subject: str) -> Vector:
    """The rest of a half figure: what it wears goes on to the hips."""
    coat, left, right = colour_at(icon, 0.5, 0.9), colour_at(icon, 0.2, 0.9), colour_at(icon, 0.8, 0.9)
    skin = colour_at(icon, 0.5, 0.5)
    right = left if "mage" in subject else right  # there the hand with the staff is seen, not a sleeve
    coat = left if _close(coat, "#ffffff") and not _close(left, "#000000") else coat
    trousers = to_hex(scaled(from_hex(left), 0.62)) if subject.endswith(("guard", "superhero")) else "#3a4a6b"
    body = _legs(40.0, 50.0, trousers, "#3b2f3f")
    body += f'<circle fill="{skin}" cx="6.300" cy="39" r="2"/><circle fill="{skin}" cx="25.700" cy="39" r="2"/>'
    body += f'<path fill="{left}" d="M4.500 27h5.500l-1 12.200H4.600zM10 29L8.500 41h7.700V29z"/>'
    body += f'<path fill="{right}" d="M27.500 27H22l1 12.200h4.400zM22 29l1.500 12h-7.700V29z"/>'
    body += f'<path fill="{coat}" d="M12.500 29h7l.5 12h-8z"/>'
    if "superhero" in subject or "supervillain" in subject or "vampire" in subject:
        body = f'<path fill="{to_hex(scaled(from_hex(right), 0.75))}" d="M5 24L1.500 46c5-2 24-2 29 0L27 24z"/>' + body
    return Vector(f"{icon.name}+body", body + icon.body, 32.0, 53.0, dye=left)


def _sitting(icon: Vector) -> Vector:
    """A sitting body in the colours of an animal's face."""
    fur = icon.main_colour
    pale = to_hex(mix(from_hex(fur), (1.0, 0.98, 0.94), 0.72))
    dark = to_hex(scaled(from_hex(fur), 0.82))
    body = (
        f'<path fill="{dark}" d="M21 43c6 1 9.500-3 8.500-9c-.4-2.500-2.500-4-4-2.500c2 3.500.5 6-3.500 6.500z"/>'
        f'<path fill="{pale}" d="M29.500 34c-.4-2.500-2.500-4-4-2.500c1 1.600 1.100 3 .5 4.300z"/>'
        f'<path fill="{fur}" d="M16 21c6 0 9.500 7.500 9.500 15.500c0 6-3.500 9-9.500 9s-9.500-3-9.500-9'
        'C6.500 28.500 10 21 16 21z"/>'
        f'<ellipse fill="{pale}" cx="16" cy="34" rx="5" ry="8.500"/>'
        f'<path fill="{dark}" d="M6.700 38c-1.700 2-2 5.500-.2 7.500h4c-1-3-1.700-5-3.800-7.500z'
        'M25.300 38c1.700 2 2 5.500.2 7.500h-4c1-3 1.700-5 3.800-7.500z"/>'
        f'<path fill="{fur}" d="M11 33h4v12.500h-4zM17 33h4v12.500h-4z"/>'
        f'<ellipse fill="{dark}" cx="12.700" cy="45.500" rx="2.800" ry="1.500"/>'
        f'<ellipse fill="{dark}" cx="19.300" cy="45.500" rx="2.800" ry="1.500"/>'
    )
    head = f'<g transform="translate(2.400 0) scale(.85)">{icon.body}</g>'
    return Vector(f"{icon.name}+body", body + head, 32.0, 47.0, dye=fur)


def _legs(hip: float, foot: float, trousers: str, shoes: str) -> str:
    tall = foot - hip
    return (
        f'<path fill="{trousers}" d="M10.500 {hip:g}h5v{tall + 1:g}h-4.700z'
        f'M16.500 {hip:g}h5l-.3 {tall + 1:g}h-4.700z"/>'
        f'<path fill="{shoes}" d="M9.300 {foot + 2.6:g}c0-1.800 1.200-2.600 2.500-2.600h3.700v2.600z'
        f'M22.700 {foot + 2.6:g}c0-1.800-1.200-2.600-2.500-2.600h-3.700v2.600z"/>'
    )


def _close(one: str, other: str) -> bool:
    return sum(abs(a - b) for a, b in zip(from_hex(one), from_hex(other), strict=True)) < 0.25
