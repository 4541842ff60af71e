"""`infra/gpu.yaml` and the worker agree: what it is told, how it is started, looked at and ended, and what wakes it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from functools import cache
from itertools import product
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from gpu_handlers.entry import pulse, queue_worker
from infra.local import gaps
from infra.local.gpu_worker import MODULE
from infra.local.stack import ROOT, nested, template
from studio import telemetry
from studio.settings import WorkerSettings

GPU = nested("infra/gpu.yaml")
RESOURCES: dict[str, Any] = GPU["Resources"]
PARENT = template()
TASKS = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::ECS::TaskDefinition"}
ALARMS = {name: r["Properties"] for name, r in RESOURCES.items() if r["Type"] == "AWS::CloudWatch::Alarm"}
IMAGE = {"STUDIO_SETTINGS", "STUDIO_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"}
OF_ECS = "EC2 EXTERNAL"
PARAMETERS = {"BacklogPerWorker": 3, "MaxWaitSeconds": 600}


def container(task: str) -> dict[str, Any]:
    (only,) = TASKS[task]["ContainerDefinitions"]
    return only


def told(task: str) -> dict[str, Any]:
    return {variable["Name"]: variable["Value"] for variable in container(task)["Environment"]}


@pytest.mark.parametrize("task", TASKS)
def test_a_worker_is_told_exactly_what_it_needs(task):
    names = {field.upper() for field in WorkerSettings.model_fields}
    assert told(task).keys() == names | IMAGE
    assert told(task)["STUDIO_SETTINGS"] == "worker"


def test_every_value_is_the_one_that_functions_have():
    """Through the parameters of the nested template, back to the environment of functions."""
    handed_in = PARENT["Resources"]["GpuService"]["Properties"]["Parameters"]
    functions = PARENT["Globals"]["Function"]["Environment"]["Variables"]
    for task in TASKS:
        for name, value in told(task).items():
            if name not in IMAGE:
                assert handed_in[value["Ref"]] == functions[name], name


def test_the_parent_hands_in_every_parameter_that_has_no_default():
    handed_in = PARENT["Resources"]["GpuService"]["Properties"]["Parameters"]
    assert handed_in.keys() == {name for name, parameter in GPU["Parameters"].items() if "Default" not in parameter}
    assert PARENT["Resources"]["GpuService"]["Properties"]["Location"] == "infra/gpu.yaml"
    limits = ("MinValue", "MaxValue", "AllowedValues")
    for name, value in handed_in.items():
        outer = PARENT["Parameters"].get(value.get("Ref"), {})
        for limit in limits:
            if limit in GPU["Parameters"][name]:
                assert outer.get(limit) == GPU["Parameters"][name][limit], name


def test_without_an_image_nothing_of_it_is_there():
    assert PARENT["Parameters"]["GpuImage"]["Default"] == ""
    assert PARENT["Resources"]["GpuService"]["Condition"] == "HasGpuService"
    only_runpod = {"Fn::Not": [{"Condition": "OnlyRunPod"}]}
    assert PARENT["Conditions"]["HasGpuService"]["Fn::And"][0] == only_runpod


@pytest.mark.parametrize("task", TASKS)
def test_the_container_runs_our_commands(task):
    """With the image's own entry point, `python -m`."""
    entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", (ROOT / "Dockerfile.gpu").read_text(), re.M)[0])
    assert entry == ["python", "-m"]
    assert container(task)["Command"][0] == MODULE
    health = container(task)["HealthCheck"]["Command"]
    assert health == ["CMD", *entry, pulse.__name__]
    assert "EntryPoint" not in container(task)


def test_drafts_are_taken_without_a_card_and_paid_work_with_one():
    assert container("DraftTask")["Command"][1:] == ["--queue", "drafts"]
    assert TASKS["DraftTask"]["RequiresCompatibilities"] == ["FARGATE"]
    assert container("GpuTask")["Command"][1:] == []
    assert container("GpuTask")["ResourceRequirements"] == [{"Type": "GPU", "Value": "1"}]


