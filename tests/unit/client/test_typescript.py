"""The TypeScript client compiles and keeps the same promises; needs `make clients` to have run."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from infra.local.stack import ROOT

FOLDER = ROOT / "clients" / "typescript"
COMPILER = FOLDER / "node_modules" / "typescript" / "bin" / "tsc"


@pytest.mark.skipif(not (shutil.which("node") and COMPILER.exists()), reason="node or the compiler is not installed")
def test_the_typescript_client_compiles_and_its_own_tests_pass(tmp_path):
    built = subprocess.run(
        ["node", COMPILER, "--outDir", tmp_path], cwd=FOLDER, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert built.returncode == 0, built.stdout
    (tmp_path / "package.json").write_text('{"type": "module"}')
    environment = {**os.environ, "CLIENT": str(tmp_path / "index.js")}
    tested = subprocess.run(
        ["node", "--test", "test/"], cwd=FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    assert tested.returncode == 0, tested.stdout
