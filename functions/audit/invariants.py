"""The invariants, one function each. `audit` runs them all over one reading of the books.

Numbers are those of `docs/RELIABILITY.md`. A function yields what breaks its promise; nothing means the promise holds.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from datetime import datetime

from audit.books import Books, Row
from studio import catalog, deliveries, emails, storage
from studio.credits import Kind
from studio.errors import InvalidOrder, NotFound
from studio.grants import MAX_GRANT
from studio.settings import MAX_SIGNUP_CREDITS

OPEN = ("pending", "processing")
OUTCOMES = {"completed": "delivered", "failed": "refunded", "cancelled": "refunded"}

# The sweeper comes every minute; one that fails now and then is no lost job yet.
DEADLINE_SLACK_SECONDS = 180
OUTBOX_SLACK_SECONDS = 600
# What is due is asked for every minute, and again after five when that was lost; so is an attempt that broke off.
DELIVERY_SLACK_SECONDS = 900

MAY_MAKE_DEBT = ("revoke", "signup")  # an account that is opened anew begins with the debt of the one before


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that does not hold: which one, of what, and what was found instead."""

    invariant: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.subject}: {self.detail}"


Findings = Iterator[tuple[str, str]]
"""Subject and detail of each violation."""
Check = Callable[[Books], Findings]
EVERYBODY = "all accounts"
"""The subject of what is wrong with the sums of all users."""

CHECKS: dict[str, list[Check]] = {}


def audit(books: Books, only: Container[str] | None = None) -> list[Violation]:
    """Everything that is wrong in the books, in the order of the invariants.

    A check that a row is too damaged for is a violation with the check as its subject; all others go on.

    Args:
        only: numbers of the invariants to check; None checks all.
    """
    return [
        Violation(number, subject, detail)
        for number, checks in CHECKS.items()
        if only is None or number in only
        for check in checks
        for subject, detail in _findings(check, books)
    ]


def _findings(check: Check, books: Books) -> Findings:
    try:
        yield from check(books)
    except Exception as error:  # its message may quote a row, and reports are read by more people than rows
        place = traceback.extract_tb(error.__traceback__)[-1]
        yield check.__name__, f"cannot be checked: {type(error).__name__} in {place.name}, line {place.lineno}"


def rewritten(earlier: Books, now: Books) -> list[Violation]:
    """I4 over time: ledger entries, settlements and what jobs ended as never change or vanish once they are written."""
    found = []
    for what, key, before, after in (
        ("entry", lambda row: (row["userId"], row["id"]), earlier.entries, now.entries),
        ("settlement", lambda row: row["jobId"], earlier.settlements, now.settlements),
        ("end of job", lambda row: row["id"], _ends(earlier), _ends(now)),
    ):
        present = {key(row): row for row in after}
        found += [
            Violation("I4", str(key(row)), f"{what} was {dict(row)}, is {present.get(key(row))}")
            for row in before
            if present.get(key(row)) != row
        ]
    return found


def _ends(books: Books) -> list[Row]:
    """What stays of jobs that have ended; their content is erased after a while."""
    kept = ("id", "userId", "status", "attempt", "credits", "refunded")
    return [{name: job.get(name) for name in kept} for job in books.jobs if job.get("status") in OUTCOMES]


def invariant(number: str) -> Callable[[Check], Check]:
    """Register a check under the number of its invariant."""

    def registered(check: Check) -> Check:
        CHECKS.setdefault(number, []).append(check)
        return check

    return registered


@invariant("I1")
def a_balance_is_the_sum_of_its_entries(books: Books) -> Findings:
    """I1: for every user the balance equals the sum of the ledger entries; neither exists without the other."""
    balances = {row["userId"]: row for row in books.balances}
    for user in balances.keys() | books.ledger.keys():
        total = sum(entry["amount"] for entry in books.ledger.get(user, ()))
        balance = balances[user]["credits"] if user in balances else None
        if balance != total:
            yield user, f"the balance is {balance}, the entries add up to {total}"


@invariant("I2")
def no_credit_appears_or_disappears(books: Books) -> Findings:
    """I2: credits issued equal credits held by customers, plus those in open jobs, plus those earned by deliveries.

    These are the four accounts of the double entry: issuance, customers, escrow, revenue. Their sum is zero.
    """
    issued = sum(entry["amount"] for entry in books.entries if entry["kind"] not in ("hold", "refund"))
    customers = sum(row["credits"] for row in books.balances)
    escrow = sum(row["held"] for row in books.balances)
    revenue = sum(
        books.held(job) - sum(refund["amount"] for refund in books.refunds.get(job, ())) for job in books.settlement
    )
    if issued != customers + escrow + revenue:
        yield EVERYBODY, f"issued {issued}, but customers {customers} + escrow {escrow} + revenue {revenue}"


