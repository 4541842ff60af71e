"""Short stories, each a promise under test: what was there before, what happens, and what its people do afterwards.

`when` is where things go wrong. `again` is what a careful client does who got no answer; the platform's own second
tries come with `World.drain`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from audit.books import Row
from tests.invariants.world import Submit, World

Step = Callable[[World], Any]
LATE_SECONDS = 3601  # past the deadline of a picture


@dataclass(frozen=True)
class Scenario:
    """One story. Steps of `when` are requests or invocations of their own: one that fails does not stop the next."""

    given: tuple[Step, ...]
    when: tuple[Step, ...]
    again: tuple[Step, ...] = ()


def register(world: World) -> None:
    world.register("ann")


def order(script: str = "ok", **options: Any) -> Step:
    return lambda world: world.order("ann", script, **options)


def send(world: World) -> None:
    world.send(_last(world))


def send_again(world: World) -> None:
    """A client repeats what has a key; without one it would be another order."""
    if _last(world).key:
        send(world)


def submit(script: str = "ok", **options: Any) -> Step:
    return lambda world: world.submit("ann", script, **options)


def close(world: World) -> None:
    if not world.former:  # otherwise that has happened, and the address has its next account
        world.close("ann")


def grant(world: World) -> None:
    world.grant("ann", 30, "request-1")


def price(credits_per_picture: int) -> Step:
    return lambda world: world.set_price(credits_per_picture)


def cancel(world: World) -> None:
    world.cancel(_last(world))


def cancel_first(world: World) -> None:
    world.cancel(world.submits[0])


def cancelled_meanwhile(world: World) -> None:
    world.meanwhile = partial(cancel, world)


def second_message(world: World) -> None:
    """The queue delivers the job twice."""
    for job in world.books().jobs:
        world.put_in("jobs", f'{{"jobId": "{job["id"]}"}}')


def into_dead_letters(world: World) -> None:
    world.bury_message(_last(world))


def time_passes(seconds: float) -> Step:
    return lambda world: world.pass_time(seconds)


def overdue(world: World) -> None:
    world.pass_time(LATE_SECONDS)


def duplicated_news(world: World) -> None:
    """Whatever waits for completion comes three times."""
    world.duplicate("completion", times=2)


def overtaken(world: World) -> None:
    """The worker freezes in the middle of its work for longer than its lease, and another one takes the job."""

    def freeze() -> None:
        world.pass_time(70)
        world.work()

    world.meanwhile = freeze


def buy(world: World) -> None:
    world.buy("ann", "checkout")


def pay(world: World) -> None:
    world.stripe.pay(_bought(world)["sessionId"])


def pay_later(world: World) -> None:
    world.stripe.pay(_bought(world)["sessionId"], later=True)


def bounce(world: World) -> None:
    world.stripe.bounce(_bought(world)["sessionId"])


def refund(cents: int | None = None) -> Step:
    return lambda world: world.stripe.refund(world.intent(_bought(world)), cents)


def refund_fails(world: World) -> None:
    """The payer's bank does not take the refund in, and Stripe's webhooks say so at once."""
    (made,) = world.stripe.books["refunds"]
    world.stripe.fail_refund(made)
    world.hear()


def dispute(world: World) -> None:
    world.stripe.dispute(world.intent(_bought(world)))


def decide(status: str) -> Step:
    def decided(world: World) -> None:
        (dispute,) = world.stripe.books["disputes"]
        world.stripe.decide(dispute, status)

    return decided


def look(world: World) -> None:
    world.look(_bought(world))


def webhooks_are_lost(world: World) -> None:
    world.tell(lost=True)


def all_but_one_webhook_are_lost(world: World) -> None:
    world.tell()
    world.unheard = world.unheard[-1:]


def _bought(world: World) -> Row:
    (purchase,) = world.books().purchases
    return purchase


def _last(world: World) -> Submit:
    return world.submits[-1]


work, complete, sweep, bury = World.work, World.complete, World.sweep, World.bury


def work_and_complete(world: World) -> None:
    work(world)
    complete(world)


hear, reconcile = World.hear, World.reconcile

SCENARIOS = {
    "a registration": Scenario((), (register,), (register,)),
    "a submit": Scenario((register, order()), (send,)),
    "a submit with a key, repeated": Scenario((register, order(key="k")), (send,), (send_again,)),
    "a submit with the last credits": Scenario(
        (register, price(25), submit(), order()), (send, order(key="k"), send), (send_again,)
    ),
    "a free draft": Scenario((register, order(draft=True)), (send,)),
    "a new persona": Scenario(
        (register, order("partial 1", feature="influencer-creation", parts=3, key="k")), (send,), (send_again,)
    ),
    "a delivery beside another job": Scenario((register, submit(), submit(parts=2)), (work, complete)),
    "a delivery in part": Scenario((register, submit("partial 1", parts=3)), (work, complete)),
    "a job that cannot be done": Scenario((register, submit("fail")), (work, complete)),
    "an engine that breaks once": Scenario((register, submit("stumble")), (work, work, complete)),
    "an engine that always breaks": Scenario((register, submit("break")), (work, work, work, complete)),
    "a cancel": Scenario((register, submit(parts=2)), (cancel,), (cancel,)),
    "a cancel after a change of prices": Scenario((register, submit(parts=2), price(7)), (cancel,), (cancel,)),
    "a cancel while the job runs": Scenario((register, submit()), (cancelled_meanwhile, work, complete)),
    "a cancel after the work": Scenario((register, submit()), (work, cancel, complete), (cancel,)),
    "a job taken over by another worker": Scenario((register, submit()), (overtaken, work, complete)),
    "a message delivered twice": Scenario((register, submit(), second_message), (work, work, complete)),
    "news delivered three times": Scenario(
        (register, submit("partial 2", parts=3), work, duplicated_news), (complete, complete)
    ),
    "news of an attempt that was overtaken": Scenario(
        (register, submit(), second_message, work, time_passes(70), work), (complete,)
    ),
    "an overdue job": Scenario((register, submit(parts=2), overdue), (sweep,)),
    "an overdue job that was just finished": Scenario((register, submit(), work, overdue), (sweep, complete)),
    "a job in the dead letters": Scenario((register, submit(), into_dead_letters), (bury,)),
    "a checkout": Scenario((register,), (buy,), (buy,)),
    "a payment": Scenario((register, buy, pay), (hear,)),
    "a payment seen first by its page": Scenario((register, buy, pay), (look, hear)),
    "a payment nobody told of": Scenario((register, buy, pay, webhooks_are_lost), (reconcile,), (reconcile,)),
    "a payment whose money never comes": Scenario((register, buy, pay_later), (hear, bounce, hear)),
    "a refund in two parts": Scenario((register, buy, pay, hear, refund(999)), (hear, refund(), hear)),
    "a refund that one webhook tells of": Scenario(
        (register, buy, pay, hear, refund(), all_but_one_webhook_are_lost), (hear,)
    ),
    "a refund before the payment was heard of": Scenario((register, buy, pay, refund(1000)), (hear,)),
    "a refund and a dispute of one payment": Scenario((register, buy, pay, hear, refund(2000), dispute), (hear,)),
    "a dispute that is won": Scenario((register, buy, pay, hear, dispute), (hear, decide("won"), hear)),
    "a dispute over credits that were spent": Scenario(
        (register, buy, pay, hear, price(30), submit(parts=4), dispute, order(key="k")),
        (hear, send, cancel),
        (send_again,),
    ),
    "a grant": Scenario((register, submit(parts=2)), (grant, cancel), (grant, cancel)),
    "closing an account with open jobs": Scenario((register, submit(parts=2), submit()), (close,), (close,)),
    "closing an account and opening it anew": Scenario((register, submit()), (close, register), (close, register)),
    "closing an account with a debt": Scenario(
        (register, buy, pay, hear, price(30), submit(parts=4), work, complete, dispute, hear),
        (close, register),
        (close, register),
    ),
    "closing an account with a debt that open jobs make up for": Scenario(
        (register, buy, pay, hear, price(30), submit(parts=4), dispute, hear), (close, register), (close, register)
    ),
    "from sign-up to delivery": Scenario((), (register, submit(key="k"), work, complete)),
}
