"""A story that has to fit: nothing hopeless is spoken, and progress never goes back."""

from __future__ import annotations

import pytest

from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import narrate, script, telling
from gpu_handlers.stages.narrate import Narration
from tests.unit.story.conftest import speech_of

SENTENCE = "The small red fox carried the old lantern over the frozen hill to the village. "


@pytest.fixture
def voice(monkeypatch):
    """A voice of silence, `slow` times slower than expected; it keeps what it said."""

    class Voice:
        slow = 1.0

        def __init__(self):
            self.said = []

        def narrate(self, texts, *, style, language, pace, on_step):
            self.said.append(list(texts))
            for done in range(1, len(texts) + 1):
                on_step(done, len(texts))
            speeches = tuple(speech_of(text, language, pace / self.slow) for text in texts)
            return Narration(speeches, "silence", style, ())

        @property
        def characters(self):
            return sum(len(text) for texts in self.said for text in texts)

    made = Voice()
    monkeypatch.setattr(narrate, "narrate", made.narrate)
    return made


def tell(sentences, *, seconds=30.0, overflow="fail", on_step=lambda step, steps: None):
    story = script.tell(SENTENCE * sentences, title="")
    return telling.tell(
        story, voice="male-warm", seconds=seconds, overflow=overflow, opening=0.0, closing=2.5, fade=0.5,
        on_step=on_step,
    )  # fmt: skip


def test_a_hopeless_script_fails_before_a_word_is_spoken(voice):
    with pytest.raises(JobFailed, match=r"about \d{3} s longer than 30 s allow") as failure:
        tell(120)
    assert failure.value.code == "script_too_long"
    assert voice.said == []


def test_of_a_hopeless_script_that_is_trimmed_only_the_beginning_is_spoken(voice):
    told = tell(120, overflow="trim")
    assert told.timeline.seconds == 30
    assert voice.characters < 0.2 * len(SENTENCE * 120)
    kept = sum(scene.narration.count("village.") for scene in told.story.scenes)
    assert 3 <= kept < 12
    (note,) = told.notes
    assert f"its last {120 - kept} sentences were left out" in note


def test_what_no_pace_can_save_is_spoken_once(voice):
    voice.slow = 1.5
    with pytest.raises(JobFailed, match="about"):
        tell(5)
    assert len(voice.said) == 1


def test_a_script_a_little_too_long_is_spoken_faster(voice):
    voice.slow = 1.05
    told = tell(4)
    assert len(voice.said) == 2
    assert 1 < told.pace <= 1.15
    assert told.timeline.seconds == 30


@pytest.mark.parametrize("sentences", [1, 4, 9, 120])
def test_progress_never_goes_back(voice, sentences):
    voice.slow = 1.05
    shares = []
    tell(sentences, overflow="trim", on_step=lambda step, steps: shares.append(step / steps))
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_sound_is_not_made_for_a_job_that_was_cancelled(voice, monkeypatch):
    class Cancelled(Exception):
        pass

    def cancelled(step, steps):
        raise Cancelled

    monkeypatch.setattr(telling, "REPORT_SECONDS", 0.0)
    told = tell(3)
    with pytest.raises(Cancelled):
        told.sound("calm", 1, cancelled)
