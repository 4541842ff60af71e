import numpy as np
import pytest

from gpu_handlers.engines.music.composer import compose
from gpu_handlers.engines.music.moods import MOODS
from gpu_handlers.engines.speech.speech import RATE_HZ
from gpu_handlers.stages import loudness
from gpu_handlers.stages import music as stage
from tests.unit.music.conftest import ALL, SECONDS, SEED, music

HOP = 441


def spectrum(sound):
    power = np.sum(np.abs(np.fft.rfft(sound)) ** 2, axis=0)
    return np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ), power


def centroid(sound):
    hz, power = spectrum(sound)
    return float(np.sum(hz * power) / np.sum(power))


def onsets(sound):
    """Rise of energy in octaves from one hundredth of a second to the next."""
    frames = np.lib.stride_tricks.sliding_window_view(sound.mean(axis=0), 1024)[::HOP] * np.hanning(1024)
    power = np.abs(np.fft.rfft(frames)) ** 2
    octaves = [power[:, low : 2 * low].sum(axis=1) for low in (1, 2, 4, 8, 16, 32, 64, 128, 256)]
    return np.maximum(np.diff(np.sqrt(octaves), axis=1), 0).sum(axis=0)


@pytest.mark.parametrize("mood", ALL)
@pytest.mark.parametrize("seconds", [7.77, pytest.param(33.333, marks=pytest.mark.soak)])
def test_a_piece_is_exactly_as_long_as_asked(mood, seconds):
    assert music(mood, seconds).shape == (2, round(seconds * RATE_HZ))


@pytest.mark.parametrize(
    "seconds", [*range(5, 12), 17, 30, 61, 200, *(pytest.param(n, marks=pytest.mark.soak) for n in range(12, 200, 5))]
)
@pytest.mark.parametrize("mood", MOODS)
def test_bars_and_notes_fit_every_length(mood, seconds):
    score = compose(mood, seconds, seed=seconds)
    last = score.bars[-1]
    assert last.at + last.seconds == pytest.approx(seconds)
    assert last.seconds > 1.3
    assert all(0 <= note.at < seconds and note.seconds > 0 for note in score.notes)
    slow, fast = MOODS[mood].bpm
    assert slow * 0.93 < score.bpm < fast * 1.07


@pytest.mark.parametrize("mood", ALL)
def test_the_same_seed_gives_the_same_samples_and_another_one_another_piece(mood):
    assert np.array_equal(stage.bed(mood, 5, seed=5), stage.bed(mood, 5, seed=5))
    one, other = compose(mood, 30, seed=5), compose(mood, 30, seed=6)
    assert [note.pitch for note in one.melody] != [note.pitch for note in other.melody]


