"""A stand-in for Stripe: the few objects of a checkout with Stripe's own rules, in memory.

It answers requests as Stripe's API does, for the official package as its client, and lets the world act: pay, refund,
dispute. Each act leaves the events that Stripe would send; who sends them, and in which order, is not its matter.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]

SECRET_KEY = "sk_test_local"  # noqa: S105  # of play money
WEBHOOK_SECRET = "whsec_local"  # noqa: S105
PRICES = {
    "price_starter": ("Starter, 100 credits", 2_900),
    "price_pro": ("Pro, 500 credits", 7_900),
    "price_enterprise": ("Enterprise, 2,000 credits", 19_900),
}
"""Price id: what is sold, and cents, as an operator would have entered them at Stripe."""

MIN_EXPIRY_SECONDS, MAX_EXPIRY_SECONDS = 1800, 86_400
EVENTS_KEPT_SECONDS = 30 * 24 * 3600
MAX_TYPES, MAX_PAGE = 20, 100
_KINDS = {
    "checkout/sessions": "cs_test", "payment_intents": "pi", "charges": "ch", "refunds": "re", "disputes": "dp",
    "invoices": "in", "events": "evt", "prices": "price",
}  # fmt: skip
_SESSION_FIELDS = {
    "mode", "line_items", "client_reference_id", "customer_email", "metadata", "payment_intent_data",
    "invoice_creation", "success_url", "cancel_url", "expires_at",
}  # fmt: skip
_EXPANDABLE = {"payment_intent": "payment_intents", "latest_charge": "charges", "invoice": "invoices"}


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the API."""

    status: int
    body: Json


