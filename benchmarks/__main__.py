"""`make bench`: every benchmark that this machine can run, written to `docs/benchmarks/`."""

from __future__ import annotations

from benchmarks import api, films, sketch, video

if __name__ == "__main__":
    api.main()
    video.main()
    films.main()
    sketch.main()  # last: it binds this process to one core
