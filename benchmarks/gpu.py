"""SDXL on the GPU: seconds and memory of our engine beside the bare pipeline, and what a smaller card would take.

python -m benchmarks.gpu                 # full size; on a machine without a GPU only what can be counted
python -m benchmarks.gpu --tiny --report /tmp/gpu.md   # the same code over tiny models on the CPU, to test it
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter

import torch

from benchmarks import sdxl_full
from benchmarks.gpu_cases import Case, Draw, Sitting, TryOn
from gpu_handlers.engines import tiny_components
from gpu_handlers.engines.illustrator import CannotDraw, Size
from gpu_handlers.engines.memory import GIB, is_out_of_memory
from gpu_handlers.engines.sdxl import SdxlEngine
from gpu_handlers.engines.sdxl.components import Components
from gpu_handlers.failures import JobFailed

REPORT = Path("docs/benchmarks/gpu.md")
RUNS = (1, 2, 3)
UNMEASURED = "unmeasured (no GPU on this machine)"

# What an 8 GB card lets one process have; the rest is the context and the display.
EMULATED_GIB = 7.4

# Dense fp16 matrix peaks in TFLOP/s, as PyTorch computes by default: fp16 numbers, fp32 sums (NVIDIA data sheets).
PEAKS = {"H200": 989.0, "H100": 989.0, "A100": 312.0, "4090": 165.2, "3090": 71.0, "3060": 25.6, "3050": 18.2}
RTX_3050 = PEAKS["3050"]
# Of that peak, what SDXL reaches on Ampere cards of this class, from published times (RTX 3060: 75 %, RTX 3090: 73 %).
PUBLISHED_UTILISATION = 0.75


SQUARE, LARGEST = Size(1024, 1024), Size(1536, 1536)
CASES: tuple[Case, ...] = (
    Draw("1024², 30 steps, guided", 30, SQUARE),
    Draw("1024², 20 steps, guided", 20, SQUARE),
    Draw("1024², Lightning 8 steps", 8, SQUARE),
    Draw("4 × 1024², Lightning 8 steps", 8, SQUARE, pictures=4),
    Draw("4 × 1024², 30 steps, guided", 30, SQUARE, pictures=4),
    TryOn("cloth swap, 1024² of clothes", SQUARE),
    Sitting("influencer, 10 poses", 10),
    Draw("8 GB: 1024², 30 steps, guided", 30, SQUARE, capped=True),
    Draw("8 GB: 4 × 1024², Lightning 8 steps", 8, SQUARE, pictures=4, capped=True),
    Draw("8 GB: 4 × 1536², 30 steps, guided", 30, LARGEST, pictures=4, capped=True),
    TryOn("8 GB: cloth swap, 1024² of clothes", SQUARE, capped=True),
    Sitting("8 GB: influencer, 10 poses", 10, capped=True),
)
SMALL = Size(64, 64)
TINY: tuple[Case, ...] = (
    Draw("11 steps, guided", 11, SMALL),
    Draw("8 steps", 8, SMALL),
    Draw("4 × 8 steps", 8, SMALL, pictures=4),
    TryOn("cloth swap", SMALL),
    Sitting("influencer, 2 poses", 2, native_px=128),
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
        report = _report([Row(case, case.flops(tiny=False) / 1e12) for case in CASES], device=None, peak=None)
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
    tflop = case.flops(tiny=components.facts.engine == "tiny") / 1e12
    return Row(case, tflop, ours, bare, peak_gib, rungs)


def _ours(
    case: Case, components: Components, seconds: Callable[[Callable[[], object]], float]
) -> tuple[float | str, float | None, tuple[str, ...]]:
    engine = SdxlEngine(components)
    try:
        first = case.ours(engine, 0)  # loads, encodes and warms up
        took = median(seconds(partial(case.ours, engine, run)) for run in RUNS)
        memory = first["memory"]
        return took, memory["peakGib"], tuple(f"{rung['operation']}: {rung['step']}" for rung in memory["steps"])
    except (CannotDraw, JobFailed) as error:
        return error.message, None, ()


def _bare(
    case: Case, components: Components, seconds: Callable[[Callable[[], object]], float]
) -> float | str:  # fmt: skip
    try:
        work = case.bare(components)
        work()
        return median(seconds(work) for _ in RUNS)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return "out of memory"


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
        "Bare of cloth swap and influencer is diffusers' inpainting and T2I-Adapter pipeline, each with an IP-Adapter.",
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
