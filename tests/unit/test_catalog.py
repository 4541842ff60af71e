"""Orders: defaults, prices, and errors that say what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio import catalog
from studio.errors import InvalidOrder, NotFound


def test_the_seed_example_is_accepted_as_written():
    order = catalog.parse(
        "image-generation",
        {
            "prompt": "A futuristic cityscape at sunset, cyberpunk style",
            "style": "cinematic",
            "negativePrompt": "blurry, low quality, distorted",
            "width": 1024,
            "height": 1024,
            "steps": 30,
            "numImages": 2,
        },
    )
    assert (order.cost, order.units) == (4, 2)


@given(count=st.integers(1, 4))
def test_every_image_is_charged(count):
    assert catalog.parse("image-generation", {"prompt": "x", "numImages": count}).cost == 2 * count


def test_a_stored_order_reads_back_the_same():
    order = catalog.parse("image-generation", {"prompt": "x", "negativePrompt": "y", "seed": 0})
    assert catalog.parse("image-generation", order.stored()) == order


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_whatever_comes_in_is_an_order_or_a_list_of_faults(body):
    try:
        assert catalog.parse("image-generation", body).prompt.strip()
    except InvalidOrder as error:
        assert error.faults
        assert all(fault.detail for fault in error.faults)


def test_pointers_are_escaped():
    with pytest.raises(InvalidOrder) as refused:
        catalog.parse("image-generation", {"prompt": "x", "a/b~c": 1})
    assert refused.value.faults[0].pointer == "/a~1b~0c"


def test_unknown_features_are_not_found():
    with pytest.raises(NotFound):
        catalog.parse("time-travel", {})
