"""The GPU benchmark: it runs where there is no GPU, and its counts are those the budget relies on."""

from __future__ import annotations

import pytest
import torch

from benchmarks import counting, gpu, sdxl_full
from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.sdxl import budget


@pytest.mark.soak
def test_over_tiny_models_every_measurement_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "RUNS", (1,))
    gpu.main(["--tiny", "--report", str(tmp_path / "gpu.md")])
    report = (tmp_path / "gpu.md").read_text()
    rows = [line for line in report.splitlines() if line.startswith(tuple(f"| {case.name} |" for case in gpu.TINY))]
    assert len(rows) == len(gpu.TINY)
    assert gpu.UNMEASURED not in "".join(rows)


def test_without_a_gpu_nothing_is_claimed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(gpu, "CASES", gpu.CASES[2:3])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu.main(["--report", str(tmp_path / "gpu.md")])
    (row,) = [line for line in (tmp_path / "gpu.md").read_text().splitlines() if line.startswith("| 1024²")]
    assert row.count(gpu.UNMEASURED) == 2
    assert "| 64.6 |" in row  # counted: 8 × 6.76 + 10.5


def test_a_measured_row_gives_ratio_and_prediction():
    row = gpu.Row(gpu.CASES[0], tflop=416.0, ours=2.0, bare=2.5, peak_gib=6.5, rungs=("decode: tile the VAE",))
    assert row.utilisation(gpu.PEAKS["H200"]) == pytest.approx(0.21, abs=0.001)
    cells = gpu._line(row, gpu.PEAKS["H200"]).split(" | ")
    assert cells[1:5] == ["2", "2.5", "0.80", "6.50"]
    assert float(cells[8]) == pytest.approx(416 / 18.2 / 0.21, rel=0.01)


@pytest.mark.parametrize(("samples", "side"), [(1, 512), (2, 512)])
def test_the_budget_of_the_unet_is_the_count_times_its_factor(samples, side):
    with torch.device("meta"):
        unet = sdxl_full.unet().half()
    live = counting.live_bytes(unet, counting.unet_run(unet, samples=samples, width=side, height=side))
    estimate = budget.denoise(Size(side, side), pictures=samples, guided=False, itemsize=2)
    assert estimate == pytest.approx(2.9 * live, rel=0.01)
    assert sum(parameter.numel() for parameter in unet.parameters()) == 2_567_463_684


def test_the_published_working_set_of_the_vae_is_that_many_times_the_count():
    with torch.device("meta"):
        vae = sdxl_full.vae().half()
    live = counting.live_bytes(vae, counting.decode_run(vae, width=512, height=512))
    assert budget.decode(Size(512, 512), tile_px=None, itemsize=2) == pytest.approx(2.9 * live, rel=0.02)
