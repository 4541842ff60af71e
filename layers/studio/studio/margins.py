"""What is left of the price of a package: price − fees of the payment − work that its credits buy.

    margin = amount − (amount × 2.9 % + 30 ¢) − min(amount × 0.4 %, $2) − credits × cost of a credit
    cost of a credit = worker seconds ÷ 3,600 × price of an hour ÷ credits charged

The cost of a credit is measured over the days that are looked at. It carries everything that workers did in them:
delivered jobs, and the drafts, failures and cancellations that came with them. Time in which a machine only waits is
not in it, nor are storage, requests and taxes.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.packages import Package

CARD_SHARE, CARD_FIXED_USD = 0.029, 0.30
"""Stripe's list price for an online payment with a card of the US (stripe.com/pricing); other cards cost more."""
INVOICE_SHARE, INVOICE_MOST_USD = 0.004, 2.00
"""And for the invoice that a payment page writes after it."""


@dataclass(frozen=True, slots=True)
class Margin:
    """Of one package, in US dollars; `work` and `left` are None while nothing is known of what a credit costs."""

    package: Package
    price: float
    fee: float
    work: float | None
    left: float | None


def of(package: Package, credit_usd: float | None) -> Margin:
    """The margin of a package, at this cost of a credit."""
    price = package.amount / 100
    fee = price * CARD_SHARE + CARD_FIXED_USD + min(price * INVOICE_SHARE, INVOICE_MOST_USD)
    work = None if credit_usd is None else package.credits * credit_usd
    return Margin(package, price, fee, work, None if work is None else price - fee - work)


def credit_usd(seconds: float, hour_usd: float, charged: int) -> float | None:
    """What a credit costs, in US dollars; None where none was charged."""
    return seconds / 3_600 * hour_usd / charged if charged > 0 else None
