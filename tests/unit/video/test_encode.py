"""Files that play everywhere, made in a pipe, gone when the work stops."""

from __future__ import annotations

import io
import json
import re
import subprocess
import threading
import time
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
import pytest
from PIL import Image

from gpu_handlers.engines.illustrator import Size
from gpu_handlers.stages import encode, i420, stamp

SIZE, FPS = Size(320, 180), 30


def frames(count: int, size: Size = SIZE):
    for number in range(count):
        image = np.full((size.height, size.width, 3), 60, np.uint8)
        image[:, : 4 + number % (size.width - 4)] = (200, 80, 40)
        yield i420.from_rgb(image)


def told(path: Path) -> str:
    """What ffmpeg says of a file."""
    return subprocess.run(
        [encode.ffmpeg(), "-hide_banner", "-i", path], capture_output=True, text=True, check=False
    ).stderr


def packet_times(path: Path) -> list[float]:
    done = subprocess.run(
        [encode.ffmpeg(), "-v", "error", "-i", path, "-map", "0:v", "-f", "framecrc", "-"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [float(line.split(",")[1]) for line in done.stdout.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize(("size", "fps"), [(SIZE, 30), (Size(214, 120), 24), (Size(180, 320), 30)])
def test_size_rate_and_length_are_exact(tmp_path, size, fps):
    path = tmp_path / "video.mp4"
    encoded = encode.video(frames(2 * fps, size), path, size=size, fps=fps)
    assert (encoded.frames, encoded.codec in ("libx264", "h264_nvenc")) == (2 * fps, True)
    count, seconds = imageio_ffmpeg.count_frames_and_secs(str(path))
    assert (count, seconds) == (2 * fps, pytest.approx(2, abs=0.02))
    said = told(path)
    assert f"{size.width}x{size.height}" in said
    assert f"{fps} fps" in said
    assert "yuv420p(tv, bt709" in said
    assert "h264" in said
    times = packet_times(path)
    assert np.ptp(np.diff(times)) == 0  # constant frame rate


def test_the_index_is_in_front_so_that_playing_starts_while_loading(tmp_path):
    path = tmp_path / "video.mp4"
    encode.video(frames(10), path, size=SIZE, fps=FPS)
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_colours_survive(tmp_path):
    path = tmp_path / "video.mp4"
    colours = [(220, 30, 40), (20, 160, 60), (30, 60, 200), (250, 250, 250), (5, 5, 5), (128, 128, 128)]
    for colour in colours:
        flat = np.full((180, 320, 3), colour, np.uint8)
        encode.video([i420.from_rgb(flat)] * 3, path, size=SIZE, fps=FPS)
        raw = subprocess.run(
            [encode.ffmpeg(), "-v", "error", "-i", path, "-frames:v", "1", "-f", "rawvideo", "-"],
            capture_output=True,
            check=True,
        ).stdout
        shown = i420.to_rgb(np.frombuffer(raw, np.uint8), SIZE)
        assert np.abs(shown.mean(axis=(0, 1)) - colour).max() < 5, colour
    # An encoder's own conversion agrees on what BT.709 is.
    bars = [
        "-f",
        "lavfi",
        "-i",
        "color=0xDC1E28:s=320x180,format=rgb24,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
    ]
    raw = subprocess.run(
        [encode.ffmpeg(), "-v", "error", *bars, "-frames:v", "1", "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"],
        capture_output=True,
        check=True,
    ).stdout
    ours = i420.from_rgb(np.full((180, 320, 3), (0xDC, 0x1E, 0x28), np.uint8))
    assert np.abs(np.frombuffer(raw, np.uint8).astype(int) - ours).max() <= 1


def test_sound_becomes_a_second_track_of_the_same_length(tmp_path):
    sound = tmp_path / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes((np.sin(np.arange(44100 * 2) * 0.05) * 9000).astype(np.int16).tobytes())
    path = tmp_path / "video.mp4"
    encode.video(frames(2 * FPS), path, size=SIZE, fps=FPS, audio=sound)
    said = told(path)
    assert "Audio: aac" in said
    assert re.search(r"Duration: 00:00:0(1\.9|2\.0)", said)


class Cancelled(Exception):
    pass


def test_stopping_kills_the_encoder_within_a_second_and_leaves_nothing():
    started = threading.Event()

    def until_cancelled():
        for number, frame in enumerate(frames(10_000)):
            if number == 90:
                started.set()
                raise Cancelled
            yield frame

    me = psutil.Process()
    began = time.monotonic()
    with pytest.raises(Cancelled), encode.folder() as folder:
        encode.video(until_cancelled(), folder / "video.mp4", size=SIZE, fps=FPS)
    assert time.monotonic() - began < 3
    assert started.is_set()
    assert not folder.exists()
    assert not [child for child in me.children() if "ffmpeg" in child.name()]


def test_an_encoder_that_fails_says_why_and_leaves_nothing(tmp_path):
    path = tmp_path / "missing" / "video.mp4"
    with pytest.raises(encode.EncoderFailed, match="No such file"):
        encode.video(frames(500), path, size=SIZE, fps=FPS)
    with pytest.raises(encode.EncoderFailed):
        encode.video([], tmp_path / "empty.mp4", size=SIZE, fps=FPS)
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_flat_however_long_the_film_is(tmp_path):
    me = psutil.Process()

    def peak(count: int) -> int:
        most = 0

        def watched():
            nonlocal most
            for frame in frames(count, Size(640, 360)):
                most = max(most, me.memory_info().rss)
                yield frame

        encode.video(watched(), tmp_path / "video.mp4", size=Size(640, 360), fps=FPS, speed="ultrafast")
        return most

    peak(60)
    assert peak(360) < peak(180) + 8 * 2**20


def test_a_still_is_the_frame_that_was_asked_for():
    still = encode.Still(at=2)
    film = list(frames(5))
    assert len(list(still.kept(film))) == 5
    assert np.array_equal(still.image(SIZE), i420.to_rgb(film[2], SIZE))
    late = encode.Still(at=99)
    list(late.kept(film))
    assert np.array_equal(late.image(SIZE), i420.to_rgb(film[-1], SIZE))
    with pytest.raises(ValueError, match="no frame"):
        encode.Still(at=0).image(SIZE)
    assert Image.open(io.BytesIO(encode.jpeg(late.image(SIZE)))).size == (320, 180)


def test_rgb_survives_the_frame_format():
    image = np.random.default_rng(1).integers(0, 255, (90, 160, 3)).astype(np.uint8).repeat(2, 0).repeat(2, 1)
    back = i420.to_rgb(i420.from_rgb(image), SIZE).astype(int)
    inner = np.s_[::2, ::2]
    assert (
        np.abs(i420.planes(i420.from_rgb(image), SIZE).luma[inner].astype(int) - i420.split(image).luma[inner]).max()
        == 0
    )
    flat = np.full((180, 320, 3), (40, 120, 200), np.uint8)
    assert np.abs(i420.to_rgb(i420.from_rgb(flat), SIZE).astype(int) - flat).max() <= 2
    assert back.shape == image.shape


def test_drafts_are_marked_in_the_corner_and_nowhere_else():
    size = Size(854, 480)
    flat = np.full((480, 854, 3), (40, 120, 200), np.uint8)
    (marked,) = stamp.drafts([i420.from_rgb(flat)], size)
    shown = i420.to_rgb(marked, size).astype(int)
    assert np.abs(shown[:430] - flat[:430]).max() <= 2
    corner = shown[430:, 740:]
    assert corner.max() > 215
    assert (np.abs(corner - flat[430:, 740:]).max(axis=2) > 20).mean() > 0.1


def test_the_encoder_is_a_program_beside_us():
    assert json.dumps(encode.ffmpeg())
    assert "ffmpeg" in Path(encode.ffmpeg()).name
