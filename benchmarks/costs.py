"""`make costs`: docs/COSTS.md from `infra/prices.json` and from calls to AWS that are counted, not guessed.

One job goes its whole way in this process on moto, with the real functions and the real worker; every call is turned
into what AWS bills for it. What depends on how long a job works (progress, heartbeats, news on the way) is counted
once and taken as often as the code does it at most.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from math import ceil
from pathlib import Path
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

from benchmarks.api import CONTEXT, ORDER, SUBMIT, Request, studio_on_moto
from infra.local.stack import ROOT, nested

REPORT = ROOT / "docs" / "COSTS.md"
PRICES = ROOT / "infra" / "prices.json"
JOBS = 1000
MONTH_MINUTES = 30 * 24 * 60
FARGATE_DISK_GB = 20
"""Of every task's disk, without a price of its own."""
MEBIBYTE = 2**20
Units = Counter[str]
"""How much of what `infra/prices.json` prices."""


@dataclass(slots=True)
class Bill:
    """The calls of one part of a job, what AWS bills for them, and the events they put on the bus."""

    calls: Counter[str] = field(default_factory=Counter)
    units: Units = field(default_factory=Counter)
    events: list[dict[str, Any]] = field(default_factory=list)
    runs: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Invocations by the function's name in the template and how often one of them calls AWS."""

    def add(self, other: Bill, times: float = 1) -> Bill:
        """Both together; `other` so many times, which may be a part."""
        for name in ("calls", "units"):
            ours, theirs = getattr(self, name), getattr(other, name)
            for key, count in theirs.items():
                ours[key] += count * times
        return self


@dataclass(frozen=True, slots=True)
class Life:
    """What a job costs the control plane."""

    parts: dict[str, Bill]
    """Once a job."""
    per_second: Bill
    """Each second that a worker works on it, at the most."""
    idle: dict[str, Bill]
    """Once a month, whatever happens."""


@dataclass(frozen=True, slots=True)
class Prices:
    """`infra/prices.json`."""

    read: dict[str, Any]

    def usd(self, units: Mapping[str, float]) -> float:
        """What so much of everything costs."""
        return sum(self.rate(name) * count for name, count in units.items())

    def rate(self, name: str) -> float:
        """Dollars for one unit."""
        price = self.read["prices"][name]
        return float(price["usd"]) / float(price["per"])

    def assumed(self, name: str) -> float:
        """A figure that nobody measured."""
        return float(self.read["assumptions"][name]["value"])

    def invoked(self, bill: Bill) -> Units:
        """Requests, time and logs of the bill's invocations."""
        units: Units = Counter()
        for (function, calls), runs in bill.runs.items():
            seconds = (self.assumed("own_ms") + calls * self.assumed("aws_call_ms")) / 1000
            units["lambda.requests"] += runs
            units["lambda.gb_seconds"] += runs * seconds * _memory_mb(function) / 1024
            units["logs.gb"] += runs * self.assumed("log_kb") / MEBIBYTE
        return units

    def gpu(self, feature: str, card: str) -> tuple[float, str]:
        """Seconds a job takes on a card, and what that rests on: measured, published, or a target."""
        known = self.read["gpu_seconds"][feature]
        found = known.get(card, known["any"])
        return float(found["seconds"]), str(found["basis"])

    def gpu_usd(self, feature: str, card: str) -> float:
        """What a delivered job pays for its GPU, idle time and failed jobs shared out."""
        price = self.read["cards"][card]
        second = float(price["usd"]) / float(price["per_seconds"])
        return self.gpu(feature, card)[0] * second / self.assumed("busy") / (1 - self.assumed("failed"))


# ---- Counting --------------------------------------------------------------------------------------------------------


def counted() -> Life:
    """One job from its submit to its download, on moto."""
    with ExitStack() as stack:
        stack.enter_context(
            patch.dict(
                os.environ, {"STUDIO_SELL_SKETCHES": "true", "STUDIO_PROFILE": "sketch", "STUDIO_VOICE": "offline"}
            )
        )
        stack.enter_context(redirect_stdout(io.StringIO()))  # functions write their measures there
        token = stack.enter_context(studio_on_moto())
        logging.getLogger("studio").setLevel(logging.CRITICAL)
        from gpu_handlers import telling

        # Both would depend on how fast this machine is; they are counted as what a second costs.
        stack.enter_context(patch.object(telling, "INTERVAL_SECONDS", 3600))
        return Life(*_one_job(token), _idle())


