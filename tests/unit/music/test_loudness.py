import re
import subprocess
from math import inf

import numpy as np
import pytest

from gpu_handlers.engines.speech.speech import RATE_HZ
from gpu_handlers.stages import loudness
from gpu_handlers.stages.encode import ffmpeg
from tests.unit.music.conftest import music, talk


def judged(*source, data=None):
    """What ffmpeg's ebur128 says: LUFS and dBTP."""
    command = [ffmpeg(), "-hide_banner", "-nostdin" if data is None else "-y", *source]
    done = subprocess.run(
        [*command, "-af", "ebur128=peak=true", "-f", "null", "-"], input=data, capture_output=True, check=True
    )
    summary = done.stderr.decode().rpartition("Summary")[2]
    found = [re.search(pattern, summary) for pattern in (r"I:\s+(\S+)", r"Peak:\s+(\S+)")]
    return tuple(float(match[1]) for match in found)


def raw(sound):
    data = sound.T.astype("<f4").tobytes()
    return judged("-f", "f32le", "-ar", str(RATE_HZ), "-ac", "2", "-i", "pipe:0", data=data)


def _signals():
    time = np.arange(12 * RATE_HZ) / RATE_HZ
    rng = np.random.default_rng(1)
    tone = np.sin(2 * np.pi * 997 * time)
    return {
        "tone": np.stack([0.3 * tone, 0.3 * tone]),
        "bass": np.stack([0.4 * np.sin(2 * np.pi * 45 * time)] * 2),
        "noise": 0.05 * rng.normal(size=(2, len(time))),
        "left only": np.stack([0.2 * tone, 0 * tone]),
        "loud and soft": np.stack([tone * np.where(time % 4 < 1.5, 0.5, 0.02)] * 2),
        "mostly silence": np.stack([tone * np.where((time > 5) & (time < 6), 0.3, 0)] * 2),
        "speech": np.stack([talk([(1, 4), (6, 9)], 12)] * 2),
        "music": music("uplifting")[:, : 20 * RATE_HZ],
    }


@pytest.mark.parametrize("name", _signals())
def test_loudness_is_what_ffmpeg_measures(name):
    sound = _signals()[name].astype(np.float32)
    assert loudness.integrated(sound) == pytest.approx(raw(sound)[0], abs=0.2)


def test_a_full_scale_tone_on_one_side_has_the_loudness_of_the_standard():
    tone = np.sin(2 * np.pi * 997 * np.arange(5 * RATE_HZ) / RATE_HZ)
    sound = np.stack([tone, 0 * tone]).astype(np.float32)
    assert loudness.integrated(sound) == pytest.approx(-3.01, abs=0.05)  # BS.1770-4, annex 1


def test_peaks_between_samples_are_found():
    time = np.arange(RATE_HZ) / RATE_HZ
    swell = np.sin(np.pi * time) ** 2
    sound = np.stack([0.5 * swell * np.sin(2 * np.pi * RATE_HZ / 4 * time + np.pi / 4)] * 2).astype(np.float32)
    assert 20 * np.log10(np.abs(sound).max()) == pytest.approx(-9.03, abs=0.05)
    assert loudness.true_peak(sound) == pytest.approx(-6.02, abs=0.05)


def test_silence_and_a_click_have_no_loudness():
    assert loudness.integrated(np.zeros((2, RATE_HZ), np.float32)) == -inf
    assert loudness.integrated(np.ones((2, 100), np.float32)) == -inf
    assert loudness.true_peak(np.zeros((2, RATE_HZ), np.float32)) == -inf
