"""The audit reads what is there, finds what is wrong, and says so."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from audit import looks
from audit.books import TABLES, Books, Row, read
from audit.invariants import CHECKS, audit, rewritten
from audit.nightly import handler
from infra import stages
from infra.audit import __main__ as command
from studio import accounts, telemetry
from studio.settings import MAX_SIGNUP_CREDITS
from tests.integration import conftest as integration
from tests.invariants.mutants import MUTANTS, planted
from tests.invariants.world import PASSWORD

AN_HOUR = 3_600  # by then nothing may be on its way any more


@pytest.fixture(scope="module")
def books(stage) -> Books:
    """A delivery in part, a cancelled job, one with a callback, and a purchase with a refund: no promise is broken."""
    world = stage.world
    stage.clear()
    world.register("ann")
    world.submit("ann", "partial 1", parts=3, key="k")
    world.cancel(world.submit("ann", parts=2))
    world.submit("ann", callback=True)
    world.buy("ann", "b")
    world.stripe.pay(world.books().purchases[0]["sessionId"])
    world.hear()
    world.stripe.refund(world.intent(world.books().purchases[0]), 999)
    world.drain()
    world.call_back()
    world.pass_time(AN_HOUR)
    return world.books()


def test_the_books_of_an_orderly_studio_break_no_promise(books):
    assert len(books.jobs) == 3
    assert audit(books) == []


def test_the_command_reads_the_same_books_page_by_page(stage, books, monkeypatch):
    """The suite reads the emulation's memory for speed, the command through AWS."""
    clients = integration.client("dynamodb"), integration.client("s3")
    names = dict(os.environ)
    monkeypatch.setattr("moto.dynamodb.models.table.RESULT_SIZE_LIMIT", 2000, raising=True)
    found = read(*clients, names, now=books.read_at)
    for part, rows in books.__dict__.items():
        if isinstance(rows, tuple):
            assert sorted(map(str, map(sorted_row, getattr(found, part)))) == sorted(map(str, map(sorted_row, rows)))
    assert found.files == books.files


def sorted_row(row: Row) -> list[tuple[str, Any]]:
    return sorted(row.items())


Damage = Callable[[Books], Books]


def change(part: str, find: Callable[[Row], bool] = lambda row: True, **values: Any) -> Damage:
    """Somebody edits the first row that fits."""

    def damaged(books: Books) -> Books:
        rows = list(getattr(books, part))
        index = next(number for number, row in enumerate(rows) if find(row))
        rows[index] = {**rows[index], **values}
        return replace(books, **{part: tuple(rows)})

    return damaged


def cut(part: str, name: str, find: Callable[[Row], bool]) -> Damage:
    """Somebody removes a value from the first row that fits."""

    def damaged(books: Books) -> Books:
        rows = list(getattr(books, part))
        index = next(number for number, row in enumerate(rows) if find(row))
        rows[index] = {key: value for key, value in rows[index].items() if key != name}
        return replace(books, **{part: tuple(rows)})

    return damaged


def drop(part: str, find: Callable[[Row], bool] = lambda row: True) -> Damage:
    """Somebody deletes the first row that fits."""

    def damaged(books: Books) -> Books:
        rows = list(getattr(books, part))
        rows.remove(next(row for row in rows if find(row)))
        return replace(books, **{part: tuple(rows)})

    return damaged


def double(part: str, find: Callable[[Row], bool] = lambda row: True, **values: Any) -> Damage:
    """Somebody copies the first row that fits."""

    def damaged(books: Books) -> Books:
        copied = next(row for row in getattr(books, part) if find(row))
        return replace(books, **{part: (*getattr(books, part), {**copied, **values})})

    return damaged


def kind(name: str) -> Callable[[Row], bool]:
    return lambda row: row["kind"] == name


def status(name: str) -> Callable[[Row], bool]:
    return lambda row: row["status"] == name


