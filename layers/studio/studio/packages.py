"""The packages of credits on sale. Prices stand here and at Stripe; a payment counts only where the two agree."""

from __future__ import annotations

from dataclasses import dataclass

from studio.errors import Fault, InvalidOrder
from studio.settings import settings

CURRENCY = "usd"


@dataclass(frozen=True, slots=True)
class Package:
    """Credits for money; `amount` is in cents."""

    name: str
    title: str
    credits: int
    amount: int
    currency: str = CURRENCY

    @property
    def price_id(self) -> str:
        """Id of Stripe's price of this package."""
        return str(getattr(settings(), f"{self.name}_price"))


PACKAGES: dict[str, Package] = {
    package.name: package
    for package in (
        Package("starter", "Starter", credits=100, amount=2_900),
        Package("pro", "Pro", credits=500, amount=7_900),
        Package("enterprise", "Enterprise", credits=2_000, amount=19_900),
    )
}


def named(name: str) -> Package:
    """The package of a name.

    Raises:
        InvalidOrder: there is none.
    """
    try:
        return PACKAGES[name]
    except KeyError as error:
        fault = Fault("/package", f"must be one of {', '.join(PACKAGES)}")
        raise InvalidOrder(f"/package {fault.detail}", faults=(fault,)) from error
