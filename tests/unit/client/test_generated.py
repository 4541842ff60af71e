"""What is generated is what the generator makes now, and the package stands alone."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from types import ModuleType

import pytest

from infra.local.stack import ROOT

PACKAGE = ROOT / "clients" / "python" / "src" / "ai_creative_studio"
TYPESCRIPT = ROOT / "clients" / "typescript" / "src" / "schema.ts"
DOCUMENT = ROOT / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "clients" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_client_is_the_one_the_reference_makes(generate):
    made = generate.written(json.loads(DOCUMENT.read_text()), PACKAGE)
    assert made.keys() > {"models.py", "orders.py", "_sync/jobs.py"}
    for name, text in made.items():
        assert (PACKAGE / name).read_text() == text, f"{name}: run `make clients`"
    assert {path.name for path in (PACKAGE / "_sync").glob("*.py")} == {
        path.name for path in (PACKAGE / "_async").glob("*.py")
    }


def test_the_typescript_types_are_of_the_same_reference():
    digest = hashlib.sha256(DOCUMENT.read_bytes()).hexdigest()
    assert f"sha256 {digest}" in TYPESCRIPT.read_text(), "run `make clients`"


def test_nothing_asynchronous_is_left_in_the_synchronous_client():
    for path in (PACKAGE / "_sync").glob("*.py"):
        words = path.read_text()
        assert not any(word in words for word in ("await ", "async ", "Async", "anyio")), path.name


def test_the_package_needs_nothing_of_the_repository_and_only_httpx():
    ours = {"studio", "infra", "api", "pydantic", "boto3", "ulid"}
    script = f"import sys, ai_creative_studio.cli.main; print(*[name for name in {ours!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
