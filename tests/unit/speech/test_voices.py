"""The table of voices."""

from __future__ import annotations

from gpu_handlers.engines.speech.voices import STYLES, espeak_voice, polly_voice


def test_the_styles_are_those_on_offer():
    assert STYLES == (
        "male-warm", "male-deep", "male-dramatic", "male-calm",
        "female-warm", "female-soft", "female-bright", "female-calm",
    )  # fmt: skip


def test_no_two_styles_of_a_language_are_the_same_order():
    for language in ("en", "es", "fr", "de", "it", "pt", "ja", "ar"):
        asked = {(voice.neural, voice.rate) for voice in (polly_voice(style, language) for style in STYLES)}
        assert len(asked) == len(STYLES), language
    assert len({espeak_voice(style, "en") for style in STYLES}) == len(STYLES)


def test_a_language_without_a_voice_on_polly_has_none():
    assert polly_voice("male-warm", "sw") is None
