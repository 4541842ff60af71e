import subprocess
import wave

import numpy as np
import pytest

from gpu_handlers.engines.music.moods import MOODS
from gpu_handlers.engines.speech.speech import RATE_HZ, Speech, Word
from gpu_handlers.stages import loudness, mix
from gpu_handlers.stages.encode import AUDIO_BITRATE, ffmpeg
from gpu_handlers.stages.script import Scene
from gpu_handlers.stages.timeline import Beat, Timeline
from tests.unit.music.conftest import ALL, SECONDS, music, talk
from tests.unit.music.test_loudness import judged

SPARSE = [(20.0, 21.2)]
DENSE = [(at, at + 4.6) for at in np.arange(0.5, SECONDS - 5, 5)]
WORDS = {"no words": [], "few words": SPARSE, "many words": DENSE}
FILMS = [
    pytest.param(
        mood,
        words,
        id=f"{mood}, {name}",
        marks=[]
        if (mood, name) in {("epic", "no words"), ("calm", "few words"), ("none", "few words")}
        else pytest.mark.soak,
    )
    for mood in [*MOODS, "none"]
    for name, words in WORDS.items()
    if words or mood != "none"
]


def bed(mood):
    return None if mood == "none" else music(mood).copy()


def at(curve, seconds):
    return curve[round(seconds * RATE_HZ / mix.CONTROL)]


def scene(number):
    return Scene(number, "One two.", "", "", "", "wide", "static", False, "cut")


def test_the_voice_track_has_every_speech_at_its_place_and_the_length_of_the_film():
    beats = tuple(Beat(scene(n), 2.0 + 3 * n, 3.0, 0.4, (Word("One", 0, 0.5, 0.9),)) for n in range(3))
    timeline = Timeline(beats, 2.0, 1.5, 12.5)
    loud = Speech(np.full(RATE_HZ, 0.5, np.float32), (), "test", "test")
    track = mix.track([loud, None, loud], timeline)
    assert len(track) == round(12.5 * RATE_HZ)
    changes = np.flatnonzero(np.diff(track)) + 1
    assert [round(change / RATE_HZ, 3) for change in changes] == [2.4, 3.4, 8.4, 9.4]
    assert np.allclose(mix.spoken(timeline), [(2.5, 2.9), (5.5, 5.9), (8.5, 8.9)])


def test_a_speech_that_runs_over_the_end_is_cut_there():
    timeline = Timeline((Beat(scene(1), 0.0, 1.0, 0.5, ()),), 0.0, 0.0, 1.0)
    track = mix.track([Speech(np.ones(RATE_HZ, np.float32), (), "test", "test")], timeline)
    assert len(track) == RATE_HZ
    assert track.sum() == RATE_HZ // 2


def test_music_is_down_for_words_before_they_begin_and_up_again_after():
    curve = mix.ducking([(5.0, 5.5), (5.9, 7.0)], 15 * RATE_HZ)
    assert at(curve, 4.85) == pytest.approx(mix.OPEN_DB, abs=0.01)
    assert mix.DUCKED_DB < at(curve, 4.94) < mix.OPEN_DB
    for moment in (5.0, 5.5, 5.7, 7.0):
        assert at(curve, moment) == pytest.approx(mix.DUCKED_DB, abs=0.05)
    assert at(curve, 7.35) == pytest.approx((mix.OPEN_DB + mix.DUCKED_DB) / 2, abs=0.3)
    assert at(curve, 7.72) == pytest.approx(mix.OPEN_DB, abs=0.05)
    assert np.abs(np.diff(curve)).max() < 0.2  # 14 dB in 120 ms, without a corner


@pytest.mark.parametrize(("pause", "rises"), [(0.3, False), (0.8, False), (0.9, True), (3.0, True)])
def test_music_rises_only_in_pauses_that_are_more_than_a_breath(pause, rises):
    curve = mix.ducking([(1.0, 2.0), (2.0 + pause, 4.0 + pause)], 10 * RATE_HZ)
    between = curve[round(2.0 * RATE_HZ / mix.CONTROL) : round((2.0 + pause) * RATE_HZ / mix.CONTROL)]
    assert bool(between.max() > mix.DUCKED_DB + 2) is rises


