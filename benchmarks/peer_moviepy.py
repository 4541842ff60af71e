"""moviepy writing ready frames, for comparison; runs in an environment of its own, since moviepy wants another Pillow.

Arguments: a file of frames (N×H×W×3), and how many to write. Prints frames per second.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from moviepy import VideoClip

FPS = 30


def main(file: str, frames: int) -> float:
    """Frames per second of `write_videofile` with x264 veryfast."""
    ready = np.load(file, mmap_mode="r")
    clip = VideoClip(lambda t: np.asarray(ready[round(t * FPS) % len(ready)]), duration=frames / FPS)
    with tempfile.TemporaryDirectory() as folder:
        started = perf_counter()
        clip.write_videofile(
            str(Path(folder) / "video.mp4"),
            fps=FPS,
            codec="libx264",
            preset="veryfast",
            ffmpeg_params=["-crf", "20", "-pix_fmt", "yuv420p"],
            audio=False,
            logger=None,
        )
        return frames / (perf_counter() - started)


if __name__ == "__main__":
    print(main(sys.argv[1], int(sys.argv[2])))