DAMAGE: list[tuple[str, str, Damage]] = [
    ("I1", "a balance is edited in the console", change("balances", credits=1000)),
    ("I1", "a balance is gone", drop("balances")),
    ("I2", "credits appear from nowhere", change("balances", credits=1000)),
    ("I2", "an account begins with a million", change("entries", kind("signup"), amount=1_000_000)),
    ("I2", "credits come in by no known way", change("entries", kind("signup"), kind="gift")),
    ("I2", "a grant is of nobody", change("entries", kind("signup"), kind="grant")),
    ("I3", "a hold leads into debt", change("entries", kind("hold"), balanceAfter=-1)),
    ("I4", "an entry is gone", drop("entries", kind("refund"))),
    ("I4", "an entry is edited", change("entries", kind("refund"), balanceAfter=7)),
    ("I5", "a job has no hold", drop("entries", kind("hold"))),
    ("I5", "a job has two holds", double("entries", kind("hold"), id="hold:again")),
    ("I5", "a hold has no job", drop("jobs")),
    ("I5", "credits are held for nothing", change("balances", held=3)),
    ("I5", "active jobs are miscounted", change("balances", active=5)),
    ("I6", "a job ended without a settlement", drop("settlements")),
    ("I6", "a settlement without an end", change("jobs", status("completed"), status="processing")),
    ("I6", "a cancelled job was settled as delivered", change("settlements", status("cancelled"), outcome="delivered")),
    ("I7", "a refund is more than was held", change("entries", kind("refund"), amount=99)),
    ("I7", "a cancelled job was not refunded", drop("entries", kind("refund"))),
    ("I8", "a purchase was credited twice", double("entries", kind("purchase"), id="purchase:again")),
    ("I8", "credits were never bought", drop("purchases")),
    ("I9", "a purchase granted more than it offered", change("purchases", granted=2000)),
    ("I10", "a revocation is not on the purchase", change("purchases", revoked=0)),
    ("I10", "more was revoked than granted", change("entries", kind("revoke"), amount=-101)),
    ("I11", "a second bonus", double("entries", kind("signup"), id="signup:again")),
    ("I11", "two accounts for one address", double("users", id="usr_other")),
    ("I11", "an account went without being closed", drop("users")),
    ("I11", "a closed account has an address", change("balances", closedAt="2026-11-20T00:00:00.000Z")),
    ("I12", "a key leads to somebody else's job", change("requests", key="usr_other#k")),
    ("I12", "two keys lead to one job", double("requests", key="usr_other#k2")),
    ("I13", "a job is forgotten", change("jobs", status("completed"), status="pending", deadline=0)),
    ("I13", "the sweeper does not see an open job", change("jobs", status("completed"), status="pending")),
    ("I13", "an ended job is never erased", cut("jobs", "endedShard", status("cancelled"))),
    ("I14", "a delivered file is gone", lambda books: replace(books, files={})),
    ("I14", "a delivered file is cut short", lambda books: replace(books, files=dict.fromkeys(books.files, 1))),
    ("I14", "a file is of another attempt", change("jobs", status("completed"), attempt=2)),
    ("I15", "nobody was told of an end", drop("deliveries")),
    ("I15", "somebody was told of another end", change("deliveries", type="job.failed")),
    ("I15", "somebody was told of two ends", double("deliveries", id="dlv_again", type="job.failed")),
    ("I15", "somebody was told twice", double("deliveries", id="dlv_again")),
    ("I15", "a delivery is overdue", change("deliveries", state="pending", nextAttemptAt=1, dueShard=0)),
    ("I15", "a delivery waits where nobody looks", change("deliveries", state="pending", nextAttemptAt=2**40)),
    ("I15", "a delivery that nobody accepted is called delivered", change("deliveries", attempts=[])),
]


@pytest.mark.parametrize(("invariant", "damage"), [(i, d) for i, _, d in DAMAGE], ids=[what for _, what, _ in DAMAGE])
def test_the_audit_finds(books, invariant, damage):
    assert invariant in {violation.invariant for violation in audit(damage(books))}