def _one_job(token: str) -> tuple[dict[str, Bill], Bill]:
    from api.handler import handler
    from gpu_handlers import worker
    from gpu_handlers.entry import queue_worker

    handler(Request("POST", SUBMIT, ORDER).event(token), CONTEXT)  # what a process reads once, it has read
    _forget_messages()

    parts = {}
    with _metered() as parts["submit"]:
        location = handler(Request("POST", SUBMIT, ORDER).event(token), CONTEXT)["headers"]["Location"]
    with _metered() as parts["look"]:
        handler(Request("GET", location).event(token), CONTEXT)
    queued = queue_worker.QueueWorker("jobs")
    queued._worker.load()  # noqa: SLF001
    with patch.object(worker.jobs, "report", lambda *_: None), _metered() as parts["work"]:
        queued._turn()  # noqa: SLF001
    per_second = _each_second(location.rpartition("/")[2])  # it is still running, until its event is heard
    finished = [event for event in parts["work"].events if event["detail-type"] == "Job Finished"]
    with _metered() as parts["settle"]:
        _function("CompletionFunction")(_batch(finished), CONTEXT)
    with _metered() as parts["download"]:
        answer = handler(Request("GET", f"{location}/download").event(token), CONTEXT)
    if answer["statusCode"] != 200:
        raise RuntimeError(f"the job was not delivered: {answer['body']}")
    for name in ("submit", "look", "download"):
        parts[name].units["http_api.requests"] += 1
        parts[name].runs["ApiFunction", sum(parts[name].calls.values())] += 1
    parts["news"] = _told([event for bill in list(parts.values()) for event in bill.events], parts["settle"])
    return parts, per_second


def _told(events: list[dict[str, Any]], settle: Bill) -> Bill:
    """What the rules of the bus do with events: a message each, and the functions that take it.

    Settling was counted on its own; here it only gets its invocation and its message.
    """
    bill = Bill()
    for event in events:
        for function in _routes(event):
            bill.units["sqs.requests"] += 3  # sent, received, deleted
            if function == "CompletionFunction":
                settle.runs[function, sum(settle.calls.values())] += 1
                continue
            with _metered() as done:
                _function(function)(_batch([event]), CONTEXT)
            bill.add(done).runs[function, sum(done.calls.values())] += 1
    return bill


def _each_second(job_id: str) -> Bill:
    """Progress is written and told no more often than these constants allow; the lease is renewed each third of it."""
    from gpu_handlers.stages.slate import REPORT_SECONDS
    from gpu_handlers.telling import INTERVAL_SECONDS
    from studio import jobs, news
    from studio.settings import settings

    job = jobs.find(job_id)
    running = jobs.Progress(0.41, "illustrate", 13, 30)
    with _metered() as progress:
        jobs.report(job_id, 1, running)
    with _metered() as beat:
        jobs.renew(job_id, 1)
    beat.units["sqs.requests"] += 1  # the message is hidden for longer, too
    with _metered() as tale:
        news.tell(news.progressed(job, running.stored()))
    told = _told(tale.events, Bill())
    bill = Bill().add(progress, 1 / REPORT_SECONDS).add(beat, 3 / settings().lease_seconds)
    bill.add(tale, 1 / INTERVAL_SECONDS).add(told, 1 / INTERVAL_SECONDS)
    bill.runs = told.runs  # as often as the interval says, see `_per_second`
    return bill


def _idle() -> dict[str, Bill]:
    """What runs by the clock on empty tables, and what is paid for being there."""
    found = {}
    for function, per_month in (("SweeperFunction", MONTH_MINUTES), ("DueFunction", MONTH_MINUTES)):
        with _metered() as once, redirect_stdout(io.StringIO()) as log:
            _function(function)({}, CONTEXT)
        bill = Bill().add(once, per_month)
        bill.units["metrics.months"] += log.getvalue().count(
            '"CloudWatchMetrics"'
        )  # one name and set of dimensions each
        bill.runs[function, sum(once.calls.values())] = per_month
        found[function] = bill
    resources = [one for one in template()["Resources"].values() if "Condition" not in one]
    kinds = Counter(one["Type"] for one in resources)
    found["idle event sources"] = Bill(units=Counter({"idle_polls": kinds["AWS::Lambda::EventSourceMapping"]}))
    # An alarm is paid for once per metric that it looks at.
    alarms = [one["Properties"] for one in resources if one["Type"] == "AWS::CloudWatch::Alarm"]
    looked_at = sum(sum("MetricStat" in one for one in alarm.get("Metrics", [])) or 1 for alarm in alarms)
    found["alarms"] = Bill(units=Counter({"alarms.months": looked_at}))
    found["secrets"] = Bill(units=Counter({"secrets.months": kinds["AWS::SecretsManager::Secret"]}))
    return found


