"""docs/adding-a-feature.md to the letter, in a copy of the repository: one class and one file make a feature."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest

from infra.local.stack import ROOT

COPIED = ("functions", "gpu_handlers", "infra", "layers", "samples", "tests/integration")
LINKED = ("node_modules", "models", "template.yaml", "pyproject.toml", "tests/conftest.py", "tests/__init__.py", "docs")
CATALOG = "layers/studio/studio/catalog.py"

ORDERED = """
import io
from PIL import Image
from studio import jobs
from tests.integration.test_api import http, user
from tests.integration.test_told_films import made, worker

EXAMPLE = {"prompt": "The sea in summer", "greeting": "Wish you were here"}


def test_the_catalogue_has_it_with_a_form(http, user):
    (feature,) = [each for each in http("GET", "/api/v1/features").json["data"] if each["name"] == "postcard"]
    assert feature["title"] == "Postcard"
    assert feature["options"]["properties"]["greeting"]["maxLength"] == 40
    assert "/api/v1/jobs/postcard" in http("GET", "/api/v1/openapi.json").json["paths"]


def test_it_has_a_price_and_tells_what_is_wrong(http, user):
    quote = http("POST", "/api/v1/jobs/postcard", EXAMPLE, query={"dryRun": "true"})
    assert (quote.status, quote.json["cost"]) == (200, 1)
    refused = http("POST", "/api/v1/jobs/postcard", EXAMPLE | {"greeting": "x" * 41})
    assert refused.status == 422
    assert refused.json["errors"][0]["pointer"] == "/greeting"


def test_an_order_becomes_a_postcard(studio, user, http, worker):
    answer = http("POST", "/api/v1/jobs/postcard", EXAMPLE)
    assert answer.status == 202
    jobs.cancel(user.id, answer.json["id"])
    done, files = made(studio, worker, "postcard", EXAMPLE, user)
    assert done.status == "completed"
    assert Image.open(io.BytesIO(files["postcard.png"])).size == (1024, 720)
    assert user.balance() == 49
"""


@pytest.fixture
def tree(tmp_path):
    """What of the repository a feature touches, with copies where it writes."""
    (tmp_path / "tests").mkdir()
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in LINKED:
        (tmp_path / name).symlink_to(ROOT / name)
    return tmp_path


def test_one_class_and_one_file_make_a_feature(tree):
    order, feature = re.findall(r"```python\n(.*?)```", (ROOT / "docs/adding-a-feature.md").read_text(), re.DOTALL)
    before = (tree / CATALOG).read_text()
    assert before.count("\nORDERS: ") == before.count("StoryVideo)\n}") == 1
    after = before.replace("\nORDERS: ", f"{order}\n\nORDERS: ").replace("StoryVideo)\n}", "StoryVideo, Postcard)\n}")
    (tree / CATALOG).write_text(after)
    (tree / "gpu_handlers/features/postcard.py").write_text(feature)
    (tree / "tests/integration/test_ordered.py").write_text(ORDERED)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/integration/test_ordered.py"],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-4000:]
    assert "3 passed" in run.stdout
