"""Frames to an MP4 file: H.264, yuv420p, constant frame rate, index in front, made while the frames are made.

The encoder is ffmpeg as a program of its own, fed through a pipe, so a film of any length takes the same memory. It is
the binary that `imageio-ffmpeg` carries (a GPL build, called and not linked) or the one named by `IMAGEIO_FFMPEG_EXE`.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Literal

from PIL import Image

from gpu_handlers.engines.illustrator import Rgb, Size
from gpu_handlers.stages import i420
from gpu_handlers.stages.i420 import Frame

CRF = 20  # visually lossless for drawn and generated pictures; 22 starts to show in skies
AUDIO_BITRATE = "160k"  # with the "fast" coder: on tonal music the default one adds peaks of up to 2 dB
BT709 = ("-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709")
PIPE_BYTES = 2**20  # most that Linux gives without privileges; a frame then takes two turns instead of twenty
END_SECONDS = 60  # for the last frames and for moving the index to the front
JPEG_QUALITY = 90

Speed = Literal["veryfast", "ultrafast"]


class EncoderFailed(RuntimeError):
    """ffmpeg ended with an error; the message is its last words."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished file.

    Attributes:
        codec: the encoder that made it, ``libx264`` or ``h264_nvenc``.
    """

    path: Path
    frames: int
    codec: str


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one job's files; it is gone afterwards, however the job ends."""
    with tempfile.TemporaryDirectory(prefix="studio-video-") as path:
        yield Path(path)


def video(
    frames: Iterable[Frame],
    path: Path,
    *,
    size: Size,
    fps: int,
    audio: Path | None = None,
    speed: Speed = "veryfast",
    title: str = "",
) -> Encoded:
    """Encode `frames` as they come. Whatever they raise stops the encoder at once and removes the file.

    Args:
        size: of every frame, px, even.
        audio: any file ffmpeg reads; becomes AAC. The shorter of picture and sound sets the length.
        speed: x264's preset; ``ultrafast`` is for drafts.
    Raises:
        EncoderFailed: ffmpeg refused or broke off.
    """
    codec = "h264_nvenc" if nvenc() else "libx264"
    count = 0
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(
            _command(path, size, fps, audio, speed, codec, title),
            stdin=subprocess.PIPE,
            stdout=words,
            stderr=words,
            pipesize=PIPE_BYTES,
        )
        try:
            assert process.stdin is not None  # noqa: S101 - PIPE was asked for; this tells mypy
            with suppress(BrokenPipeError):  # its exit status and its words say more
                for frame in frames:
                    process.stdin.write(frame.data)
                    count += 1
                process.stdin.close()
            status = process.wait(END_SECONDS)
            if status != 0 or not count:
                raise EncoderFailed(_last_words(words) or f"ffmpeg ended with {status} after {count} frames")
        except BaseException:
            process.kill()
            process.wait()
            path.unlink(missing_ok=True)
            raise
        finally:
            if process.stdin is not None:
                with suppress(BrokenPipeError):
                    process.stdin.close()
    return Encoded(path, count, codec)


@dataclass(slots=True)
class Still:
    """One frame of a film, kept on its way to the encoder.

    Attributes:
        at: its number; a shorter film's last frame is kept instead.
    """

    at: int
    _frame: Frame | None = None

    def kept(self, frames: Iterable[Frame]) -> Iterator[Frame]:
        """The same frames."""
        for number, frame in enumerate(frames):
            if number <= self.at:
                self._frame = frame
            yield frame

    def image(self, size: Size) -> Rgb:
        """The frame as a picture H×W×3.

        Raises:
            ValueError: no frame has passed.
        """
        if self._frame is None:
            raise ValueError("no frame has passed")
        return i420.to_rgb(self._frame, size)


def jpeg(image: Rgb) -> bytes:
    """The picture as a JPEG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True)
    return buffer.getvalue()


@cache
def nvenc() -> bool:
    """Whether this machine's GPU encodes H.264: tried with one frame, since ffmpeg lists the encoder everywhere."""
    try:
        done = subprocess.run(
            [ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "color=s=256x256:d=0.04:r=25",
             "-c:v", "h264_nvenc", "-f", "null", "-"],
            capture_output=True, timeout=20, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def ffmpeg() -> str:
    """Path of the ffmpeg program."""
    # By string: the package has no types and would be checked as if it were ours.
    return str(import_module("imageio_ffmpeg").get_ffmpeg_exe())


def _command(
    path: Path, size: Size, fps: int, audio: Path | None, speed: Speed, codec: str, title: str
) -> list[str]:  # fmt: skip
    quality = (
        ["-preset", "p4", "-rc", "vbr", "-cq", str(CRF + 3), "-b:v", "0"]
        if codec == "h264_nvenc"
        else ["-preset", speed, "-crf", str(CRF)]
    )
    sound = [] if audio is None else ["-i", str(audio)]
    tracks = (
        ["-an"]
        if audio is None
        else ["-map", "0:v", "-map", "1:a", "-c:a", "aac", "-aac_coder", "fast", "-b:a", AUDIO_BITRATE, "-shortest"]
    )
    return [
        ffmpeg(), "-hide_banner", "-loglevel", "error", "-nostdin", "-y",
        # What the planes are is said before the input as well: said only of the output, ffmpeg would convert them.
        *BT709, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{size.width}x{size.height}", "-r", str(fps),
        "-i", "pipe:0", *sound, "-c:v", codec, *quality, *tracks,
        # Players seek to keyframes: two seconds apart is what streaming guides ask for.
        "-g", str(2 * fps), "-pix_fmt", "yuv420p", "-fps_mode", "cfr", *BT709,
        "-metadata", f"title={title}", "-movflags", "+faststart", str(path),
    ]  # fmt: skip


def _last_words(words: IO[bytes]) -> str:
    words.seek(0)
    lines = words.read().decode(errors="replace").strip().splitlines()
    return " · ".join(lines[-3:])