def _draft_worker() -> Units:
    """A month of the CPU worker of drafts, as large as its template makes it."""
    task = nested("infra/gpu.yaml")["Resources"]["DraftTask"]["Properties"]
    hours = MONTH_MINUTES / 60
    return Counter(
        {
            "fargate.vcpu_hours": int(task["Cpu"]) / 1024 * hours,
            "fargate.gb_hours": int(task["Memory"]) / 1024 * hours,
            "fargate.disk_gb_hours": (task["EphemeralStorage"]["SizeInGiB"] - FARGATE_DISK_GB) * hours,
        }
    )


@contextmanager
def _metered() -> Iterator[Bill]:
    """Counts every call to AWS that is made inside, and what it is billed as."""
    from studio import workers

    workers._present.cache_clear()  # noqa: SLF001  # it forgets by the clock, and not while somebody counts
    bill, original = Bill(), BaseClient._make_api_call  # type: ignore[attr-defined]  # noqa: SLF001

    def watched(self: Any, operation: str, arguments: Any) -> Any:
        service = self.meta.service_model.service_name

        def read(table: str, key: Any) -> dict[str, Any]:
            found = original(self, "GetItem", {"TableName": table, "Key": key, "ConsistentRead": True})
            return dict(found.get("Item", {}))

        before = {"TableName": read(arguments["TableName"], arguments["Key"])} if operation == "DeleteItem" else {}
        answer = original(self, operation, arguments)
        bill.calls[operation] += 1
        match service:
            case "dynamodb":
                bill.units += _dynamodb(operation, arguments, answer, read, before.get("TableName", {}))
            case "sqs":
                bill.units["sqs.requests"] += 1
            case "s3":
                bill.units["s3.puts" if operation in ("PutObject", "ListObjectsV2") else "s3.gets"] += 1
            case "events":
                bill.units["events.custom"] += len(arguments["Entries"])
                bill.events += [
                    {"source": e["Source"], "detail-type": e["DetailType"], "detail": json.loads(e["Detail"])}
                    for e in arguments["Entries"]
                ]
            case "secretsmanager":
                pass  # once a process
            case _:
                raise RuntimeError(f"{service} {operation} has no price")
        return answer

    with patch.object(BaseClient, "_make_api_call", watched):
        yield bill


def _dynamodb(operation: str, arguments: Any, answer: Any, read: Any, before: dict[str, Any]) -> Units:
    """Request units as DynamoDB counts them, row sizes rounded up as its documents say."""
    reads = writes = 0.0
    match operation:
        case "GetItem":
            reads = _read_units(_bytes(answer.get("Item", {})), bool(arguments.get("ConsistentRead")))
        case "BatchGetItem":
            for table, asked in arguments["RequestItems"].items():
                rows = answer["Responses"].get(table, [])
                sizes = [_bytes(row) for row in rows] + [0] * (len(asked["Keys"]) - len(rows))
                reads += sum(_read_units(size, bool(asked.get("ConsistentRead"))) for size in sizes)
        case "Query" | "Scan":
            reads = _read_units(sum(map(_bytes, answer["Items"])), bool(arguments.get("ConsistentRead")))
        case "PutItem" | "DeleteItem":
            writes = _write_units(arguments["TableName"], arguments.get("Item", before), None)
        case "UpdateItem":
            row = read(arguments["TableName"], arguments["Key"])
            writes = _write_units(arguments["TableName"], row, arguments)
        case "TransactWriteItems":
            for action in arguments["TransactItems"]:
                ((kind, what),) = action.items()
                row = what["Item"] if kind == "Put" else read(what["TableName"], what["Key"])
                writes += _write_units(what["TableName"], row, what if kind == "Update" else None, transaction=True)
        case "DescribeTable":
            pass  # free, and once a process
        case _:
            raise RuntimeError(f"DynamoDB's {operation} has no price")
    return Counter({"dynamodb.reads": reads, "dynamodb.writes": writes})


