"""Where the pen is at every moment: on the line it draws, in the air between two, or out of the picture."""

from __future__ import annotations

from bisect import bisect_right

import numpy as np

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages.whiteboard.schedule import Plan, Run

Point = tuple[float, float]
PATIENCE_SECONDS = 1.0  # a longer pause is spent outside the picture
TRAVEL_SECONDS = 0.4  # for the way in or out
HOLD_SECONDS = 0.12  # on the last point before leaving
STEADY = (-1.2, -0.8, -0.4, 0.0, 0.4, 0.8, 1.2)  # frames before and after
LIFT = 0.02  # of the short side: how high the pen is lifted on a way through the air


class Pen:
    """The pen of one plan."""

    def __init__(self, plan: Plan, size: Size) -> None:
        self._runs = [run for run in plan.runs if run.piece.length > 0 and run.end > run.start]
        self._starts = [run.start for run in self._runs]
        self._size = size

    def at(self, second: float) -> Point | None:
        """The tip at `second`, px; None where the hand is not to be seen."""
        index = bisect_right(self._starts, second) - 1
        if index >= 0 and second < self._runs[index].end:
            run = self._runs[index]
            share = (second - run.start) / (run.end - run.start)
            return _on_way(run, run.low + share * (run.high - run.low))
        left = self._runs[index] if index >= 0 else None
        coming = self._runs[index + 1] if index + 1 < len(self._runs) else None
        return self._between(left, coming, second)

    def steady(self, second: float, frame_seconds: float) -> Point | None:
        """Like `at`, as a hand with some weight follows: the mean of just before and just after."""
        tip = self.at(second)
        around = [self.at(second + share * frame_seconds) for share in STEADY]
        points = [point for point in around if point is not None]
        if tip is None or len(points) < len(around):
            return tip
        return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)

    def _between(self, left: Run | None, coming: Run | None, second: float) -> Point | None:
        if left is not None and coming is not None and coming.start - left.end <= PATIENCE_SECONDS:
            gap = max(1e-6, coming.start - left.end)
            return self._through_air(_on_way(left, left.high), _on_way(coming, coming.low), (second - left.end) / gap)
        if left is not None and second < left.end + HOLD_SECONDS + TRAVEL_SECONDS:
            leaving = max(0.0, second - left.end - HOLD_SECONDS) / TRAVEL_SECONDS
            return self._outwards(_on_way(left, left.high), leaving)
        if coming is not None:
            travel = min(TRAVEL_SECONDS, coming.start) if left is None else TRAVEL_SECONDS
            if second > coming.start - travel:
                return self._outwards(_on_way(coming, coming.low), (coming.start - second) / travel)
        return None

    def _through_air(self, start: Point, end: Point, share: float) -> Point:
        eased = share * share * (3 - 2 * share)
        way = float(np.hypot(end[0] - start[0], end[1] - start[1]))
        lift = min(LIFT * min(self._size.width, self._size.height), 0.25 * way) * 4 * eased * (1 - eased)
        return start[0] + (end[0] - start[0]) * eased, start[1] + (end[1] - start[1]) * eased - lift

    def _outwards(self, start: Point, share: float) -> Point | None:
        """On the way from `start` to beyond the lower right corner; all of it at 1."""
        if share >= 1:
            return None
        beyond = (start[0] + 0.5 * (self._size.width * 1.04 - start[0]), self._size.height * 1.12)
        eased = share * share
        return start[0] + (beyond[0] - start[0]) * eased, start[1] + (beyond[1] - start[1]) * eased


def _on_way(run: Run, reached: float) -> Point:
    way = run.piece.way
    # Two points are enough: interpolating over the whole way would read it anew every time.
    if len(way) == 1:
        return float(way[0, 0]), float(way[0, 1])
    after = min(len(way) - 1, max(1, int(np.searchsorted(way[:, 2], np.float32(reached)))))
    x0, y0, from_ = way[after - 1].tolist()
    x1, y1, to = way[after].tolist()
    share = min(1.0, max(0.0, (reached - from_) / (to - from_))) if to > from_ else 1.0
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)
