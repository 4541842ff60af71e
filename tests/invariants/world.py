"""A studio in one thread: the real code on in-process AWS, with the clock, the ids and the queues in our hands.

Time stands still unless it is moved, ids are counted, jitter is seeded, so a run repeats exactly. `save` and `restore`
take a copy of everything stored, which makes a fresh start cost nothing.
"""

from __future__ import annotations

import copy
import json
import logging
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import moto.sqs.models
import stripe
from botocore.exceptions import BotoCoreError, ClientError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends
from pynamodb.exceptions import PynamoDBException

from audit.books import TABLES, Books, Row, row
from audit.invariants import Violation, audit, rewritten
from completion import finished, lost
from gpu_handlers import worker as gpu_worker
from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import EngineFacts
from gpu_handlers.entry import queue_worker
from gpu_handlers.failures import JobFailed
from gpu_handlers.outputs import OutputFile, Outputs
from infra.local import stripe as standin
from infra.local.stripe import Stripe
from studio import (
    accounts,
    callbacks,
    catalog,
    clock,
    courier,
    grants,
    ids,
    jobs,
    packages,
    purchases,
    settings,
    stripe_api,
    tables,
)
from studio.catalog import Order
from studio.errors import InsufficientCredits, StudioError
from studio.outbound import Outbound
from studio.replies import Reply
from studio.stripe_api import Event
from sweeper import handler as sweeper
from tests.integration import conftest as integration
from tests.integration.payments import PAGE, Wire
from tests.invariants.calls import Calls, counted

REGION = "us-east-1"
PASSWORD = "correct horse battery"
SIGNUP_CREDITS = 50
RECEIVER = "https://hooks.example.com/studio"
KEY_SECONDS = 24 * 3600
START = 1_800_000_000
REFUSALS = (StudioError, ClientError, BotoCoreError, PynamoDBException)
"""What a caller may get to see when something fails: the API makes an answer of it, a queue delivers again."""

QUEUES = {"jobs": 900, "drafts": 900, "dead": 180, "completion": 180, "buried": 180, "news": 30}
"""Our queues and their visibility timeouts as in the template; `news` only listens."""
WORK_QUEUES = ("jobs", "drafts", "dead", "completion")
TURN_SECONDS = 200  # longer than any visibility timeout that a message is left with
PATIENCE_TURNS = 16  # 53 minutes: everything must have ended before the deadline of one hour refunds it
CONTEXT = SimpleNamespace(
    function_name="test",
    memory_limit_in_mb=128,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:test",
    aws_request_id="request",
    get_remaining_time_in_millis=lambda: 10_000,
)


