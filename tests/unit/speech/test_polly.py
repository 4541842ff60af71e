"""Polly's voices: words exactly where they are in the text, trouble survived, rubbish refused."""

from __future__ import annotations

import io
import re
from threading import Event
from xml.etree import ElementTree as ET

import boto3
import botocore.session
import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError, NoCredentialsError, ReadTimeoutError, ResponseStreamingError
from botocore.response import StreamingBody
from botocore.stub import Stubber
from moto import mock_aws

from gpu_handlers.engines.speech import polly, voices, wording
from gpu_handlers.engines.speech.polly import PollySpeaker
from gpu_handlers.engines.speech.speaker import SpeechUnavailable, Stopped
from studio import aws
from tests.unit.speech import fake_polly
from tests.unit.speech.fake_polly import EVERY, error

THROTTLED = error("ThrottlingException")
TEXT = "A fox finds a lantern."


def speaker(style="male-warm", language="en"):
    return PollySpeaker(voices.polly_voice(style, language))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        'Tom & Jerry say 5 < 7 and 9 > 8, »naïvely« — it\'s "true".',
        "Über größte Tiefen, 東京 und Ωmega: weiß man wenig.",
        "a &amp; b &lt;break&gt; c 𝔘nicode 👍 d",
    ],
)
def test_words_are_found_where_they_stand_whatever_is_escaped_or_long_in_bytes(service, in_order, text):
    service()
    speech = speaker().speak(text)
    in_order(speech, text)
    begins = list(starts(text))
    for word in speech.words:
        number = sum(at <= word.at for at in begins) - 1
        assert word.start == pytest.approx(speech.words[0].start + EVERY * number, abs=0.03), word


def test_the_text_arrives_as_text_and_the_rate_as_markup(service):
    fake = service()
    text = 'Wait <break time="10s"/> & ]]> <speak> "now" \x07 then'
    speaker().speak(text, pace=1.1)
    root = ET.fromstring(fake.texts[0])
    assert [element.tag for element in root.iter()] == ["speak", "prosody"]
    assert "".join(root.itertext()).split() == ["Wait", "&", ">", '"now"', "then"]
    assert root[0].attrib == {"rate": "108%"}
    assert len({request["Text"] for request in fake.requests}) == 1, "sound and marks must be of the same words"


def test_throttling_is_waited_out(monkeypatch):
    client = boto3.client("polly", region_name="us-east-1")
    monkeypatch.setattr(aws, "polly", lambda: client)
    opening = b'<speak><prosody rate="98%">'
    with Stubber(client) as stub:
        stub.add_client_error("synthesize_speech", "ThrottlingException", http_status_code=400)
        stub.add_response("synthesize_speech", stream(fake_polly.beeps(1)))
        stub.add_client_error("synthesize_speech", "ServiceFailureException", http_status_code=500)
        stub.add_response("synthesize_speech", stream(fake_polly.marks([(len(opening), b"Fox")])))
        speech = speaker().speak("Fox")
        stub.assert_no_pending_responses()
    assert [(word.text, word.at) for word in speech.words] == [("Fox", 0)]


@pytest.mark.parametrize(
    "failure",
    [
        THROTTLED,
        error("ServiceFailureException", 500),
        error("Whatever", 503),
        EndpointConnectionError(endpoint_url="https://polly"),
        ReadTimeoutError(endpoint_url="https://polly"),
        ResponseStreamingError(error="broken off"),
    ],
)
def test_what_may_pass_is_tried_a_few_times_and_then_no_more(service, failure):
    fake = service(*[failure] * 50)
    with pytest.raises(SpeechUnavailable):
        speaker().speak(TEXT)
    assert len(fake.requests) == polly.TURNS


@pytest.mark.parametrize("failure", [error("AccessDeniedException", 403), NoCredentialsError(), error("400")])
def test_what_will_not_pass_is_not_tried_again(service, failure):
    fake = service(*[failure] * 50)
    with pytest.raises(SpeechUnavailable):
        speaker().speak(TEXT)
    assert len(fake.requests) == 1


def test_nobody_is_asked_again_for_a_speech_that_nobody_waits_for(service):
    fake, stop = service(*[THROTTLED] * 50), Event()
    answer = fake.synthesize_speech

    def stopped_meanwhile(**request):
        stop.set()
        return answer(**request)

    fake.synthesize_speech = stopped_meanwhile
    with pytest.raises(Stopped):
        speaker().speak(TEXT, stop=stop)
    assert len(fake.requests) == 1


def test_signs_that_polly_passes_over_are_a_scene_without_words(service):
    service(ogg_vorbis=fake_polly.beeps(0), json=b"\n")
    assert speaker().speak("§ & §").words == ()


