"""What holds of the repository as a whole: pins agree, and light parts stay light."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from infra import event_schemas, layer
from infra.local.stack import ROOT
from studio.catalog import ORDERS

HEAVY = ("torch", "diffusers", "transformers", "skia", "numpy", "PIL", "stripe")


@pytest.mark.parametrize("name_of_layer", layer.LAYERS)
def test_a_lambda_layer_has_every_package_at_the_version_that_is_tested(name_of_layer):
    assert layer.file(name_of_layer).read_text() == layer.requirements(name_of_layer), "run `make lock`"
    for name in layer.needed(name_of_layer):
        assert version(name).partition("+")[0] == layer.locked()[name], "the environment is not the locked one"


def test_the_committed_openapi_document_is_the_one_the_code_makes():
    from api.handler import app
    from api.openapi import document

    assert (ROOT / "docs" / "openapi.json").read_text() == document(app) + "\n", "run `make openapi`"


def test_the_committed_schemas_of_events_are_those_the_code_makes():
    made = event_schemas.files()
    assert {path: path.read_text() for path in made} == made, "run `make schemas`"
    assert set(event_schemas.FOLDER.glob("*.json")) < set(made)


def test_no_layer_has_the_package_of_runpod_or_what_it_brings():
    brought = {line.partition("==")[0] for line in (ROOT / "constraints-runpod.txt").read_text().splitlines()}
    assert "runpod" in brought
    for name_of_layer in layer.LAYERS:
        assert not {name.lower() for name in brought} & layer.needed(name_of_layer)


def test_only_the_layer_of_payments_has_stripe():
    assert "stripe" in layer.needed("stripe")
    assert "stripe" not in layer.needed("deps")


@pytest.mark.parametrize(
    "module",
    [
        "api.handler",
        "audit.nightly",
        "callbacks.due",
        "callbacks.fan",
        "callbacks.send",
        "completion.finished",
        "completion.lost",
        "dispatcher.callback",
        "dispatcher.ended",
        "dispatcher.queued",
        "dispatcher.reconcile",
        "grants.handler",
        "ingest.arrived",
        "ingest.asked",
        "operators.appoint",
        "operators.handler",
        "operators.tally",
        "payments.handler",
        "payments.reconcile",
        "realtime.admit",
        "realtime.connect",
        "realtime.disconnect",
        "realtime.message",
        "realtime.push",
        "sweeper.handler",
    ],
)
def test_functions_load_no_heavy_package_and_read_no_environment(module):
    script = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    path = f"{ROOT / 'functions'}:{ROOT / 'layers' / 'studio'}"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_every_file_and_test_that_the_threat_model_names_exists_and_runs_with_the_others():
    model = (ROOT / "docs" / "SECURITY.md").read_text()
    assert [f"## API{number} " in model for number in range(1, 11)] == [True] * 10
    files = set(re.findall(r"`((?:functions|layers)/[\w/]+\.py)`", model))
    assert len(files) > 10
    assert [file for file in sorted(files) if not (ROOT / file).exists()] == []
    tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", model)
    assert len(tests) > 50
    for path, name in tests:
        module = ast.parse((ROOT / path).read_text())
        found = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name == name]
        assert found, f"{path}::{name}"
        marks = [ast.unparse(mark) for mark in found[0].decorator_list]
        assert not [mark for mark in marks if re.match(r"pytest\.mark\.(skip|xfail|soak)", mark)], f"{path}::{name}"


def test_the_worker_loads_torch_only_with_a_profile_that_needs_it():
    script = "import sys, gpu_handlers.entry.queue_worker; print('torch' in sys.modules, 'skia' in sys.modules)"
    path = f"{ROOT}:{ROOT / 'layers' / 'studio'}"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["False", "False"], done.stderr


def test_every_feature_on_sale_can_be_made():
    for feature in ORDERS:
        assert (ROOT / "gpu_handlers" / "features" / f"{feature.replace('-', '_')}.py").exists(), feature


def test_the_help_of_make_stands_in_columns():
    told = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(told) > 10
    assert {re.match(r"  make [a-z]+ +", line).end() for line in told} == {20}
