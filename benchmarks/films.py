"""Told films: seconds from order to signed files, and peak memory, on the sketch engine and the offline voice."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from gpu_handlers.context import JobContext
from gpu_handlers.engines.sketch import SketchEngine
from studio import catalog

REPORT = Path("docs/benchmarks/films.md")

_PARAGRAPHS = (
    "Once upon a time, in a magical forest, a young wizard named Mira discovered an ancient book. She opened "
    "it under an old oak tree, and golden light rose from its pages. A fox came out of the forest and sat "
    "beside her.",
    "Together they walked along a river to a lake in the mountains. On the far side of the lake stood a castle "
    "that nobody had entered for a hundred years. A storm was coming, and the wind bent the trees.",
    "Mira read the last page aloud, and slowly the gates opened. Inside, a dragon was waiting, and it smiled. "
    "It had been alone for a long time, and it had many stories to tell.",
    "They sat by the fire until morning. The dragon told them of the sea, of islands with white beaches, and "
    "of a lighthouse whose light had gone out. The fox fell asleep beside the fire.",
)
LONG = "\n\n".join(_PARAGRAPHS * 3)  # about 400 words: three minutes
SHORT = _PARAGRAPHS[0]
LESSON = (
    "Plants live on light. First, the roots drink water. Then, the leaves take carbon dioxide from the air. "
    "Finally, sunlight turns both into sugar. What remains is oxygen, and we breathe it. Only about 5 % of the "
    "light becomes sugar, whereas solar panels reach 20 %. A leaf needs three things: light, water and air. "
    "Without light the green fades. In autumn many trees take the green out of their leaves and store it. In "
    "spring they begin again. Every meal on a table began as light on a leaf."
)
ORDERS: dict[str, tuple[str, dict[str, Any]]] = {
    **{
        f"study-animation, {style}, 60 s, 720p": (
            "study-animation",
            {"topic": "Photosynthesis", "script": LESSON, "animationStyle": style, "duration": 60},
        )
        for style in ("3d-cgi", "whiteboard", "explainer", "motion-graphics")
    },
    "story-video, about 3 min, 1080p": (
        "story-video",
        {"script": LONG, "overflow": "trim", "visualStyle": "pixar", "backgroundMusic": "epic", "storyTitle": "Mira"},
    ),
    "story-video, short, 1080p": (
        "story-video",
        {"script": SHORT, "visualStyle": "pixar", "backgroundMusic": "epic", "storyTitle": "Mira"},
    ),
    "story-video, short, draft": (
        "story-video",
        {"script": SHORT, "visualStyle": "pixar", "backgroundMusic": "epic", "quality": "draft"},
    ),
}


def main() -> None:
    """Measure, print and write the report; every film in a process of its own."""
    rows = [json.loads(_alone(name)) for name in ORDERS]
    lines = [
        "# Told films",
        "",
        f"Written by `make bench` on {os.cpu_count()} cores (load average {os.getloadavg()[0]:.1f} at the end). From",
        "order to signed files, in a process of its own that has just started; memory without the encoder, a program",
        "of its own.",
        "",
        "| Order | Length | Took | Times real time | Voice | Music | Pictures and film | Peak memory |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in zip(ORDERS, rows, strict=True):
        stages = row["stages"]
        lines.append(
            f"| {name} | {row['length']:.0f} s | {row['seconds']:.1f} s | {row['length'] / row['seconds']:.1f} "
            f"| {stages['narrate']:.1f} s | {stages['music']:.1f} s | {stages['scene']:.1f} s | {row['mib']:.0f} MiB |"
        )
    report = "\n".join([*lines, ""])
    REPORT.write_text(report)
    print(report)


def _alone(name: str) -> str:
    environment = os.environ | {"STUDIO_VOICE": "offline"}
    command = [sys.executable, "-m", "benchmarks.films", name]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout


def _measured(name: str) -> dict[str, Any]:
    feature, body = ORDERS[name]
    order = catalog.parse(feature, body | {"seed": 7})
    context = JobContext(SketchEngine(), lambda _: None, lambda _: (_ for _ in ()).throw(KeyError))
    started = perf_counter()
    made = importlib.import_module(f"gpu_handlers.features.{feature.replace('-', '_')}").run(order, context)
    return {
        "seconds": perf_counter() - started,
        "length": made.metadata["video"]["seconds"],
        "stages": context.timings,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(json.dumps(_measured(sys.argv[1])))
    else:
        main()
