"""Random histories: what customers, workers, queues, Stripe, the clock and bad luck may do, in any order.

After every step the books must be in order and agree with the model, which knows only what was ordered, bought and
seen, not how the studio keeps its books. At the end all faults stop, and everything must come to its end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from audit.invariants import Violation
from infra.local.stripe import Refused
from tests.invariants.calls import (
    Crash,
    Fault,
    answer_lost,
    conflicting,
    crash_after,
    crash_before,
    in_progress,
    sent_twice,
    throttled,
    unavailable,
)
from tests.invariants.runs import TALLY, Stage
from tests.invariants.world import REFUSALS, news_bodies

PEOPLE = ("ann", "bob")
DAY_SECONDS = 86_400
SCRIPTS = ("ok", "ok", "ok", "partial 1", "fail", "stumble", "break")
TIMES = (5, 30, 70, 200, 1000, 3700, DAY_SECONDS + 100)

Luck = tuple[Fault, int] | None
"""A fault, and at which call of the step it strikes."""
FAULTS: list[Fault] = [
    crash_before, crash_after, answer_lost, sent_twice, in_progress, throttled, unavailable, conflicting,
]  # fmt: skip
luck = st.one_of(st.none(), st.none(), st.tuples(st.sampled_from(FAULTS), st.integers(1, 14)))

# One rule with weights: left to choose among many rules, Hypothesis switches most of them off in any one history, and
# few orders would ever be placed.
HAPPENINGS = {
    "submit": 5, "send_again": 1, "cancel": 2, "register": 1, "change_price": 1,
    "work": 5, "complete": 4, "sweep": 2, "bury": 1,
    "cancel_meanwhile": 1, "freeze": 1, "duplicate": 1, "late_news": 1, "give_up": 1, "pass_time": 2,
    "buy": 2, "pay": 3, "pay_later": 1, "arrive_or_not": 1, "abandon": 1, "refund": 2, "refund_fails": 1,
    "dispute": 1, "decide": 1,
    "hear": 2, "hear_any": 2, "look": 1, "reconcile": 1,
}  # fmt: skip
"""What may happen, and how often compared with the rest."""
happening = st.sampled_from([name for name, weight in HAPPENINGS.items() for _ in range(weight)])


class BrokenPromise(AssertionError):
    """The audit has found something; its violations are the message."""


class Histories(RuleBasedStateMachine):
    """One studio and everything that happens to it."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        TALLY["histories"] += 1
        self.world = self.stage.world
        self.stage.clear()
        self.books = self.world.books()
        self._step(lambda: self.world.register("ann"), None)

    @rule(what=happening, dice=st.integers(0, 999_999), luck=luck)
    def happens(self, what: str, dice: int, luck: Luck) -> None:
        """One step; `dice` decides all that is left open, such as which order is meant."""
        TALLY["steps of histories"] += 1
        getattr(self, f"_{what}")(Dice(dice), luck)

    # ---- Customers ---------------------------------------------------------------------------------------------------

    def _register(self, dice: Dice, luck: Luck) -> None:
        self._step(lambda: self.world.register(dice.one_of(PEOPLE)), luck)

    def _submit(self, dice: Dice, luck: Luck) -> None:
        order = self.world.order(
            dice.one_of(sorted(self.world.users)),
            dice.one_of(SCRIPTS),
            parts=dice.one_of((2, 3, 4)),
            key=dice.one_of((None, "a", "b", "c")),
            draft=dice.one_of(range(10)) == 0,
        )
        self._step(lambda: self.world.send(order), luck)

    def _send_again(self, dice: Dice, luck: Luck) -> None:
        """A client repeats a request with its key; without one it would be another order."""
        orders = [o for o in self.world.submits if o.key and self.world.now < o.created_at + DAY_SECONDS]
        if orders:
            self._step(lambda: self.world.send(dice.one_of(orders)), luck)

    def _cancel(self, dice: Dice, luck: Luck) -> None:
        if self.world.submits:
            self._step(lambda: self.world.cancel(dice.one_of(self.world.submits)), luck)

    def _change_price(self, dice: Dice, luck: Luck) -> None:
        self.world.set_price(dice.one_of(range(1, 12)))

    # ---- Platform ----------------------------------------------------------------------------------------------------

    def _work(self, dice: Dice, luck: Luck) -> None:
        self._step(self.world.work, luck)

    def _cancel_meanwhile(self, dice: Dice, luck: Luck) -> None:
        """A worker works, and in the middle of it some order is cancelled."""
        if self.world.submits:
            self._step_with(lambda: self.world.cancel(dice.one_of(self.world.submits)), luck)

    def _freeze(self, dice: Dice, luck: Luck) -> None:
        """A worker stands still for longer than its lease, and another one works meanwhile."""

        def freeze() -> None:
            self.world.pass_time(70)
            self.world.work()

        self._step_with(freeze, luck)

    def _complete(self, dice: Dice, luck: Luck) -> None:
        self._step(self.world.complete, luck)

    def _bury(self, dice: Dice, luck: Luck) -> None:
        self._step(self.world.bury, luck)

    def _sweep(self, dice: Dice, luck: Luck) -> None:
        self._step(self.world.sweep, luck)

    def _duplicate(self, dice: Dice, luck: Luck) -> None:
        self.world.duplicate(dice.one_of(("jobs", "completion", "dead")), times=1)

    def _late_news(self, dice: Dice, luck: Luck) -> None:
        """An old report of a worker comes again, perhaps of an attempt that was overtaken long ago."""
        reports = [body for body in news_bodies() if json.loads(body)["source"] == "studio.worker"]
        if reports:
            self.world.put_in("completion", dice.one_of(reports))

    def _give_up(self, dice: Dice, luck: Luck) -> None:
        """The queue has delivered a message too often."""
        if self.world.submits:
            self.world.bury_message(dice.one_of(self.world.submits))

    def _pass_time(self, dice: Dice, luck: Luck) -> None:
        self.world.pass_time(dice.one_of(TIMES))

    # ---- Payments ----------------------------------------------------------------------------------------------------

    def _buy(self, dice: Dice, luck: Luck) -> None:
        who, key = dice.one_of(sorted(self.world.users)), dice.one_of(("a", "p", "q"))
        self._step(lambda: self.world.buy(who, key, dice.one_of(("starter", "pro"))), luck)

    def _pay(self, dice: Dice, luck: Luck) -> None:
        self._at_stripe(dice, "checkout/sessions", {"status": "open"}, lambda it: self.world.stripe.pay(it["id"]))

    def _pay_later(self, dice: Dice, luck: Luck) -> None:
        self._at_stripe(
            dice, "checkout/sessions", {"status": "open"}, lambda it: self.world.stripe.pay(it["id"], later=True)
        )

    def _arrive_or_not(self, dice: Dice, luck: Luck) -> None:
        comes = dice.one_of((self.world.stripe.arrive, self.world.stripe.bounce))
        waiting = {"status": "complete", "payment_status": "unpaid"}
        self._at_stripe(dice, "checkout/sessions", waiting, lambda it: comes(it["id"]))

    def _abandon(self, dice: Dice, luck: Luck) -> None:
        self._at_stripe(dice, "checkout/sessions", {"status": "open"}, lambda it: self.world.stripe.expire(it["id"]))

    def _refund(self, dice: Dice, luck: Luck) -> None:
        cents = dice.one_of((None, 1, 999, 2000))
        self._at_stripe(
            dice, "charges", {"refunded": False}, lambda it: self.world.stripe.refund(it["payment_intent"], cents)
        )

    def _refund_fails(self, dice: Dice, luck: Luck) -> None:
        self._at_stripe(dice, "refunds", {"status": "succeeded"}, lambda it: self.world.stripe.fail_refund(it["id"]))

    def _dispute(self, dice: Dice, luck: Luck) -> None:
        self._at_stripe(
            dice, "charges", {"disputed": False}, lambda it: self.world.stripe.dispute(it["payment_intent"])
        )

    def _decide(self, dice: Dice, luck: Luck) -> None:
        how = dice.one_of(("won", "lost", "warning_closed"))
        self._at_stripe(
            dice, "disputes", {"status": "needs_response"}, lambda it: self.world.stripe.decide(it["id"], how)
        )

    def _hear(self, dice: Dice, luck: Luck) -> None:
        self._step(self.world.hear, luck)

    def _hear_any(self, dice: Dice, luck: Luck) -> None:
        """Any event of any time comes now: early, late, again, in any order."""
        self.world.tell()
        if self.world.stripe.events():
            self._step(lambda: self.world.hear_one(dice.one_of(self.world.stripe.events())), luck)

    def _look(self, dice: Dice, luck: Luck) -> None:
        purchases = self.world.books().purchases
        if purchases:
            self._step(lambda: self.world.look(dice.one_of(purchases)), luck)

    def _reconcile(self, dice: Dice, luck: Luck) -> None:
        self._step(self.world.reconcile, luck)

    # ---- Judgement ---------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Faults stop; everything that was accepted must come to its end."""
        TALLY["orders in histories"] += len(self.world.submits)
        TALLY["faults in histories"] += self.world.faults
        self.world.calls.disarm()
        self.world.drain()
        self.world.reconcile()
        _require(self.world.violations_at_rest(self.books))

    def _step(self, act: Callable[[], None], luck: Luck) -> None:
        if luck:
            fault, at = luck
            self.world.calls.arm(fault, at=at)
        try:
            self._quietly(act)
        except Crash:
            self.world.restart()
        self.world.faults += self.world.calls.fired
        self.world.calls.disarm()
        _require(self.world.violations(self.books))
        self.books = self.world.books()

    def _quietly(self, act: Callable[[], None]) -> None:
        """What is refused or fails is answered, or tried again by whoever delivers it."""
        try:
            act()
        except REFUSALS as error:
            self.world.errors.append(error)

    def _step_with(self, meanwhile: Callable[[], None], luck: Luck) -> None:
        """A worker takes a message, and in the middle of its work something else happens."""
        self.world.meanwhile = lambda: self._quietly(meanwhile)
        self._step(self.world.work, luck)
        self.world.meanwhile = lambda: None

    def _at_stripe(self, dice: Dice, kind: str, fits: dict[str, Any], act: Callable[[dict[str, Any]], object]) -> None:
        """Something happens to one object there; nothing of ours is involved. What Stripe refuses does not happen."""
        found = [it for it in self.world.stripe.books[kind].values() if fits.items() <= it.items()]
        if found:
            with suppress(Refused):
                act(dice.one_of(found))


class Dice:
    """Decides among what there is; a history is shrunk by making its dice show less."""

    def __init__(self, number: int) -> None:
        self._number = number

    def one_of(self, options: Sequence[Any]) -> Any:
        """One of the options; the next decision is independent of this one."""
        self._number, choice = divmod(self._number, len(options))
        return options[choice]


def _require(violations: list[Violation]) -> None:
    if violations:
        raise BrokenPromise("\n".join(map(str, violations)))