class Refused(Exception):
    """A request that Stripe would refuse, with its error type and code."""

    def __init__(self, status: int, kind: str, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.answer = Answer(status, {"error": {"type": kind, "message": message, "code": code}})


class Stripe:
    """One account in test mode.

    Args:
        url: where its pages are, for links to checkouts and invoices.
        now: the time in whole seconds.
        books: what an earlier one had, as `books` gave it.
    """

    def __init__(
        self, url: str, *, now: Callable[[], int] = lambda: int(time.time()), books: Json | None = None
    ) -> None:  # fmt: skip
        self.url = url
        self._now = now
        self.books: Json = books or {kind: {} for kind in (*_KINDS, "keys")}
        for price_id, (title, cents) in PRICES.items():
            self._offer(price_id, title, cents)

    # ---- The API -----------------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: str, body: str, headers: dict[str, str]) -> Answer:
        """Answer a request to `path` below `/v1/`; header names are lower case."""
        try:
            if headers.get("authorization") != f"Bearer {SECRET_KEY}":
                raise Refused(401, "invalid_request_error", "Invalid API Key provided.")
            if method == "GET":
                return Answer(200, self._read(path, _parsed(query)))
            return self._once(headers.get("idempotency-key"), path, body)
        except Refused as refused:
            return refused.answer

    def _once(self, key: str | None, path: str, body: str) -> Answer:
        """A POST; the same key gives the first answer again, and refuses another request."""
        if key is None:
            return self._write(path, _parsed(body))
        earlier = self.books["keys"].get(key)
        if earlier is None:
            answer = self._write(path, _parsed(body))
            self.books["keys"][key] = {"asked": [path, body], "status": answer.status, "body": answer.body}
            return answer
        if earlier["asked"] != [path, body]:
            message = "Keys for idempotent requests can only be used with the parameters they were first used with."
            raise Refused(400, "idempotency_error", message)
        return Answer(earlier["status"], earlier["body"])

    def _write(self, path: str, form: Json) -> Answer:
        if path == "checkout/sessions":
            return Answer(200, self._open_session(form))
        if path == "prices":
            price = self._offer(
                f"price_{secrets.token_hex(12)}", form["product_data"]["name"], int(form["unit_amount"])
            )
            price["lookup_key"] = form.get("lookup_key")
            return Answer(200, price)
        if path == "refunds":
            return Answer(200, self.refund(form["payment_intent"], _whole(form.get("amount"))))
        if expiring := re.fullmatch(r"checkout/sessions/(\w+)/expire", path):
            return Answer(200, self.expire(expiring[1]))
        raise Refused(404, "invalid_request_error", f"Unrecognized request URL (POST: /v1/{path}).")

    def _read(self, path: str, query: Json) -> Json:
        if path in _KINDS:
            return self._list(path, query)
        kind, _, object_id = path.rpartition("/")
        if kind not in _KINDS:
            raise Refused(404, "invalid_request_error", f"Unrecognized request URL (GET: /v1/{path}).")
        return self._shown(self._get(kind, object_id), query.get("expand", []))

    def _shown(self, found: Json, expand: list[str]) -> Json:
        """An object without what it has only where it is asked for."""
        shown = {name: value for name, value in found.items() if name != "line_items"}
        for wanted in expand:
            self._expand(shown, found, wanted.split("."))
        return shown

    def _list(self, kind: str, query: Json) -> Json:
        """A page, newest first."""
        rows = self._found(kind, query)
        if after := query.get("starting_after"):
            self._get(kind, after)
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        limit = int(query.get("limit", 10))
        if not 1 <= limit <= MAX_PAGE:
            raise Refused(400, "invalid_request_error", f"This value must be between 1 and {MAX_PAGE}: limit.")
        expand = [wanted.removeprefix("data.") for wanted in query.get("expand", [])]
        data = [self._shown(row, expand) for row in rows[:limit]]
        return {"object": "list", "url": f"/v1/{kind}", "data": data, "has_more": len(rows) > limit}

    def _found(self, kind: str, query: Json) -> list[Json]:
        """Newest first, filtered by what the studio filters by."""
        rows = list(reversed(self.books[kind].values()))
        if kind == "events":
            rows = [row for row in rows if row["created"] > self._now() - EVENTS_KEPT_SECONDS]
        if since := query.get("created", {}).get("gte"):
            rows = [row for row in rows if row["created"] >= int(since)]
        if types := query.get("types"):
            if len(types) > MAX_TYPES:
                raise Refused(400, "invalid_request_error", f"You may pass at most {MAX_TYPES} types.")
            rows = [row for row in rows if row["type"] in types]
        if status := query.get("status"):
            rows = [row for row in rows if row["status"] == status]
        if intent := query.get("payment_intent"):
            self._get("payment_intents", intent)
            rows = [row for row in rows if row["payment_intent"] == intent]
        if keys := query.get("lookup_keys"):
            rows = [row for row in rows if row["lookup_key"] in keys]
        if query.get("delivery_success") == "false":
            rows = [row for row in rows if row["pending_webhooks"]]
        return rows

    def _expand(self, shown: Json, found: Json, path: list[str]) -> None:
        name, *rest = path
        if name == "line_items":
            shown[name] = found[name]
        elif isinstance(found.get(name), str):
            shown[name] = dict(self._get(_EXPANDABLE[name], found[name]))
        if rest and isinstance(shown.get(name), dict):
            self._expand(shown[name], shown[name], rest)

    def _get(self, kind: str, object_id: str) -> Json:
        try:
            found: Json = self.books[kind][object_id]
        except KeyError:
            message = f"No such {kind}: '{object_id}'"
            raise Refused(404, "invalid_request_error", message, "resource_missing") from None
        return found

    def _new(self, kind: str, name: str, **fields: Any) -> Json:
        made = {
            "id": f"{_KINDS[kind]}_{secrets.token_hex(12)}",
            "object": name,
            "created": self._now(),
            "livemode": False,
            **fields,
        }
        self.books[kind][made["id"]] = made
        return made

    def _offer(self, price_id: str, title: str, cents: int) -> Json:
        price = {
            "id": price_id,
            "object": "price",
            "nickname": title,
            "lookup_key": None,
            "unit_amount": cents,
            "currency": "usd",
            "type": "one_time",
            "active": True,
            "livemode": False,
        }
        self.books["prices"][price_id] = price
        return price

    def _open_session(self, form: Json) -> Json:
        if unknown := set(form) - _SESSION_FIELDS:
            message = f"Received unknown parameters: {', '.join(sorted(unknown))}"
            raise Refused(400, "invalid_request_error", message, "parameter_unknown")
        expires_at = int(form["expires_at"])
        if not MIN_EXPIRY_SECONDS <= expires_at - self._now() <= MAX_EXPIRY_SECONDS:
            message = "The `expires_at` timestamp must be between 30 minutes and 24 hours from now."
            raise Refused(400, "invalid_request_error", message)
        items = [(self._get("prices", item["price"]), int(item["quantity"])) for item in form["line_items"]]
        total = sum(price["unit_amount"] * quantity for price, quantity in items)
        session = self._new(
            "checkout/sessions",
            "checkout.session",
            mode=form["mode"],
            status="open",
            payment_status="unpaid",
            amount_subtotal=total,
            amount_total=total,
            total_details={"amount_tax": 0, "amount_discount": 0, "amount_shipping": 0},
            currency="usd",
            client_reference_id=form.get("client_reference_id"),
            customer_email=form.get("customer_email"),
            metadata=form.get("metadata", {}),
            payment_intent=None,
            payment_intent_data=form.get("payment_intent_data", {}),
            invoice=None,
            invoice_creation=form.get("invoice_creation", {}),
            success_url=form["success_url"],
            cancel_url=form["cancel_url"],
            expires_at=expires_at,
            line_items={
                "object": "list",
                "data": [
                    {"object": "item", "price": price, "quantity": quantity, "description": price["nickname"]}
                    for price, quantity in items
                ],
            },
        )
        session["url"] = f"{self.url}/pay/{session['id']}"
        return {name: value for name, value in session.items() if name != "line_items"}

    # ---- What happens in the world -----------------------------------------------------------------------------------

    def pay(self, session_id: str, *, later: bool = False) -> None:
        """The payer pays; with `later`, by a method whose money arrives, or not, in some days.

        Raises:
            Refused: the session is not open.
        """
        session = self._open(session_id)
        intent = self._new(
            "payment_intents",
            "payment_intent",
            status="processing",
            amount=session["amount_total"],
            currency=session["currency"],
            latest_charge=None,
            metadata=session["payment_intent_data"].get("metadata", {}),
        )
        session |= {"status": "complete", "payment_intent": intent["id"], "url": None}
        charge = self._new(
            "charges",
            "charge",
            status="pending",
            amount=intent["amount"],
            amount_refunded=0,
            refunded=False,
            disputed=False,
            currency=intent["currency"],
            payment_intent=intent["id"],
            metadata=intent["metadata"],
        )
        intent["latest_charge"] = charge["id"]
        if later:
            self._tell("charge.pending", charge)
            self._tell("checkout.session.completed", session)
        else:
            self._collect(session, "checkout.session.completed")

    def arrive(self, session_id: str) -> None:
        """The money of a payment that was to come later comes."""
        self._collect(self._get("checkout/sessions", session_id), "checkout.session.async_payment_succeeded")

    def bounce(self, session_id: str) -> None:
        """It does not."""
        session = self._get("checkout/sessions", session_id)
        charge = self.charge(session["payment_intent"])
        charge["status"] = "failed"
        self._get("payment_intents", session["payment_intent"])["status"] = "requires_payment_method"
        self._tell("charge.failed", charge)
        self._tell("checkout.session.async_payment_failed", session)

    def expire(self, session_id: str) -> Json:
        """Nobody paid in time."""
        session = self._open(session_id)
        session |= {"status": "expired", "url": None}
        self._tell("checkout.session.expired", session)
        return session

    def refund(self, intent_id: str, cents: int | None = None) -> Json:
        """The operator gives money back, all that is left unless `cents` says how much.

        Raises:
            Refused: the money is not there, or it is more than what is left.
        """
        charge = self._collected(intent_id)
        left = charge["amount"] - charge["amount_refunded"]
        cents = left if cents is None else cents
        if not 0 < cents <= left:
            raise Refused(400, "invalid_request_error", "Refund amount is greater than unrefunded amount on charge.")
        charge["amount_refunded"] += cents
        charge["refunded"] = charge["amount_refunded"] == charge["amount"]
        refund = self._new(
            "refunds",
            "refund",
            status="succeeded",
            amount=cents,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=intent_id,
        )
        self._tell("refund.created", refund)
        self._tell("charge.refunded", charge)
        return refund

    def fail_refund(self, refund_id: str) -> None:
        """The payer's bank does not take the money back in; it stays with us."""
        refund = self._get("refunds", refund_id)
        refund["status"] = "failed"
        charge = self._get("charges", refund["charge"])
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        self._tell("refund.failed", refund)

    def dispute(self, intent_id: str, cents: int | None = None) -> Json:
        """The payer tells the bank that this payment was wrong, all of it unless `cents` says how much."""
        charge = self._collected(intent_id)
        charge["disputed"] = True
        dispute = self._new(
            "disputes",
            "dispute",
            status="needs_response",
            amount=charge["amount"] if cents is None else cents,
            currency=charge["currency"],
            charge=charge["id"],
            payment_intent=intent_id,
        )
        self._tell("charge.dispute.created", dispute)
        self._tell("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def decide(self, dispute_id: str, status: str) -> None:
        """The bank decides: `won`, `lost` or `warning_closed`, seen from us."""
        dispute = self._get("disputes", dispute_id)
        dispute["status"] = status
        self._tell("charge.dispute.closed", dispute)
        if status == "won":
            self._tell("charge.dispute.funds_reinstated", dispute)

    def charge(self, intent_id: str) -> Json:
        """The charge of a payment."""
        return self._get("charges", self._get("payment_intents", intent_id)["latest_charge"])

    def _collected(self, intent_id: str) -> Json:
        charge = self.charge(intent_id)
        if charge["status"] != "succeeded":
            raise Refused(400, "invalid_request_error", f"This charge is {charge['status']}.")
        return charge

    def _open(self, session_id: str) -> Json:
        session = self._get("checkout/sessions", session_id)
        if session["status"] != "open":
            raise Refused(400, "invalid_request_error", f"This Session is {session['status']}.")
        return session

    def _collect(self, session: Json, event: str) -> None:
        intent = self._get("payment_intents", session["payment_intent"])
        charge = self.charge(intent["id"])
        charge["status"] = intent["status"] = "succeeded"
        session["payment_status"] = "paid"
        self._tell("charge.succeeded", charge)
        self._tell(event, session)
        if session["invoice_creation"].get("enabled") == "true":
            invoice = self._new(
                "invoices",
                "invoice",
                status="paid",
                amount_paid=intent["amount"],
                currency=intent["currency"],
                metadata=session["invoice_creation"].get("invoice_data", {}).get("metadata", {}),
            )
            invoice["hosted_invoice_url"] = f"{self.url}/invoice/{invoice['id']}"
            session["invoice"] = invoice["id"]
            self._tell("invoice.paid", invoice)

    def _tell(self, kind: str, about: Json) -> None:
        """Leave an event with the object as it is at this moment."""
        now = json.loads(json.dumps({name: value for name, value in about.items() if name != "line_items"}))
        self._new("events", "event", type=kind, data={"object": now}, pending_webhooks=1)

    def events(self) -> list[Json]:
        """Everything that was told so far, oldest first."""
        return list(self.books["events"].values())


def signature(body: bytes, secret: str, at: int) -> str:
    """The `Stripe-Signature` header of a webhook sent at a Unix time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def _parsed(text: str) -> Json:
    """Stripe's form coding: `a[b][0]=c` is `{"a": {"b": ["c"]}}`."""
    parsed: Json = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        *path, last = re.findall(r"[^\[\]]+", name)
        place = parsed
        for step in path:
            place = place.setdefault(step, {})
        place[last] = value
    return {name: _listed(value) for name, value in parsed.items()}


def _listed(value: Any) -> Any:
    """Objects whose names are 0, 1, 2 … as the lists they stand for."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(item) for name, item in value.items()}
    return list(inner.values()) if all(name.isdigit() for name in inner) else inner


def _whole(text: str | None) -> int | None:
    return None if text is None else int(text)