@invariant("I2")
def credits_come_in_by_a_known_way_and_within_its_bounds(books: Books) -> Findings:
    """I2: what comes in from outside is a purchase, or at most what a signup or a grant may ever bring.

    What a signup brought at its time is not kept, and operators change it; the bound holds for every setting.
    """
    for entry in books.entries:
        kind, amount = entry["kind"], entry["amount"]
        if kind not in list(Kind):
            yield entry["userId"], f"entry {entry['id']} is a {kind}"
        elif kind == Kind.SIGNUP and amount > MAX_SIGNUP_CREDITS:
            yield entry["userId"], f"began with {amount} credits, no account gets more than {MAX_SIGNUP_CREDITS}"
        elif kind == Kind.GRANT and not (0 < amount <= MAX_GRANT and entry.get("operator") and entry.get("reason")):
            yield entry["userId"], f"{entry['id']} gave {amount} by {entry.get('operator')}"


@invariant("I3")
def nobody_spends_what_they_do_not_have(books: Books) -> Findings:
    """I3: a balance falls below zero only by a revocation, and in debt no job is accepted."""
    for user, entries in books.ledger.items():
        for entry in entries:
            below = entry["balanceAfter"] < 0
            if below and entry["amount"] < 0 and entry["kind"] not in MAY_MAKE_DEBT:
                yield user, f"entry {entry['id']} leads to {entry['balanceAfter']}"


@invariant("I4")
def the_ledger_is_numbered_without_gaps(books: Books) -> Findings:
    """I4: entries are numbered 1 … the balance's version, and each carries the balance after it.

    That nothing changes or vanishes over time needs two readings: see `rewritten`.
    """
    for row in books.balances:
        entries, running = books.ledger.get(row["userId"], []), 0
        numbers = [entry["number"] for entry in entries]
        if numbers != list(range(1, row["version"] + 1)):
            yield row["userId"], f"entries are numbered {numbers}, the balance has version {row['version']}"
        for entry in entries:
            running += entry["amount"]
            if entry["balanceAfter"] != running:
                yield row["userId"], f"entry {entry['id']} says {entry['balanceAfter']} remain, {running} do"


@invariant("I5")
def every_job_has_one_hold(books: Books) -> Findings:
    """I5: a job with a price has exactly one hold of that price, a free draft none; no hold is without its job."""
    for job in books.jobs:
        amounts = [entry["amount"] for entry in books.holds.get(job["id"], ())]
        if amounts != ([-job["credits"]] if job["credits"] else []):
            yield job["id"], f"costs {job['credits']} and has holds {amounts}"
    for job_id, entries in books.holds.items():
        owner = books.job[job_id]["userId"] if job_id in books.job else None
        payers = [entry["userId"] for entry in entries]
        if any(payer != owner for payer in payers):
            yield job_id, f"was paid for by {payers}, and belongs to {owner}"


@invariant("I5")
def what_is_held_belongs_to_open_jobs(books: Books) -> Findings:
    """I5: the credits held on a balance are those of the user's jobs that have not ended."""
    held: Counter[str] = Counter()
    active: Counter[str] = Counter()
    for job in books.jobs:
        if job["status"] in OPEN and job["credits"]:
            held[job["userId"]] += books.held(job["id"])
            active[job["userId"]] += 1
    for row in books.balances:
        user = row["userId"]
        counted = row.get("active", active[user])
        if (row["held"], counted) != (held[user], active[user]):
            yield user, f"holds {row['held']} for {counted} jobs, its open jobs are {active[user]} of {held[user]}"


@invariant("I6")
def a_job_ends_once(books: Books) -> Findings:
    """I6: a job that ended has exactly one settlement, delivered xor refunded, of its own attempt; others have none."""
    for job in books.jobs:
        settlement = books.settlement.get(job["id"])
        if job["status"] in OPEN and settlement:
            yield job["id"], f"is {job['status']} but settled as {settlement['status']}"
        if job["status"] not in OPEN:
            ending = settlement and (settlement["outcome"], settlement["status"], settlement["attempt"])
            if ending != (OUTCOMES[job["status"]], job["status"], job["attempt"]):
                yield job["id"], f"is {job['status']} in attempt {job['attempt']} but settled as {ending}"
    for job_id in books.settlement.keys() - books.job.keys():
        yield job_id, "was settled but does not exist"


@invariant("I7")
def what_goes_back_is_what_was_held(books: Books) -> Findings:
    """I7: a refunded job gives back exactly what was held, a delivered one the share it did not deliver."""
    for job_id in books.settlement.keys() | books.refunds.keys():
        refunds = [entry["amount"] for entry in books.refunds.get(job_id, ())]
        job, settlement = books.job.get(job_id), books.settlement.get(job_id)
        if job is None or settlement is None:
            yield job_id, f"got {refunds} back without a settlement"
            continue
        due = books.held(job_id) if settlement["outcome"] == "refunded" else _price_of_undelivered(books, job)
        if refunds != ([due] if due else []):
            yield job_id, f"{settlement['outcome']} with {books.held(job_id)} held got {refunds} back, {due} were due"
        elif job["refunded"] != due or settlement["credits"] != books.held(job_id):
            yield job_id, f"says {job['refunded']} of {settlement['credits']} went back, {due} did"


