"""When what is said shows."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from gpu_handlers.engines.speech.speech import Word
from gpu_handlers.stages import easing
from gpu_handlers.stages.explainer.phrases import key
from gpu_handlers.stages.figures import timing
from tests.unit.explainer.conftest import NARRATIONS, SPEECH_AT, WORD_SECONDS, beat, drawn


def test_an_item_has_the_time_of_its_first_word():
    one = drawn("list")
    words = NARRATIONS["list"].split()
    starts = [SPEECH_AT + words.index(word) * WORD_SECONDS for word in ("water", "gas", "light")]
    assert timing.items(one) == pytest.approx(starts)


def test_items_never_go_back_in_time():
    one = drawn("list")
    figure = replace(one.scene.figure, at=one.scene.figure.at[::-1])
    times = timing.items(replace(one, scene=replace(one.scene, figure=figure)))
    assert list(times) == sorted(times)


def test_words_without_times_are_spread_over_the_scene():
    one = replace(beat("one two three four"), words=())
    words = timing.words(one)
    assert [word.text for word in words] == ["one", "two", "three", "four"]
    assert words[0].start == SPEECH_AT
    assert words[-1].end < one.seconds
    assert all(first.end == pytest.approx(second.start) for first, second in pairwise(words))


def test_phrases_hold_every_word_once_and_in_order():
    for text in NARRATIONS.values():
        one = beat(text)
        assert [word for phrase in timing.phrases(one) for word in phrase.words] == list(one.words)


def test_phrases_break_where_the_narration_does():
    texts = [
        phrase.text for phrase in timing.phrases(beat("Light falls on a leaf, and sugar is built. Then night comes."))
    ]
    assert texts == ["Light falls on a leaf", "and sugar is built", "Then night comes"]


def test_phrases_are_short_and_leave_no_little_word_behind():
    long = "every summer the wide fields behind the old house of my grandmother turned yellow under a hot and clear sky"
    phrases = timing.phrases(beat(long))
    assert all(2 <= len(phrase.words) <= 6 for phrase in phrases)
    assert not any(phrase.words[-1].text in {"the", "of", "my", "a", "and"} for phrase in phrases)


def test_a_pause_of_the_voice_breaks_a_phrase():
    one = beat("one two three four")
    late = tuple(
        Word(word.text, word.at, word.start + (1.0 if at > 1 else 0), word.end + (1.0 if at > 1 else 0))
        for at, word in enumerate(one.words)
    )
    assert [phrase.text for phrase in timing.phrases(replace(one, words=late))] == ["one two", "three four"]


def test_every_sentence_has_one_key_phrase():
    one = beat("Every leaf is a tiny factory. It turns light into sugar, day by day. Go!")
    assert [phrase.text for _, phrase in key(one)] == [
        "Every leaf is a tiny factory",
        "It turns light into sugar",
        "Go!",
    ]


def test_a_scene_leaves_only_after_its_last_item_has_been_seen():
    one = drawn("list")
    last = timing.items(one)[-1]
    assert timing.leaving(one, 60.0, 0.3, 0.8) == pytest.approx(59.7)
    assert timing.leaving(one, last + 0.5, 0.3, 0.8) == pytest.approx(last + 0.8)


def test_moves_begin_and_end_where_they_should():
    for move in (easing.out_cubic, easing.in_cubic, easing.in_out_cubic, easing.out_back):
        assert move(0) == pytest.approx(0, abs=1e-9)
        assert move(1) == pytest.approx(1)
    assert 1 < max(easing.out_back(at / 50) for at in range(51)) < 1.08
    assert easing.share(1, 2, 1) == 0
    assert easing.share(4, 2, 1) == 1
