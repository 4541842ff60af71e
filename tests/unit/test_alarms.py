"""Alarms watch everything that can fail silently, and every one says what to do."""

from __future__ import annotations

import json
import re
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from infra.local.stack import ROOT, template
from studio import telemetry

RESOURCES: dict[str, Any] = template()["Resources"]
ALARMS: dict[str, Any] = {n: r["Properties"] for n, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
RUNBOOKS = ROOT / "docs" / "runbooks"
PAGES = sorted(path for path in RUNBOOKS.glob("*.md") if path.name != "README.md")
COMMAND = re.compile(r"\baws ([a-z0-9-]+) ([a-z-]+)((?:[^`|)]|\\\n|\$\([^)]*\))*)")

NIGHTLY = (
    telemetry.AUDIT_VIOLATIONS,
    telemetry.STRIPE_UNTOLD,
    telemetry.STRIPE_FAILED,
    telemetry.PURCHASES_TO_REVIEW,
)


def metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Namespace, name and dimensions of what it looks at, which are several where it reckons with them."""
    return [one["MetricStat"]["Metric"] for one in alarm.get("Metrics", []) if "MetricStat" in one] or [alarm]


def watching(namespace: str, metric: str) -> set[str]:
    """What the alarms on a metric look at."""
    return {
        re.findall(r"\w+", json.dumps(dimension["Value"]).replace("Fn::GetAtt", "").replace("Ref", ""))[0]
        for alarm in ALARMS.values()
        for one in metrics(alarm)
        if (one["Namespace"], one["MetricName"]) == (namespace, metric)
        for dimension in one["Dimensions"]
    }


def test_every_function_is_watched():
    functions = {name for name, r in RESOURCES.items() if r["Type"] == "AWS::Serverless::Function"}
    assert watching("AWS/Lambda", "Errors") == functions


def test_every_dead_letter_queue_is_watched():
    queues = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::SQS::Queue"}
    dead = {name for name, queue in queues.items() if "RedrivePolicy" not in queue}
    worked_on = {
        r["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        for r in RESOURCES.values()
        if r["Type"] == "AWS::Lambda::EventSourceMapping"
    }
    assert watching("AWS/SQS", "ApproximateNumberOfMessagesVisible") == dead - worked_on
    assert dead & worked_on <= watching("AWS/SQS", "ApproximateAgeOfOldestMessage")


def test_every_queue_of_jobs_is_watched_for_its_age():
    assert {"JobsQueue", "LowQueue", "DraftsQueue"} <= watching("AWS/SQS", "ApproximateAgeOfOldestMessage")


def test_what_we_measure_ourselves_is_what_alarms_look_at():
    ours = [one for alarm in ALARMS.values() for one in metrics(alarm) if one["Namespace"] == telemetry.NAMESPACE]
    own = {one["MetricName"] for one in ours}
    assert own == {telemetry.REFUNDED, telemetry.QUEUES_UNATTENDED, *NIGHTLY}
    for one in ours:
        assert one["Dimensions"] == [{"Name": "stage", "Value": {"Ref": "Stage"}}]


@pytest.mark.parametrize("metric", NIGHTLY)
def test_what_a_night_found_rings_at_the_first_and_until_the_next_night(metric):
    (alarm,) = [alarm for alarm in ALARMS.values() if alarm.get("MetricName") == metric]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)
    assert alarm["DatapointsToAlarm"] == 1
    assert alarm["Period"] * alarm["EvaluationPeriods"] == 24 * 3600


NIGHTLY_FUNCTIONS = [
    name
    for name, resource in RESOURCES.items()
    for event in resource.get("Properties", {}).get("Events", {}).values()
    if event["Type"] == "ScheduleV2" and event["Properties"]["ScheduleExpression"].startswith("cron(")
]


def missed(hours: list[tuple[int | None, int | None]]) -> bool:
    """What the alarm on missed nights does, by the runs and sweeps of each hour; None is no data."""
    flags = [None if swept is None else int((ran or 0) < 1 and swept > 0) for ran, swept in hours]
    return all(flag == 1 for flag in flags)  # missing data is not breaching


@pytest.mark.parametrize("name", ["AuditFunction", "ReconcileFunction"])
def test_a_night_that_does_not_come_rings_and_the_first_day_of_a_stage_does_not(name):
    assert name in NIGHTLY_FUNCTIONS
    alarm = ALARMS[f"{name.removesuffix('Function')}MissedAlarm"]
    expression, *reckoned = alarm["Metrics"]
    assert expression["Expression"] == "IF(FILL(ran, 0) < 1 AND swept > 0, 1, 0)", "which `missed` plays"
    stats = {metric["Id"]: metric["MetricStat"] for metric in reckoned}
    watched = {key: stat["Metric"]["Dimensions"] for key, stat in stats.items()}
    assert watched == {
        "ran": [{"Name": "FunctionName", "Value": {"Ref": name}}],
        "swept": [{"Name": "FunctionName", "Value": {"Ref": "SweeperFunction"}}],
    }
    for stat in stats.values():
        assert (stat["Metric"]["MetricName"], stat["Stat"], stat["Period"]) == ("Invocations", "Sum", 3600)
        assert stat["Metric"]["Namespace"] == "AWS/Lambda"
    how = (alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"])
    assert how == ("GreaterThanThreshold", 0, "notBreaching")
    assert "DatapointsToAlarm" not in alarm, "all of them"
    window = alarm["EvaluationPeriods"]
    night, quiet, before = (1, 60), (None, 60), (None, None)
    assert window > 24 + 1, "longer than from one night to the end of the next, however slow"
    assert not missed([quiet] * (window - 25) + [night] + [quiet] * 24)
    assert missed([quiet] * window)
    assert not missed([before] + [quiet] * (window - 1)), "the stage is a day old and may have been made after the hour"


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_has_a_runbook_and_tells_the_topic(name):
    alarm = ALARMS[name]
    assert (ROOT / alarm["AlarmDescription"]).is_file()
    told = {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], []]}
    assert alarm["AlarmActions"] == alarm["OKActions"] == told
    watched = json.dumps([one["Dimensions"] for one in metrics(alarm)])
    for other, resource in RESOURCES.items():  # an alarm is there exactly when what it watches is
        if f'"{other}"' in watched and "Condition" in resource:
            assert RESOURCES[name].get("Condition") == resource["Condition"]


def test_every_request_that_failed_rings_for_people():
    """A release is taken back by a share of them; whoever is on duty hears of each."""
    alarm = ALARMS["ServerErrorsAlarm"]
    assert (alarm["MetricName"], alarm["Statistic"], alarm["DatapointsToAlarm"]) == ("5xx", "Sum", 1)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_every_runbook_has_an_alarm_and_is_in_the_index():
    assert {alarm["AlarmDescription"] for alarm in ALARMS.values()} == {f"docs/runbooks/{p.name}" for p in PAGES}
    index = (RUNBOOKS / "README.md").read_text()
    assert [path.name for path in PAGES if f"({path.name})" not in index] == []


def test_every_queue_that_the_runbook_of_dead_letters_explains_is_one():
    explained = set(re.findall(r"^\| `(\w+)`", (RUNBOOKS / "dead-letters.md").read_text(), re.M))
    assert explained == watching("AWS/SQS", "ApproximateNumberOfMessagesVisible") | {"JobsDeadLetters"}


@pytest.mark.parametrize("path", [*PAGES, RUNBOOKS / "README.md"], ids=lambda path: path.stem)
def test_the_commands_of_a_runbook_exist(path):
    text = path.read_text()
    assert set(re.findall(r"physical (\w+)", text)) <= RESOURCES.keys()
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"`make (\w+)", text)) <= targets
    session = botocore.session.Session()
    for service, command, rest in COMMAND.findall(text):
        model = session.get_service_model(service)
        operations = {xform_name(name, "-"): name for name in model.operation_names}
        assert command in operations, f"aws {service} {command}"
        shape = model.operation_model(operations[command]).input_shape
        options = {xform_name(member, "-") for member in shape.members} | {"query", "output", "cli-read-timeout"}
        assert set(re.findall(r"--([a-z-]+)", rest)) <= options, f"aws {service} {command}"