def _price_of_undelivered(books: Books, job: Row) -> int:
    if "erased" in job:  # what was ordered and delivered is no longer known
        return int(job["refunded"])
    result = job.get("result") or {}
    missing = result.get("undelivered", 0)
    return books.held(job["id"]) * missing // _parts_of(job, result) if missing else 0


def _parts_of(job: Row, result: Row) -> int:
    """How many parts were ordered, also of an order that today's catalogue does not take."""
    if parts := result.get("parts"):
        return int(parts)
    try:
        return catalog.parse(job["feature"], job["order"]).units
    except (InvalidOrder, NotFound):
        return len(result.get("files") or ()) + int(result["undelivered"])


@invariant("I8")
def a_purchase_credits_once(books: Books) -> Findings:
    """I8: a purchase brings its credits at most once, whatever told of it and how often; no credits without one."""
    purchases = {row["id"]: row for row in books.purchases}
    for purchase_id in purchases.keys() | books.bought.keys():
        purchase, entries = purchases.get(purchase_id), books.bought.get(purchase_id, [])
        owner = purchase and purchase["userId"]
        owners = [entry["userId"] for entry in entries]
        if purchase is None or any(other != owner for other in owners):
            yield purchase_id, f"brought credits to {owners}, and belongs to {owner}"
            continue
        amounts = [(entry["id"], entry["amount"]) for entry in entries if entry["kind"] == "purchase"]
        granted = purchase["granted"]
        if amounts != ([(f"purchase:{purchase.get('sessionId')}", granted)] if granted else []):
            yield purchase_id, f"granted {granted} in {purchase.get('sessionId')}, and was credited {amounts}"
    sessions = Counter(row["sessionId"] for row in books.purchases if "sessionId" in row)
    for session, count in sessions.items():
        if count > 1:
            yield session, f"belongs to {count} purchases"


@invariant("I9")
def credits_are_what_was_paid_for(books: Books) -> Findings:
    """I9: a purchase grants exactly the credits it offered, and only once it was paid.

    That Stripe agrees is checked where the payment is followed (`studio.purchases`), on Stripe's word of the moment.
    """
    for purchase in books.purchases:
        granted, paid = purchase["granted"], "paidAt" in purchase
        if granted not in (0, purchase["credits"]) or bool(granted) != paid:
            yield purchase["id"], f"granted {granted} of {purchase['credits']}, paid: {paid}"


@invariant("I10")
def what_is_taken_back_was_granted(books: Books) -> Findings:
    """I10: revocations less restorations are what the purchase says was revoked, never more than it granted."""
    for purchase in books.purchases:
        corrections = [entry for entry in books.bought.get(purchase["id"], ()) if entry["kind"] != "purchase"]
        running = 0
        for number, entry in enumerate(corrections, start=1):
            running -= entry["amount"]
            named = entry["id"] == f"{entry['kind']}:{purchase.get('sessionId')}:{number}"
            signed = entry["amount"] < 0 if entry["kind"] == "revoke" else entry["amount"] > 0
            if not (named and signed and 0 <= running <= purchase["granted"]):
                yield purchase["id"], f"correction {number} is {entry['id']} of {entry['amount']}, {running} revoked"
        if (purchase["revoked"], purchase["corrections"]) != (running, len(corrections)):
            said = f"{purchase['revoked']} revoked in {purchase['corrections']}"
            yield purchase["id"], f"says {said} corrections, the ledger {running} in {len(corrections)}"


@invariant("I11")
def one_bonus_per_address(books: Books) -> Findings:
    """I11: an address belongs to one account that is open, and an account gets its signup credits once."""
    claimed = {row["userId"]: row["address"] for row in books.emails}
    if len(claimed) != len(books.emails):
        yield "e-mail addresses", f"{len(books.emails)} addresses belong to {len(claimed)} accounts"
    for user in books.users:
        address = claimed.get(user["id"])
        if address is None or address != emails.sought(user["email"]):
            yield user["id"], f"has the address {user['email']}, and the claim on {address}"
    accounts = {row["id"] for row in books.users}
    closed = {row["userId"] for row in books.balances if "closedAt" in row}
    for user_id in closed & (accounts | claimed.keys()):
        yield user_id, "is closed, and has an account or an address"
    for user_id in accounts | claimed.keys() | books.ledger.keys():
        bonuses = [entry["id"] for entry in books.ledger.get(user_id, ()) if entry["kind"] == "signup"]
        if user_id not in accounts | closed or bonuses != [f"signup:{user_id}"]:
            yield user_id, f"has an account: {user_id in accounts}, signup credits {bonuses}"


