from __future__ import annotations

import pytest

from gpu_handlers.engines.speech import polly
from studio import aws
from tests.unit.speech.fake_polly import FakePolly


@pytest.fixture(autouse=True)
def _no_service(monkeypatch):
    """No test asks AWS by accident, waits between tries, or inherits another one's failed service."""
    monkeypatch.setenv("STUDIO_VOICE", "offline")
    monkeypatch.setattr(polly, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(polly, "_resting_until", 0.0)


@pytest.fixture
def service(monkeypatch):
    """Installs a `FakePolly` and lets everything ask it first."""

    def install(*failures, **odd):
        fake = FakePolly(failures, odd)
        monkeypatch.setattr(aws, "polly", lambda: fake)
        monkeypatch.setenv("STUDIO_VOICE", "auto")
        return fake

    return install


@pytest.fixture
def in_order():
    """Checks what is promised of every speech: words point into the text, rise, do not overlap and stay inside."""

    def check(speech, text):
        assert speech.words
        for word in speech.words:
            assert text[word.at : word.at + len(word.text)] == word.text
            assert 0 <= word.start < word.end <= speech.seconds + 1e-6
        for word, following in zip(speech.words, speech.words[1:], strict=False):
            assert word.end <= following.start
            assert word.at + len(word.text) <= following.at

    return check