def _read_units(size: int, consistent: bool) -> float:
    """4 kB are one unit, or half of one where an older state will do; a row that is missing counts like a small one."""
    return max(1, ceil(size / 4096)) * (1.0 if consistent else 0.5)


def _write_units(table: str, row: dict[str, Any], update: Any, *, transaction: bool = False) -> float:
    """1 kB is one unit, two in a transaction; every index that shows a change takes it as well."""
    size = max(1, ceil(_bytes(row) / 1024))
    changed = _changed(update) if update else row.keys()
    indexes = sum(size if whole else 1 for names, whole in _indexes(table) if whole or names & changed)
    return size * (2 if transaction else 1) + indexes


def _changed(update: Any) -> set[str]:
    names = update.get("ExpressionAttributeNames", {})
    return {names.get(word, word) for word in re.findall(r"#?\w+", update["UpdateExpression"])}


@cache
def _indexes(table: str) -> list[tuple[set[str], bool]]:
    """Of every index of a table: the attributes it shows, and whether those are all."""
    properties = template()["Resources"][table]["Properties"]
    return [
        (
            {key["AttributeName"] for key in one["KeySchema"]} | set(one["Projection"].get("NonKeyAttributes", [])),
            one["Projection"]["ProjectionType"] == "ALL",
        )
        for one in properties.get("GlobalSecondaryIndexes", [])
    ]


def _bytes(value: Any) -> int:
    """About the size of a row in DynamoDB's own notation, a little too large."""
    match value:
        case dict():
            return sum(len(str(name)) + _bytes(one) for name, one in value.items())
        case list() | set() | tuple():
            return sum(map(_bytes, value))
    return len(str(value))


# ---- What the template says ------------------------------------------------------------------------------------------


@cache
def _function(name: str) -> Any:
    """The handler of a function, by its name in the template."""
    module, _, handler = template()["Resources"][name]["Properties"]["Handler"].rpartition(".")
    return getattr(import_module(module), handler)


