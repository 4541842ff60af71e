"""The picture shows what the prompt says."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from numpy.typing import NDArray

from gpu_handlers.engines.illustrator import Layer, Picture, Size
from gpu_handlers.engines.sketch import SketchEngine, subjects
from gpu_handlers.engines.sketch.colour import to_hsv
from gpu_handlers.engines.sketch.styles import STYLES

from .conftest import Draw


def layers(picture: Picture, name: str) -> list[Layer]:
    return [layer for layer in picture.layers if layer.name == name or layer.name.startswith(f"{name} ")]


def brightness(picture: Picture) -> float:
    return float(picture.image.mean())


def main_hue(layer: Layer) -> float:
    """The most common hue (0–1) of the vivid, opaque pixels."""
    pixels = layer.image[layer.image[..., 3] > 250][:, :3] / 255.0
    hues = [to_hsv((float(r), float(g), float(b))) for r, g, b in pixels[:: max(1, len(pixels) // 3000)]]
    vivid = [hue for hue, saturation, value in hues if saturation > 0.35 and value > 0.25]
    counts, edges = np.histogram(vivid, bins=24, range=(0.0, 1.0))
    return float(edges[int(counts.argmax())])


def flattened(picture: Picture) -> NDArray[np.float64]:
    out = np.zeros(picture.image.shape)
    for layer in picture.layers:
        alpha = layer.image[..., 3:] / 255.0
        out = out * (1.0 - alpha) + layer.image[..., :3] * alpha
    return out


def test_colour_words_colour_the_subject(draw: Draw) -> None:
    red = main_hue(layers(draw("a red balloon", style="realistic"), "balloon")[0])
    blue = main_hue(layers(draw("a blue balloon", style="realistic"), "balloon")[0])
    assert red < 0.08 or red > 0.9
    assert 0.5 < blue < 0.72


@pytest.mark.parametrize("place", ["a house in a meadow", "the city", "the sea", "a forest", "a living room"])
def test_night_is_darker_than_noon(draw: Draw, place: str) -> None:
    assert brightness(draw(f"{place} at night", style="realistic")) < 0.75 * brightness(
        draw(f"{place} at noon", style="realistic")
    )


def test_three_cats_are_three_cats(draw: Draw) -> None:
    cats = layers(draw("three cats on a sofa"), "cat")
    assert len(cats) == 3
    middles = sorted(float(np.nonzero(cat.image[..., 3] > 200)[1].mean()) for cat in cats)
    assert middles[1] - middles[0] > 30
    assert middles[2] - middles[1] > 30


@pytest.mark.parametrize(
    ("prompt", "near", "far"),
    [
        ("a dog in front of a house", "dog", "house"),
        ("a house behind a dog", "dog", "house"),
        ("a red bicycle under a cherry tree", "bicycle", "blossom-tree"),
        ("a cat on a sofa", "cat", "sofa"),
    ],
)
def test_depth_follows_the_relation(draw: Draw, prompt: str, near: str, far: str) -> None:
    picture = draw(prompt)
    first, second = layers(picture, near)[0], layers(picture, far)[0]
    assert first.depth_m < second.depth_m
    names = [layer.name for layer in picture.layers]
    assert names.index(far) < names.index(near)


def test_a_subject_over_another_is_above_it(draw: Draw) -> None:
    picture = draw("a bird over a castle")
    bird, castle = (np.nonzero(layers(picture, name)[0].image[..., 3] > 200)[0].mean() for name in ("bird", "castle"))
    assert bird < castle


def test_a_single_subject_is_large_enough_to_read(draw: Draw) -> None:
    for prompt in ("a dog", "a lighthouse on a cliff", "an elephant in the savanna", "a rocket in space"):
        rows = np.nonzero((draw(prompt).layers[-1].image[..., 3] > 200).any(axis=1))[0]
        tallest = max(
            np.ptp(np.nonzero((layer.image[..., 3] > 200).any(axis=1))[0]) for layer in draw(prompt).layers[-3:]
        )
        assert rows.size
        assert tallest > 0.28 * 512


def test_the_same_words_give_the_same_bytes(draw: Draw) -> None:
    one, two = (draw("a fox in the snow at dawn", style="cinematic", seed=7) for _ in range(2))
    assert one.image.tobytes() == two.image.tobytes()
    assert one.depth_m is not None
    assert two.depth_m is not None
    assert one.depth_m.tobytes() == two.depth_m.tobytes()


def test_another_process_gives_the_same_bytes(draw: Draw) -> None:
    code = (
        "from gpu_handlers.engines.sketch import SketchEngine; import hashlib;"
        "from gpu_handlers.engines.illustrator import Size;"
        "p = SketchEngine().illustrate('a fox in the snow', style='anime', size=Size(256, 256), seed=3);"
        "print(hashlib.sha256(p.image.tobytes()).hexdigest())"
    )
    digests = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    }
    assert len(digests) == 1


def test_another_seed_is_another_composition(draw: Draw) -> None:
    one, two = draw("a fox in a forest", seed=1), draw("a fox in a forest", seed=2)
    assert np.abs(one.image.astype(int) - two.image.astype(int)).mean() > 4


def test_layers_back_to_front_are_the_picture(draw: Draw) -> None:
    """Exactly so (up to rounding) in a style without finish; others add bloom, grain, vignette over the whole."""
    for prompt in (
        "a lighthouse on a cliff at sunset",
        "three cats on a sofa",
        "a whale under the sea",
        "a rocket in space",
    ):
        picture = draw(prompt)
        assert np.abs(flattened(picture) - picture.image).mean() < 1.0
        assert np.abs(flattened(picture) - picture.image).max() <= 12


def test_depth_is_metres_per_pixel(draw: Draw) -> None:
    picture = draw("a dog in front of a house at noon", size=(640, 512))
    depth = picture.depth_m
    assert depth is not None
    assert depth.dtype == np.float32
    assert depth.shape == (512, 640)
    assert np.isfinite(depth).all()
    assert depth.min() > 0.5
    assert depth[5].min() > 100  # the sky is far
    assert depth[-5].mean() < 10  # the ground at our feet is near
    dog = layers(picture, "dog")[0]
    rows, columns = np.nonzero(dog.image[..., 3] > 250)
    assert abs(float(depth[rows[len(rows) // 2], columns[len(rows) // 2]]) - dog.depth_m) < 0.01


@pytest.mark.parametrize("size", [(512, 512), (1920, 1080), (1080, 1920), (1024, 576), (513, 777)])
def test_every_size_is_kept(draw: Draw, size: tuple[int, int]) -> None:
    picture = draw("a sailboat on the sea at sunset", size=size, style="cinematic")
    assert picture.image.shape == (size[1], size[0], 3)
    assert picture.image.dtype == np.uint8
    assert all(layer.image.shape == (size[1], size[0], 4) for layer in picture.layers)


def test_styles_differ_visibly(draw: Draw) -> None:
    """Every pair of the table differs by more than a tint nobody sees, at one and the same composition."""
    pictures = {style: draw("a fox in a meadow", style=style, size=(256, 256)).image.astype(int) for style in STYLES}
    names = list(pictures)
    for at, one in enumerate(names):
        for other in names[at + 1 :]:
            assert np.abs(pictures[one] - pictures[other]).mean() > 3.0, (one, other)


def test_people_keep_their_looks_from_picture_to_picture(draw: Draw) -> None:
    from gpu_handlers.engines.sketch.figures import figure

    assert figure("girl") == figure("girl")
    assert figure("girl", "dark") != figure("girl", "light")
    assert main_hue(layers(draw("a girl in a park", style="cartoon"), "girl")[0]) == main_hue(
        layers(draw("a girl in a park", style="cartoon", seed=5), "girl")[0]
    )


def test_steps_are_reported_and_may_stop_the_work() -> None:
    class StoppedError(Exception):
        pass

    def stop(step: int, steps: int) -> None:
        if step == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        SketchEngine().illustrate("a cat", style="anime", size=Size(256, 256), seed=1, on_step=stop)


def test_a_missing_vector_set_says_how_to_get_it(tmp_path: object) -> None:
    code = (
        "from gpu_handlers.engines.sketch import SketchEngine; from gpu_handlers.engines.illustrator import Size\n"
        "try: SketchEngine().illustrate('a cat', style='anime', size=Size(64, 64), seed=1)\n"
        "except RuntimeError as error: print(error)"
    )
    import os

    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "STUDIO_SUBJECTS_DIR": str(tmp_path)},
    )
    assert "npm ci" in ran.stdout


def test_asking_for_facts_loads_neither_skia_nor_torch() -> None:
    code = (
        "import sys; from gpu_handlers.engines.sketch import SketchEngine; e = SketchEngine();"
        "print(e.facts.engine, e.facts.licence, 'skia' in sys.modules, 'torch' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["sketch", "MIT", "False", "False"]


def test_a_woman_who_is_a_wizard_is_not_grey(draw: Draw) -> None:
    for name in ("woman-mage", "woman-mage-dark", "person-mage-light"):
        assert "#d3d3d3" not in subjects.vector(name).body
    assert "#6b4026" not in subjects.vector("man-mage").body


def box(picture: Picture, name: str) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a layer's opaque pixels."""
    rows, columns = np.nonzero(layers(picture, name)[0].image[..., 3] > 200)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


