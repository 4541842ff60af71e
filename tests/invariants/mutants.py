"""Bugs, seeded into the product's own source one at a time, to see that the suite would notice them.

An edit is a piece of text in one function and what stands there instead. The function is compiled anew in its own
module, so the bug runs with everything around it as it is. Text that is no longer there, or there twice, is an error: a
mutant must not pass because it does nothing.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any
from unittest.mock import patch

from audit.invariants import Violation
from gpu_handlers.entry.queue_worker import QueueWorker
from studio import credits, jobs, outbox, purchases
from tests.invariants.calls import changes, crash_after, in_progress, sent_twice
from tests.invariants.races import RACES, meet
from tests.invariants.runs import Stage

Hunt = Callable[[Stage], Iterator[list[Violation]]]
"""Runs that could bring a bug to light, with what the audit found in each."""


@dataclass(frozen=True)
class Edit:
    """Other text in one function or method."""

    where: Callable[..., Any]
    old: str
    new: str


@dataclass(frozen=True)
class Mutant:
    """One bug, where it shows, and the invariants of which it must break at least one."""

    edits: tuple[Edit, ...]
    hunt: Hunt
    breaks: frozenset[str]


@contextmanager
def planted(mutant: Mutant) -> Iterator[None]:
    """The product with the bug in it.

    Raises:
        AssertionError: a function no longer has the text that the bug replaces.
    """
    with ExitStack() as stack:
        for edit in mutant.edits:
            stack.enter_context(_edited(edit))
        yield


def _edited(edit: Edit) -> Any:
    function = inspect.unwrap(edit.where)
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(edit.old) == 1, f"{function.__qualname__} has {edit.old!r} {source.count(edit.old)} times"
    module = sys.modules[function.__module__]
    made: dict[str, Any] = {}
    text = "from __future__ import annotations\n" + source.replace(edit.old, edit.new)
    exec(compile(text, f"<mutant of {function.__name__}>", "exec"), vars(module), made)
    return patch.object(_owner(module, function), function.__name__, made[function.__name__])


def _owner(module: ModuleType, function: Callable[..., Any]) -> Any:
    """The module, or the class that a method stands in."""
    *path, _ = function.__qualname__.split(".")
    owner: Any = module
    for name in path:
        owner = getattr(owner, name)
    return owner


# ---- Where bugs show -------------------------------------------------------------------------------------------------


def undisturbed(name: str) -> Hunt:
    """The scenario as it goes when nothing goes wrong."""

    def hunt(stage: Stage) -> Iterator[list[Violation]]:
        _, books = stage.set(name)
        stage.world.calls.disarm()
        stage.play(name)
        yield stage.recover(name, books)

    return hunt


def crashes(name: str) -> Hunt:
    """A crash after each write of the scenario."""
    return _at_each_write(name, lambda stage, number: stage.crash(name, crash_after, number))


def repeats(name: str) -> Hunt:
    """Each write of the scenario is sent twice."""
    return _at_each_write(name, lambda stage, number: stage.strike(name, sent_twice, number))


def unsettled(name: str) -> Hunt:
    """Each write of the scenario succeeds, and is answered as being in progress."""
    return _at_each_write(name, lambda stage, number: stage.strike(name, in_progress, number))


def race(name: str) -> Hunt:
    """The rival comes in between at each call."""

    def hunt(stage: Stage) -> Iterator[list[Violation]]:
        scenario, rival = RACES[name]
        for number in range(len(_calls(stage, scenario)), 0, -1):  # the last call of an end is where races are lost
            yield meet(stage, scenario, rival, number)

    return hunt


def _at_each_write(name: str, run: Callable[[Stage, int], list[Violation]]) -> Hunt:
    def hunt(stage: Stage) -> Iterator[list[Violation]]:
        for number, operation in enumerate(_calls(stage, name), start=1):
            if changes(operation):
                yield run(stage, number)

    return hunt


def _calls(stage: Stage, name: str) -> list[str]:
    """What the scenario calls with the bug in place."""
    stage.set(name)
    stage.world.calls.disarm()
    stage.play(name)
    return list(stage.world.calls.made)


# ---- The bugs --------------------------------------------------------------------------------------------------------


def _mutant(hunt: Hunt, breaks: str, *edits: tuple[Callable[..., Any], str, str]) -> Mutant:
    return Mutant(tuple(Edit(*edit) for edit in edits), hunt, frozenset(breaks.split()))


MUTANTS = {
    "the entry is written before the balance, not with it": _mutant(
        crashes("a submit"),
        "I1 I4",
        (
            credits._post,
            "    _write_entry(tx, entry, after=after)",
            "    alone = Transaction()\n    _write_entry(alone, entry, after=after)\n    alone.commit()",
        ),
    ),
    "the balance is written without looking whether it moved": _mutant(
        race("two submits for the last credits"),
        "I1 I3 I4",
        (credits._post, "unmoved = Balance.version == row.version", "unmoved = Balance.user_id.exists()"),
    ),
    "a hold has another id every time": _mutant(
        undisturbed("a cancel"),
        "I5 I7",
        (credits.hold, 'f"hold:{job_id}"', 'f"hold:{job_id}:{clock.now()}"'),
    ),
    "held credits stay held after a refund": _mutant(
        undisturbed("a cancel"),
        "I5",
        (credits.settle, "held=-held)", "held=0)"),
    ),
    "a job may be settled by several": _mutant(
        race("a cancel and a completion"),
        "I4 I5 I6 I7",
        (jobs._end, "condition=Settlement.job_id.does_not_exist()", "condition=None"),
        (jobs._mark_ended, "JobRow.status.is_in(*_OPEN) & ", ""),
    ),
    "a refund is today's price": _mutant(
        undisturbed("a cancel after a change of prices"),
        "I5 I7",
        (
            jobs._end,
            "held = credits.held_for(job.user_id, job_id)",
            "held = catalog.parse(job.feature, job.order).cost",
        ),
    ),
    "a delivery gives everything back": _mutant(
        undisturbed("a delivery in part"),
        "I7",
        (jobs._end, "_price_of_undelivered(job, held, result) if delivered else held", "held"),
    ),
    "completion ignores the attempt": _mutant(
        undisturbed("news of an attempt that was overtaken"),
        "I14",
        (jobs._end, "if attempt is not None and job.attempt != attempt:", "if False:"),
    ),
    "a key is remembered after the job, not with it": _mutant(
        crashes("a submit with a key, repeated"),
        "I12",
        (
            jobs._create,
            "        if asked:\n            requests.remember(tx, asked, job.id)",
            "    if asked:\n        with transaction() as tx:\n            requests.remember(tx, asked, job.id)",
        ),
    ),
    "a submit whose answer was lost is believed to have failed": _mutant(
        unsettled("a submit with the last credits"),
        "I12",
        (jobs.submit, "if find(job.id):", "if None:"),
    ),
    "a message is forgotten before it is sent": _mutant(
        crashes("a submit"),
        "I13",
        (outbox.send, "_deliver(row)\n        row.delete()", "row.delete()\n        _deliver(row)"),
    ),
    "a worker deletes its message before the work": _mutant(
        crashes("a delivery in part"),
        "I13",
        (
            QueueWorker._handle,
            '    match self._work_on(job_id, message["MessageId"]):',
            '    aws.client("sqs").delete_message(QueueUrl=self._queue_url, ReceiptHandle=self._receipt)\n'
            '    match self._work_on(job_id, message["MessageId"]):',
        ),
    ),
    "an ended job stays on the sweeper's list": _mutant(
        undisturbed("a cancel"), "I13", (jobs._mark_ended, "        JobRow.open_shard.remove(),\n", "")
    ),
    "credits are keyed on what told of the payment": _mutant(
        repeats("a payment"),
        "I8",
        (credits.purchase, 'f"purchase:{session_id}"', 'f"purchase:{session_id}:{clock.now()}:{id(tx)}"'),
        (purchases._change, "condition=Purchase.version == purchase.version", "condition=Purchase.id.exists()"),
    ),
    "credits come when the checkout is complete, paid or not": _mutant(
        undisturbed("a payment whose money never comes"),
        "I9",
        (
            purchases._wanted,
            "if payment.paid and not purchase.granted:",
            'if payment.status == "complete" and not purchase.granted:',
        ),
    ),
    "more is taken back than was granted": _mutant(
        undisturbed("a refund and a dispute of one payment"),
        "I10",
        (
            purchases._taken_back,
            "min(payment.refunded + payment.disputed, payment.charged)",
            "payment.refunded + payment.disputed",
        ),
    ),
    "Stripe is asked before the purchase is read": _mutant(
        race("a refund and its failure"),
        "I10",
        (
            purchases._step,
            "    purchase = _known(purchase_id)\n    payment = stripe_api.payment(session_id)\n",
            "    payment = stripe_api.payment(session_id)\n    purchase = _known(purchase_id)\n",
        ),
    ),
    "a purchase that does not change is not written": _mutant(
        race("a refund and its failure"),
        "I10",
        (
            purchases._step,
            "    with _change(purchase, changes) as tx:",
            "    if not changes:\n        return True\n    with _change(purchase, changes) as tx:",
        ),
    ),
    "a dispute that is won brings nothing back": _mutant(
        undisturbed("a dispute that is won"), "I10", (purchases._wanted, "!= purchase.revoked", "> purchase.revoked")
    ),
}
