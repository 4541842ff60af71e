"""`make bench`: every benchmark this machine can run, into `docs/benchmarks/`; `make bench BENCH=api`: only that."""

from __future__ import annotations

import sys

from benchmarks import api, films, realtime, sketch, video

# Sketch comes last: it binds this process to one core.
BENCHMARKS = {
    "api": api.main,
    "realtime": realtime.main,
    "video": video.main,
    "films": films.main,
    "sketch": sketch.main,
}

if __name__ == "__main__":
    for name in sys.argv[1:] or BENCHMARKS:
        BENCHMARKS[name]()