@pytest.mark.parametrize(
    ("prompt", "holder", "prop"),
    [
        ("a wizard reading the last page aloud", "man-mage", "open-book"),
        ("a girl holding a lantern beside a fox", "girl", "red-paper-lantern"),
        ("a child reading a book on a sofa", "child", "open-book"),
    ],
)
def test_what_is_read_or_held_is_in_the_hands(draw: Draw, prompt: str, holder: str, prop: str) -> None:
    for seed in (1, 2, 3):
        picture = draw(prompt, size=(640, 360), seed=seed)
        (left, top, right, bottom), held = box(picture, holder), box(picture, prop)
        assert left <= held[0] < held[2] <= right
        assert top < held[1] < held[3] < bottom
        assert layers(picture, prop)[0].depth_m < layers(picture, holder)[0].depth_m


def test_things_lie_within_the_frame(draw: Draw) -> None:
    for prompt in ("a wizard and a scroll", "a bird over a house", "a dog behind a car", "five balloons over a horse"):
        for seed in range(1, 5):
            picture = draw(prompt, size=(360, 360), seed=seed)
            for layer in picture.layers:
                if layer.name in ("man-mage", "scroll", "bird", "house", "dog", "automobile", "balloon", "horse"):
                    columns = np.flatnonzero((layer.image[..., 3] > 200).any(axis=0))
                    assert 0 < columns[0] <= columns[-1] < 359, (prompt, seed, layer.name)


@pytest.mark.parametrize("style", [name for name, style in STYLES.items() if style.staging != "paper"])
@pytest.mark.parametrize("time", ["at noon", "at sunset", "at night"])
def test_snow_is_lighter_than_rock(draw: Draw, style: str, time: str) -> None:
    picture = draw(f"snow-capped mountains {time}", style=style, size=(640, 360), seed=3)
    for layer in layers(picture, "range"):
        solid = layer.image[layer.image[..., 3] > 250][:, :3] / 255.0
        light = solid @ np.array([0.2126, 0.7152, 0.0722])
        snow, rock = np.percentile(light, 99), np.median(light)
        assert snow - rock > 0.12, (layer.name, snow, rock)
