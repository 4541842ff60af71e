"""No words break the engine: random, hostile, multilingual, emoji, empty, endless."""

from __future__ import annotations

from random import Random
from time import perf_counter

import pytest

from gpu_handlers.engines.sketch import subjects
from gpu_handlers.engines.sketch.figures import figure
from gpu_handlers.engines.sketch.styles import STYLES

from .conftest import Draw

HOSTILE = (
    "",
    " ",
    "\x00\x01\x02",
    "a" * 20_000,
    "cat " * 3_000,
    "'; DROP TABLE jobs; --",
    "<svg onload=alert(1)>",
    "{{7*7}} ${jndi:x}",
    "../../etc/passwd",
    "%s%n%x",
    "\ud800",
    "\u202edrawkcab",
    "🏳️‍🌈👩‍👩‍👧‍👦🇫🇷",
    "🐉" * 500,
    "-" * 300,
    "no no no no",
    "1 2 3 4 5 6 7 8 9",
    "under over behind in front of",
    "nine hundred giant tiny red blue cats",
    "a cat on a dog on a horse on an elephant on a whale",
    "三只猫在沙发上",
    "夜の森の狐",
    "고양이 세 마리",
    "кот на диване ночью",
    "قطة على الأريكة",
    "חתול על הספה",
    "แมวสามตัว",
    "बिल्ली",
    "tres gatos en la playa de noche",
    "drei Katzen im Schnee",
    "ένας γάτος",
    "con mèo",
    "'" * 50,
    "cat\ncat\tcat\rcat",
)
GLUE = [
    "a",
    "an",
    "the",
    "two",
    "three",
    "red",
    "blue",
    "giant",
    "tiny",
    "on",
    "under",
    "over",
    "behind",
    "in",
    "front",
    "of",
    "and",
    "with",
    "at",
    "night",
    "sunset",
    "rain",
    "flying",
    "city",
]
LETTERS = "abcdefghijklmnopqrstuvwxyzäöüéñçßøåžλжяקش漢字かな한글 ,.;:!?-_'\"/\\0123456789🙂🐱🔥🌙👩🏽‍🚀"


def prompts(count: int, seed: int) -> list[str]:
    rng = Random(seed)
    names = sorted(subjects._icons())
    out = list(HOSTILE)
    while len(out) < count:
        kind = rng.random()
        if kind < 0.4:
            words = [
                rng.choice(names).replace("-", " ") if rng.random() < 0.4 else rng.choice(GLUE)
                for _ in range(rng.randint(1, 12))
            ]
            out.append(" ".join(words))
        elif kind < 0.7:
            out.append("".join(rng.choice(LETTERS) for _ in range(rng.randint(0, 80))))
        else:
            out.append("".join(chr(rng.randrange(1, 0xFFFF)) for _ in range(rng.randint(1, 40))))
    return out[:count]


def survives(draw: Draw, count: int, seed: int) -> None:
    rng = Random(seed)
    styles = [*STYLES, "no such style"]
    for at, prompt in enumerate(prompts(count, seed)):
        size = rng.choice([(256, 256), (320, 180), (180, 320)])
        start = perf_counter()
        picture = draw(prompt, style=styles[at % len(styles)], size=size, seed=rng.getrandbits(32))
        assert picture.image.shape == (size[1], size[0], 3), prompt
        assert perf_counter() - start < 3.0, prompt  # seconds; generous for a busy machine, a hang would be longer


def test_no_prompt_breaks_it(draw: Draw) -> None:
    survives(draw, 220, seed=1)


def test_every_vector_can_be_drawn_recoloured_and_outlined() -> None:
    for name in [*subjects._icons(), *subjects._prop_names()]:
        icon = figure(name)
        body = subjects.recoloured(icon, lambda colour: colour)
        for svg in (body, subjects.outlined(body, (0.0, 0.0, 0.0), 0.5)):
            assert subjects.parsed(svg, icon.width, icon.height) is not None


@pytest.mark.soak
def test_no_prompt_breaks_it_however_long_we_try(draw: Draw) -> None:
    survives(draw, 2000, seed=2)