@invariant("I12")
def a_key_leads_to_one_thing_of_its_user(books: Books) -> Findings:
    """I12: an Idempotency-Key names a job or purchase of the same user, and no two keys name the same one."""
    owners = {row["id"]: row["userId"] for row in (*books.jobs, *books.purchases)}
    for request in books.requests:
        if owners.get(request["made"]) != request["key"].partition("#")[0]:
            yield request["key"], f"leads to {request['made']}, which belongs to {owners.get(request['made'])}"
    for made, keys in Counter(request["made"] for request in books.requests).items():
        if keys > 1:
            yield made, f"has {keys} keys"


@invariant("I13")
def nothing_is_left_behind(books: Books) -> Findings:
    """I13: every job ends by its deadline, and every message of the outbox goes out."""
    for job in books.jobs:
        if job["status"] in OPEN and job["deadline"] + DEADLINE_SLACK_SECONDS < books.read_at:
            yield job["id"], f"is {job['status']} {books.read_at - job['deadline']} s after its deadline"
        if (job["status"] in OPEN) != ("openShard" in job):
            yield job["id"], f"is {job['status']}, and the sweeper {'sees' if 'openShard' in job else 'misses'} it"
        if job["status"] in OUTCOMES and "erased" not in job and "endedShard" not in job:
            yield job["id"], f"is {job['status']}, and nobody will ever erase it"
    for message in books.outbox:
        if message["createdEpoch"] + OUTBOX_SLACK_SECONDS < books.read_at:
            yield message["id"], f"waits for {books.read_at - message['createdEpoch']} s"


@invariant("I14")
def what_was_delivered_is_there(books: Books) -> Findings:
    """I14: a delivered job has files, written by the attempt that won, whole, and still stored while they are kept."""
    for job in books.jobs:
        if job["status"] != "completed" or "erased" in job:
            continue
        files = (job.get("result") or {}).get("files") or []
        if not files:
            yield job["id"], "was delivered without a file"
        prefix = storage.output_prefix(job["userId"], job["id"], job["attempt"])
        kept = _epoch(job["endedAt"]) >= books.files_since
        for file in files:
            if not file["key"].startswith(prefix):
                yield job["id"], f"delivered {file['key']}, which is not of attempt {job['attempt']}"
            elif kept and books.files.get(file["key"]) != file["sizeBytes"]:
                yield job["id"], f"{file['key']} has {books.files.get(file['key'])} of {file['sizeBytes']} bytes"


@invariant("I15")
def every_end_is_told_to_who_asked(books: Books) -> Findings:
    """I15: a job with a callback URL that ended has one delivery of that end to it, and nobody was told of another end.

    Callbacks of closed accounts are deleted, and those of others after a month.
    """
    owners = {row["id"] for row in books.users}
    for job in books.jobs:
        told = books.told.get(job["id"], ())
        for receiver, count in Counter(row.get("endpointId", "its callback URL") for row in told).items():
            if count > 1:
                yield job["id"], f"has {count} deliveries of its end to {receiver}"
        for row in told:
            if row["type"] != f"job.{job['status']}":
                yield job["id"], f"is {job['status']}, and {row['id']} tells {row['type']}"
        asked = "callbackUrl" in job and job["userId"] in owners and "erased" not in job
        if asked and _should_be_told(job, books) and not any("callbackUrl" in row for row in told):
            yield job["id"], f"is {job['status']}, and nobody called {job['callbackUrl']}"


def _should_be_told(job: Row, books: Books) -> bool:
    """Whether the job ended long enough ago to have a delivery, and lately enough that it is kept."""
    if job["status"] not in OUTCOMES:
        return False
    seconds = books.read_at - _epoch(job["endedAt"])
    return OUTBOX_SLACK_SECONDS + DELIVERY_SLACK_SECONDS < seconds < deliveries.KEPT_SECONDS


@invariant("I15")
def every_delivery_comes_to_an_end(books: Books) -> Findings:
    """I15: a delivery that waits has an attempt coming; one that is delivered was accepted by its receiver."""
    for row in books.deliveries:
        if row["state"] == "pending":
            due = row.get("nextAttemptAt")
            if due is None or "dueShard" not in row:
                yield row["id"], "waits, and nobody will find it"
            elif due + DELIVERY_SLACK_SECONDS < books.read_at:
                yield row["id"], f"waits {books.read_at - due} s for attempt {row['attempt'] + 1}"
        elif row["state"] == "delivered" and not any(attempt["error"] is None for attempt in row["attempts"]):
            yield row["id"], "was delivered, and no receiver accepted it"


def _epoch(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