def test_a_million_at_signup_is_wrong_although_every_sum_is_right():
    empty = Books(**dict.fromkeys(TABLES, ()), files={}, read_at=0)
    for amount, found in ((1_000_000, ["I2"]), (MAX_SIGNUP_CREDITS, [])):
        balance = {"userId": "usr_a", "credits": amount, "held": 0, "active": 0, "version": 1, "closedAt": "2026-11-20"}
        entry = {"userId": "usr_a", "id": "signup:usr_a", "kind": "signup", "number": 1}
        books = replace(empty, balances=(balance,), entries=({**entry, "amount": amount, "balanceAfter": amount},))
        assert [violation.invariant for violation in audit(books)] == found


def test_every_invariant_is_seen_to_fail():
    assert {invariant for invariant, _, _ in DAMAGE} == set(CHECKS)


def test_a_message_that_never_goes_out_is_found(books):
    waiting = {"id": "submit:x", "createdEpoch": books.read_at - 700}
    assert [v.invariant for v in audit(replace(books, outbox=(waiting,)))] == ["I13"]


@pytest.mark.parametrize("damage", [change("entries", amount=1), drop("entries"), drop("settlements"), drop("jobs")])
def test_history_that_was_rewritten_is_found(books, damage):
    assert {violation.invariant for violation in rewritten(books, damage(books))} == {"I4"}
    assert rewritten(books, books) == []


@pytest.mark.parametrize(
    ("invariant", "damage"),
    [
        ("I3", cut("entries", "balanceAfter", kind("hold"))),
        ("I7", change("jobs", status("completed"), result="no JSON")),
        ("I8", cut("entries", "number", kind("purchase"))),
        ("I14", cut("jobs", "endedAt", status("completed"))),
    ],
)
def test_a_row_that_cannot_be_checked_is_a_violation_and_hides_no_other(books, invariant, damage):
    found = audit(drop("settlements")(damage(books)))
    assert invariant in {violation.invariant for violation in found if "cannot be checked" in violation.detail}
    assert "I6" in {violation.invariant for violation in found}


def test_a_check_that_fails_repeats_nothing_of_a_row(books):
    told = [str(v) for v in audit(change("jobs", status("completed"), endedAt="ann@example.com")(books))]
    assert any("cannot be checked: ValueError" in line for line in told)
    assert "ann@" not in "".join(told)


def test_a_purchase_without_a_session_is_named(books):
    found = audit(cut("purchases", "sessionId", lambda row: True)(books))
    assert ("I8", books.purchases[0]["id"]) in {(violation.invariant, violation.subject) for violation in found}


@pytest.mark.parametrize("missing", [{}, {"undelivered": 1}])
def test_jobs_whose_order_is_not_taken_any_more_are_still_judged(books, missing):
    """As `studio.jobs` settled them: a part for each file, and those that are missing."""
    (job,) = [job for job in books.jobs if "callbackUrl" in job]
    result = {name: value for name, value in job["result"].items() if name not in ("parts", "undelivered")}
    old = change("jobs", lambda row: row["id"] == job["id"], order={"style": "cubist"}, result=result | missing)(books)
    found = [violation for violation in audit(old) if violation.invariant == "I7"]
    assert [violation.detail.endswith("1 were due") for violation in found] == ([True] if missing else [])


def test_files_that_the_bucket_may_have_deleted_are_not_missed(books):
    assert audit(replace(books, files={}, files_since=books.read_at + 1)) == []


def test_what_only_looks_wrong_while_it_is_written_is_not_reported(books):
    torn = drop("settlements")(books)
    assert audit(torn) != []
    assert looks.confirmed(torn, lambda: books) == []
    assert looks.confirmed(torn, lambda: torn) != []


def test_who_is_at_work_at_both_looks_is_not_reported_and_hides_nobody_else(stage):
    """Sums are made of rows that are read at different times; a customer who never rests looks wrong every time."""
    world = stage.world
    stage.clear()
    world.register("ann")
    world.cancel(world.submit("ann"))
    before = world.books()
    world.register("ben")
    world.submit("ben")
    meanwhile = world.books()
    world.submit("ben")
    world.drain()
    first = replace(meanwhile, balances=before.balances)  # balances were read first, the rest after them
    second = replace(world.books(), balances=meanwhile.balances)
    assert all({"I1", "I2"} <= {violation.invariant for violation in audit(books)} for books in (first, second))
    assert looks.confirmed(first, lambda: second) == []

    robbed = drop("entries", kind("refund"))
    found = looks.confirmed(robbed(first), lambda: robbed(second))
    assert {violation.invariant for violation in found} == {"I1", "I2", "I4", "I7"}
    assert world.users["ben"] not in {violation.subject for violation in found}


