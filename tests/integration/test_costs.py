"""docs/COSTS.md is what the script makes of the file of prices and of counted calls, and follows every price."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks import costs
from benchmarks.costs import Life, Prices
from studio.catalog import ORDERS
from studio.packages import PACKAGES

READ: dict[str, Any] = json.loads(costs.PRICES.read_text())


@pytest.fixture(scope="module")
def life() -> Iterator[Life]:
    with patch.dict(os.environ):
        yield costs.counted()


def changed(section: str, name: str, field: str, factor: float) -> dict[str, Any]:
    """The prices, one of them multiplied."""
    read = copy.deepcopy(READ)
    read[section][name][field] *= factor
    return read


def lines_that_differ(life: Life, read: dict[str, Any]) -> set[str]:
    before, after = costs.document(READ, life), costs.document(read, life)
    return set(after.splitlines()) - set(before.splitlines())


def test_the_committed_document_is_the_one_the_script_makes(life):
    assert costs.REPORT.read_text() == costs.document(READ, life), "run `make costs`"


def test_everything_on_sale_has_seconds_files_and_a_margin():
    assert READ["gpu_seconds"].keys() == READ["files"].keys() == ORDERS.keys()
    assert all("any" in known for known in READ["gpu_seconds"].values())


def test_every_figure_says_where_it_is_from():
    for one in [*READ["prices"].values(), *READ["cards"].values()]:
        assert one["source"]
        assert one["as_of"]
    for known in READ["gpu_seconds"].values():
        assert {one["basis"] for one in known.values()} <= {"target", "published", "measured"}
    assert all(one["why"] for one in READ["assumptions"].values())


def test_every_price_moves_something(life):
    for section, names in (("prices", "usd"), ("cards", "usd"), ("assumptions", "value")):
        for name in READ[section]:
            factor = 0.1 if name.endswith("_most") else 3  # a limit moves something when it is reached
            found = lines_that_differ(life, changed(section, name, names, factor))
            moved = [line for line in found if "](http" not in line]  # more than where it is listed
            assert moved, f"nothing in the document depends on {section}.{name}"


def test_a_dearer_card_moves_its_own_column_only(life):
    prices, dearer = Prices(READ), Prices(changed("cards", "ec2-l4", "usd", 2))
    for feature in ORDERS:
        assert dearer.gpu_usd(feature, "ec2-l4") == pytest.approx(2 * prices.gpu_usd(feature, "ec2-l4"))
        assert dearer.gpu_usd(feature, "ec2-a10g") == prices.gpu_usd(feature, "ec2-a10g")
    moved = lines_that_differ(life, changed("cards", "ec2-l4", "usd", 2))
    assert not [line for line in moved if line.startswith(("| submit", "| settle", "| alarms"))]


def test_a_dearer_message_moves_what_sends_messages(life):
    moved = lines_that_differ(life, changed("prices", "sqs.requests", "usd", 5))
    assert [line for line in moved if line.startswith("| submit")]
    assert not [line for line in moved if line.startswith("| links to the files")], "a download sends none"


def test_a_target_is_never_shown_as_measured(life):
    shown = costs.document(READ, life)
    table = shown[shown.index("## The GPU, for one job") : shown.index("## Margin")]
    assert table.count("(published,") == sum(
        one["basis"] == "published" for known in READ["gpu_seconds"].values() for one in known.values()
    )
    assert "(measured," not in table
    assert "the target, not measured" in table


def test_the_margin_is_the_price_less_stripe_and_what_the_credits_cost(life):
    prices, pro = Prices(READ), PACKAGES["pro"]
    assert costs.net(prices, 79) == pytest.approx(79 - 79 * 0.029 - 0.30 - 79 * 0.004)
    assert costs.net(prices, 1000) == pytest.approx(1000 - 29 - 0.30 - 2), "an invoice costs two dollars at most"
    job = costs.platform_usd(prices, life, "3d-video") + prices.gpu_usd("3d-video", "ec2-a10g")
    left = costs.net(prices, 79) - 500 / 8 * job
    assert costs.margin(prices, life, pro, "3d-video", "ec2-a10g") == pytest.approx(left / 79)


def test_operators_are_shown_the_same_prices():
    from studio import margins

    prices = Prices(READ)
    assert (prices.rate("stripe.share"), prices.rate("stripe.fixed")) == (margins.CARD_SHARE, margins.CARD_FIXED_USD)
    invoice = prices.rate("stripe.invoice_share"), prices.rate("stripe.invoice_most")
    assert invoice == (margins.INVOICE_SHARE, margins.INVOICE_MOST_USD)
    hour = READ["cards"]["ec2-a10g"]
    assert float(costs.template()["Parameters"]["GpuHourUsd"]["Default"]) == hour["usd"]


def test_calls_are_those_that_the_tests_of_calls_know(life):
    from tests.integration.test_aws_calls import ONE_JOB, WHO_IT_IS

    assert life.parts["submit"].calls == WHO_IT_IS | {"GetItem": 3} | ONE_JOB


def test_a_write_is_billed_by_size_transaction_and_index():
    row = {"id": {"S": "job"}, "order": {"S": "x" * 1500}}
    progress = {"UpdateExpression": "SET #0 = :0", "ExpressionAttributeNames": {"#0": "progress", "#1": "deadline"}}
    queue = {"UpdateExpression": "REMOVE #0", "ExpressionAttributeNames": {"#0": "waitsIn"}}
    assert costs._write_units("BalancesTable", {}, None) == 1
    assert costs._write_units("BalancesTable", row, None, transaction=True) == 4
    assert costs._write_units("JobsTable", row, progress) == 2 + 2, "only the index that shows whole rows"
    assert costs._write_units("JobsTable", row, queue) == 2 + 2 + 1
    assert costs._read_units(0, consistent=True) == 1
    assert costs._read_units(5000, consistent=False) == 1