def _routes(event: dict[str, Any]) -> Iterator[str]:
    """The functions that the template's rules lead an event to, each through a queue."""
    resources = template()["Resources"]
    sources = {
        one["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]: one["Properties"]["FunctionName"]["Ref"]
        for one in resources.values()
        if one["Type"] == "AWS::Lambda::EventSourceMapping" and "Condition" not in one
    }
    for rule in resources.values():
        if rule["Type"] != "AWS::Events::Rule" or "Condition" in rule or "EventBusName" not in rule["Properties"]:
            continue
        pattern = rule["Properties"]["EventPattern"]
        if any(_fits(one, event) for one in pattern.get("$or", [pattern])):
            for target in rule["Properties"]["Targets"]:
                yield sources[target["Arn"]["Fn::GetAtt"][0]]


def _fits(pattern: dict[str, list[str]], event: dict[str, Any]) -> bool:
    return all(event[name] in allowed for name, allowed in pattern.items())


def template() -> dict[str, Any]:
    """The template as the resources here were made from; parsing it takes a second."""
    from tests.integration.conftest import TEMPLATE

    return TEMPLATE


def _default_memory_mb() -> int:
    return int(template()["Globals"]["Function"]["MemorySize"])


def _memory_mb(function: str) -> int:
    return int(template()["Resources"][function]["Properties"].get("MemorySize", _default_memory_mb()))


def _batch(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Records": [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(events)]}


def _forget_messages() -> None:
    from tests.integration.conftest import client

    sqs = client("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        sqs.purge_queue(QueueUrl=url)


# ---- The document ----------------------------------------------------------------------------------------------------

PARTS = {
    "submit": "submit",
    "look": "one read of the job",
    "work": "a worker claims it, stores one file, reports",
    "settle": "settle",
    "news": "events to callbacks and live updates, with no receiver",
    "download": "links to the files",
}


def document(read: dict[str, Any], life: Life) -> str:
    """docs/COSTS.md."""
    prices = Prices(read)
    return "\n".join(
        [
            "# Costs",
            "",
            f"Written by `make costs` from [infra/prices.json](../infra/prices.json) (prices seen {read['seen']}) "
            "and from the calls to AWS that `benchmarks/costs.py` counts while one job runs in process. US dollars, "
            "us-east-1, no free tier, no discount, no tax. To update every figure below, change a price there and run "
            "it again.",
            "",
            "**What is measured and what is not.** Calls, row sizes and the units DynamoDB bills for them are counted. "
            "How long a function runs is assumed. GPU seconds are *targets* for an RTX 3050, used for every card as "
            "if none were faster, except where a figure is marked *published*. Nothing was measured on these cards, "
            "and this system has never run on AWS or RunPod.",
            "",
            *_control_plane(prices, life),
            *_per_job(prices, life),
            *_gpu(prices),
            *_margins(prices, life),
            *_idle_month(prices, life),
            *_sources(prices),
        ]
    )


def part_units(prices: Prices, bill: Bill) -> Units:
    """Everything one part is billed for."""
    return _sum(bill.units, prices.invoked(bill))


def job_units(prices: Prices, life: Life) -> Units:
    """Everything one job is billed for, whatever it makes and however long that takes."""
    looks = prices.assumed("looks")
    units: Units = Counter()
    for name, bill in life.parts.items():
        units = _sum(units, part_units(prices, bill), looks if name == "look" else 1)
    return units


def second_units(prices: Prices, life: Life) -> Units:
    """Everything one second of work is billed for."""
    from gpu_handlers.telling import INTERVAL_SECONDS

    return _sum(life.per_second.units, prices.invoked(life.per_second), 1 / INTERVAL_SECONDS)


def file_units(prices: Prices, feature: str) -> Units:
    """Storing and fetching what a job makes, and having its text spoken."""
    made = prices.read["files"][feature]
    gigabytes = made["megabytes"] / 1024
    return Counter(
        {
            "s3.puts": made["count"] - 1,  # one is counted with the work
            "s3.gets": made["count"] * prices.assumed("downloads"),
            "s3.gb_months": gigabytes * prices.assumed("stored_days") / 30,
            "egress.gb": gigabytes * prices.assumed("downloads"),
            "polly.characters": made["spoken_characters"],
        }
    )


def platform_usd(prices: Prices, life: Life, feature: str) -> float:
    """What a job of a feature costs beside its GPU."""
    seconds = prices.gpu(feature, "any")[0]
    units = _sum(job_units(prices, life), second_units(prices, life), seconds)
    return prices.usd(_sum(units, file_units(prices, feature)))


def _control_plane(prices: Prices, life: Life) -> list[str]:
    looks = int(prices.assumed("looks"))
    rows = []
    for name, bill in life.parts.items():
        usd = prices.usd(part_units(prices, bill))
        title = PARTS[name] + (f" (× {looks} in the sum)" if name == "look" else "")
        calls = ", ".join(f"{count} {call}" if count > 1 else call for call, count in sorted(bill.calls.items()))
        reads, writes = bill.units["dynamodb.reads"], bill.units["dynamodb.writes"]
        rows.append(f"| {title} | {calls} | {reads:g} | {writes:g} | {bill.runs.total()} | {_usd(usd * JOBS)} |")
    whole = prices.usd(job_units(prices, life))
    second = prices.usd(second_units(prices, life))
    by, read = job_units(prices, life), prices.read
    shares = sorted(((prices.usd({name: count}), name) for name, count in by.items()), reverse=True)[:4]
    largest = _listed([f"{read['prices'][name]['unit']} are {usd / whole:.0%}" for usd, name in shares])
    return [
        f"## The control plane, for {JOBS:,} jobs",
        "",
        f"One delivered job of one picture: **{_usd(whole * JOBS)} for {JOBS:,} jobs**, plus {_usd(second * JOBS)} for "
        "every second that a worker works on each of them (progress, heartbeat and events at the highest rate the "
        f"code allows). Of the first figure, {largest}.",
        "",
        f"| Part | Calls to AWS | Read units | Write units | Functions | {JOBS:,} jobs |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        "A draft costs the same without the ledger. `Prefer: wait=20` keeps a function busy while it waits: "
        f"{_usd(20 * prices.rate('lambda.gb_seconds') * _default_memory_mb() / 1024 * JOBS)} for {JOBS:,} waits of "
        "20 s.",
        "",
    ]


def _per_job(prices: Prices, life: Life) -> list[str]:
    rows = []
    for feature, made in prices.read["files"].items():
        seconds, _ = prices.gpu(feature, "any")
        control = prices.usd(_sum(job_units(prices, life), second_units(prices, life), seconds))
        files = file_units(prices, feature)
        voice = prices.usd({"polly.characters": files.pop("polly.characters")})
        rows.append(
            f"| `{feature}` | {seconds:g} s | {made['count']}, {made['megabytes']} MB | {_usd(control * JOBS)} "
            f"| {_usd(prices.usd(files) * JOBS)} | {_usd(voice * JOBS)} "
            f"| {_usd(platform_usd(prices, life, feature) * JOBS)} |"
        )
    return [
        f"## Everything but the GPU, for {JOBS:,} jobs",
        "",
        f"Files are kept {prices.assumed('stored_days'):g} days and fetched {_times(prices.assumed('downloads'))}. "
        "Their sizes are assumed; sending films to their owners costs more than the entire control plane. The voice "
        "is Amazon Polly's, with two calls per text; a machine without it uses the offline voice, which costs nothing.",
        "",
        "| Feature | Work | Files | Control plane | Storing and sending files | Voice | Sum |",
        "|---|---|---|---|---|---|---|",
        *rows,
        "",
    ]


def _gpu(prices: Prices) -> list[str]:
    cards = prices.read["cards"]
    rows = []
    for feature in prices.read["gpu_seconds"]:
        cells = []
        for card in cards:
            seconds, basis = prices.gpu(feature, card)
            note = "" if basis == "target" else f" ({basis}, {seconds:g} s)"
            cells.append(f"{_usd(prices.gpu_usd(feature, card))}{note}")
        rows.append(f"| `{feature}` | {prices.gpu(feature, 'any')[0]:g} s | " + " | ".join(cells) + " |")
    hours = " | ".join(_usd(one["usd"] / one["per_seconds"] * 3600) for one in cards.values())
    return [
        "## The GPU, for one job",
        "",
        f"Assumed: {prices.assumed('busy'):.0%} of the paid time is work, and {prices.assumed('failed'):.0%} of the "
        "jobs that use a GPU are refunded. **Unless marked otherwise, the seconds are the target, not measured**: its "
        "upper end, the same on every card. That is an upper bound for faster cards, not a comparison of cards.",
        "",
        "| Feature | Target | " + " | ".join(one["title"] for one in cards.values()) + " |",
        "|---|---|" + "---|" * len(cards),
        "| *one hour of the machine* | | " + hours + " |",
        *rows,
        "",
    ]


def margin(prices: Prices, life: Life, package: Any, feature: str, card: str) -> float:
    """What is left of a package's price when all of its credits go into one feature, as a share of the price.

    price − Stripe's fees − credits ÷ credits a job × (platform + GPU of a job)
    """
    price = package.amount / 100
    jobs = package.credits / _credits(feature)
    return (net(prices, price) - jobs * (platform_usd(prices, life, feature) + prices.gpu_usd(feature, card))) / price


def net(prices: Prices, price: float) -> float:
    """What Stripe pays out of a price: the fee of a domestic card and of the invoice are gone."""
    invoice = min(price * prices.rate("stripe.invoice_share"), prices.rate("stripe.invoice_most"))
    return price - price * prices.rate("stripe.share") - prices.rate("stripe.fixed") - invoice


def _margins(prices: Prices, life: Life) -> list[str]:
    from studio.packages import PACKAGES

    features, cards = prices.read["gpu_seconds"], prices.read["cards"]
    lines = [
        "## Margin of the packages",
        "",
        "The share of the price that is left after Stripe's fees when all of a package's credits are spent on one "
        "feature: after the control plane, files, voice and GPU above. Below zero, that feature loses money on that "
        "card at that price.",
        "",
    ]
    for package in PACKAGES.values():
        price = package.amount / 100
        left = net(prices, price)
        lines += [
            f"**{package.title}**: {package.credits:,} credits for ${price:.0f}, ${left:.2f} after Stripe's fees, "
            f"{left / package.credits * 100:.1f} cents a credit.",
            "",
            "| Feature | Jobs | " + " | ".join(one["title"] for one in cards.values()) + " |",
            "|---|---|" + "---|" * len(cards),
            *(
                f"| `{feature}` | {package.credits / _credits(feature):.4g} | "
                + " | ".join(f"{margin(prices, life, package, feature, card):.0%}" for card in cards)
                + " |"
                for feature in features
            ),
            "",
        ]
    gift = _signup_credits()
    dearest = max(platform_usd(prices, life, f) / _credits(f) for f in features)
    worst = {card: gift * max(prices.gpu_usd(f, card) / _credits(f) for f in features) for card in cards}
    lines += [
        f"The {gift} credits of a new account cost at most {_usd(gift * dearest)} without the GPU, and for the GPU at "
        f"most {_usd(min(worst.values()))} to {_usd(max(worst.values()))}, depending on the card. With "
        "`VerifyAddresses=true` each account needs a mailbox of its own.",
        "",
    ]
    return lines


def _idle_month(prices: Prices, life: Life) -> list[str]:
    rows, whole = [], 0.0
    for name, bill in life.idle.items():
        units = part_units(prices, bill)
        units["sqs.requests"] += units.pop("idle_polls", 0) * prices.assumed("idle_polls")
        usd = prices.usd(units)
        whole += usd
        rows.append(f"| {name} | {_usd(usd)} |")
    return [
        "## An idle month",
        "",
        "| Item | Per month |",
        "|---|---|",
        *rows,
        f"| **total** | **{_usd(whole)}** |",
        "",
        f"GPUs are scaled to zero. With `GpuImage` set, each of the `DraftMinWorkers` (default {_draft_workers()}) "
        f"that draw free drafts on Fargate adds {_usd(prices.usd(_draft_worker()))}; with 0 there is none until a "
        "draft waits. Optional extras are not included: the page's CloudFront, backups, dashboards, weights on a "
        f"volume, one GPU kept warm. Use adds metrics: each costs {_usd(prices.usd({'metrics.months': 1}))} for a "
        "month in which it is written every hour. Each class of routes has two, each queue one, each feature one plus "
        "one for each of its stages.",
        "",
    ]


def _sources(prices: Prices) -> list[str]:
    read = prices.read
    return [
        "## Where the figures come from",
        "",
        "AWS's price pages load their numbers by script and could not be read; the pages listed here quote them. *Not "
        "confirmed* means that we know the price but found no page to confirm it. Check the prices against your bill.",
        "",
        "| Price | Of | As of | Seen at |",
        "|---|---|---|---|",
        *(
            f"| ${one['usd']:.10g} {'each' if one['per'] == 1 else 'for ' + format(one['per'], ',')} | {one['unit']} "
            f"| {one['as_of']} | {_linked(one['source'])} |"
            for one in read["prices"].values()
        ),
        *(
            f"| ${one['usd']:.10g} {'a second' if one['per_seconds'] == 1 else 'an hour'} | {one['title']} "
            f"| {one['as_of']} | {_linked(one['source'])} |"
            for one in read["cards"].values()
        ),
        "",
        "| GPU seconds | Of | Basis | Source |",
        "|---|---|---|---|",
        *(
            f"| {one['seconds']:g} | `{feature}`{'' if card == 'any' else ', ' + read['cards'][card]['title']} "
            f"| {one['basis']} | {_linked(one['source'])} |"
            for feature, known in read["gpu_seconds"].items()
            for card, one in known.items()
        ),
        "",
        "| Assumption | Value | Meaning or reason |",
        "|---|---|---|",
        *(f"| `{name}` | {one['value']:g} {one['unit']} | {one['why']} |" for name, one in read["assumptions"].items()),
        "",
    ]


def _sum(one: Units, other: Units, times: float = 1) -> Units:
    found: Units = Counter(one)
    for name, count in other.items():
        found[name] += count * times  # type: ignore[assignment]  # a part of a unit is a number all the same
    return found


def _credits(feature: str) -> int:
    from studio.catalog import ORDERS

    return int(ORDERS[feature].credits_per_unit)


def _draft_workers() -> int:
    return int(template()["Parameters"]["DraftMinWorkers"]["Default"])


def _signup_credits() -> int:
    return int(template()["Parameters"]["SignupCredits"]["Default"])


def _usd(value: float) -> str:
    """Dollars with two digits that say something."""
    if value == 0:
        return "–"
    return f"${value:,.2f}" if value >= 0.1 else f"${value:.2g}"


def _times(value: float) -> str:
    return "once" if value == 1 else f"{value:g} times"


def _listed(items: list[str]) -> str:
    return ", ".join(items[:-1]) + " and " + items[-1]


def _linked(source: str) -> str:
    return re.sub(r"https://(\S+)", lambda found: f"[{found[1].partition('/')[0]}]({found[0]})", source)


def main() -> None:
    """Write the document."""
    REPORT.write_text(document(json.loads(PRICES.read_text()), counted()))
    print(REPORT.relative_to(Path.cwd()))


if __name__ == "__main__":
    main()