def test_who_never_rests_is_judged_by_the_entries_of_the_first_look(stage):
    world = stage.world
    stage.clear()
    world.register("ann")
    world.submit("ann")
    first = world.books()
    world.submit("ann")
    second = world.books()
    assert looks.confirmed(replace(first, settlements=({"jobId": "gone"},)), lambda: second)
    in_debt = change("entries", kind("hold"), balanceAfter=-1)
    found = looks.confirmed(in_debt(first), lambda: in_debt(second))
    assert {(violation.invariant, violation.subject) for violation in found} == {
        ("I3", world.users["ann"]),
        ("I4", world.users["ann"]),
    }


@pytest.fixture
def nightly(stage, monkeypatch, capsys, caplog):
    """The function of the night on this stage: what it answered, measured, and logged of promises."""
    monkeypatch.setattr(looks, "SECOND_LOOK_SECONDS", 0)
    caplog.set_level("INFO", logger="studio")

    def run() -> tuple[int, list[float], list[dict[str, Any]]]:
        stage.world.pass_time(AN_HOUR)
        capsys.readouterr()
        told = handler({}, integration.CONTEXT)["violations"]
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith('{"_aws"')]
        measured = [value for line in lines for value in line.get(telemetry.AUDIT_VIOLATIONS, [])]
        return told, measured, [vars(record) for record in caplog.records if record.msg == "a promise is broken"]

    return run


def test_a_night_over_an_orderly_studio_measures_nothing_wrong(stage, nightly):
    stage.set("from sign-up to delivery")
    stage.play("from sign-up to delivery")
    assert stage.world.books().jobs[0]["status"] == "completed"
    assert nightly() == (0, [0], [])


def test_a_night_over_a_seeded_bug_measures_and_logs_which_promise_of_whom(stage, nightly):
    bug = MUTANTS["held credits stay held after a refund"]
    with planted(bug):
        stage.set("a cancel")
        stage.play("a cancel")
    user = stage.world.users["ann"]
    told, measured, logged = nightly()
    assert told == len(logged) >= 1
    assert measured == [told]
    assert ("I5", user) in {(line["invariant"], line["subject"]) for line in logged}
    address = stage.world.books().emails[0]["address"]
    assert address not in str(logged), "whoever reads logs need not know who that is"


def test_the_report_counts_what_was_read_and_names_what_is_wrong(books):
    broken = drop("settlements")(books)
    text = command.report(broken, audit(broken))
    assert "3 jobs" in text
    assert f"{len(audit(broken))} violations" in text
    assert text.count("I6 ") == 1


def test_a_stage_that_is_not_there_is_an_error_with_a_reason(tmp_path):
    with pytest.raises(stages.Unreachable, match="make up"):
        stages.local(tmp_path)
    with pytest.raises(stages.Unreachable, match="nowhere"):
        stages.stage("nowhere")
    assert stages.stage("dev").stack == "studio-dev"


def test_the_books_of_a_closed_account_break_no_promise(stage):
    world = stage.world
    stage.clear()
    world.register("ann")
    world.submit("ann")
    world.drain()
    world.submit("ann", parts=2)
    accounts.close(world.users["ann"], PASSWORD)
    world.register("ann")
    books = world.books()
    assert len(books.balances) == 2
    assert audit(books) == []


def test_the_books_of_addresses_beyond_ascii_break_no_promise(stage):
    stage.clear()
    for email in ("Ada@straße.de", "ada@strasse.de", "ada@βόλος.com"):
        accounts.register(email, PASSWORD)
    books = stage.world.books()
    assert len(books.emails) == 3
    assert audit(books) == []
