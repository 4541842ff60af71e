"""`python -m infra.image_layers IMAGE@sha256:…`: how large each layer of a pushed image is, as a table."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

MIB = 2**20


def table(image: str, read: Callable[[str], dict[str, Any]]) -> str:
    """A table per platform, of compressed sizes.

    Args:
        image: name and digest. What it names may be one image, or an index of several.
        read: gives the manifest of a name with digest.
    Raises:
        SystemExit: there is no image in the index.
    """
    found = read(image)
    name = image.partition("@")[0]
    images = {"": found} if "layers" in found else {
        f"{one['platform']['os']}/{one['platform']['architecture']}": read(f"{name}@{one['digest']}")
        for one in found.get("manifests", [])
        if one.get("platform", {}).get("os") != "unknown"  # provenance and bill of materials
    }  # fmt: skip
    if not images:
        raise SystemExit(f"{image} has no image in it")
    return "\n".join(_rows(platform, one["layers"]) for platform, one in images.items())


def _rows(platform: str, layers: list[dict[str, Any]]) -> str:
    sizes = [layer["size"] / MIB for layer in layers]
    rows = [f"| {number} | {size:,.1f} |" for number, size in enumerate(sizes, start=1)]
    return "\n".join(
        [f"| Layer {platform}".rstrip() + " | MiB |", "|---|---|", *rows, f"| all | {sum(sizes):,.1f} |", ""]
    )


def _read(image: str) -> dict[str, Any]:
    command = ["docker", "buildx", "imagetools", "inspect", image, "--raw"]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def main() -> None:
    """Command line."""
    print(table(sys.argv[1], _read))


if __name__ == "__main__":
    main()
