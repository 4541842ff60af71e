from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gpu_handlers.engines.speech.speech import Speech
from gpu_handlers.stages.script import tell
from gpu_handlers.stages.timeline import (
    FASTEST,
    MOST_PAUSE_SECONDS,
    SLOWEST,
    TooLong,
    lay,
    overrun,
    pace_for,
    trimmed,
)
from tests.unit.story.conftest import FABLE, speech_of

Spoken = Callable[..., tuple[Speech, ...]]


@settings(deadline=None)
@given(st.floats(35, 180), st.sampled_from([0.0, 2.0, 3.5]), st.sampled_from([0.0, 2.5]))
def test_the_length_asked_for_is_met(seconds: float, opening: float, closing: float) -> None:
    story = tell(FABLE)
    speeches = tuple(speech_of(scene.narration) for scene in story.scenes)
    if overrun(story, speeches, seconds, opening=opening, closing=closing):
        with pytest.raises(TooLong):
            lay(story, speeches, seconds=seconds, opening=opening, closing=closing)
        return
    timeline = lay(story, speeches, seconds=seconds, opening=opening, closing=closing)
    assert timeline.seconds == pytest.approx(seconds, abs=1e-6)
    assert timeline.beats[0].start == pytest.approx(timeline.opening)
    ends = [beat.start + beat.seconds for beat in timeline.beats]
    assert [beat.start for beat in timeline.beats[1:]] == pytest.approx(ends[:-1])
    assert ends[-1] + timeline.closing == pytest.approx(seconds)
    for beat, speech in zip(timeline.beats, speeches, strict=True):
        assert beat.seconds >= beat.speech_at + speech.seconds
    after = [
        beat.seconds - beat.speech_at - speech.seconds for beat, speech in zip(timeline.beats, speeches, strict=True)
    ]
    if max(after[:-1]) > MOST_PAUSE_SECONDS + 1e-6:  # only when every pause is full, and then all alike
        assert after[:-1] == pytest.approx([after[0]] * len(after[:-1]))


def test_a_short_script_in_a_long_video_stays_with_its_pictures(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    timeline = lay(story, spoken(story), seconds=180, opening=2.5, closing=2.5)
    assert timeline.opening <= 4
    assert timeline.closing <= 5


def test_without_a_length_the_narration_decides(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    speeches = spoken(story)
    timeline = lay(story, speeches)
    assert 0 < timeline.seconds - sum(speech.seconds for speech in speeches) < 1.2 * len(speeches)


def test_words_keep_their_place_in_the_scene(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    beat = lay(story, spoken(story), seconds=90).beats[2]
    assert beat.words[0].start == pytest.approx(beat.speech_at + 0.02)
    assert all(beat.scene.narration[word.at :].startswith(word.text) for word in beat.words)


def test_a_story_never_exceeds_three_minutes(spoken: Spoken) -> None:
    story = tell("The old fox walked slowly through the deep green forest and sang. " * 40)
    with pytest.raises(TooLong) as failure:
        lay(story, spoken(story))
    assert failure.value.over > 0
    assert failure.value.seconds == 180


def test_the_pace_that_is_asked_for_makes_it_fit(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    speeches = spoken(story)
    natural = sum(speech.seconds for speech in speeches)
    assert pace_for(story, speeches, natural + 8) == 1.0
    tight = natural * 0.97
    pace = pace_for(story, speeches, tight)
    assert 1 < pace <= FASTEST
    assert lay(story, spoken(story, pace), seconds=tight).seconds == pytest.approx(tight)
    assert pace_for(story, speeches, natural / 2) == FASTEST
    assert pace_for(story, speeches, natural * 4) == SLOWEST


def test_what_does_not_fit_is_left_out_from_the_end_and_said(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    speeches = spoken(story)
    over = overrun(story, speeches, 30)
    short = trimmed(story, speeches, 30)
    assert overrun(short.story, short.speeches, 30) == 0
    said = " ".join(scene.narration for scene in short.story.scenes)
    assert said.endswith((".", "!", "?"))
    assert " ".join(scene.narration for scene in story.scenes).startswith(said)
    assert short.note.startswith(f"The script is {int(over) + 1} s longer than 30 s; its last ")
    assert short.note.endswith("sentences were left out.")


def test_a_scene_that_fits_in_part_keeps_its_first_sentences(spoken: Spoken) -> None:
    story = tell("A fox ran home. It was late. The moon was up.")
    speeches = spoken(story)
    short = trimmed(story, speeches, 3.5)
    assert [scene.narration for scene in short.story.scenes] == ["A fox ran home. It was late."]
    assert short.speeches[0].seconds < 3.5
    assert short.speeches[0].words[-1].text == "late."
    assert short.note == "The script is 2 s longer than 3.5 s; its last sentence was left out."


def test_letters_of_lower_case_end_sentences_too(spoken: Spoken) -> None:
    script = "the old fox walked slowly through the deep green forest and sang. " * 20
    story = tell(script.strip())
    short = trimmed(story, spoken(story), 40)
    assert len(short.story.scenes) > 4
    assert short.story.scenes[-1].narration.endswith("sang.")


def test_a_sentence_is_not_left_in_the_middle(spoken: Spoken) -> None:
    long = (
        "When the long winter had finally ended and the ice on the river had broken, the people of the village "
        "came out of their houses, and they carried lanterns and drums down to the old bridge by the mill."
    )
    story = tell(f"The fox slept well through all of the cold days and the long nights. {long}")
    assert [scene.ends for scene in story.scenes] == [True, False, False, True]
    short = trimmed(story, spoken(story), 12)
    assert [scene.narration for scene in short.story.scenes] == [story.scenes[0].narration]


def test_what_fits_is_not_trimmed(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    short = trimmed(story, spoken(story), 180)
    assert (short.story, short.note) == (story, "")


def test_every_scene_needs_a_speech(fable: str, spoken: Spoken) -> None:
    story = tell(fable)
    with pytest.raises(ValueError, match="do not match"):
        lay(story, spoken(story)[1:])
