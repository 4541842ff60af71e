"""Sixteen processes that want the same credits at the same moment; run as a program against a studio's own tables.

Each round has a new customer with credits for one job exactly. All callers wait for each other, submit, and say what
they were answered. Prints one JSON list per round: the answers of its callers.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from typing import Any

from studio import accounts, catalog, jobs
from studio.errors import InsufficientCredits

CALLERS = 16
PASSWORD = "correct horse battery"
ORDER: dict[str, Any] = {"prompt": "A lighthouse on a cliff at sunset", "width": 512, "height": 512}


def main(rounds: int) -> None:
    """Play so many rounds."""
    start = multiprocessing.get_context("fork")  # before any client is made: sockets must not be shared
    barrier, answers = start.Barrier(CALLERS + 1), start.Queue()
    customer = start.Array("c", 30)  # an id of the customer whose round it is
    callers = [start.Process(target=call, args=(rounds, barrier, customer, answers)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for number in range(rounds):
        customer.value = accounts.register(f"racer{number}@example.com", PASSWORD).user.id.encode()
        barrier.wait()
        print(json.dumps([answers.get() for _ in callers]), flush=True)
    for caller in callers:
        caller.join()


def call(rounds: int, barrier: Any, customer: Any, answers: Any) -> None:
    """One caller: as soon as everybody is ready, order what only one can pay for."""
    order = catalog.parse("image-generation", ORDER)
    for _ in range(rounds):
        barrier.wait()
        try:
            answers.put(jobs.submit(customer.value.decode(), order).job.id)
        except InsufficientCredits as refused:
            answers.put(refused.code)
        except Exception as error:  # anything else is a failed round, and must not leave the others waiting
            answers.put(repr(error))


if __name__ == "__main__":
    main(int(sys.argv[1]))
