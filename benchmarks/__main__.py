"""`make bench`: every benchmark that this machine can run, written to `docs/benchmarks/`."""

from __future__ import annotations

from benchmarks import sketch

if __name__ == "__main__":
    sketch.main()
