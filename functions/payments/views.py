"""What payments say: offers, checkouts, purchases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from edge.views import View
from studio import clock, purchases
from studio.purchases import PurchaseStatus

if TYPE_CHECKING:
    from studio.packages import Package
    from studio.tables import Purchase


class PackageView(View):
    """A package of credits on sale."""

    name: str
    title: str
    credits: int
    amount: int = Field(description="In the smallest unit of the currency: cents.")
    currency: str

    @classmethod
    def of(cls, package: Package) -> PackageView:
        """The offer."""
        return cls(
            name=package.name,
            title=package.title,
            credits=package.credits,
            amount=package.amount,
            currency=package.currency,
        )


class PackagesView(View):
    """Everything on sale."""

    data: list[PackageView]


class CheckoutView(View):
    """Where to pay."""

    purchase_id: str
    checkout_url: str = Field(description="Send the payer here. Works until `expiresAt`.")
    expires_at: str

    @classmethod
    def of(cls, purchase: Purchase) -> CheckoutView:
        """The checkout of a purchase; the same however often it is asked for."""
        return cls(
            purchase_id=purchase.id,
            checkout_url=purchase.checkout_url,
            expires_at=clock.iso(clock.from_epoch(purchase.expires_epoch)),
        )


class PurchaseCredits(View):
    """What a purchase did to the balance: `granted - revoked` credits are the buyer's."""

    granted: int = Field(description="Once the money has come.")
    revoked: int = Field(description="For money that went back, or that the payer's bank holds.")


class PurchaseView(View):
    """A purchase."""

    id: str
    package: str
    amount: int = Field(description="In the smallest unit of the currency: cents.")
    currency: str
    status: PurchaseStatus = Field(
        description="`processing`: the money is on its way; `review`: something does not fit and a person looks at it."
    )
    credits: PurchaseCredits
    checkout_url: str | None = Field(description="Where to pay, while it can be paid for.")
    invoice_url: str | None = Field(description="The invoice, once there is one.")
    created_at: str
    paid_at: str | None

    @classmethod
    def of(cls, purchase: Purchase) -> PurchaseView:
        """The purchase as its owner sees it."""
        status = purchases.standing(purchase)
        return cls(
            id=purchase.id,
            package=purchase.package,
            amount=int(purchase.amount),
            currency=purchase.currency,
            status=status,
            credits=PurchaseCredits(granted=int(purchase.granted), revoked=int(purchase.revoked)),
            checkout_url=purchase.checkout_url if status is PurchaseStatus.OPEN else None,
            invoice_url=purchase.invoice_url,
            created_at=purchase.created_at,
            paid_at=purchase.paid_at,
        )


class HeardView(View):
    """What became of an event."""

    outcome: str = Field(description="`followed`, or `ignored` when it is about nothing of ours.")