@dataclass
class Submit:
    """One order of a customer, however often it was sent, and what was answered."""

    user: str
    number: int
    """The order's seed, by which its job is known again."""
    feature: str
    script: str
    """How the work goes, see `World._draw`."""
    parts: int
    """Pictures, or poses of a set."""
    draft: bool
    key: str | None
    created_at: float
    callback: bool = False
    """Whether its end is to be told to a receiver of its own."""
    prices: set[int] = field(default_factory=set)
    """What it cost at the times it was sent."""
    answers: set[str] = field(default_factory=set)
    refused: bool = False
    """It was answered with a refusal that promises that nothing was written."""
    cancelled: bool = False
    """Its customer tried to cancel it."""
    buried: bool = False
    """Its message was put among the dead letters."""

    def order(self) -> Order:
        if self.feature == "influencer-creation":
            who = {"gender": "female", "ethnicity": "mixed", "ageRange": "26-35"}
            return catalog.parse(self.feature, who | {"poses": self.parts, "seed": self.number})
        options = {"prompt": "A fox", "width": 512, "height": 512, "numImages": self.parts, "seed": self.number}
        if self.callback:
            options["callbackUrl"] = RECEIVER
        return catalog.parse(self.feature, options | {"quality": "draft" if self.draft else "standard"})

    def charge(self, job: Row) -> int:
        """What it must cost in the state the job is in."""
        price = int(job["credits"])
        if job["status"] in ("failed", "cancelled"):
            return 0
        return price - (price * self.missing // self.parts if job["status"] == "completed" else 0)

    @property
    def missing(self) -> int:
        """Parts that the work leaves out."""
        return int(self.script.split()[1]) if self.script.startswith("partial") else 0

    def may_end_as(self, job: Row, faults: int) -> bool:
        """Whether this is an end that script, customer and clock allow, with so many faults on the way."""
        match job["status"], (job.get("error") or {}).get("code"):
            case "completed", _:
                return self.script not in ("fail", "break")
            case "cancelled", _:
                return self.cancelled
            case _, "content_rejected":
                return self.script == "fail"
            case _, "internal":
                # An attempt that broke counts, whether by its script or by a fault of ours.
                return self.script == "break" or faults + (self.script == "stumble") >= jobs.MAX_FAILURES
            case _, "deadline_exceeded":
                return datetime.fromisoformat(job["endedAt"]).timestamp() >= job["deadline"]
            case _, "worker_lost":
                return self.buried
        return False


@dataclass
class State:
    """Everything that outlives a process, and what the test knows of it."""

    tables: dict[str, Any]
    queues: dict[str, tuple[Any, Any, Any]]
    objects: Any
    now: float
    counted: int
    price: int
    stripe: str
    book: dict[str, Any]


class CountedWire(Wire):
    """Requests to Stripe are calls like all others."""

    def __init__(self, world: World) -> None:
        super().__init__(world.stripe)
        self._calls = world.calls

    def request(self, method: str, url: str, *rest: Any, **options: Any) -> Any:
        send = super().request
        operation = f"Stripe {method} {urlsplit(url).path.removeprefix('/v1/')}"
        try:
            return self._calls.make(operation, lambda: send(method, url, *rest, **options))
        except (BotoCoreError, ClientError) as error:
            raise stripe.APIConnectionError(str(error), should_retry=True) from error

    def _sleep_time_seconds(self, *_: Any) -> float:
        return 0


class World:
    """The studio, its platform, and its customers."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.now = float(START)
        self.counted = 0
        self.users: dict[str, str] = {}
        self.former: dict[str, str] = {}
        """The account that was closed before, of each that was opened anew."""
        self.grants: dict[str, tuple[str, int]] = {}
        """Whom operators gave how many credits, by request."""
        self.submits: list[Submit] = []
        self.stumbled: set[int] = set()
        self.faults = 0
        """How often something went wrong on purpose."""
        self.meanwhile: Callable[[], None] = lambda: None
        """Happens once, in the middle of the next job's work."""
        self.errors: list[Exception] = []
        self.checkouts: dict[tuple[str, str], dict[str, float]] = {}
        """Purchases that a checkout was answered with first and when, by customer and key."""
        self.stripe = Stripe("https://stripe.test", now=lambda: int(self.now))
        self.unheard: list[dict[str, Any]] = []
        """Webhooks that Stripe goes on sending."""
        self.told = 0
        """How many events of Stripe were sent, or will never be."""
        self._caches = _caches()
        self.restart()

    # ---- Customers ---------------------------------------------------------------------------------------------------

    def register(self, name: str) -> None:
        """Sign up, or sign in if that has happened."""
        email, before = f"{name}@example.com", self.users.get(name)
        try:
            self.users[name] = accounts.register(email, PASSWORD).user.id
        except StudioError:
            accounts.login(email, PASSWORD)
            self.users[name] = self._user_by(email)
        if before and before != self.users[name]:
            self.former[self.users[name]] = before

    def order(
        self,
        user: str,
        script: str = "ok",
        *,
        feature: str = "image-generation",
        parts: int = 1,
        draft: bool = False,
        key: str | None = None,
        callback: bool = False,
    ) -> Submit:
        """Decide what to order; `send` sends it."""
        new = Submit(self.users[user], len(self.submits), feature, script, parts, draft, key, self.now, callback)
        self.submits.append(new)
        return new

    def send(self, submit: Submit) -> None:
        """Submit the order, for the first time or again."""
        order = submit.order()
        submit.prices.add(order.cost)
        try:
            answer = jobs.submit(submit.user, order, key=submit.key)
        except InsufficientCredits:
            submit.refused = not submit.answers
            return
        submit.answers.add(answer.job.id)

    def submit(self, user: str, script: str = "ok", **options: Any) -> Submit:
        """Order and send."""
        order = self.order(user, script, **options)
        self.send(order)
        return order

    def cancel(self, submit: Submit) -> None:
        """Cancel, as often as one likes."""
        submit.cancelled = True
        for job_id in submit.answers:
            jobs.cancel(submit.user, job_id)

    def close(self, user: str) -> None:
        """End the account; what has not ended is cancelled with it."""
        for submit in self.submits:
            submit.cancelled |= submit.user == self.users[user]
        accounts.close(self.users[user], PASSWORD)

    def grant(self, user: str, amount: int, request: str) -> None:
        """An operator gives credits, for the first time or again."""
        self.grants[request] = (self.users[user], amount)
        account = {"userId": self.users[user], "requestId": request, "operator": "ada", "reason": "sorry"}
        grants.give(grants.parse(account | {"credits": amount}))

    def set_price(self, credits_per_picture: int) -> None:
        """The price list changes; what was ordered keeps its price."""
        catalog.ImageGeneration.credits_per_unit = credits_per_picture

    def _user_by(self, email: str) -> str:
        return tables.Email.get(email, consistent_read=True).user_id

    def buy(self, user: str, key: str, package: str = "starter") -> None:
        """Open a checkout, for the first time or again."""
        started = purchases.begin(
            self.users[user], packages.named(package), success_url=f"{PAGE}paid", cancel_url=PAGE, key=key
        )
        self.checkouts.setdefault((user, key), {}).setdefault(started.purchase.id, self.now)

    def look(self, purchase: Row) -> None:
        """The page after the payment."""
        purchases.get(purchase["userId"], purchase["id"])

    # ---- Stripe ------------------------------------------------------------------------------------------------------

    def tell(self, *, lost: bool = False) -> None:
        """Stripe sends what it has to tell, and keeps what was not accepted; `lost` is never sent at all."""
        self.unheard += self.stripe.events()[self.told :]
        self.told = len(self.stripe.events())
        if lost:
            self.unheard.clear()

    def hear(self) -> None:
        """Every webhook that waits is tried once."""
        self.tell()
        for event in list(self.unheard):
            self.hear_one(event)

    def hear_one(self, event: dict[str, Any]) -> None:
        """One delivery of one webhook; what fails comes again."""
        try:
            purchases.hear(Event(event["id"], event["type"], event["data"]["object"]))
        except REFUSALS as error:
            self.errors.append(error)
            return
        self.unheard = [other for other in self.unheard if other["id"] != event["id"]]

    def reconcile(self) -> None:
        """The night."""
        purchases.reconcile()

    def intent(self, purchase: Row) -> str:
        """The payment of a purchase that is paid."""
        return str(self.stripe.books["checkout/sessions"][purchase["sessionId"]]["payment_intent"])

    # ---- The platform ------------------------------------------------------------------------------------------------

    def work(self, queue: queue_worker.Queue = "jobs") -> None:
        """A worker takes one message, if there is one."""
        worker = queue_worker.QueueWorker(queue)
        worker._worker._illustrator = SimpleNamespace(facts=FACTS)
        worker._turn()

    def complete(self) -> None:
        """The completion function gets what is in its queue."""
        self._invoke("completion", finished.handler)

    def bury(self) -> None:
        """The function for lost jobs gets what is in the dead letters."""
        self._invoke("dead", lost.handler)

    def sweep(self) -> None:
        """The sweeper's minute has come."""
        sweeper.handler({}, CONTEXT)

    def call_back(self) -> None:
        """The functions of callbacks hear what there was to tell, and every receiver takes its first call."""
        with patch.object(Outbound, "send", lambda *_, **__: Reply(200, {}, b"")):
            for body in news_bodies():
                if (event := json.loads(body))["detail-type"] in callbacks.OF_EVENTS:
                    callbacks.tell(event)
            for delivery in tables.Delivery.scan():
                courier.attempt(delivery.id, 1)

    def _invoke(self, queue: str, handler: Callable[[dict[str, Any], Any], Any]) -> None:
        """What a queue's event source does: deliver a batch, delete what was not reported as failed."""
        sqs, url = integration.client("sqs"), _url(queue)
        with self.calls.suspended():
            batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=QUEUES[queue])
        messages = {message["MessageId"]: message for message in batch.get("Messages", [])}
        if not messages:
            return
        records = [{"messageId": name, "body": message["Body"]} for name, message in messages.items()]
        answer = handler({"Records": records}, CONTEXT)
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        with self.calls.suspended():
            for name in messages.keys() - failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[name]["ReceiptHandle"])

    def put_in(self, queue: str, body: str) -> None:
        """A message comes in, once more or out of nowhere."""
        with self.calls.suspended():
            integration.client("sqs").send_message(QueueUrl=_url(queue), MessageBody=body)

    def duplicate(self, queue: str, *, times: int) -> None:
        """What waits in a queue is delivered `times` more often."""
        for body in [message.body for message in _queue(queue)._messages] * times:
            self.put_in(queue, body)

    def bury_message(self, submit: Submit) -> None:
        """The queue gives up on the messages of a job."""
        submit.buried = True
        for job_id in submit.answers:
            self.put_in("dead", json.dumps({"jobId": job_id}))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def restart(self) -> None:
        """Every process is gone and started anew."""
        for remembered in self._caches:
            remembered.cache_clear()
        self.meanwhile = lambda: None

    def _draw(self, order: Any, ctx: JobContext) -> Outputs:
        """The feature that every job runs: it does what the order's script says."""
        submit = self.submits[order.seed]
        with ctx.stage("draw", until=0.9):
            meanwhile, self.meanwhile = self.meanwhile, lambda: None
            meanwhile()
        match submit.script.split():
            case ["fail"]:
                raise JobFailed("content_rejected", "Not this.")
            case ["break"]:
                raise RuntimeError("the engine broke")
            case ["stumble"] if order.seed not in self.stumbled:
                self.stumbled.add(order.seed)
                raise RuntimeError("the engine broke once")
        return Outputs((PICTURE,), {}, undelivered=submit.missing, parts=submit.parts)

    # ---- Coming to rest ----------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Let the platform go on until there is nothing to do, or patience ends shortly before the first deadline."""
        for _ in range(PATIENCE_TURNS):
            if self.at_rest():
                return
            self.pass_time(TURN_SECONDS)
            if self._something_to_sweep():  # otherwise it only looks
                self.sweep()
            self.hear()
            while self._waiting("jobs"):
                self.work()
            while self._waiting("drafts"):
                self.work("drafts")
            while self._waiting("completion"):
                self.complete()
            while self._waiting("dead"):
                self.bury()

    def at_rest(self) -> bool:
        """Whether nothing is under way any more."""
        books = self.books()
        waiting = any(_queue(name)._messages for name in WORK_QUEUES)
        return not waiting and not self.unheard and self.told == len(self.stripe.events()) and not unfinished(books)

    def _something_to_sweep(self) -> bool:
        books = self.books()
        return bool(books.outbox) or any(_open(job) and job["deadline"] < self.now for job in books.jobs)

    def _waiting(self, queue: str) -> bool:
        return any(message.visible for message in _queue(queue)._messages)

    # ---- What is true ------------------------------------------------------------------------------------------------

    def books(self) -> Books:
        """The same books that `audit.books.read` reads, straight from the emulation's memory."""
        parts = {part: tuple(_rows(part)) for part in TABLES}
        stored = _bucket().keys
        files = {key: stored[key].size for key in stored if key.startswith("outputs/")}
        return Books(**parts, files=files, read_at=int(self.now))

    def violations(self, earlier: Books | None = None) -> list[Violation]:
        """What is wrong now, whatever is still under way; the sweeper may not have come for long."""
        books = replace(self.books(), read_at=0)
        changed = rewritten(earlier, books) if earlier else []
        return audit(books) + changed + list(self._broken_answers(books)) + list(self._wrong_sums(books)) + _news(books)

    def violations_at_rest(self, earlier: Books | None = None) -> list[Violation]:
        """What is wrong now that everything should have ended, as its script and its customer want it."""
        books = self.books()
        found = self.violations(earlier) + [Violation("I13", what, "is still open") for what in unfinished(books)]
        found += [
            Violation("I13", job["id"], f"{submit.script!r} ended as {job['status']} {job.get('error')}")
            for submit in self.submits
            for job in _jobs_of(submit, books)
            if not _open(job) and not submit.may_end_as(job, self.faults)
        ]
        found += self._unlike_stripe(books)
        told = Counter(detail["jobId"] for detail in news())
        found += [
            Violation("I13", job["id"], "nobody was told that it ended")
            for job in books.jobs
            if not _open(job) and not told[job["id"]]
        ]
        return found

    def _broken_answers(self, books: Books) -> Iterator[Violation]:
        """I12: what a submit answered is there and stays the only answer."""
        for submit in self.submits:
            found = {job["id"] for job in _jobs_of(submit, books)}
            if not submit.answers <= found or len(found) > 1 or (submit.refused and found):
                told = "refused" if submit.refused else submit.answers
                yield Violation("I12", f"order {submit.number}", f"was answered with {told}, and made {found}")

        purchased = {row["id"] for row in books.purchases}
        for key, answers in self.checkouts.items():
            times = sorted(answers.values())
            if not answers.keys() <= purchased or any(b - a < KEY_SECONDS for a, b in pairwise(times)):
                yield Violation("I12", f"checkout {key}", f"was answered with {answers}")

    def _unlike_stripe(self, books: Books) -> Iterator[Violation]:
        """I9, I10: every purchase has brought what Stripe was paid for it, less the share that went back."""
        for purchase in books.purchases:
            session = self.stripe.books["checkout/sessions"].get(purchase.get("sessionId"))
            paid = session is not None and session["payment_status"] == "paid"
            if purchase["granted"] != (purchase["credits"] if paid else 0):
                yield Violation("I9", purchase["id"], f"granted {purchase['granted']}, paid: {paid}")
            if paid and purchase["revoked"] != (due := self._taken_back(purchase)):
                yield Violation("I10", purchase["id"], f"revoked {purchase['revoked']} of its credits, {due} are due")

    def _taken_back(self, purchase: Row) -> int:
        """Credits whose money went back, by what happened at Stripe."""
        intent = self.intent(purchase)
        charge = self.stripe.charge(intent)
        disputes = [row for row in self.stripe.books["disputes"].values() if row["payment_intent"] == intent]
        lost = sum(row["amount"] for row in disputes if row["status"] in ("needs_response", "lost"))
        back = min(charge["amount"], charge["amount_refunded"] + lost)
        return int(purchase["credits"] * back // charge["amount"])

    def _wrong_sums(self, books: Books) -> Iterator[Violation]:
        """The model: every customer has what they got, less the price of each order in the state its job is in."""
        spent: Counter[str] = Counter()
        for submit in self.submits:
            for job in _jobs_of(submit, books):
                spent[job["userId"]] += submit.charge(job)
                if job["credits"] not in submit.prices:
                    yield Violation("model", job["id"], f"costs {job['credits']}, not one of {submit.prices}")
        for balance in books.balances:
            expected = self.given(balance["userId"], books) - spent[balance["userId"]]
            if balance["credits"] != expected:
                yield Violation("model", balance["userId"], f"has {balance['credits']} credits, should have {expected}")

    def given(self, user_id: str, books: Books) -> int:
        """Credits the customer got without ordering anything."""
        bought = (row["granted"] - row["revoked"] for row in books.purchases if row["userId"] == user_id)
        given = (amount for owner, amount in self.grants.values() if owner == user_id)
        return self._begun_with(user_id, books) + sum(bought) + sum(given)

    def _begun_with(self, user_id: str, books: Books) -> int:
        """The signup credits of an address come once; its next account begins with the debt of the one before."""
        former = self.former.get(user_id)
        if former is None:
            return SIGNUP_CREDITS
        return min(0, next(int(row["credits"]) for row in books.balances if row["userId"] == former))

    # ---- Fresh starts ------------------------------------------------------------------------------------------------

    def save(self) -> State:
        known = ("users", "former", "grants", "submits", "stumbled", "faults", "checkouts", "unheard", "told")
        price = catalog.ImageGeneration.credits_per_unit
        return State(
            {name: copy.deepcopy(table.items) for name, table in _tables().items()},
            {name: copy.deepcopy(_contents(name)) for name in QUEUES},
            copy.copy(_bucket().keys),
            self.now,
            self.counted,
            price,
            json.dumps(self.stripe.books),
            copy.deepcopy({name: getattr(self, name) for name in known}),
        )

    def restore(self, state: State) -> None:
        for name, items in state.tables.items():
            _tables()[name].items = copy.deepcopy(items)
        for name, contents in state.queues.items():
            queue = _queue(name)
            queue._messages, queue._pending_messages, queue.deleted_messages = copy.deepcopy(contents)
        _bucket().keys = copy.copy(state.objects)
        self.now, self.counted = state.now, state.counted
        self.set_price(state.price)
        self.stripe.books = json.loads(state.stripe)
        for name, value in copy.deepcopy(state.book).items():
            setattr(self, name, value)
        self.errors = []
        tables.random.seed(0)
        self.restart()


FACTS = EngineFacts(engine="scripted", model="none", revision="1", licence="Apache-2.0")
PICTURE = OutputFile("image-1.png", b"a picture", "image/png")


def unfinished(books: Books) -> list[str]:
    """Jobs that have not ended, and messages that have not gone out."""
    return [job["id"] for job in books.jobs if _open(job)] + [message["id"] for message in books.outbox]


def news_bodies() -> list[str]:
    """Everything that went over the bus, oldest first."""
    return [message.body for message in _queue("news")._messages]


def news() -> list[dict[str, Any]]:
    """Everything the studio has told about ended jobs, as an eavesdropping queue got it."""
    told = [json.loads(body) for body in news_bodies()]
    return [
        event["detail"] for event in told if event["source"] == "studio.jobs" and event["detail-type"] != "Job Queued"
    ]


def _open(job: Row) -> bool:
    return job["status"] in ("pending", "processing")


def _news(books: Books) -> list[Violation]:
    """The news of a job, however often it is told, is what became of it."""
    found = []
    for detail in news():
        job = books.job.get(detail["jobId"])
        charged = job and books.held(job["id"]) - job.get("refunded", 0)
        if job is None or (detail["status"], detail["credits"]["charged"]) != (job["status"], charged):
            found.append(Violation("I6", detail["jobId"], f"was told as {detail}, is {job}"))
    return found


def _jobs_of(submit: Submit, books: Books) -> list[Row]:
    return [job for job in books.jobs if job["order"]["seed"] == submit.number]


@contextmanager
def world() -> Iterator[World]:
    """A studio that has just been deployed."""
    with ExitStack() as stack:
        stack.enter_context(mock_aws())
        resources = integration._make_resources()
        _make_queues()
        stack.enter_context(patch.dict("os.environ", resources))
        level = logging.getLogger("studio").level
        logging.getLogger("studio").setLevel(logging.CRITICAL + 1)
        stack.callback(logging.getLogger("studio").setLevel, level)
        for target, name, value in (
            *integration.QUICKER,
            (queue_worker, "assignment", lambda queue: (queue, "scripted")),
            (queue_worker, "POLL_SECONDS", 0),
            (queue_worker, "LOOK_SECONDS", 0),
            (queue_worker, "BRIEF_LOOK_SECONDS", 0),
            (queue_worker, "ELSEWHERE_SECONDS", 0),
            (queue_worker, "RETRY_DELAY_SECONDS", 0),
            (tables, "random", random.Random(0)),
            (catalog.ImageGeneration, "credits_per_unit", catalog.ImageGeneration.credits_per_unit),
        ):
            stack.enter_context(patch.object(target, name, value))
        it = World(stack.enter_context(counted()))
        for target, name, value in (
            (clock, "now", lambda: clock.from_epoch(it.now)),
            (clock, "epoch", lambda: int(it.now)),
            (ids, "new", lambda prefix: _count(it, prefix)),
            (moto.sqs.models, "unix_time", lambda: it.now),
            (moto.sqs.models, "unix_time_millis", lambda: it.now * 1000),
            (tables, "time", SimpleNamespace(monotonic=lambda: it.now, sleep=it.pass_time)),
            (gpu_worker, "_feature", lambda name: it._draw),
            (stripe_api, "time", SimpleNamespace(monotonic=lambda: it.now)),
            (stripe_api, "_transport", lambda: CountedWire(it)),
            (standin, "secrets", SimpleNamespace(token_hex=lambda size: _count(it, "x"))),
        ):
            stack.enter_context(patch.object(target, name, value))
        yield it
        it.restart()


def _caches() -> list[Any]:
    """What a process of the studio remembers, except its connection to DynamoDB, which knows nothing of the books."""
    modules = [module for name, module in sys.modules.items() if name.startswith("studio.")]
    found = {id(value): value for module in modules for value in vars(module).values() if hasattr(value, "cache_clear")}
    return [value for value in found.values() if value is not tables._shared_connection]


def _count(it: World, prefix: str) -> str:
    it.counted += 1
    return f"{prefix}_{it.counted:026d}"


def _make_queues() -> None:
    """The queues that the suite of moto has no use for: completion and dead letters, wired as in the template."""
    sqs, events = integration.client("sqs"), integration.client("events")
    arns = {}
    for name in ("dead", "buried", "completion"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arns[name] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    for name, letters in (("jobs", "dead"), ("drafts", "dead"), ("completion", "buried")):
        redrive = json.dumps({"deadLetterTargetArn": arns[letters], "maxReceiveCount": 10})
        sqs.set_queue_attributes(QueueUrl=_url(name), Attributes={"RedrivePolicy": redrive})
    rule = integration.TEMPLATE["Resources"]["FinishedRule"]["Properties"]
    events.put_rule(Name="finished", EventBusName="bus", EventPattern=json.dumps(rule["EventPattern"]))
    events.put_targets(Rule="finished", EventBusName="bus", Targets=[{"Id": "completion", "Arn": arns["completion"]}])


def _url(queue: str) -> str:
    return f"https://sqs.{REGION}.amazonaws.com/{DEFAULT_ACCOUNT_ID}/{queue}"


def _queue(name: str) -> Any:
    return sqs_backends[DEFAULT_ACCOUNT_ID][REGION].queues[name]


def _contents(queue: str) -> tuple[Any, Any, Any]:
    kept = _queue(queue)
    return kept._messages, kept._pending_messages, kept.deleted_messages


def _tables() -> dict[str, Any]:
    return dict(dynamodb_backends[DEFAULT_ACCOUNT_ID][REGION].tables)


def _bucket() -> Any:
    return s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets["media"]


def _rows(part: str) -> Iterator[Row]:
    table = _tables()[getattr(settings.settings(), TABLES[part].lower())]
    for held in table.items.values():
        for item in held.values() if table.has_range_key else (held,):
            yield row(item.to_json()["Attributes"])
