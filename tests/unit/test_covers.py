"""The pictures of features on the page: one for each, drawn by our own code, small enough for a phone."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from infra import covers
from studio.catalog import ORDERS


def test_every_feature_has_a_cover_that_is_drawn_by_us_and_small():
    assert set(covers.DRAWN) == set(ORDERS) == {path.stem for path in covers.COVERS.iterdir()}
    for path in covers.COVERS.iterdir():
        assert path.stat().st_size <= covers.MAX_BYTES, path.name
        assert opened(path.read_bytes()).shape == (covers.SIZE.height, covers.SIZE.width, 3), path.name


def test_a_cover_that_is_drawn_again_is_the_one_that_is_there():
    """Seen by eye: other processors may round differently."""
    drawn = opened(covers.packed(covers.board()))
    kept = opened((covers.COVERS / "study-animation.webp").read_bytes())
    assert np.abs(drawn - kept).mean() < 1


def opened(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), np.int16)
