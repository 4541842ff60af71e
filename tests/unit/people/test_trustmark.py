"""TrustMark beside our own watermark. The package is no dependency; a stand-in with its interface takes its place."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gpu_handlers.stages import provenance, trustmark, watermark
from gpu_handlers.stages.watermark import Payload

# TrustMark 0.9.2's interface, hiding the bits in the picture's lowest bits. Like the original, it takes 61 of them at
# most and says whether it found any.
PACKAGE = """
import numpy as np
from PIL import Image

class TrustMark:
    def __init__(self, verbose, model_type, loadRemover, device):
        assert (verbose, model_type, loadRemover, device) == (False, "Q", False, "cpu")

    def encode(self, image, bits, MODE="text"):
        assert MODE == "binary" and len(bits) == 61 and set(bits) <= {"0", "1"}
        pixels = np.array(image)
        row = pixels[0, :62, 2]
        pixels[0, :62, 2] = row & 254 | np.array([1, *map(int, bits)], np.uint8)
        return Image.fromarray(pixels)

    def decode(self, image, MODE="text"):
        found, *bits = np.asarray(image)[0, :62, 2] & 1
        return "".join(map(str, bits)), bool(found), 1
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """The folder of the package's weights."""
    folder = tmp_path / "trustmark" / "models"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text(PACKAGE)
    for file in trustmark.FILES:
        (folder / file).touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "trustmark", raising=False)
    trustmark._model.cache_clear()
    yield folder
    trustmark._model.cache_clear()
    sys.modules.pop("trustmark", None)


@pytest.fixture
def picture():
    return np.random.default_rng(1).integers(0, 255, (300, 400, 3), np.uint8)


def test_without_the_package_our_own_mark_is_the_only_one():
    assert not trustmark.available()
    assert provenance.record()["watermark"] == watermark.NAME


def test_without_its_weights_it_stays_off_and_fetches_nothing(installed):
    (installed / trustmark.FILES[1]).unlink()
    assert not trustmark.available()


@pytest.mark.parametrize("payload", [Payload(trained=True, seed=2**32 - 1), Payload(trained=False, seed=0)])
def test_what_it_is_given_to_carry_is_read_back(installed, picture, payload):
    assert trustmark.available()
    assert trustmark.read(trustmark.mark(picture, payload)) == payload


def test_somebody_elses_mark_is_not_ours(installed, picture):
    foreign = trustmark._model().encode(picture, "1" * 61, MODE="binary")
    assert trustmark.read(np.asarray(foreign)) is None
    picture[0, 0, 2] &= 254
    assert trustmark.read(picture) is None


def test_both_marks_are_laid_on_and_named(installed, picture):
    payload = Payload(trained=True, seed=7)
    assert watermark.read_watermark(provenance.watermarked(picture, payload)) == payload
    assert provenance.record()["watermark"] == "spread-spectrum-1 + trustmark-Q"