@pytest.mark.parametrize("mood", MOODS)
def test_a_piece_is_clean(mood):
    sound = music(mood)
    assert np.isfinite(sound).all()
    assert 0.3 < np.abs(sound).max() < 0.75
    assert np.abs(sound.mean(axis=1)).max() < 1e-4
    assert np.abs(sound[:, [0, -1]]).max() < 1e-5
    assert np.abs(sound[:, : RATE_HZ // 10]).max() < 1e-3  # nothing falls into the first block of an AAC encoder


@pytest.mark.parametrize("mood", ALL)
def test_nothing_clicks(mood):
    """Instruments end at 16 kHz, a click does not: it would stand alone above."""
    assert _above(music(mood)) < 2e-3
    clicked = music(mood).copy()
    clicked[:, clicked.shape[1] // 2 :] += 0.02
    assert _above(clicked) > 2e-3


def _above(sound):
    bins = np.fft.rfft(sound)
    bins[:, np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ) < 17_500] = 0
    return np.abs(np.fft.irfft(bins, sound.shape[1])).max()


@pytest.mark.parametrize("mood", MOODS)
def test_a_piece_fades_out_over_two_seconds(mood):
    tail = np.sqrt(np.mean(music(mood)[:, -2 * RATE_HZ :].reshape(2, 4, -1) ** 2, axis=(0, 2)))
    assert np.all(np.diff(tail) < 0)
    assert tail[-1] < 0.1 * tail[0]


@pytest.mark.parametrize("mood", ALL)
def test_a_piece_is_wide_and_still_holds_on_one_loudspeaker(mood):
    left, right = music(mood)
    assert 0.2 < np.corrcoef(left, right)[0, 1] < 0.95


@pytest.mark.parametrize("mood", ALL)
def test_the_balance_is_neither_shrill_nor_muddy(mood):
    hz, power = spectrum(music(mood))
    total = power.sum()
    assert power[hz > 8000].sum() / total < 0.01
    assert power[(hz > 200) & (hz < 400)].sum() / total < 0.6
    assert power[hz > 800].sum() / total > 0.025
    assert power[hz < 30].sum() / total < 0.02


@pytest.mark.parametrize("mood", MOODS)
def test_the_sound_is_in_the_key_of_the_score(mood):
    hz, power = spectrum(music(mood))
    heard = (hz > 130) & (hz < 2000)
    classes = np.round(12 * np.log2(hz[heard] / 440) + 69).astype(int) % 12
    chroma = np.bincount(classes, power[heard], 12)
    steps = sorted((pitch - compose(mood, SECONDS, seed=SEED).key.tonic) % 12
                   for pitch in compose(mood, SECONDS, seed=SEED).key.classes)  # fmt: skip
    share = [sum(chroma[(tonic + step) % 12] for step in steps) / chroma.sum() for tonic in range(12)]
    assert int(np.argmax(share)) == compose(mood, SECONDS, seed=SEED).key.tonic
    assert max(share) > 0.85


@pytest.mark.parametrize("mood", ["epic", "uplifting"])
def test_the_pulse_is_that_of_the_score(mood):
    envelope = onsets(music(mood)[:, 12 * RATE_HZ : 34 * RATE_HZ])
    envelope -= envelope.mean()
    likeness = np.correlate(envelope, envelope, "full")[len(envelope) - 1 :]
    beat = 60 / compose(mood, SECONDS, seed=SEED).bpm * RATE_HZ / HOP
    shortest = round(0.4 * beat)
    lag = shortest + int(np.argmax(likeness[shortest : round(4.5 * beat)]))
    assert abs(lag / (beat / 2) - round(lag / (beat / 2))) < 0.1


def test_moods_differ_in_what_is_measured():
    """Drums make strong onsets, and a light kit is brighter than voices in the dark."""
    punch = {mood: np.percentile(onsets(music(mood)), 98) / np.median(onsets(music(mood))) for mood in MOODS}
    tempo = {mood: compose(mood, SECONDS, seed=SEED).bpm for mood in MOODS}
    assert tempo["uplifting"] > tempo["epic"] > tempo["calm"] > tempo["mysterious"] > tempo["emotional"]
    assert punch["uplifting"] > 1.2 * punch["mysterious"]
    assert centroid(music("uplifting")) > centroid(music("mysterious")) > 0
    modes = {MOODS[mood].mode for mood in MOODS}
    assert modes == {"major", "minor", "phrygian"}


@pytest.mark.parametrize("mood", MOODS)
def test_a_change_of_scene_is_marked_where_it_happens(mood):
    """What the changes add begins at most a breath before them, and is gentle."""
    marked, plain = compose(mood, 40, seed=1, changes=(20.0,)), compose(mood, 40, seed=1)
    added = set(marked.notes) - set(plain.notes)
    assert added
    assert all(18 < note.at < 20.5 for note in added)
    assert plain.melody == marked.melody


def test_changes_on_each_others_heels_are_marked_once():
    plain, marked = compose("calm", 40, seed=1), compose("calm", 40, seed=1, changes=(20.0, 20.5, 21.0, 39.5, 55.0))
    assert len(marked.notes) == len(compose("calm", 40, seed=1, changes=(20.0,)).notes) > len(plain.notes)


@pytest.mark.parametrize("mood", ALL)
def test_the_beginning_is_thinner_than_the_height(mood):
    sound = music(mood, 60.0)
    seconds = [loudness.integrated(sound[:, at * RATE_HZ : (at + 5) * RATE_HZ]) for at in range(0, 55, 5)]
    assert max(seconds[5:9]) - seconds[0] > 2
    assert max(seconds) - min(seconds) < 15


def test_no_music_is_no_music_and_an_unknown_mood_says_which_there_are():
    assert stage.bed("none", 30, seed=1) is None
    with pytest.raises(stage.UnknownMood, match="epic"):
        stage.bed("polka", 30, seed=1)


@pytest.mark.parametrize("seconds", [0.5, 2.0, 4.78])
def test_music_shorter_than_any_piece_is_a_beginning_that_fades(seconds):
    sound = stage.bed("epic", seconds, seed=1)
    assert sound.shape == (2, round(seconds * RATE_HZ))
    assert np.abs(sound).max() > 0.05
    assert np.abs(sound[:, -20:]).max() < 1e-3


def test_playing_stops_when_nobody_wants_the_music_any_more():
    class Cancelled(Exception):
        pass

    def tick():
        raise Cancelled

    with pytest.raises(Cancelled):
        stage.bed("epic", 60, seed=1, tick=tick)
