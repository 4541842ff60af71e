"""How drawn things speed up and slow down: all take and give a share, 0 … 1."""

from __future__ import annotations

BACK = 1.2  # of `out_back`: overshoots by about 5 %


def share(now: float, start: float, seconds: float) -> float:
    """How much of a move that begins at `start` is done: 0 before, 1 after."""
    return min(1.0, max(0.0, (now - start) / seconds))


def out_cubic(at: float) -> float:
    """Fast, then slow: for what comes in."""
    return 1 - (1 - at) ** 3


def in_cubic(at: float) -> float:
    """Slow, then fast: for what goes away."""
    return at**3


def in_out_cubic(at: float) -> float:
    """Slow at both ends: for what goes from one place to another."""
    return 4 * at**3 if at < 0.5 else 1 - (2 - 2 * at) ** 3 / 2


def out_back(at: float) -> float:
    """Fast, a little too far, and back: for small things that pop up."""
    return 1 + (BACK + 1) * (at - 1) ** 3 + BACK * (at - 1) ** 2
