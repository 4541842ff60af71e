"""How much memory there is: of the machine, of the container, for an operation."""

from __future__ import annotations

import pytest

from gpu_handlers.engines import memory
from gpu_handlers.engines.illustrator import Size
from gpu_handlers.engines.memory import GIB
from gpu_handlers.engines.sdxl import budget


@pytest.fixture
def meminfo(tmp_path):
    file = tmp_path / "meminfo"
    file.write_text(f"MemTotal: {32 * 2**20} kB\nMemFree: 1 kB\nMemAvailable: {20 * 2**20} kB\n")
    return file


def test_without_a_limit_the_machine_counts(tmp_path, meminfo):
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.total_ram(tmp_path, meminfo) == 32 * GIB
    assert memory.available_ram(tmp_path, meminfo) == 20 * GIB
    assert memory.host_budget(tmp_path, meminfo) == 16 * GIB


@pytest.mark.parametrize(
    ("limit", "usage"),
    [("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")],
)
def test_a_container_counts_its_own_limit(tmp_path, meminfo, limit, usage):
    (tmp_path / "memory").mkdir()
    (tmp_path / limit).write_text(f"{12 * GIB}\n")
    (tmp_path / usage).write_text(f"{3 * GIB}\n")
    assert memory.total_ram(tmp_path, meminfo) == 12 * GIB
    assert memory.available_ram(tmp_path, meminfo) == 9 * GIB
    assert memory.host_budget(tmp_path, meminfo) == 6 * GIB


def test_a_small_machine_keeps_four_gib_for_weights(tmp_path):
    small = tmp_path / "meminfo"
    small.write_text(f"MemTotal: {6 * 2**20} kB\nMemAvailable: {5 * 2**20} kB\n")
    assert memory.host_budget(tmp_path, small) == 4 * GIB


def test_the_budget_of_the_full_model_leaves_room_on_eight_gigabytes():
    unet, usable = 5.13e9, 7.4 * GIB
    denoise = budget.denoise(Size(1024, 1024), pictures=1, guided=True, itemsize=2)
    assert 0.8 * GIB < denoise < 1.0 * GIB
    assert unet + denoise + memory.RESERVE < usable
    largest = budget.denoise(Size(1536, 1536), pictures=1, guided=True, itemsize=2)
    assert unet + largest + memory.RESERVE < usable
    whole = budget.decode(Size(1024, 1024), tile_px=None, itemsize=2)
    tiled = budget.decode(Size(1536, 1536), tile_px=512, itemsize=2)
    assert whole == 1024 * 1024 * 2200 * 2  # InvokeAI's formula
    assert tiled < 1.5 * GIB
    assert budget.encode(Size(1024, 1024), tile_px=None, itemsize=2) == whole / 2


def test_guidance_and_batches_multiply_and_extra_weights_add():
    size = Size(512, 512)
    one = budget.denoise(size, pictures=1, guided=False, itemsize=2)
    assert budget.denoise(size, pictures=2, guided=True, itemsize=2) == pytest.approx(4 * one, abs=4)
    assert budget.denoise(size, pictures=1, guided=False, itemsize=2, extra=100) == one + 100