def test_one_task_serves_instances_and_boxes_under_desks():
    assert TASKS["GpuTask"]["RequiresCompatibilities"] == OF_ECS.split()
    desk = RESOURCES["DeskService"]
    assert (desk["Condition"], desk["Properties"]["LaunchType"]) == ("HasDeskWorkers", "EXTERNAL")
    assert desk["Properties"]["TaskDefinition"] == RESOURCES["GpuService"]["Properties"]["TaskDefinition"]


@pytest.mark.parametrize("task", TASKS)
def test_a_worker_has_the_studios_role_and_time_to_hand_its_job_back(task):
    assert TASKS[task]["TaskRoleArn"] == {"Ref": "WorkerRoleArn"}
    handed_in = PARENT["Resources"]["GpuService"]["Properties"]["Parameters"]
    assert handed_in["WorkerRoleArn"] == {"Fn::GetAtt": ["WorkerRole", "Arn"]}
    # SIGTERM is heard at the next step; then a message is shown again. Spot and Fargate give two minutes at most.
    assert queue_worker.RETRY_DELAY_SECONDS < container(task)["StopTimeout"] == 120


def test_only_tasks_of_this_cluster_get_more_than_the_studios_role_and_only_about_themselves():
    policies = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::IAM::Policy"]
    (more,) = [policy for policy in policies if policy["Roles"] == [{"Ref": "WorkerRoleName"}]]
    (statement,) = more["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
    assert statement["Resource"]["Fn::Sub"].endswith(":task/${Cluster}/*")


def test_instances_go_to_zero_and_ecs_decides_which():
    group = RESOURCES["Instances"]["Properties"]
    provider = RESOURCES["GpuCapacity"]["Properties"]["AutoScalingGroupProvider"]
    assert group["MinSize"] == "0"
    assert group["NewInstancesProtectedFromScaleIn"] is True, "managed termination protection needs it"
    assert (provider["ManagedTerminationProtection"], provider["ManagedScaling"]["Status"]) == ("ENABLED", "ENABLED")
    assert PARENT["Parameters"]["GpuMinWorkers"]["Default"] == 0
    assert PARENT["Parameters"]["DraftMinWorkers"]["Default"] == 1, "drafts answer while cards are at zero"


def test_a_warm_pool_goes_without_spot_and_mixed_types():
    """EC2 refuses a warm pool for a group with either."""
    group = RESOURCES["Instances"]["Properties"]
    gone = {"Ref": "AWS::NoValue"}
    assert group["MixedInstancesPolicy"]["Fn::If"][:2] == ["HasWarmPool", gone]
    assert group["LaunchTemplate"]["Fn::If"][::2] == ["HasWarmPool", gone]
    assert RESOURCES["Warm"]["Condition"] == "HasWarmPool"


def test_a_warm_pool_is_as_large_as_it_is_asked_to_be():
    """Without the second number it is as large as the group may still grow."""
    pool = RESOURCES["Warm"]["Properties"]
    assert pool["MinSize"] == pool["MaxGroupPreparedCapacity"] == {"Ref": "WarmPool"}


def test_an_instance_is_stopped_for_the_pool_when_it_has_its_weights_and_waits_at_no_later_boot(tmp_path):
    hook, group = RESOURCES["Prepared"], RESOURCES["Instances"]["Properties"]["AutoScalingGroupName"]["Fn::Sub"]
    assert hook["Condition"] == RESOURCES["Warm"]["Condition"]
    assert hook["Properties"]["LifecycleTransition"] == "autoscaling:EC2_INSTANCE_LAUNCHING"
    assert RESOURCES["Warm"]["DependsOn"] == ["Prepared", "SayPrepared"]
    (statement,) = RESOURCES["SayPrepared"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Resource"]["Fn::Sub"].endswith(f":autoScalingGroupName/{group}")
    said = _booted(tmp_path, warm_pool="2")
    assert [line.split()[:2] for line in said] == [["s3", "sync"], ["autoscaling", "complete-lifecycle-action"]]
    assert f"--lifecycle-hook-name {hook['Properties']['LifecycleHookName']} " in said[-1]
    assert "--auto-scaling-group-name stack-gpu --instance-id i-1 --lifecycle-action-result CONTINUE" in said[-1]
    again = _run(tmp_path, (tmp_path / "per-boot" / "prepared").read_text())
    assert again == [said[-1]], "out of the pool it boots once more, and its user data does not run"


def test_without_a_warm_pool_nobody_waits_and_nothing_is_said(tmp_path):
    assert [line.split()[:2] for line in _booted(tmp_path, warm_pool="0")] == [["s3", "sync"]]


def _booted(tmp_path: Path, *, warm_pool: str) -> list[str]:
    """What an instance says to AWS at its first boot."""
    script = RESOURCES["Instance"]["Properties"]["LaunchTemplateData"]["UserData"]["Fn::Base64"]["Fn::Sub"]
    values = {
        "AWS::StackName": "stack", "AWS::Region": "us-east-1", "Cluster": "cluster", "WarmPool": warm_pool,
        "ModelsBucket": "weights", "ModelsPrefix": "models",
    }  # fmt: skip
    for folder in ("per-boot", "ecs", "studio"):
        (tmp_path / folder).mkdir()
    script = re.sub(r"\$\{([\w:]+)\}", lambda found: values[found[1]], script)
    for path, folder in (
        ("/var/lib/cloud/scripts/per-boot", "per-boot"),
        ("/etc/ecs", "ecs"),
        ("/var/lib/studio", "studio"),
    ):
        script = script.replace(path, str(tmp_path / folder))
    return _run(tmp_path, script)


def _run(tmp_path: Path, script: str) -> list[str]:
    """What a script says to AWS, on a machine that is `i-1`."""
    told, programs = tmp_path / "told", tmp_path / "bin"
    programs.mkdir(exist_ok=True)
    told.write_text("")
    for name, does in (
        ("aws", f'echo "$@" >> {told}'),
        ("curl", 'case "$*" in *instance-id) echo i-1;; *) echo token;; esac'),
    ):
        (programs / name).write_text(f"#!/bin/sh\n{does}\n")
        (programs / name).chmod(0o755)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}"}
    subprocess.run(["bash", "-c", script], env=environment, check=True, timeout=30)
    return told.read_text().splitlines()


def test_a_box_can_be_registered_before_a_deployment_waits_for_it():
    """A service with nobody to run on keeps its deployment waiting for hours, so the role must not come with it."""
    assert "Condition" not in RESOURCES["DeskRole"]
    assert "Condition" not in GPU["Outputs"]["DeskRoleName"]
    assert PARENT["Outputs"]["DeskRoleName"]["Condition"] == PARENT["Resources"]["GpuService"]["Condition"]


@pytest.mark.parametrize(
    ("image", "taken"),
    [
        ("", True),
        (f"ghcr.io/you/studio-gpu@sha256:{'0a' * 32}", True),
        ("ghcr.io/you/studio-gpu:latest", False),
        ("studio-gpu@sha256:0a", False),
    ],
)
def test_an_image_is_named_by_its_digest_because_instances_keep_what_they_have(image, taken):
    assert "ECS_IMAGE_PULL_BEHAVIOR=prefer-cached" in json.dumps(RESOURCES["Instance"])
    assert bool(re.fullmatch(PARENT["Parameters"]["GpuImage"]["AllowedPattern"], image)) is taken


def test_containers_cannot_take_the_role_of_their_instance():
    data = RESOURCES["Instance"]["Properties"]["LaunchTemplateData"]
    assert data["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert TASKS["GpuTask"]["NetworkMode"] == "bridge", "with the host's network there would be no hop"


def test_nothing_can_call_a_worker():
    group = RESOURCES["NoWayIn"]["Properties"]
    assert "SecurityGroupIngress" not in group
    assert not [r for r in RESOURCES.values() if r["Type"] == "AWS::EC2::SecurityGroupIngress"]
    assert [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [(443, 443)]


def test_what_scaling_looks_at_is_what_aws_and_we_publish():
    looked_at = {(m["Namespace"], m["MetricName"], *sorted(d["Name"] for d in m["Dimensions"])) for m in _metrics()}
    own = telemetry.WORKERS_READY
    assert looked_at == {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
        ("AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName"),
        (telemetry.NAMESPACE, own, *sorted(("stage", *telemetry.DIMENSIONS[own]))),
    }


@pytest.mark.parametrize(
    ("alarm", "waiting", "workers", "wakes"),
    [
        ("GpuFirstAlarm", {"jobs": 1, "low": 0}, 0, True),
        ("GpuFirstAlarm", {"jobs": 0, "low": 1}, 0, True),
        ("GpuFirstAlarm", {"jobs": 0, "low": 0}, 0, False),
        ("GpuFirstAlarm", {"jobs": 9, "low": 9}, 1, False),
        ("DraftsFirstAlarm", {"drafts": 1}, 0, True),
        ("DraftsFirstAlarm", {"drafts": 1}, 1, False),
    ],
)
def test_the_first_worker_comes_when_somebody_waits_and_nobody_is_there(alarm, waiting, workers, wakes):
    assert _computed(_expression(ALARMS[alarm]["Metrics"]), waiting | {"workers": workers}) == int(wakes)


@pytest.mark.parametrize(("policy", "rests"), [("GpuFirst", "GpuMayRest"), ("DraftsFirst", "DraftsMayRest")])
def test_a_first_worker_that_cannot_work_is_joined_by_no_other(policy, rests):
    """Its alarm lasts while nobody is ready and asks again: one is all there may be then."""
    steps = RESOURCES[policy]["Properties"]["StepScalingPolicyConfiguration"]
    assert steps["AdjustmentType"] == "ExactCapacity"
    assert [step["ScalingAdjustment"] for step in steps["StepAdjustments"]] == [1]
    assert RESOURCES[policy]["Condition"] == RESOURCES[f"{policy}Alarm"]["Condition"] == rests
    least = {"GpuMayRest": "MinWorkers", "DraftsMayRest": "MinDraftWorkers"}[rests]
    assert GPU["Conditions"][rests]["Fn::And"][1] == {"Fn::Equals": [{"Ref": least}, 0]}
    # A number of workers that comes a minute late must send nobody home.
    assert ALARMS[f"{policy}Alarm"]["EvaluationPeriods"] == 2
    assert ALARMS[f"{policy}Alarm"].get("DatapointsToAlarm", 2) == 2


@pytest.mark.parametrize("policy", ["GpuByBacklog", "DraftsByBacklog"])
def test_a_backlog_brings_nobody_while_nobody_is_ready(policy):
    tracking = RESOURCES[policy]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    metrics = tracking["CustomizedMetricSpecification"]["Metrics"]
    waiting = {metric["Id"]: 50 for metric in metrics if "Expression" not in metric} | {"workers": 0}
    target = tracking["TargetValue"]
    stays = PARAMETERS[target["Ref"]] if isinstance(target, dict) else target
    assert _computed(_expression(metrics), waiting) == stays


@pytest.mark.parametrize(
    ("numbers", "comes"),
    [
        ({"jobs": 1, "age": 700, "low": 0, "lowage": 0, "workers": 1}, True),
        ({"jobs": 0, "age": 3000, "low": 0, "lowage": 0, "workers": 1}, False),  # one long job, and nobody waits
        ({"jobs": 1, "age": 500, "low": 0, "lowage": 0, "workers": 1}, False),
        ({"jobs": 0, "age": 0, "low": 1, "lowage": 700, "workers": 1}, True),
        ({"jobs": 1, "age": 10, "low": 0, "lowage": 3000, "workers": 1}, False),
        ({"jobs": 9, "age": 3000, "low": 9, "lowage": 3000, "workers": 0}, False),  # those who are there cannot work
    ],
)
def test_one_more_comes_for_a_job_that_waits_too_long_and_for_none_that_is_worked_on(numbers, comes):
    alarm = ALARMS["GpuByAgeAlarm"]
    assert _computed(_expression(alarm["Metrics"]), numbers) == int(comes)
    assert alarm["EvaluationPeriods"] == alarm.get("DatapointsToAlarm", 5) == 5, "somebody waited all the time"


SCALED_BY = {name: alarm["Metrics"] for name, alarm in ALARMS.items() if "Metrics" in alarm} | {
    name: r["Properties"]["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]["Metrics"]
    for name, r in RESOURCES.items()
    if "TargetTrackingScalingPolicyConfiguration" in r.get("Properties", {})
}


@pytest.mark.parametrize("name", SCALED_BY)
def test_numbers_that_are_missing_count_as_none(name):
    """Queues that sleep have no metrics, and without a sweeper nobody tells of workers."""
    names = sorted(metric["Id"] for metric in SCALED_BY[name] if "Expression" not in metric)
    for values in product((None, 0, 2, 700), repeat=len(names)):
        numbers = dict(zip(names, values, strict=True))
        filled = {metric: value or 0 for metric, value in numbers.items()}
        expression = _expression(SCALED_BY[name])
        assert _computed(expression, numbers) == _computed(expression, filled), numbers


@pytest.mark.parametrize(
    ("policy", "numbers", "each"),
    [
        ("GpuByBacklog", {"jobs": 4, "begun": 2, "low": 1, "lowbegun": 1, "workers": 2}, 4),
        ("GpuByBacklog", {"jobs": 0, "begun": 0, "low": 0, "lowbegun": 0, "workers": 3}, 0),
        ("DraftsByBacklog", {"drafts": 9, "begun": 1, "workers": 2}, 5),
    ],
)
def test_backlog_is_what_waits_and_what_is_begun_over_those_who_are_there(policy, numbers, each):
    tracking = RESOURCES[policy]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    metrics = tracking["CustomizedMetricSpecification"]["Metrics"]
    assert {metric["Id"] for metric in metrics if "Expression" not in metric} == numbers.keys()
    assert _computed(_expression(metrics), numbers) == each


def test_what_the_emulator_lacks_is_all_that_it_is_not_asked_for():
    left = gaps.closed(GPU)
    assert "Capacity" not in left["Resources"]
    assert left["Resources"]["GpuTask"] == RESOURCES["GpuTask"]
    for name in RESOURCES.keys() - left["Resources"].keys():
        assert RESOURCES[name]["Type"] in gaps.MISSING or "Metrics" in RESOURCES[name]["Properties"]
    assert not re.findall(r'"Ref": "(GpuCapacity|GpuScaling)"', json.dumps(left))


def _metrics() -> list[dict[str, Any]]:
    """Every metric that scaling looks at, alone or in an expression."""
    found: list[dict[str, Any]] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if "MetricName" in value:
                found.append(value)
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(RESOURCES)
    return found


def _expression(metrics: list[dict[str, Any]]) -> str:
    """The one expression among metrics, with the values of parameters."""
    (found,) = [metric["Expression"] for metric in metrics if "Expression" in metric]
    text = found["Fn::Sub"] if isinstance(found, dict) else found
    return re.sub(r"\$\{(\w+)\}", lambda name: str(PARAMETERS[name[1]]), text)


@cache
def _compiled(expression: str) -> CodeType:
    python = expression.replace(" AND ", " and ").replace(" OR ", " or ").replace("IF(", "when(")
    return compile(python, "expression", "eval")


def _computed(expression: str, numbers: Mapping[str, int | None]) -> float:
    """CloudWatch's metric math, of which we use IF and FILL, computed by Python.

    Raises:
        TypeError: it computes with a number that is missing; CloudWatch then has no value either.
    """
    functions = {
        "when": lambda test, then, other: then if test else other,
        "FILL": lambda value, instead: instead if value is None else value,
    }
    return float(eval(_compiled(expression), {"__builtins__": {}}, functions | dict(numbers)))
