"""Pipelines: what they run is pinned, what they may do is little, and no secret is in a command line."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra import image_layers
from infra.local.stack import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text()
KNOWN = {"actions/checkout", "actions/setup-python", "aws-actions/configure-aws-credentials"}
"""Actions of others. Fewer are better: a step that runs git, gh, docker or pip needs no pin."""
MAY = {
    ("stage.yml", "throwaway"): {"contents": "read", "id-token": "write"},
    ("stage.yml", "gone"): {"contents": "read", "id-token": "write"},
    ("release.yml", "checked"): {"contents": "read", "actions": "read"},
    ("release.yml", "image"): {"contents": "read", "packages": "write"},
    ("release.yml", "release"): {"contents": "write"},
}
"""Rights of jobs beyond reading the repository, each for a reason that its workflow gives."""


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text())
    return found


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for file in FILES:
        for name, job in read(file)["jobs"].items():
            yield file.name, name, job


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for file, name, job in jobs():
        for step in job["steps"]:
            yield f"{file} {name}", step


def test_every_pipeline_is_read():
    assert [file.name for file in FILES] == ["ci.yml", "nightly.yml", "release.yml", "stage.yml"]


def test_actions_of_others_are_few_and_pinned_to_a_commit_with_its_version():
    used = [line for file in FILES for line in file.read_text().splitlines() if "uses:" in line]
    assert len(used) > 8
    for line in used:
        found = re.fullmatch(r"\s*- uses: ([\w./-]+)@([0-9a-f]{40}) # v\d+\.\d+\.\d+", line)
        assert found, line
        assert found[1] in KNOWN, line


def test_an_action_has_one_pin_everywhere():
    pins = {tuple(step["uses"].split("@")) for _, step in steps() if "uses" in step}
    assert len(pins) == len({name for name, _ in pins})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nothing_is_allowed_by_default(file):
    assert read(file)["permissions"] == {}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_command_that_fails_in_a_pipe_fails_its_step(file):
    assert read(file)["defaults"]["run"]["shell"] == "bash", "only a shell that is named gets -o pipefail"


def test_jobs_may_read_and_few_may_more():
    assert {(file, name): job["permissions"] for file, name, job in jobs()} == {
        (file, name): MAY.get((file, name), {"contents": "read"}) for file, name, _ in jobs()
    }


def test_no_job_runs_for_ever():
    assert [f"{file} {name}" for file, name, job in jobs() if not 0 < job.get("timeout-minutes", 0) <= 350] == []


def test_commands_have_no_expression_in_them():
    # What GitHub puts into a command line is a program; what it puts into the environment is text.
    assert [where for where, step in steps() if "${{" in step.get("run", "")] == []


def test_no_secret_is_named_but_the_jobs_own_token():
    text = "\n".join(file.read_text() for file in FILES)
    assert re.findall(r"secrets\.\w+", text) == []
    assert "AWS_ACCESS_KEY_ID" not in text, "roles by OIDC, no keys that are stored"


def test_no_checkout_leaves_its_token_behind():
    for where, step in steps():
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, where


def test_pull_requests_of_strangers_get_no_rights_of_ours():
    assert [file.name for file in FILES if "pull_request_target" in file.read_text()] == []
    for file in FILES:
        if "pull_request" in read(file)[True]:  # YAML reads `on` as yes
            assert {job["permissions"]["contents"] for job in read(file)["jobs"].values()} == {"read"}


def test_the_throwaway_stage_is_destroyed_whatever_happens():
    workflow = read(ROOT / ".github" / "workflows" / "stage.yml")
    made, gone = workflow["jobs"]["throwaway"], workflow["jobs"]["gone"]
    assert gone["needs"] == "throwaway"
    assert gone["if"].startswith("always()"), "also when the other job ran out of time or lost its machine"
    assert made["environment"] == gone["environment"], "one role is trusted"
    deployed = next(step["run"] for step in made["steps"] if "sam deploy" in step.get("run", ""))
    assert '--stack-name "$STACK"' in deployed
    assert '--stack "$STACK"' in gone["steps"][-1]["run"]
    assert "infra.teardown" in gone["steps"][-1]["run"]
    assert "STACK" not in (made.get("env") or {}) | (gone.get("env") or {}), "both read that of the workflow"
    assert "run_attempt" not in workflow["env"]["STACK"], "one job that is run again finds the other one's stack"


class History:
    """A repository of two branches in which a step of a pipeline runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("README.md")

    def git(self, *words: str) -> str:
        identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
        command = ["git", *identity, *words]
        return subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, *files: str) -> str:
        for name in files:
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(path.read_text() + "more" if path.exists() else "new")
        self.git("add", ".")
        self.git("commit", "--quiet", "--message", "a change")
        return self.git("rev-parse", "HEAD")

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script], cwd=self.folder, check=False, capture_output=True, text=True,
            env={"PATH": path, "HOME": str(self.folder)} | environment,
        )  # fmt: skip


