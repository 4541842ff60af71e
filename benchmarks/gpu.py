"""SDXL on the GPU: seconds and memory of our engine beside the bare pipeline, and what a smaller card would take.

python -m benchmarks.gpu                 # full size; on a machine without a GPU only what can be counted
python -m benchmarks.gpu --tiny --report /tmp/gpu.md   # the same code over tiny models on the CPU, to test it
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline

from benchmarks import counting, sdxl_full
from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.illustrator import CannotDraw, PictureOrder, Size
from gpu_handlers.engines.memory import GIB, is_out_of_memory
from gpu_handlers.engines.sdxl import SdxlEngine, prompts, schedulers
from gpu_handlers.engines.sdxl.components import TEXT_ENCODERS, VAE, Components
from gpu_handlers.engines.sdxl.schedulers import Plan

REPORT = Path("docs/benchmarks/gpu.md")
RUNS = (1, 2, 3)
UNMEASURED = "unmeasured (no GPU on this machine)"

PROMPT = "a lighthouse on a cliff at sunset, waves below, warm light"

# What an 8 GB card lets one process have; the rest is the context and the display.
EMULATED_GIB = 7.4

# Dense fp16 matrix peaks in TFLOP/s, as PyTorch computes by default: fp16 numbers, fp32 sums (NVIDIA data sheets).
PEAKS = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "4090": 165.2, "3090": 71.0, "3060": 25.6, "3050": 18.2}
RTX_3050 = PEAKS["3050"]
# Of that peak, what SDXL reaches on Ampere cards of this class, from published times (RTX 3060: 75 %, RTX 3090: 73 %).
PUBLISHED_UTILISATION = 0.75


@dataclass(frozen=True, slots=True)
class Case:
    """One row: an order, and how much of the device's memory it may use."""

    name: str
    steps: int
    size: Size
    pictures: int = 1
    capped: bool = False

    @property
    def plan(self) -> Plan:
        """As the engine plans it."""
        return schedulers.plan(schedulers.FAST, steps=self.steps, scheduler="auto", negative="")

    def order(self, run: int) -> PictureOrder:
        """As the engine takes it; every run has a prompt of its own, because the engine remembers encoded ones."""
        return PictureOrder(
            f"{PROMPT}, {run}", "realistic", self.size, tuple(range(self.pictures)), steps=self.steps
        )  # fmt: skip


SQUARE, LARGEST = Size(1024, 1024), Size(1536, 1536)
CASES = (
    Case("1024², 30 steps, guided", 30, SQUARE),
    Case("1024², 20 steps, guided", 20, SQUARE),
    Case("1024², Lightning 8 steps", 8, SQUARE),
    Case("4 × 1024², Lightning 8 steps", 8, SQUARE, pictures=4),
    Case("4 × 1024², 30 steps, guided", 30, SQUARE, pictures=4),
    Case("8 GB: 1024², 30 steps, guided", 30, SQUARE, capped=True),
    Case("8 GB: 4 × 1024², Lightning 8 steps", 8, SQUARE, pictures=4, capped=True),
    Case("8 GB: 4 × 1536², 30 steps, guided", 30, LARGEST, pictures=4, capped=True),
)
TINY = tuple(
    Case(name, steps, Size(64, 64), pictures)
    for name, steps, pictures in (("11 steps, guided", 11, 1), ("8 steps", 8, 1), ("4 × 8 steps", 8, 4))
)


@dataclass(frozen=True, slots=True)
class Row:
    """What a case took. Seconds are medians of warm runs; None is unmeasured, words say why there is no number."""

    case: Case
    tflop: float
    ours: float | str | None = None
    bare: float | str | None = None
    peak_gib: float | None = None
    rungs: tuple[str, ...] = ()

    def utilisation(self, peak: float | None) -> float | None:
        """Share of the card's `peak` (TFLOP/s) that our run used."""
        if peak is None or not isinstance(self.ours, float):
            return None
        return self.tflop / self.ours / peak


