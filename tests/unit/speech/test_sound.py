"""The way from an engine's samples to a film's."""

from __future__ import annotations

import numpy as np
import pytest

from gpu_handlers.engines.speech import sound
from gpu_handlers.engines.speech.speech import RATE_HZ


def tone(hertz, seconds=1.0, rate=RATE_HZ, level=0.5):
    return (level * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def decibels(ratio):
    return 20 * np.log10(ratio)


@pytest.mark.parametrize("hertz", [100, 1000, 5000, 9900])
def test_doubling_keeps_every_tone_and_adds_no_image(hertz):
    given = tone(hertz, rate=RATE_HZ // 2)
    doubled = sound.doubled(given)
    assert np.array_equal(doubled[0::2], given)
    inside = slice(2000, -2000)
    assert decibels(np.abs(doubled - tone(hertz))[inside].max() / 0.5) < -35
    spectrum = np.abs(np.fft.rfft(doubled[inside] * np.hanning(len(doubled) - 4000)))
    frequency = np.fft.rfftfreq(len(doubled) - 4000, 1 / RATE_HZ)
    image = spectrum[np.abs(frequency - (RATE_HZ / 2 - hertz)) < 20].max()
    assert decibels(image / spectrum.max()) < -40


def test_doubling_a_long_sound_is_the_same_as_doubling_its_pieces():
    noise = np.random.default_rng(1).standard_normal(150_000).astype(np.float32)
    whole, part = sound.doubled(noise), sound.doubled(noise[60_000:80_000])
    assert np.allclose(whole[120_200:159_800], part[200:-200], atol=1e-5)


def test_tone_control_moves_nothing_in_time():
    click = np.zeros(RATE_HZ, np.float32)
    click[20_000] = 1
    coloured = sound.coloured(click, warmth_db=3, presence_db=-6, air_db=-3)
    assert len(coloured) == len(click)
    assert int(np.argmax(np.abs(coloured))) == 20_000


def test_tone_control_does_what_it_says():
    for hertz, wanted in ((150, 3), (1000, 0), (3500, -6), (9000, -2)):
        middle = slice(10_000, -10_000)
        out = sound.coloured(tone(hertz), warmth_db=3, presence_db=-6, air_db=-2)[middle]
        assert decibels(np.abs(out).max() / 0.5) == pytest.approx(wanted, abs=0.6), hertz
    rumble = sound.coloured(tone(25), warmth_db=3, presence_db=0, air_db=0)[10_000:-10_000]
    assert decibels(np.abs(rumble).max() / 0.5) < -15


def test_quiet_and_loud_come_out_alike_and_below_the_peak():
    rng = np.random.default_rng(2)
    speech = np.concatenate([tone(150, 0.2, level=0.2), np.zeros(3000, np.float32), tone(300, 0.3, level=0.4)])
    speech[5000:5040] = 0.99 * rng.choice([-1, 1], 40)
    quiet, loud = sound.levelled(speech * np.float32(0.05)), sound.levelled(speech)
    assert np.allclose(quiet, loud, atol=2e-3)
    assert np.abs(loud).max() <= sound.PEAK + 1e-6


def test_silence_stays_silence():
    silence = np.zeros(5000, np.float32)
    assert not sound.levelled(silence).any()
    assert sound.bounds(silence) == (0, 0)


def test_ends_are_trimmed_to_a_few_hundredths_and_do_not_click():
    speech = np.concatenate([np.zeros(30_000, np.float32), tone(200, 0.5), np.zeros(50_000, np.float32)])
    start, end = sound.bounds(speech)
    assert 0 < 30_000 - start <= 0.04 * RATE_HZ and 0 < end - 52_050 <= 0.04 * RATE_HZ
    ramped = sound.ramped(tone(200, 0.5) + np.float32(0.3))
    assert abs(ramped[0]) < 1e-6 and abs(ramped[-1]) < 1e-6
    assert np.abs(np.diff(ramped)).max() < 0.03