@pytest.fixture
def history(tmp_path) -> History:
    return History(tmp_path)


def step(file: str, job: str, name: str) -> str:
    steps = read(ROOT / ".github" / "workflows" / file)["jobs"][job]["steps"]
    (found,) = [one["run"] for one in steps if one.get("name", "").startswith(name)]
    return str(found)


def test_everything_that_is_copied_into_the_image_builds_it_anew(history):
    script = step("ci.yml", "image", "has anything changed")
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", (ROOT / "Dockerfile.gpu").read_text(), re.MULTILINE)
    sources = {"Dockerfile.gpu", *" ".join(copied).split()}
    assert {"gpu_handlers", "infra/people.py", "constraints.txt"} <= sources

    def build(before: str) -> str:
        output = history.folder / "output"
        output.unlink(missing_ok=True)
        done = history.run(script, BEFORE=before, GITHUB_OUTPUT=str(output))
        assert done.returncode == 0, done.stderr
        return output.read_text()

    for source in sorted(sources):
        inside = source if (ROOT / source).is_file() else f"{source}/some.py"
        before = history.git("rev-parse", "HEAD")
        history.commit(inside)
        history.commit("README.md")
        assert build(before) == "build=yes\n", source
        assert build(history.git("rev-parse", "HEAD^")) == "build=no\n"
    assert build("0" * 40) == "build=yes\n", "a new branch has nothing before it"


@pytest.mark.parametrize(
    ("where", "passed", "fault"), [("main", 1, ""), ("main", 0, "no run of ci passed"), ("aside", 1, "is not on main")]
)
def test_only_a_commit_of_main_that_passed_is_released(history, where, passed, fault):
    on_main = history.commit("a")
    history.git("update-ref", "refs/remotes/origin/main", on_main)
    history.git("checkout", "--quiet", "-b", "aside", history.first)
    commit = {"main": on_main, "aside": history.commit("b")}[where]
    gh = history.folder / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(f'#!/bin/bash\n[[ "$*" == *"--commit {commit}"*"--status success"* ]] && echo {passed}\n')
    gh.chmod(0o755)
    done = history.run(step("release.yml", "checked", "the commit"), GITHUB_SHA=commit, GITHUB_REF_NAME="v1.2.3")
    assert (done.returncode == 0) is (not fault), done.stderr
    assert fault in done.stdout


def test_nothing_is_released_before_the_commit_was_looked_at():
    jobs_of = read(ROOT / ".github" / "workflows" / "release.yml")["jobs"]
    assert (jobs_of["image"]["needs"], jobs_of["release"]["needs"]) == ("checked", "image")


def test_layers_of_an_index_are_listed_without_what_is_only_attested():
    name = "ghcr.io/ada/studio-gpu"
    index = {
        "manifests": [
            {"digest": "sha256:a", "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": "sha256:b", "platform": {"os": "unknown", "architecture": "unknown"}},
        ]
    }
    image = {"layers": [{"size": 3 * 2**20}, {"size": 2**29}]}
    pushed: dict[str, Any] = {f"{name}@sha256:i": index, f"{name}@sha256:a": image}
    told = image_layers.table(f"{name}@sha256:i", pushed.__getitem__)
    assert told == "| Layer linux/amd64 | MiB |\n|---|---|\n| 1 | 3.0 |\n| 2 | 512.0 |\n| all | 515.0 |\n"
    assert "| 2 | 512.0 |" in image_layers.table(f"{name}@sha256:a", pushed.__getitem__)
    with pytest.raises(SystemExit, match="no image"):
        image_layers.table("x@sha256:i", lambda _: {"manifests": index["manifests"][1:]})


def test_tests_run_on_every_python_that_is_promised():
    (matrix,) = [job["strategy"]["matrix"]["python"] for _, name, job in jobs() if name == "check"]
    assert matrix == ["3.11", "3.12", "3.13"]


def test_what_is_made_and_run_exists():
    for where, step in steps():
        for command in re.findall(r"\bmake ([\w ./-]+)", step.get("run", "")):
            for target in command.split():
                assert re.search(rf"^{re.escape(target)}:|^\$\(VENV\)/\.%:", MAKEFILE, re.MULTILINE), (where, target)
        for module in re.findall(r"-m (infra[\w.]*)", step.get("run", "")):
            path = ROOT / module.replace(".", "/")
            assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), (where, module)
