"""Video: frames per second of the camera, of camera and encoder together, and of the encoder alone."""

from __future__ import annotations

import importlib
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from gpu_handlers.context import JobContext
from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.stages import camera, encode, i420, keyframe, sheets, storyboard
from gpu_handlers.stages.camera import Shot
from gpu_handlers.stages.i420 import Frame
from studio import catalog

REPORT = Path("docs/benchmarks/video.md")
SIZES = (Size(1280, 720), Size(1920, 1080))
PROMPT, STYLE, FPS = "A dragon flying over snow-capped mountains", "cinematic", 30
FRAMES, ROUNDS = 120, 3
MOVEMENTS = ("orbit", "dolly", "pan", "static")
MEMORY_SECONDS = (15, 30, 60)
MOVIEPY = ".tools/moviepy/bin/python"
MOVIEPY_FRAMES = 30  # ready for it, shown over and over


@dataclass(frozen=True, slots=True)
class Row:
    """Frames per second at one size, medians of the rounds; the ratio is of medians of the same rounds."""

    size: Size
    camera: float
    together: float
    encoder: float
    moviepy: float


def main() -> None:
    """Measure, print and write the report."""
    rows = [_row(size) for size in SIZES]
    clips = {movement: _clip_seconds(movement) for movement in MOVEMENTS}
    memory = {seconds: _peak_mib(seconds) for seconds in MEMORY_SECONDS}
    report = _report(rows, clips, memory)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report)
    print(report)


def _row(size: Size) -> Row:
    """Every round measures all three, one after the other: other work on the machine then hits them alike."""
    shot = _shot(size)
    ready = list(camera.take(shot, size=size, fps=FPS))
    rates = [
        (
            _rate(lambda: sum(1 for _ in camera.take(shot, size=size, fps=FPS))),
            _rate(lambda: _encoded(camera.take(shot, size=size, fps=FPS), size)),
            _rate(lambda: _encoded(iter(ready), size)),
            _moviepy([i420.to_rgb(frame, size) for frame in ready[:MOVIEPY_FRAMES]]),
        )
        for _ in range(ROUNDS)
    ]
    return Row(size, *(median(column) for column in zip(*rates, strict=True)))


def _moviepy(pictures: list[Rgb]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frames.npy"
        np.save(file, np.stack(pictures))
        command = [MOVIEPY, "benchmarks/peer_moviepy.py", str(file), str(FRAMES)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _shot(size: Size) -> Shot:
    (entry,) = storyboard.plan("orbit", frames=FRAMES, fps=FPS, seeds=[7])
    drawn = storyboard.drawn_size(entry, size)
    picture = keyframe.draw(SketchEngine(), PROMPT, style=STYLE, size=drawn, seed=7, on_step=lambda *_: None)
    assert picture.depth_m is not None  # noqa: S101 - the sketch engine always knows
    return storyboard.shot(entry, sheets.of_picture(picture, picture.depth_m), size)


def _rate(run: Any) -> float:
    started = perf_counter()
    run()
    return FRAMES / (perf_counter() - started)


def _encoded(frames: Iterator[Frame], size: Size) -> None:
    with tempfile.TemporaryDirectory() as folder:
        encode.video(frames, Path(folder) / "video.mp4", size=size, fps=FPS)


def _clip_seconds(movement: str, seconds: int = 30) -> float:
    """A whole order of the feature: drawing, filming, encoding, signing."""
    order = catalog.parse(
        "3d-video",
        {"prompt": PROMPT, "style": STYLE, "duration": seconds, "cameraMovement": movement, "seed": 7},
    )
    context = JobContext(SketchEngine(), lambda _: None, lambda _: (_ for _ in ()).throw(KeyError))
    started = perf_counter()
    importlib.import_module("gpu_handlers.features.3d_video").run(order, context)
    return perf_counter() - started


def _peak_mib(seconds: int) -> float:
    """Peak resident memory of a fresh process that makes one clip, without its encoder."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.video", str(seconds)], capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def _report(rows: list[Row], clips: dict[str, float], memory: dict[int, float]) -> str:
    load = os.getloadavg()[0]
    lines = [
        "# Video",
        "",
        f"Written by `make bench` on {os.cpu_count()} cores (load average {load:.1f} at the end: other work on the",
        "machine slows all columns). The encoder alone gets ready frames through the same pipe: nothing that encodes",
        f"with x264 veryfast can be faster. Orbit around “{PROMPT}”, medians of {ROUNDS} rounds of {FRAMES} frames.",
        "",
        "| Size | Camera | Camera + encoder | Encoder alone | Share of the encoder | moviepy, ready frames |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.size.width}×{row.size.height} | {row.camera:.0f} fps | {row.together:.0f} fps | {row.encoder:.0f} fps "
        f"| {row.together / row.encoder:.2f} | {row.moviepy:.0f} fps |"
        for row in rows
    ]
    lines += [
        "",
        "A 30 s clip at 1280×720 from order to signed file, five pictures drawn by the sketch engine included:",
        "",
        "| " + " | ".join(clips) + " |",
        "|" + "---|" * len(clips),
        "| " + " | ".join(f"{seconds:.1f} s" for seconds in clips.values()) + " |",
        "",
        "Peak memory by length: " + ", ".join(f"{seconds} s {mib:.0f} MiB" for seconds, mib in memory.items()) + ".",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _clip_seconds("orbit", int(sys.argv[1]))
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    else:
        main()
