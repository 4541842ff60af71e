"""Writes `layers/*/requirements.txt`: the packages of the functions and all that those need, at the locked versions.

`python -m infra.layer`, run by `make lock` in an environment that has them.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LAYERS = {"deps": "functions", "stripe": "payments"}
"""Folder of a layer, and the group of pyproject.toml that is in it. Later ones leave out what the first one has."""
HEADING = "# Third-party packages of the Lambda functions, written by `make lock`; versions from constraints.txt.\n"


def locked() -> dict[str, str]:
    """Every package of constraints.txt with its version."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {_canonical(name): version for name, version in (line.split("==") for line in lines if "==" in line)}


def needed(layer: str) -> set[str]:
    """The packages of a layer: its group of pyproject.toml and everything that depends on."""
    return _closure(LAYERS[layer]) - (_closure(LAYERS["deps"]) if layer != "deps" else set())


def requirements(layer: str) -> str:
    """The text of a layer's file."""
    versions = locked()
    return HEADING + "".join(f"{name}=={versions[name]}\n" for name in sorted(needed(layer)))


def file(layer: str) -> Path:
    """Where it is."""
    return ROOT / "layers" / layer / "requirements.txt"


def _closure(name_of_group: str) -> set[str]:
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"][name_of_group]
    found: set[str] = set()
    waiting = [Requirement(line) for line in group]
    while waiting:
        requirement = waiting.pop()
        name = _canonical(requirement.name)
        if name in found and not requirement.extras:
            continue
        found.add(name)
        for line in requires(name) or []:
            dependency = Requirement(line)
            extras = requirement.extras or {""}
            if dependency.marker is None or any(dependency.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(dependency)
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    for layer in LAYERS:
        file(layer).write_text(requirements(layer))
