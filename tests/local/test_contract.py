"""The API keeps the word of its OpenAPI document, whatever it is asked: schemathesis tries to prove otherwise."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.stack import ROOT
from infra.local.studio import LocalStudio
from tests.local.conftest import logs_of

SCHEMATHESIS = ROOT / ".tools" / "schemathesis" / "bin" / "st"  # `make .tools/schemathesis`
CONFIGURATION = Path(__file__).parent / "contract" / "schemathesis.toml"
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "200"))
"""Per operation and phase; 20 take about ten minutes on two busy cores."""

pytestmark = pytest.mark.local

# Tests of quotas and limits are elsewhere; here they would only keep requests from what is behind them.
ROOMY = {
    "MaxActiveJobs": "100000",
    "SignupCredits": "100000",
    "RedirectOrigins": "https://pages.example.com",
}


def test_no_address_breaks_what_is_on_its_way(user):
    for name in ("%08", "a%0Ab%0A", "%0D%0A", "%1F%C2%90", "%F0%9F%A6%8A", "a%2Fb", "%25", "%E9", "job_%00"):
        answer = user.http.get(f"/api/v1/jobs/{name}")
        assert answer.status_code == 404, answer.text
        assert answer.json()["code"] == "not_found"


def test_headers_may_have_signs_that_are_not_ascii(user):
    answer = user.http.get("/api/v1/jobs/job_x", headers={"if-none-match": b"\xc2\x88", "x-name": "Zoë".encode()})
    assert answer.status_code == 404, answer.text


def test_what_has_not_changed_comes_without_a_body_through_the_whole_studio(user):
    first = user.http.get("/api/v1/features")
    again = user.http.get("/api/v1/features", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "content-type" not in again.headers
    assert again.headers["etag"] == first.headers["etag"]


def test_a_method_that_an_address_does_not_take_is_named_with_those_that_it_does(user):
    for method, path in (("PUT", "/api/v1/features"), ("GET", "/api/v1/payments/webhook"), ("PUT", "/api/v1/jobs/x")):
        answer = user.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed"), f"{method} {path}"
        assert answer.headers["allow"] == answer.json()["allow"]


@pytest.fixture(scope="module")
def open_studio() -> Iterator[LocalStudio]:
    """A studio that nobody runs out of."""
    with LocalStudio(parameters=ROOMY, worker=False) as studio:
        yield studio


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_no_request_gets_an_answer_that_the_document_does_not_describe(open_studio, tmp_path):
    report = tmp_path / "report.json"
    run = subprocess.run(
        [
            SCHEMATHESIS, "--config-file", CONFIGURATION, "run", ROOT / "docs" / "openapi.json",
            "--url", open_studio.url, "--checks", "all", "--mode", "all", "--max-examples", str(EXAMPLES),
            "--report-json-path", report, "--no-color",
        ],
        cwd=CONFIGURATION.parent,
        env=os.environ | {"STUDIO_URL": open_studio.url, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    print(run.stdout[-20_000:])
    if run.returncode:
        print(logs_of(open_studio, "Traceback"))
    assert run.returncode == 0, run.stdout[-20_000:] + run.stderr[-5_000:]
    said = json.loads(report.read_text())
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    operations = sum(len(methods) for methods in paths.values())
    assert (said["operations"]["tested"], said["complete"]) == (operations, True)
    phases = {name for name, phase in said["phases"].items() if phase["status"] == "success"}
    assert phases >= {"examples", "coverage", "fuzzing", "stateful"}
