"""How much memory a device has, and what is left of it. All numbers are bytes."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Protocol

import torch

GIB = 2**30

# Kept free beside every estimate: CUDA context growth, cuBLAS workspaces, fragmentation. ComfyUI keeps the same.
RESERVE = 400 * 2**20


class Memory(Protocol):
    """The memory of the device that computes."""

    def free(self) -> int:
        """What can be allocated now."""
        ...

    def peak(self) -> int:
        """The most that was in use since `reset_peak`."""
        ...

    def reset_peak(self) -> None:
        """Start measuring the peak anew."""
        ...

    def reclaim(self) -> None:
        """Give cached blocks back to the device."""
        ...


class CudaMemory:
    """The first CUDA device, as this process may use it."""

    def free(self) -> int:
        """Free on the device plus what torch holds unused, within the process's share of the device."""
        unused, total = torch.cuda.mem_get_info(0)
        allocated = torch.cuda.memory_allocated(0)
        unused += torch.cuda.memory_reserved(0) - allocated
        share = int(total * torch.cuda.get_per_process_memory_fraction(0))
        return int(min(unused, share - allocated))

    def peak(self) -> int:
        """Of torch's allocations."""
        return int(torch.cuda.max_memory_allocated(0))

    def reset_peak(self) -> None:
        """Forget earlier jobs."""
        torch.cuda.reset_peak_memory_stats(0)

    def reclaim(self) -> None:
        """Only after an eviction or an OOM: it costs time, and every later allocation has to ask the driver."""
        torch.cuda.empty_cache()


class HostMemory:
    """RAM, for profiles without a GPU."""

    def free(self) -> int:
        """What the machine or the container has left."""
        return available_ram()

    def peak(self) -> int:
        """Of the whole process since it started; Linux cannot reset it."""
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    def reset_peak(self) -> None:
        """Nothing to do."""

    def reclaim(self) -> None:
        """Nothing to do: the allocator returns memory by itself."""


def memory_of(device: torch.device) -> Memory:
    """The memory of `device`."""
    return CudaMemory() if device.type == "cuda" else HostMemory()


def host_budget(cgroup: Path = Path("/sys/fs/cgroup"), meminfo: Path = Path("/proc/meminfo")) -> int:
    """How much RAM may hold weights that wait for their turn: half of it, but 4 GiB at least, as InvokeAI does."""
    return max(total_ram(cgroup, meminfo) // 2, 4 * GIB)


def total_ram(cgroup: Path = Path("/sys/fs/cgroup"), meminfo: Path = Path("/proc/meminfo")) -> int:
    """RAM of the machine or, where that is less, the limit of the container."""
    total = _meminfo("MemTotal", meminfo)
    limit = _cgroup_limit(cgroup)
    return total if limit is None else min(total, limit)


def available_ram(cgroup: Path = Path("/sys/fs/cgroup"), meminfo: Path = Path("/proc/meminfo")) -> int:
    """RAM that a new allocation can have without swapping or being killed."""
    available = _meminfo("MemAvailable", meminfo)
    limit = _cgroup_limit(cgroup)
    used = _number(cgroup / "memory.current") or _number(cgroup / "memory" / "memory.usage_in_bytes")
    if limit is None or used is None:
        return available
    return min(available, limit - used)


def _cgroup_limit(cgroup: Path) -> int | None:
    """The container's limit, cgroup v2 or v1; None where there is none."""
    return _number(cgroup / "memory.max") or _number(cgroup / "memory" / "memory.limit_in_bytes")


def _number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # no such file, or "max"
        return None


def _meminfo(key: str, path: Path) -> int:
    for line in path.read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"{path} has no {key}")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` is any of the ways in which torch says that memory ran out."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    if isinstance(error, torch.AcceleratorError):  # some allocations fail in the driver: cudaErrorMemoryAllocation
        return getattr(error, "error_code", None) == 2
    return isinstance(error, RuntimeError) and "DefaultCPUAllocator" in str(error)
