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


def test_orders_without_the_options_of_denoising_stay_valid():
    order = catalog.parse("image-generation", {"prompt": "x"})
    assert (order.steps, order.scheduler, order.loras) == (None, "auto", [])


def test_loras_have_a_weight_of_one_unless_said_otherwise():
    order = catalog.parse("image-generation", {"prompt": "x", "loras": [{"id": "ink"}, {"id": "film", "weight": 0.4}]})
    assert [(lora.id, lora.weight) for lora in order.loras] == [("ink", 1.0), ("film", 0.4)]
    assert catalog.parse("image-generation", order.stored()) == order


@pytest.mark.parametrize(
    ("options", "pointer", "detail"),
    [
        ({"steps": 0}, "/steps", "must be a whole number from 1 to 50"),
        ({"loras": [{"id": "ink", "weight": 2.5}]}, "/loras/0/weight", "must be a number from 0 to 2"),
        ({"loras": [{"id": "ink", "weight": float("nan")}]}, "/loras/0/weight", "must be a number from 0 to 2"),
        ({"loras": [{"weight": 1}]}, "/loras/0/id", "is required"),
        ({"loras": [{"id": str(n)} for n in range(4)]}, "/loras", "at most 3 items"),
        ({"scheduler": "magic"}, "/scheduler", "must be 'auto', 'euler'"),
    ],
)
def test_what_is_wrong_with_an_option_is_said(options, pointer, detail):
    with pytest.raises(InvalidOrder) as refused:
        catalog.parse("image-generation", {"prompt": "x"} | options)
    (fault,) = refused.value.faults
    assert fault.pointer == pointer
    assert detail in fault.detail
