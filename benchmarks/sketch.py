"""Sketch: pictures per second on one core, the slowest of 2,000 random prompts, and the ratio to writing the PNG."""

from __future__ import annotations

import io
import os
import random
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from PIL import Image

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sketch import SketchEngine
from gpu_handlers.engines.sketch.sheet import PROMPTS
from gpu_handlers.stages.provenance import PNG_LEVEL

REPORT = Path("docs/benchmarks/sketch.md")
SIZES = (Size(1024, 1024), Size(1920, 1080))
STYLES = ("realistic", "cinematic", "cartoon")
RANDOM_PROMPTS = 2000
RANDOM_SIZE = Size(512, 512)
BUDGET_MS, BUDGET_MS_PER_MEGAPIXEL = 200, 150


@dataclass(frozen=True, slots=True)
class Row:
    """One size: pictures per second, the slowest picture in milliseconds, drawing time over PNG writing time."""

    size: Size
    per_second: float
    slowest_ms: float
    png_ratio: float


def main() -> None:
    """Measure, print and write the report."""
    _use_one_core()
    engine = SketchEngine()
    for prompt in PROMPTS:  # parse the vectors once, as a running worker has
        engine.illustrate(prompt, style="realistic", size=Size(256, 256), seed=0)
    report = _report([_measure(engine, size) for size in SIZES], *_random_prompts(engine))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(report)
    print(report)


def _measure(engine: SketchEngine, size: Size) -> Row:
    drawing, writing = [], []
    for index, prompt in enumerate(PROMPTS * 2):
        started = perf_counter()
        picture = engine.illustrate(prompt, style=STYLES[index % len(STYLES)], size=size, seed=index)
        drawn = perf_counter()
        Image.fromarray(picture.image).save(io.BytesIO(), "PNG", compress_level=PNG_LEVEL)
        drawing.append(drawn - started)
        writing.append(perf_counter() - drawn)
    return Row(size, len(drawing) / sum(drawing), max(drawing) * 1000, sum(drawing) / sum(writing))


def _random_prompts(engine: SketchEngine) -> tuple[float, float]:
    """Median and slowest milliseconds of random prompts: words of the sheet in any order, letters, symbols."""
    rng = random.Random(20_26)
    words = sorted({word for prompt in PROMPTS for word in prompt.split()})
    times = []
    for _ in range(RANDOM_PROMPTS):
        if rng.random() < 0.8:
            prompt = " ".join(rng.choices(words, k=rng.randint(1, 14)))
        else:
            prompt = "".join(
                chr(rng.choice((rng.randint(32, 0x2FF), rng.randint(0x1F300, 0x1F6FF)))) for _ in range(60)
            )
        started = perf_counter()
        engine.illustrate(prompt, style=rng.choice(STYLES), size=RANDOM_SIZE, seed=rng.randrange(2**32))
        times.append((perf_counter() - started) * 1000)
    times.sort()
    return times[len(times) // 2], times[-1]


def _budget_ms(size: Size) -> float:
    return BUDGET_MS + BUDGET_MS_PER_MEGAPIXEL * size.width * size.height / 1e6


def _report(rows: list[Row], median_ms: float, slowest_ms: float) -> str:
    slowest = [(row.size, row.slowest_ms) for row in rows] + [(RANDOM_SIZE, slowest_ms)]
    within = all(ms <= _budget_ms(size) for size, ms in slowest)
    lines = [
        "# Sketch engine",
        "",
        "Written by `make bench` on one core: layers and depth map included, PNG not. The last column compares with",
        "writing the same picture as PNG in the same run.",
        "",
        "| Size | Pictures per second | Slowest | Drawing ÷ writing PNG |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {row.size.width}×{row.size.height} | {row.per_second:.1f} | {row.slowest_ms:.0f} ms | {row.png_ratio:.2f} |"
        for row in rows
    ]
    lines += [
        "",
        f"{RANDOM_PROMPTS:,} random prompts at {RANDOM_SIZE.width}×{RANDOM_SIZE.height}: median {median_ms:.0f} ms, "
        f"slowest {slowest_ms:.0f} ms, no exception.",
        "",
        f"Budget of a picture: {BUDGET_MS} ms plus {BUDGET_MS_PER_MEGAPIXEL} ms per megapixel; "
        f"{'no picture' if within else 'at least one picture'} above went over it.",
        "",
    ]
    return "\n".join(lines)


def _use_one_core() -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


if __name__ == "__main__":
    main()
