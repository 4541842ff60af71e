"""Buying credits: checkouts, Stripe's webhook, and the nightly reconciliation."""
