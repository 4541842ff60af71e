"""The API keeps the word of its OpenAPI document, whatever it is asked: schemathesis tries to prove otherwise."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.local.stack import ROOT
from infra.local.studio import LocalStudio
from studio import catalog
from tests.local.conftest import logs_of, registered

SCHEMATHESIS = ROOT / ".tools" / "schemathesis" / "bin" / "st"  # `make .tools/schemathesis`
CONFIGURATION = Path(__file__).parent / "contract" / "schemathesis.toml"
HASTY_WORKER = ROOT / "tests" / "local" / "hasty_worker.py"
PICTURE = ROOT / "samples" / "person.jpg"
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "200"))
"""Per operation and phase."""
CHAINS = int(os.environ.get("CONTRACT_CHAINS", "600"))
"""Of requests that follow from one another, in all."""

LINKED = r"/(jobs|endpoints|deliveries|uploads|keys|payments/create-checkout|payments/\{purchase_id\})(/|$)"
"""Addresses that links lead from or to; chains among them are not lost among those that lead nowhere."""

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
    """A studio that nobody runs out of, with a worker that has everything done at once, or failed."""
    with LocalStudio(parameters=ROOMY, worker=False) as studio:
        worker = studio.worker(command=(str(HASTY_WORKER),))
        worker.start()
        yield studio
        worker.stop()


@pytest.fixture(scope="module")
def token(open_studio) -> str:
    """Of a customer who is an operator as well, so that there is something behind every address."""
    with registered(open_studio) as user:
        open_studio.appoint(user.account["email"])
        return user.http.headers["Authorization"].removeprefix("Bearer ")


@dataclass(frozen=True)
class Run:
    """What schemathesis said of one run."""

    report: dict[str, Any]
    events: list[dict[str, Any]]

    def chains(self) -> list[dict[str, Any]]:
        """Of requests that followed from one another; those that never began are left out."""
        finished = [event["ScenarioFinished"] for event in self.events if "ScenarioFinished" in event]
        return [scenario for scenario in finished if scenario["status"] != "skip"]

    def links(self) -> set[str]:
        """Links of the document that were followed."""
        return {
            case["transition"]["id"]
            for chain in self.chains()
            for case in chain["recorder"].get("cases", {}).values()
            if case.get("is_transition_applied") and case.get("transition")
        }


@pytest.fixture
def tried(open_studio, token, tmp_path):
    """Tries the API in these phases, with no failure, and says how."""

    def run(*options: str) -> Run:
        report, events = tmp_path / "report.json", tmp_path / "events.ndjson"
        done = subprocess.run(
            [
                SCHEMATHESIS, "--config-file", CONFIGURATION, "run", ROOT / "docs" / "openapi.json",
                "--url", open_studio.url, "--checks", "all", "--mode", "all", "--no-color",
                "--report-json-path", report, "--report-ndjson-path", events, *options,
            ],
            cwd=CONFIGURATION.parent,
            env=os.environ | {"STUDIO_URL": open_studio.url, "STUDIO_TOKEN": token, "STUDIO_PICTURE": PICTURE}
            | {"NO_PROXY": "*"},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        print(done.stdout[-20_000:])
        if done.returncode:
            print(logs_of(open_studio, "Traceback"))
        assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
        return Run(json.loads(report.read_text()), [json.loads(line) for line in events.read_text().splitlines()])

    return run


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_no_request_gets_an_answer_that_the_document_does_not_describe(tried):
    said = tried("--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)).report
    paths = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
    operations = sum(len(methods) for methods in paths.values())
    assert (said["operations"]["tested"], said["complete"]) == (operations, True)
    phases = {name for name, phase in said["phases"].items() if phase["status"] == "success"}
    assert phases >= {"examples", "coverage", "fuzzing"}
    good = {name for name, rates in said["valid_rates"].items() if any(rate["accepted"] for rate in rates.values())}
    assert {f"POST /api/v1/jobs/{feature}" for feature in catalog.ORDERS} <= good


@pytest.mark.soak
@pytest.mark.timeout(6 * 3600)
def test_no_chain_of_requests_does_either(tried):
    """In many runs: as what comes back is never the same, Hypothesis ends each when it notices, and says nothing."""
    chains, followed = 0, set()
    while chains < CHAINS:
        run = tried("--phases", "stateful", "--max-examples", str(CHAINS), "--include-path-regex", LINKED)
        assert run.chains(), "nothing began"
        chains, followed = chains + len(run.chains()), followed | run.links()
        print(f"{chains} chains along {len(followed)} links")
    links = next(event["LoadingFinished"] for event in run.events if "LoadingFinished" in event)
    assert len(followed) >= 0.6 * links["statistic"]["transitions"]["total"]
