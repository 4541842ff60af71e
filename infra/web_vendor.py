"""`python -m infra.web_vendor` writes `web/vendor/` from `node_modules`: the page needs no build and fetches nothing.

What is written is committed; a test checks that it is what the locked packages hold.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

ROOT = Path(__file__).resolve().parents[1]
VENDOR = ROOT / "web" / "vendor"
_FONT = "@fontsource-variable/instrument-sans/files/instrument-sans-{subset}-wght-normal.woff2"
COPIES = {
    "preact.js": "htm/preact/standalone.module.js",
    "instrument-sans-latin.woff2": _FONT.format(subset="latin"),
    "instrument-sans-latin-ext.woff2": _FONT.format(subset="latin-ext"),
}
"""Files that are taken as they are: name in `web/vendor/`, path in `node_modules`."""
ICONS = (
    "arrow-left", "badge-check", "chevron-left", "chevron-right", "circle-alert", "coins", "copy", "download",
    "film", "gauge", "images", "image-up", "info", "key-round", "link", "loader-circle", "log-out", "moon", "plus",
    "receipt", "refresh-cw", "rotate-ccw", "send", "settings-2", "sparkles", "sun", "trash-2", "user-round",
    "webhook", "wifi-off", "x", "zap",
)  # fmt: skip
"""Those of lucide that the page shows."""


def files(modules: Path = ROOT / "node_modules") -> dict[str, bytes]:
    """Everything that belongs into `web/vendor/`, by name."""
    copies = {name: (modules / path).read_bytes() for name, path in COPIES.items()}
    icons = json.loads((modules / "@iconify-json/lucide/icons.json").read_text())
    return copies | {"icons.svg": _sprite(icons).encode()}


def _sprite(icons: dict[str, Any]) -> str:
    """One SVG with a symbol for each icon, used as `icons.svg#name`."""
    known = icons["icons"]
    bodies = {name: known[_original(icons, name)]["body"] for name in ICONS}
    box = quoteattr(f"0 0 {icons['width']} {icons['height']}")
    symbols = [f"<symbol id={quoteattr(name)} viewBox={box}>{body}</symbol>" for name, body in bodies.items()]
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>", ""])


def _original(icons: dict[str, Any], name: str) -> str:
    """Lucide renames its icons now and then and keeps the old names."""
    return str(icons.get("aliases", {}).get(name, {}).get("parent", name))


def main() -> None:
    """Write the folder anew."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    wanted = files()
    for stale in VENDOR.iterdir():
        if stale.name not in wanted:
            stale.unlink()
    for name, content in wanted.items():
        (VENDOR / name).write_bytes(content)
        print(f"{VENDOR.relative_to(ROOT) / name}  {len(content):,} bytes")


if __name__ == "__main__":
    main()
