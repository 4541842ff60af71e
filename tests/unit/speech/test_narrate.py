"""A narration: one voice from the first scene to the last, and a note when it is not the expected one."""

from __future__ import annotations

from threading import Event

import pytest

from gpu_handlers.engines.speech.espeak import EspeakSpeaker
from gpu_handlers.engines.speech.polly import PollySpeaker
from gpu_handlers.engines.speech.speaker import SpeechUnavailable
from gpu_handlers.failures import JobFailed
from gpu_handlers.stages import narrate
from gpu_handlers.stages.narrate import speakers
from tests.unit.speech.fake_polly import error

TEXTS = ["A fox finds a lantern.", "", "It still glows.", "She carries it home."]
DENIED = error("AccessDeniedException", 403)


def spoken(texts=TEXTS, style="female-warm", language="en", **more):
    return narrate.narrate(texts, style=style, language=language, **more)


def test_all_scenes_are_spoken_by_the_studio_voice_when_it_answers(service):
    service()
    narration = spoken()
    assert {speech.engine for speech in narration.speeches} == {"polly-neural"}
    assert (narration.engine, narration.voice, narration.notes) == ("polly-neural", "Joanna", ())


def test_scenes_come_back_in_their_order(service):
    service()
    texts = [f"Scene {number} {'on ' * (number % 3)}" for number in range(12)]
    assert [speech.words[1].text for speech in spoken(texts).speeches] == [str(number) for number in range(12)]


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_service_that_fails_in_the_middle_leaves_no_scene_in_its_voice(service, after):
    fake = service()
    answer = fake.synthesize_speech

    def fails_later(**request):
        if len(fake.requests) >= after:
            raise DENIED
        return answer(**request)

    fake.synthesize_speech = fails_later
    narration = spoken()
    assert {speech.engine for speech in narration.speeches} == {"espeak-ng"}
    assert narration.notes == ("The studio's voice service did not answer; an offline voice speaks instead.",)


def test_throttled_for_ever_is_spoken_offline(service):
    service(*[error("ThrottlingException")] * 500)
    assert spoken().engine == "espeak-ng"


def test_rubbish_for_sound_is_spoken_offline_and_the_next_job_does_not_ask(service):
    fake = service(ogg_vorbis=bytes(8))
    assert spoken().engine == "espeak-ng"
    asked = len(fake.requests)
    again = spoken()
    assert (again.engine, again.notes) == ("espeak-ng", (narrate.NO_ANSWER,))
    assert len(fake.requests) == asked


def test_an_operator_without_aws_never_asks_it(service, monkeypatch):
    fake = service()
    monkeypatch.setenv("STUDIO_VOICE", "offline")
    narration = spoken()
    assert (narration.engine, narration.notes, fake.requests) == ("espeak-ng", (), [])


def test_an_operator_who_wants_polly_alone_gets_no_other_voice(service, monkeypatch):
    service(DENIED)
    monkeypatch.setenv("STUDIO_VOICE", "polly")
    with pytest.raises(SpeechUnavailable):
        spoken(["A fox."])
    assert spoken(["A fox."]).engine == "polly-neural", "it was asked again at once"


def test_a_voice_setting_that_does_not_exist_is_an_error(monkeypatch):
    monkeypatch.setenv("STUDIO_VOICE", "cloud")
    with pytest.raises(ValueError, match="auto, polly, offline"):
        speakers("en", "male-warm")


def test_a_style_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="male-loud"):
        spoken(style="male-loud")


def test_who_may_speak_depends_on_the_language(monkeypatch):
    monkeypatch.setenv("STUDIO_VOICE", "auto")
    kinds = {language: [type(each) for each in speakers(language, "male-warm")] for language in ("en-GB", "sw", "xx")}
    both = [PollySpeaker, EspeakSpeaker]
    assert kinds == {"en-GB": both, "sw": [EspeakSpeaker], "xx": both}, "a wrong accent is worse than a plain voice"


def test_a_voice_of_the_other_gender_is_announced(service):
    service()
    assert spoken(style="male-warm", language="zh").notes == (narrate.NO_SUCH_VOICE,)
    assert spoken(style="female-warm", language="zh").notes == ()


def test_an_offline_voice_that_cannot_read_kanji_says_so():
    assert spoken(["世界の海。"], language="ja").notes == (narrate.NO_KANJI,)
    assert spoken(["うみ。"], language="ja").notes == ()


def test_an_empty_narration_has_no_length():
    narration = spoken(["", " "])
    assert [speech.seconds for speech in narration.speeches] == [0, 0]
    assert spoken([]).speeches == ()


def test_progress_rises_to_the_number_of_scenes_even_when_the_voice_changes(service):
    fake = service()
    answer = fake.synthesize_speech
    fake.synthesize_speech = lambda **request: answer(**request) if "carries" not in request["Text"] else fail()
    steps = []
    spoken(on_step=lambda done, of: steps.append((done, of)))
    assert steps == sorted(steps) and steps[-1] == (4, 4)
    assert {of for _, of in steps} == {4}


def test_a_cancelled_job_stops_between_scenes(service):
    fake = service()

    class Cancelled(Exception):
        pass

    def stop(done, of):
        raise Cancelled

    with pytest.raises(Cancelled):
        spoken(["A fox."] * 100, on_step=stop)
    assert len(fake.requests) < 40


def test_a_call_that_hangs_does_not_hold_up_a_cancelled_job(service, monkeypatch):
    monkeypatch.setattr(narrate, "REPORT_SECONDS", 0.01)
    fake, asked, answered, sleeping = service(), Event(), Event(), Event()
    answer = fake.synthesize_speech

    def hangs(**request):
        asked.set()
        sleeping.wait(60)
        answered.set()
        return answer(**request)

    class Cancelled(Exception):
        pass

    def stop(done, of):
        if asked.is_set():
            raise Cancelled

    fake.synthesize_speech = hangs
    with pytest.raises(Cancelled):
        spoken(["A fox."] * 9, on_step=stop)
    assert not answered.is_set()
    sleeping.set()


def test_a_text_that_polly_has_no_words_for_changes_the_voice_of_this_film_only(service):
    fake = service(json=b"\n")
    assert spoken(["A fox."]).engine == "espeak-ng"
    fake.odd.clear()
    assert spoken(["A fox."]).engine == "polly-neural"


def test_a_text_longer_than_any_film_fails_with_a_reason():
    with pytest.raises(JobFailed, match="shorten") as failure:
        spoken(["A fox.", "word " * 800])
    assert failure.value.code == "script_too_long"


def test_a_pace_changes_how_long_it_takes_and_has_bounds():
    usual, fast = (sum(s.seconds for s in spoken(pace=pace).speeches) for pace in (1.0, 1.1))
    assert fast == pytest.approx(usual / 1.1, rel=0.06)
    with pytest.raises(ValueError, match="pace"):
        spoken(pace=3)


def test_the_same_script_sounds_the_same():
    first, second = spoken(), spoken()
    assert [s.samples.tobytes() for s in first.speeches] == [s.samples.tobytes() for s in second.speeches]


def fail():
    raise error("ThrottlingException")