def test_a_failed_service_is_left_alone_for_a_while(service, monkeypatch):
    fake = service(error("AccessDeniedException", 403))
    with pytest.raises(SpeechUnavailable):
        speaker().speak(TEXT)
    with pytest.raises(SpeechUnavailable, match="a short while ago"):
        speaker("female-warm", "de").speak(TEXT)
    assert len(fake.requests) == 1
    later = polly.time.monotonic() + polly.REST_SECONDS + 1
    monkeypatch.setattr(polly.time, "monotonic", lambda: later)
    assert speaker().speak(TEXT).engine == "polly-neural"


def test_a_text_that_polly_refuses_says_nothing_about_polly(service):
    service(error("InvalidSsmlException"))
    with pytest.raises(SpeechUnavailable):
        speaker().speak(TEXT)
    assert speaker().speak(TEXT).engine == "polly-neural"


@pytest.mark.parametrize(
    "refusal",
    [
        error("EngineNotSupportedException"),
        error("ValidationException", message="This voice does not support the selected engine: neural"),
    ],
)
def test_a_region_without_neural_voices_speaks_with_standard_ones(service, refusal):
    fake = service(refusal)
    speech = speaker("male-calm", "fr").speak(TEXT)
    assert (speech.engine, speech.voice) == ("polly-standard", "Mathieu")
    assert {(request["Engine"], request["VoiceId"]) for request in fake.requests[1:]} == {("standard", "Mathieu")}


@pytest.mark.parametrize(
    "odd",
    [
        {"ogg_vorbis": bytes(8)},
        {"ogg_vorbis": b"<html>not found</html>"},
        {"ogg_vorbis": fake_polly.beeps(0)},
        {"json": bytes(8)},
        {"json": b"{}\n"},
        {"json": b'{"time":60000,"type":"word","start":27,"end":28,"value":"A"}\n'},
    ],
)
def test_an_answer_that_is_no_speech_is_refused(service, odd):
    service(**odd)
    with pytest.raises(SpeechUnavailable):
        speaker().speak(TEXT)


@mock_aws
def test_the_emulator_that_answers_eight_zero_bytes_is_no_speaker(monkeypatch):
    monkeypatch.setattr(aws, "_clients", {})
    with pytest.raises(SpeechUnavailable, match="decoded"):
        speaker().speak(TEXT)


def test_a_long_text_goes_in_pieces_and_comes_back_as_one(service, in_order):
    fake = service()
    sentence = "The émigré & the fox <i>walked</i> on, and on, under the stars of the north. "
    text = sentence * 33
    speech = speaker().speak(text)
    assert len(fake.texts) == 2
    assert all("north. </prosody>" in ssml for ssml in fake.texts), "cut between sentences"
    in_order(speech, text)
    said = " ".join(word.text for word in speech.words)
    assert said == " ".join(["The émigré & the fox walked on and on under the stars of the north"] * 33)
    gaps = np.diff([word.start for word in speech.words])
    assert np.median(gaps) == pytest.approx(EVERY, abs=0.01)
    assert gaps.max() < EVERY + 0.5


def test_a_text_of_nothing_but_signs_that_are_escaped_fits_into_every_request(service):
    fake = service()
    speaker().speak("a&" * 3000)
    assert all(len(ssml) <= 6000 for ssml in fake.texts)
    assert sum(ssml.count("&amp;") for ssml in fake.texts) == 3000


def test_nothing_to_say_costs_nothing(service):
    fake = service()
    assert speaker().speak(" … ").seconds == 0
    assert fake.requests == []


def test_every_voice_is_one_that_polly_has():
    model = botocore.session.get_session().get_service_model("polly")
    known, codes = (set(model.shape_for(name).enum) for name in ("VoiceId", "LanguageCode"))
    with mock_aws():
        listed = {v["Id"]: v for v in boto3.client("polly", region_name="us-east-1").describe_voices()["Voices"]}
    languages = ("en", "es", "fr", "de", "it", "pt", "hi", "ja", "zh", "ar")
    for language in languages:
        for style in voices.STYLES:
            voice = voices.polly_voice(style, language)
            assert voice.code in codes
            for name, engine in ((voice.neural, "neural"), (voice.standard, "standard")):
                if name is None:
                    continue
                assert name in known
                if name in listed:  # moto's list is a few voices behind
                    spoken = {listed[name]["LanguageCode"], *listed[name].get("AdditionalLanguageCodes", [])}
                    assert engine in listed[name]["SupportedEngines"], name
                    assert voice.code in spoken, name
                    gender = "Female" if style.startswith("female") else "Male"
                    assert (listed[name]["Gender"] == gender) != voice.other_gender, (style, name)


def stream(content):
    return {"AudioStream": StreamingBody(io.BytesIO(content), len(content)), "ContentType": "audio/ogg"}


def starts(text):
    """Where blanks leave words in what is sent, as the fake sees them."""
    return (word.start() for word in re.finditer(r"\S+", wording.spoken(text)))
