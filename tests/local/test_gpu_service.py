"""The same templates with everything on, as far as the emulator has it: workers on ECS, the dashboard, backups."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra import worker_settings
from infra.local import gaps
from infra.local.stack import STACK_NAME, nested
from infra.local.studio import LocalStudio
from infra.stages import Stage

NESTED = {"GpuService": "infra/gpu.yaml", "Monitoring": "infra/monitoring.yaml", "Backups": "infra/backup.yaml"}
EVERYTHING = {
    "GpuBackend": "both",
    "RunPodEndpoint": "endpoint",
    "GpuImage": f"registry.example/studio-gpu@sha256:{'0' * 64}",
    "GpuVpc": "vpc-1",
    "GpuSubnets": "subnet-1,subnet-2",
    "GpuModelsBucket": "weights",
    "GpuWarmPool": "1",
    "DeskWorkers": "1",
    "BackupDays": "90",
    "LeaseSeconds": "77",
}


@pytest.fixture(scope="module")
def studio() -> Iterator[LocalStudio]:
    with LocalStudio(parameters=EVERYTHING, worker=False) as studio:
        yield studio


def client(studio: LocalStudio, service: str) -> Any:
    return studio.session().client(service, endpoint_url=studio.emulator.url)


@pytest.fixture(scope="module")
def stacks(studio: LocalStudio) -> dict[str, Any]:
    """The nested stacks, by their names in the template."""
    described = client(studio, "cloudformation").describe_stacks()["Stacks"]
    return {name: stack for name in NESTED for stack in described if f"studio-{name}-" in stack["StackName"]}


def outputs(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def test_every_nested_stack_is_there_with_all_that_the_emulator_has(studio, stacks):
    assert stacks.keys() == NESTED.keys()
    cloudformation = client(studio, "cloudformation")
    for name, location in NESTED.items():
        assert stacks[name]["StackStatus"] == "CREATE_COMPLETE"
        listed = cloudformation.list_stack_resources(StackName=stacks[name]["StackName"])["StackResourceSummaries"]
        wanted = gaps.closed(nested(location))["Resources"]
        assert {resource["LogicalResourceId"] for resource in listed} == wanted.keys()


def test_what_ecs_tells_a_worker_is_what_functions_are_told(studio, stacks):
    ecs, cluster = client(studio, "ecs"), outputs(stacks["GpuService"])["ClusterName"]
    services = ecs.list_services(cluster=cluster)["serviceArns"]
    tasks = {
        service["taskDefinition"] for service in ecs.describe_services(cluster=cluster, services=services)["services"]
    }
    assert (len(services), len(tasks)) == (3, 2), "the boxes under desks do what the instances do"
    for task in tasks:
        definition = ecs.describe_task_definition(taskDefinition=task)["taskDefinition"]
        told = {one["name"]: one["value"] for one in definition["containerDefinitions"][0]["environment"]}
        known = {name: studio.deployment.settings[name] for name in told if name in studio.deployment.settings}
        assert told | known == told
        assert known.keys() > {"JOBS_TABLE", "JOBS_QUEUE_URL", "MEDIA_BUCKET"}
        assert (told["STUDIO_SETTINGS"], told["LEASE_SECONDS"]) == ("worker", "77")
        assert definition["taskRoleArn"] == studio.deployment.outputs["WorkerRoleArn"]


def test_a_box_without_ecs_is_told_the_same(studio, stacks):
    ecs = client(studio, "ecs")
    here = Stage(studio.session(), studio.emulator.url, STACK_NAME)
    written = dict(line.split("=", 1) for line in worker_settings.lines(here))
    family = f"{stacks['GpuService']['StackName']}-drafts"
    (container,) = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]["containerDefinitions"]
    told = {one["name"]: one["value"] for one in container["environment"]}
    assert written == {name: value for name, value in told.items() if name != "STUDIO_PROFILE"}, "which each box finds"


def test_workers_may_say_that_they_are_at_work_and_nothing_else_is_added_to_their_rights(studio, stacks):
    role = studio.deployment.outputs["WorkerRoleArn"].rpartition("/")[2]
    iam = client(studio, "iam")
    assert set(iam.list_role_policies(RoleName=role)["PolicyNames"]) == {"work", "stay-while-at-work"}
    policy = iam.get_role_policy(RoleName=role, PolicyName="stay-while-at-work")["PolicyDocument"]
    (statement,) = (policy if isinstance(policy, dict) else json.loads(policy))["Statement"]
    assert statement["Resource"].endswith(f":task/{outputs(stacks['GpuService'])['ClusterName']}/*")


def test_the_dashboard_names_what_is_deployed(studio):
    body = json.loads(client(studio, "cloudwatch").get_dashboard(DashboardName="studio")["DashboardBody"])
    told = json.dumps(body)
    assert studio.deployment.settings["JOBS_QUEUE_URL"].rpartition("/")[2] in told
    assert studio.deployment.outputs["HttpApiId"] in told
    assert "${" not in told
