"""What holds of the repository as a whole: pins agree, and light parts stay light."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from infra.local.stack import ROOT

HEAVY = ("torch", "diffusers", "transformers", "skia", "numpy", "PIL", "stripe")


def pins(path: str) -> dict[str, str]:
    lines = (ROOT / path).read_text().splitlines()
    found = (re.match(r"^([\w.-]+)==([\w.]+)", line) for line in lines)
    return {match[1].lower().replace("_", "-"): match[2] for match in found if match}


def test_the_lambda_layer_has_the_versions_that_are_tested():
    layer, tested = pins("layers/deps/requirements.txt"), pins("constraints.txt")
    assert layer
    assert {name: tested.get(name) for name in layer} == layer


@pytest.mark.parametrize("module", ["api.handler", "completion.finished", "completion.lost", "sweeper.handler"])
def test_functions_load_no_heavy_package_and_read_no_environment(module):
    script = f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    path = f"{ROOT / 'functions'}:{ROOT / 'layers' / 'studio'}"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_worker_loads_torch_only_with_a_profile_that_needs_it():
    script = "import sys, gpu_handlers.entry.queue_worker; print('torch' in sys.modules, 'skia' in sys.modules)"
    path = f"{ROOT}:{ROOT / 'layers' / 'studio'}"
    done = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["False", "False"], done.stderr