def main(arguments: list[str] | None = None) -> None:
    """Measure or count, print and write the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="tiny models on the CPU, to test this script")
    parser.add_argument("--report", type=Path, help=f"where to write; {REPORT} unless --tiny")
    options = parser.parse_args(arguments)
    if options.tiny:
        torch.set_num_threads(1)  # more threads only wait for each other on models this small
        rows = [_measured(case, tiny_components.components, _host_seconds) for case in TINY]
        report = _report(rows, device="tiny models on the CPU", peak=None)
    elif torch.cuda.is_available():
        name = torch.cuda.get_device_name(0)
        rows = [_measured(case, _full, _device_seconds) for case in CASES]
        report = _report(rows, device=name, peak=next((peak for key, peak in PEAKS.items() if key in name), None))
    else:
        report = _report([Row(case, _tflop(case)) for case in CASES], device=None, peak=None)
    print(report)
    path = options.report or (None if options.tiny else REPORT)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report)


# ---- Measuring -------------------------------------------------------------------------------------------------------


def _full() -> Components:
    return sdxl_full.components(torch.device("cuda"), torch.float16, micro_batch=4)


def _measured(case: Case, make: Callable[[], Components], seconds: Callable[[Callable[[], object]], float]) -> Row:
    """Ours and bare in turn, each alone on the device."""
    if case.capped:
        total = torch.cuda.mem_get_info(0)[1]
        torch.cuda.set_per_process_memory_fraction(EMULATED_GIB * GIB / total)
    try:
        components = make()
        ours, peak_gib, rungs = _ours(case, components, seconds)
        _clear()
        bare = _bare(case, components, seconds)
        _clear()
    finally:
        if case.capped:
            torch.cuda.set_per_process_memory_fraction(1.0)
    return Row(case, _tflop(case, tiny=components.facts.engine == "tiny"), ours, bare, peak_gib, rungs)


def _ours(
    case: Case, components: Components, seconds: Callable[[Callable[[], object]], float]
) -> tuple[float | str, float | None, tuple[str, ...]]:
    engine = SdxlEngine(components)
    try:
        first = engine.draw(case.order(0))  # loads, encodes and warms up
        took = median(seconds(partial(engine.draw, case.order(run))) for run in RUNS)
        memory = first.record["memory"]
        return took, memory["peakGib"], tuple(f"{rung['operation']}: {rung['step']}" for rung in memory["steps"])
    except CannotDraw as error:
        return error.message, None, ()


def _bare(
    case: Case, components: Components, seconds: Callable[[Callable[[], object]], float]
) -> float | str:  # fmt: skip
    """`pipe(...)` with everything on the device, as its own documentation uses it."""
    try:
        pipeline = _bare_pipeline(case.plan, components)
        wording = prompts.worded(PROMPT, "realistic", "")
        call: dict[str, Any] = {
            "prompt": wording.wanted,
            "negative_prompt": wording.unwanted if case.plan.guided else None,
            "width": case.size.width,
            "height": case.size.height,
            "num_inference_steps": case.steps,
            "guidance_scale": case.plan.guidance,
            "num_images_per_prompt": case.pictures,
            "output_type": "np",
        }
        pipeline(**call)
        return median(seconds(partial(pipeline, **call)) for _ in RUNS)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return "out of memory"


def _bare_pipeline(plan: Plan, components: Components) -> Any:
    one, two = components.tokenizers()
    parts = {name: components.modules[name].load().to(components.device) for name in (*TEXT_ENCODERS, VAE)}
    pipeline = StableDiffusionXLPipeline(
        vae=parts[VAE],
        text_encoder=parts[TEXT_ENCODERS[0]],
        text_encoder_2=parts[TEXT_ENCODERS[1]],
        tokenizer=one,
        tokenizer_2=two,
        unet=components.modules[plan.pace.unet].load().to(components.device),
        scheduler=schedulers.build(plan.scheduler, components.scheduler, trailing=plan.pace.trailing),
        add_watermarker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _device_seconds(work: Callable[[], object]) -> float:
    torch.cuda.synchronize()
    started = perf_counter()
    work()
    torch.cuda.synchronize()
    return perf_counter() - started


def _host_seconds(work: Callable[[], object]) -> float:
    started = perf_counter()
    work()
    return perf_counter() - started


def _clear() -> None:
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


# ---- Counting --------------------------------------------------------------------------------------------------------


def _tflop(case: Case, *, tiny: bool = False) -> float:
    """Of the UNet and the decoder for the whole case; the text encoders add less than a hundredth."""
    step = _step_flops(case.size, 2 if case.plan.guided else 1, tiny)
    return case.pictures * (case.steps * step + _decode_flops(case.size, tiny)) / 1e12


@cache
def _step_flops(size: Size, samples: int, tiny: bool) -> int:
    with torch.device("meta"):
        unet = tiny_components.unet() if tiny else sdxl_full.unet()
    return counting.flops(counting.unet_run(unet, samples=samples, width=size.width, height=size.height))


@cache
def _decode_flops(size: Size, tiny: bool) -> int:
    with torch.device("meta"):
        vae = tiny_components.vae() if tiny else sdxl_full.vae()
    return counting.flops(counting.decode_run(vae, width=size.width, height=size.height))


# ---- The report ------------------------------------------------------------------------------------------------------


def _report(rows: list[Row], *, device: str | None, peak: float | None) -> str:
    where = f"Measured on: {device}." if device else f"Measured on: nothing; the columns of seconds are {UNMEASURED}."
    lines = [
        "# SDXL on the GPU",
        "",
        "Written by `python -m benchmarks.gpu`: the full SDXL configuration with random weights in fp16, on whose",
        "values neither speed nor memory depend. Warm runs, medians of three, from order to finished pictures.",
        "Bare is diffusers' own `pipe(...)` in the same process with every part on the device; the ratio is ours over",
        f"bare. Rows of 8 GB may allocate {EMULATED_GIB} GiB. Floors and predictions are computed, not measured: TFLOP",
        f"counted on meta tensors, over the {RTX_3050} TFLOP/s of an RTX 3050 (dense, fp16 with fp32 sums).",
        "",
        where,
        "",
        "| case | ours (s) | bare (s) | ratio | peak (GiB) | TFLOP | used of peak | RTX 3050 floor (s) "
        "| RTX 3050 predicted (s) | memory steps taken |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(row, peak) for row in rows]
    lines += [
        "",
        f"Predicted for an RTX 3050: with the share of the peak that was measured in the row, or with "
        f"{PUBLISHED_UTILISATION:.0%} where",
        "nothing was measured, which is what published SDXL times on RTX 3060 and 3090 imply.",
        "Cloth swap and influencer creation have no rows yet.",
        "",
    ]
    return "\n".join(lines)


def _line(row: Row, peak: float | None) -> str:
    used = row.utilisation(peak)
    floor = row.tflop / RTX_3050
    ratio = f"{row.ours / row.bare:.2f}" if isinstance(row.ours, float) and isinstance(row.bare, float) else "–"
    cells = [
        row.case.name,
        _seconds(row.ours),
        _seconds(row.bare),
        ratio,
        "–" if row.peak_gib is None else f"{row.peak_gib:.2f}",
        f"{row.tflop:.3g}",
        "–" if used is None else f"{used:.0%}",
        f"{floor:.3g}",
        f"{floor / (used or PUBLISHED_UTILISATION):.3g}",
        "; ".join(row.rungs) or "–",
    ]
    return f"| {' | '.join(cells)} |"


def _seconds(value: float | str | None) -> str:
    if value is None:
        return UNMEASURED
    return value if isinstance(value, str) else f"{value:.3g}"


if __name__ == "__main__":
    main()
