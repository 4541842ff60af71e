"""`infra/kubernetes` and the worker agree; `make lint` holds the manifests against the schemas of Kubernetes."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from gpu_handlers.entry import pulse
from infra.local.gpu_worker import MODULE
from infra.local.stack import ROOT, nested, template
from studio.settings import WorkerSettings

FOLDER = ROOT / "infra" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = [
    manifest for name in KUSTOMIZATION["resources"] for manifest in yaml.safe_load_all((FOLDER / name).read_text())
]
SETTINGS = dict(line.split("=", 1) for line in (FOLDER / "settings.env").read_text().splitlines())
ECS = nested("infra/gpu.yaml")["Resources"]
TASKS = {"worker": "GpuTask", "drafts": "DraftTask"}


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {manifest["metadata"]["name"]: manifest for manifest in MANIFESTS if manifest["kind"] == kind}


def pod(name: str) -> dict[str, Any]:
    return of_kind("Deployment")[name]["spec"]["template"]["spec"]


def container(name: str) -> dict[str, Any]:
    (only,) = pod(name)["containers"]
    return only


def on_ecs(name: str) -> dict[str, Any]:
    (only,) = ECS[TASKS[name]]["Properties"]["ContainerDefinitions"]
    return only


def test_every_file_is_applied_and_all_in_one_namespace():
    assert {path.name for path in FOLDER.glob("*.yaml")} == {*KUSTOMIZATION["resources"], "kustomization.yaml"}
    for manifest in MANIFESTS:
        own = manifest["metadata"].get("namespace", manifest["metadata"]["name"])
        assert own == KUSTOMIZATION["namespace"]


@pytest.mark.parametrize("name", TASKS)
def test_a_worker_is_told_what_it_is_told_on_ecs(name):
    told = SETTINGS.keys() | {variable["name"] for variable in container(name)["env"]}
    assert told == {variable["Name"] for variable in on_ecs(name)["Environment"]}
    assert told > {field.upper() for field in WorkerSettings.model_fields}
    assert SETTINGS["STUDIO_SETTINGS"] == "worker"
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    assert container(name)["envFrom"] == [{"configMapRef": {"name": generated["name"]}}]
    assert generated["envs"] == ["settings.env"]


def test_the_settings_are_what_the_worker_can_read(monkeypatch):
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    assert WorkerSettings().lease_seconds == 60


@pytest.mark.parametrize("name", TASKS)
def test_it_runs_the_same_commands_and_gets_the_same_time_to_end(name):
    assert container(name)["args"] == on_ecs(name)["Command"]
    assert container(name)["args"][0] == MODULE
    assert "command" not in container(name), "the image's own entry point is `python -m`"
    assert container(name)["livenessProbe"]["exec"]["command"] == ["python", "-m", pulse.__name__]
    assert pod(name)["terminationGracePeriodSeconds"] == on_ecs(name)["StopTimeout"]
    assert container(name)["image"] == KUSTOMIZATION["images"][0]["name"]


def test_paid_work_has_a_card_and_drafts_have_none():
    assert container("worker")["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "nvidia.com/gpu" not in json.dumps(pod("drafts"))


@pytest.mark.parametrize("name", TASKS)
def test_a_worker_is_nobody_special_and_gains_nothing(name):
    assert pod(name)["securityContext"]["runAsUser"] == 1000
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert container(name)["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    assert of_kind("NetworkPolicy")["no-way-in"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_there_is_no_key_and_the_role_trusts_this_account_only():
    told = json.dumps(MANIFESTS) + json.dumps(SETTINGS)
    assert not of_kind("Secret")
    assert "AWS_ACCESS_KEY_ID" not in told
    assert "AWS_SECRET" not in told
    (trust,) = [
        statement
        for statement in template()["Resources"]["WorkerRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    ]
    (account,) = of_kind("ServiceAccount").values()
    assert trust["Condition"]["StringEquals"] == {
        "aws:SourceAccount": {"Ref": "AWS::AccountId"},
        "aws:RequestTag/kubernetes-namespace": account["metadata"]["namespace"],
        "aws:RequestTag/kubernetes-service-account": account["metadata"]["name"],
    }
    assert {pod(name)["serviceAccountName"] for name in TASKS} == {account["metadata"]["name"]}


def test_keda_scales_both_by_their_queues_and_paid_work_to_zero():
    """By KEDA's documentation of the SQS scaler, 2.14 and later: its definitions are in no schema that we have."""
    objects = of_kind("ScaledObject")
    assert objects.keys() == of_kind("Deployment").keys()
    looked_at = {}
    for name, scaled in objects.items():
        spec = scaled["spec"]
        assert scaled["apiVersion"] == "keda.sh/v1alpha1"
        assert spec["scaleTargetRef"] == {"name": name}
        assert spec["minReplicaCount"] <= spec["maxReplicaCount"]
        assert "replicas" not in of_kind("Deployment")[name]["spec"], "or each deployment would set it back"
        for trigger in spec["triggers"]:
            assert trigger["type"] == "aws-sqs-queue"
            assert trigger["authenticationRef"]["name"] in of_kind("TriggerAuthentication")
            metadata = trigger["metadata"]
            assert metadata.keys() == {"queueURLFromEnv", "queueLength", "scaleOnInFlight", "awsRegion"}
            assert all(isinstance(value, str) for value in metadata.values())
            assert metadata["awsRegion"] == SETTINGS["AWS_REGION"]
            assert metadata["queueURLFromEnv"] in SETTINGS
            looked_at.setdefault(name, set()).add(metadata["queueURLFromEnv"])
    assert looked_at == {"worker": {"JOBS_QUEUE_URL", "LOW_QUEUE_URL"}, "drafts": {"DRAFTS_QUEUE_URL"}}
    assert objects["worker"]["spec"]["minReplicaCount"] == 0
    backlog = template()["Parameters"]["GpuBacklogPerWorker"]["Default"]
    assert {trigger["metadata"]["queueLength"] for trigger in objects["worker"]["spec"]["triggers"]} == {str(backlog)}
    (identity,) = of_kind("TriggerAuthentication").values()
    assert identity["spec"] == {"podIdentity": {"provider": "aws"}}
