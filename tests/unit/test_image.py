"""The GPU image, without an engine that builds it: what it copies is there, and its packages make both entries run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tomllib
import venv

import pytest

from gpu_handlers.entry import pulse
from infra.local.stack import ROOT

DOCKERFILE = (ROOT / "Dockerfile.gpu").read_text().replace("\\\n", " ")
ENTRIES = sorted(set(re.findall(r"gpu_handlers\.entry\.\w+_worker", DOCKERFILE)))


def commands(name: str) -> list[list[str]]:
    """The words of every instruction of this name."""
    return [shlex.split(line) for line in re.findall(rf"^{name} (.+)$", DOCKERFILE, re.MULTILINE)]


def pip_install() -> list[str]:
    """The arguments of the one installation of our packages."""
    (found,) = re.findall(r"pip (install [^&]*--group[^&\n]*)", DOCKERFILE)
    return shlex.split(found)


def test_what_is_copied_is_in_the_repository():
    copied = [source for words in commands("COPY") if "--from" not in words[0] for source in words[:-1]]
    assert len(copied) > 5
    assert [source for source in copied if not (ROOT / source).exists()] == []


def test_the_groups_of_packages_exist_and_leave_tests_and_emulators_out():
    words = pip_install()
    groups = {words[at + 1] for at, word in enumerate(words) if word == "--group"}
    assert groups == {"functions", "worker", "gpu", "runpod"}
    assert groups <= tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"].keys()


def test_it_starts_as_nobody_special():
    assert commands("USER") == [["1000"]]


def test_its_health_is_the_pulse_of_its_worker():
    (check,) = re.findall(r"^HEALTHCHECK .*CMD (.+)$", DOCKERFILE, re.MULTILINE)
    assert json.loads(check) == ["python", "-m", pulse.__name__]
    for entry in ENTRIES:
        assert "pulse.keep()" in (ROOT / f"{entry.replace('.', '/')}.py").read_text(), entry


def test_the_networks_for_people_are_those_of_make():
    (pinned,) = re.findall(r"^MEDIAPIPE := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert f" {pinned} " in DOCKERFILE


@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_are_there(entry):
    assert len(ENTRIES) == 2
    assert (ROOT / f"{entry.replace('.', '/')}.py").is_file()


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_its_packages_alone_make_both_entries_run(tmp_path):
    venv.create(tmp_path, with_pip=True)
    python = str(tmp_path / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "pip>=25.1"], check=True)
    subprocess.run([python, "-m", "pip", "--quiet", *pip_install()], cwd=ROOT, check=True)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{ROOT / 'layers/studio'}"}
    for entry in ENTRIES:
        with subprocess.Popen(
            [python, "-m", entry],
            cwd=ROOT,
            env=environment | {"STUDIO_PROFILE": "tiny"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as worker:
            assert any("worker ready" in line for line in worker.stdout), entry
            worker.kill()  # it would look for the studio's queue, or for RunPod