@pytest.mark.parametrize("mood", ALL)
def test_music_lies_eighteen_decibels_under_the_voice(mood):
    words = [(1.0, 39.0)]
    voice = talk(words, SECONDS)
    rest = mix.balanced(voice, bed(mood), seconds=SECONDS, words=words) - voice
    inside = slice(RATE_HZ, 39 * RATE_HZ)
    apart = loudness.integrated(np.stack([voice, voice])[:, inside]) - loudness.integrated(rest[:, inside])
    assert apart == pytest.approx(18, abs=1)


@pytest.mark.parametrize(("mood", "words"), FILMS)
def test_every_film_is_as_loud_as_promised_and_stays_so_as_aac(mood, words, tmp_path):
    """With ffmpeg's ``fast`` coder: its other one errs by up to a third of full scale on music with clear tones."""
    sound = mix.sound(talk(words, SECONDS), bed(mood), seconds=SECONDS, words=words)
    assert sound.shape == (2, round(SECONDS * RATE_HZ))
    mix.wav(tmp_path / "sound.wav", sound)
    subprocess.run(
        [ffmpeg(), "-v", "error", "-i", tmp_path / "sound.wav",
         "-c:a", "aac", "-aac_coder", "fast", "-b:a", AUDIO_BITRATE,
         tmp_path / "sound.mp4"], check=True,
    )  # fmt: skip
    lufs, dbtp = judged("-i", str(tmp_path / "sound.mp4"))
    assert -15 < lufs < -13
    assert dbtp <= -1


def test_a_film_without_words_and_music_is_silent():
    for voice in (None, np.zeros(RATE_HZ, np.float32)):
        sound = mix.sound(voice, None, seconds=3.2)
        assert sound.shape == (2, round(3.2 * RATE_HZ))
        assert not sound.any()


def test_a_pause_without_music_is_silence_in_the_file_too(tmp_path):
    sound = mix.sound(talk(SPARSE, SECONDS), None, seconds=SECONDS, words=SPARSE)
    mix.wav(tmp_path / "sound.wav", sound)
    with wave.open(str(tmp_path / "sound.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 2, 2)
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    assert len(samples) == round(SECONDS * RATE_HZ)
    assert not samples[: 19 * RATE_HZ].any()
    assert np.abs(samples[20 * RATE_HZ : 21 * RATE_HZ].astype(int)).max() > 8000


def test_the_voice_stays_where_it_was():
    """Mastering moves nothing in time: words keep their captions."""
    voice = talk(SPARSE, SECONDS)
    sound = mix.sound(voice, bed("calm"), seconds=SECONDS, words=SPARSE)
    window = slice(20 * RATE_HZ, round(21.2 * RATE_HZ))
    likeness = [np.corrcoef(np.roll(sound[0], shift)[window], voice[window])[0, 1] for shift in (-8, -4, 0, 4, 8)]
    assert int(np.argmax(likeness)) == 2


def test_one_loud_crack_does_not_hold_the_film_down():
    voice = talk(DENSE, SECONDS)
    voice[10 * RATE_HZ] = 1.0
    sound = mix.mastered(np.stack([voice, voice]))
    assert loudness.integrated(sound) == pytest.approx(-14, abs=0.3)
    assert loudness.true_peak(sound) < -2.4


def test_mixing_stops_when_nobody_wants_the_film_any_more():
    class Cancelled(Exception):
        pass

    def tick():
        raise Cancelled

    with pytest.raises(Cancelled):
        mix.mastered(np.stack([talk([(1, 3)], 4)] * 2), tick=tick)


def test_sound_is_multiplied_piece_by_piece_as_it_would_be_whole():
    curve = np.linspace(-30, 0, 3 * RATE_HZ // mix.CONTROL + 2)
    whole = mix._between(curve, 0, 3 * RATE_HZ)
    ones = np.ones((2, 3 * RATE_HZ), np.float32)
    mix._multiply(ones, curve)
    assert np.allclose(ones, whole, rtol=1e-6)
    assert np.array_equal(mix._between(curve, 1001, 7777), whole[1001:7777])
