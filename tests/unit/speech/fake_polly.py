"""Amazon Polly as the product sees it: requests checked against AWS's own model, Ogg and byte offsets out."""

from __future__ import annotations

import io
import json
import re
import subprocess

import botocore.session
import numpy as np
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.validate import ParamValidator

from gpu_handlers.stages.encode import ffmpeg

FIRST, EVERY, BEEP = 0.1, 0.4, 0.25  # seconds: every word is a beep
RATE = 24_000
OPENING = re.compile(rb"<speak><prosody[^>]*>")
MODEL = botocore.session.get_session().get_service_model("polly").operation_model("SynthesizeSpeech").input_shape


class FakePolly:
    """`failures` are raised first, one per request; `odd` maps an output format to what is answered instead."""

    def __init__(self, failures=(), odd=None):
        self.requests = []
        self.failures = list(failures)
        self.odd = odd or {}

    def synthesize_speech(self, **request):
        assert not ParamValidator().validate(request, MODEL).has_errors()
        assert len(request["Text"]) <= 6000
        self.requests.append(request)
        if self.failures:
            raise self.failures.pop(0)
        form = request["OutputFormat"]
        words = list(spoken_words(request["Text"].encode()))
        content = self.odd.get(form) or (marks(words) if form == "json" else beeps(len(words)))
        return {"AudioStream": StreamingBody(io.BytesIO(content), len(content))}

    @property
    def texts(self):
        return [request["Text"] for request in self.requests if request["OutputFormat"] != "json"]


def error(code, status=400, message=""):
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},
        "SynthesizeSpeech",
    )


def spoken_words(ssml):
    start = OPENING.match(ssml).end()
    end = ssml.rindex(b"</prosody></speak>")
    for word in re.finditer(rb"\S+", ssml[start:end]):
        yield start + word.start(), word[0]


def marks(words):
    return b"".join(
        json.dumps(
            {
                "time": round(1000 * (FIRST + EVERY * number)),
                "type": "word",
                "start": start,
                "end": start + len(word),
                "value": word.decode(),
            }
        ).encode()
        + b"\n"
        for number, (start, word) in enumerate(words)
    )


def beeps(count):
    samples = np.zeros(round(RATE * (FIRST + EVERY * count + 0.3)), np.float32)
    for number in range(count):
        start = round(RATE * (FIRST + EVERY * number))
        length = round(RATE * BEEP)
        samples[start : start + length] = 0.3 * np.sin(2 * np.pi * 220 * np.arange(length) / RATE)
    command = [ffmpeg(), "-v", "error", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    done = subprocess.run(
        [*command, "-c:a", "libvorbis", "-f", "ogg", "-"], input=samples.tobytes(), capture_output=True, check=True
    )
    return done.stdout
