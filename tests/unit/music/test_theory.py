import numpy as np
import pytest

from gpu_handlers.engines.music.composer import compose
from gpu_handlers.engines.music.moods import MOODS
from gpu_handlers.engines.music.theory import Chord, Key, progression, voicings

EVERY = [(mood, seed) for mood in MOODS for seed in range(6)]


def test_a_chord_is_read_with_its_added_tone_and_its_bass():
    c_major = Key(0, "major")
    assert Chord.parse("4:7").classes(c_major) == {5, 9, 0, 4}
    assert Chord.parse("5:4").classes(c_major) == {7, 0, 2}
    assert c_major.pitch(Chord.parse("1/3").bass) % 12 == 4


@pytest.mark.parametrize(("mood", "seed"), EVERY)
def test_the_tune_belongs_to_the_scale_and_on_strong_beats_to_the_chord(mood, seed):
    score = compose(mood, 90, seed=seed)
    assert len(score.melody) > 20
    for note in score.melody:
        assert note.pitch % 12 in score.key.classes
        bar = next(bar for bar in reversed(score.bars) if bar.at <= note.at + 0.03)
        beat = (note.at - bar.at) / bar.seconds * 4
        if min(abs(beat), abs(beat - 2)) < 0.06:
            assert note.pitch % 12 in bar.chord.classes(score.key)


@pytest.mark.parametrize(("mood", "seed"), EVERY)
def test_the_tune_never_leaps_further_than_an_octave_and_mostly_walks(mood, seed):
    leaps = np.abs(np.diff([note.pitch for note in compose(mood, 90, seed=seed).melody]))
    assert leaps.max() <= 13
    assert np.mean(leaps <= 4) > 0.6


@pytest.mark.parametrize(("mood", "seed"), EVERY)
def test_all_that_is_pitched_stays_in_the_key(mood, seed):
    score = compose(mood, 60, seed=seed, changes=(20, 40))
    drums = {"tom", "kick", "boom", "clap", "hat", "shaker", "cymbal", "breath"}
    assert {note.pitch % 12 for note in score.notes if note.instrument not in drums} <= score.key.classes


def test_voices_move_little_from_chord_to_chord():
    key = Key(9, "minor")
    laid = voicings(progression("1 6 3 7 1 4 7 1"), key, low=50, high=72, voices=4)
    moves = np.abs(np.diff(np.array(laid), axis=0))
    assert moves.mean() < 2.0  # blocks moved in parallel would go 4 to 5 semitones
    assert all(len(set(layout)) == 4 for layout in laid)


@pytest.mark.parametrize(("mood", "seed"), EVERY)
def test_a_piece_ends_on_its_tonic(mood, seed):
    score = compose(mood, 60, seed=seed)
    final = score.bars[-1]
    assert final.section == "final"
    last = [note for note in score.notes if note.at >= final.at - 0.05]
    assert min(note.pitch for note in last if note.pitch > 20) % 12 == score.key.tonic
    assert score.melody[-1].pitch % 12 == score.key.tonic
    assert score.bars[-2].section == "cadence"


def test_the_theme_comes_again():
    score = compose("emotional", 120, seed=1)
    rhythms = []
    for first in [bar for bar in score.bars if bar.step == 0 and bar.section in {"statement", "answer"}]:
        inside = [note for note in score.melody if first.at - 0.05 <= note.at < first.at + 2 * first.seconds - 0.05]
        if inside:
            rhythms.append(tuple(round(4 * (note.at - first.at) / first.seconds * 2) for note in inside))
    assert len(rhythms) > 3
    assert len(set(rhythms)) == 1


@pytest.mark.parametrize("mood", MOODS)
def test_a_piece_grows_to_a_height_in_its_second_half_and_comes_down(mood):
    levels = [bar.level for bar in compose(mood, 180, seed=2).bars]
    height = int(np.argmax(levels)) / len(levels)
    assert 0.5 < height < 0.9
    assert levels[0] < 0.45
    assert levels[-1] < 0.75
