"""The offline voice: in time with its sound, in every script, and deaf to orders in the text."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from threading import Event

import numpy as np
import pytest

from gpu_handlers.engines.speech import espeak, espeak_process, sound
from gpu_handlers.engines.speech.espeak import EspeakSpeaker
from gpu_handlers.engines.speech.speaker import SpeechUnavailable, Stopped, TooLong
from gpu_handlers.engines.speech.speech import RATE_HZ
from gpu_handlers.engines.speech.voices import STYLES

ENGLISH = (
    "The ocean covers most of our planet, and yet we have seen less of its floor than of the surface of Mars. "
    "Every year, new creatures are found in the dark. Some of them make their own light."
)
SCRIPTS = {
    "es": "El océano cubre la mayor parte de nuestro planeta y, sin embargo, está lejos.",
    "fr": "L'océan couvre la plus grande partie de notre planète.",
    "de": "Über größte Tiefen weiß man wenig: Überall öffnen sich Gräben.",
    "it": "Perché l'oceano è così profondo?",
    "pt": "O coração do oceano não está à superfície.",
    "hi": "महासागर हमारे ग्रह के अधिकांश भाग को ढकता है।",
    "ja": "うみは、わたしたちのほしのほとんどをおおっています。",
    "zh": "海洋覆盖了我们星球的大部分，然而我们了解很少。",
    "ar": "يغطي المحيط معظم كوكبنا، ومع ذلك رأينا القليل.",
}


def say(text, style="male-warm", language="en", pace=1.0):
    return EspeakSpeaker(style, language).speak(text, pace=pace)


def onsets(speech, *, after_silence):
    """Where sound begins, in seconds, measured without the product's own code."""
    level = np.abs(speech.samples[: len(speech.samples) // 441 * 441]).reshape(-1, 441).max(axis=1)  # 10 ms
    heard = level > 0.02
    silent = round(after_silence / 0.01)
    return [n * 0.01 for n in range(len(heard)) if heard[n] and not heard[max(0, n - silent) : n].any()]


@pytest.mark.parametrize("style", STYLES)
def test_the_first_word_begins_when_the_first_sound_does(style, in_order):
    speech = say(ENGLISH, style)
    in_order(speech, ENGLISH)
    assert abs(onsets(speech, after_silence=0.2)[0] - speech.words[0].start) < 0.08


def test_the_word_after_every_pause_begins_where_sound_comes_back(in_order):
    text = "One lantern. Two foxes. Three rivers. Four bridges."
    speech = say(text)
    starts = [word.start for word in speech.words if word.text in ("One", "Two", "Three", "Four")]
    assert np.allclose(starts, onsets(speech, after_silence=0.25), atol=0.08)
    ends = [word.end for word in speech.words if word.text in ("lantern", "foxes", "rivers")]
    assert all(start - end > 0.15 for end, start in zip(ends, starts[1:], strict=True)), "pauses belong to no word"


def test_every_word_of_the_text_has_its_time():
    text = "It's 1,234 o'clock at the end of the day — twenty-one cafés, 25% off; e-mail C++ & co."
    said = " ".join(word.text for word in say(text).words)
    assert said == "It's 1,234 o'clock at the end of the day twenty-one cafés 25% off e-mail C++ & co"


@pytest.mark.parametrize("language", SCRIPTS)
def test_ten_languages_are_spoken_and_timed(language, in_order):
    text = SCRIPTS[language]
    speech = say(text, language=language)
    assert 1 < speech.seconds < 12
    in_order(speech, text)
    said = sum(len(word.text) for word in speech.words)
    assert said > 0.7 * len(text.replace(" ", ""))


def test_a_sentence_without_spaces_comes_in_pieces_that_can_be_shown():
    assert max(len(word.text) for word in say(SCRIPTS["ja"], language="ja").words) <= 8


@pytest.mark.parametrize(
    "order",
    ['<break time="10s"/>', '<prosody rate="x-slow">', '<audio src="/etc/hostname"/>', "[[h@l'oU]]", "\x01150S"],
)
def test_orders_in_the_text_are_not_obeyed(order, in_order):
    text = f"The fox {order} finds a lantern."
    speech = say(text)
    assert speech.seconds < say("The fox finds a lantern.").seconds + 2.5
    in_order(speech, text)
    assert [word.text for word in speech.words][-3:] == ["finds", "a", "lantern"]


def test_markup_is_not_read_out():
    bare, marked = say("The fox finds a lantern."), say("The <b>fox</b> finds a <i>lantern</i>.")
    assert [word.text for word in marked.words] == [word.text for word in bare.words]
    assert abs(marked.seconds - bare.seconds) < 0.3


@pytest.mark.parametrize("text", ["", "   ", "…", "— !!", "😀🔥", "\x00\x01", "<br/>"])
def test_nothing_to_say_is_a_speech_of_no_length(text):
    speech = say(text)
    assert (speech.seconds, speech.words) == (0, ())


@pytest.mark.parametrize("text", ["a\x00b c", "a\ud800b c", "a\u202eb \ue000c"])
def test_broken_characters_are_passed_over(text, in_order):
    in_order(say(text), text)


def test_a_text_that_takes_too_long_is_refused_instead_of_spoken_for_an_hour():
    with pytest.raises(TooLong):
        say(ENGLISH * 20)


@pytest.mark.parametrize("text", ["a" * 4000, "9" * 2000, "海" * 200, "word and another thing " * 60])
def test_texts_without_any_break_are_spoken(text):
    assert say(text).seconds > 20


def test_the_same_text_has_the_same_bytes():
    first, second = say(ENGLISH, "female-soft"), say(ENGLISH, "female-soft")
    assert first.samples.tobytes() == second.samples.tobytes()
    assert first.words == second.words


def test_a_pace_makes_it_that_much_faster():
    usual = say(ENGLISH).seconds
    assert say(ENGLISH, pace=1.1).seconds == pytest.approx(usual / 1.1, rel=0.03)
    assert say(ENGLISH, pace=0.9).seconds == pytest.approx(usual / 0.9, rel=0.03)


@pytest.mark.parametrize("style", STYLES)
def test_it_is_loud_clean_and_tight(style):
    speech = say(ENGLISH, style)
    samples = speech.samples
    assert samples.dtype == np.float32
    assert 0.5 < np.abs(samples).max() <= sound.PEAK + 1e-3
    assert abs(samples[0]) < 1e-3 and abs(samples[-1]) < 1e-3
    heard = np.flatnonzero(np.abs(samples) > 0.01)
    assert heard[0] / RATE_HZ < 0.08 and (len(samples) - heard[-1]) / RATE_HZ < 0.15
    words_a_minute = len(speech.words) / speech.seconds * 60
    assert 120 <= words_a_minute <= 170


def test_scenes_are_equally_loud():
    texts = ["A fox.", "She whispers: hush.", ENGLISH, "STOP! Now!", "Sixteen silent seas."]
    assert np.ptp([20 * np.log10(loudness(say(text))) for text in texts]) < 1.5


def test_men_speak_lower_than_women_and_no_two_styles_are_alike():
    pitch = {style: pitch_hz(say(ENGLISH, style)) for style in STYLES}
    assert max(pitch[style] for style in STYLES[:4]) < 130
    assert min(pitch[style] for style in STYLES[4:]) > 150
    colours = {style: octaves(say(ENGLISH, style)) for style in STYLES}
    for style in STYLES:
        for other in STYLES:
            if style < other:
                semitones = abs(12 * np.log2(pitch[style] / pitch[other]))
                assert semitones > 1 or np.abs(colours[style] - colours[other]).max() > 2, (style, other)


def test_a_language_that_nobody_speaks_is_read_as_english():
    assert say("A fox.", language="xx").voice == say("A fox.").voice


def test_a_program_that_ends_badly_is_an_unavailable_voice(monkeypatch, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no library')")
    monkeypatch.setattr(espeak, "_PROGRAM", broken)
    with pytest.raises(SpeechUnavailable, match="no library"):
        say("A fox.")


def test_a_program_that_hangs_is_ended(monkeypatch, tmp_path):
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(espeak, "_PROGRAM", hanging)
    monkeypatch.setattr(espeak, "TIMEOUT_SECONDS", 0.5)
    with pytest.raises(SpeechUnavailable, match="more than"):
        say("A fox.")


def test_a_program_that_nobody_waits_for_is_ended(monkeypatch, tmp_path):
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(600)")
    monkeypatch.setattr(espeak, "_PROGRAM", hanging)
    stop = Event()
    stop.set()
    with pytest.raises(Stopped):
        EspeakSpeaker("male-warm", "xx").speak("A fox.", stop=stop)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_the_program_ends_with_its_parent():
    script = (
        "import subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-I', {espeak_process.__file__!r}], stdin=subprocess.PIPE)\n"
        "time.sleep(0.5)\n"  # it has to have begun, or there is nothing to tell
        "print(child.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    give_up_at = time.monotonic() + 10
    while alive(child) and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert not alive(child)


def test_the_worker_itself_never_loads_the_library():
    script = (
        "import sys; from gpu_handlers.stages import narrate; narrate.narrate(['A fox.'], style='male-warm', "
        "language='en'); print('espeakng_loader' in sys.modules, 'espeak' in open('/proc/self/maps').read())"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["False", "False"], done.stderr


def alive(process_id):
    try:
        with open(f"/proc/{process_id}/stat") as stat:  # noqa: PTH123  # /proc is not a tree of paths
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def loudness(speech):
    """What the louder half of 50 ms windows has on average, as RMS."""
    window = RATE_HZ // 20
    power = np.mean(speech.samples[: len(speech.samples) // window * window].reshape(-1, window) ** 2, axis=1)
    return float(np.sqrt(np.mean(power[power >= np.median(power)])))


def pitch_hz(speech):
    """Median of the strongest period between 60 and 400 Hz in 40 ms windows."""
    window, found = round(0.04 * RATE_HZ), []
    for start in range(0, len(speech.samples) - window, window):
        frame = speech.samples[start : start + window] * np.hanning(window)
        if np.sqrt(np.mean(frame**2)) < 0.03:
            continue
        similar = np.fft.irfft(np.abs(np.fft.rfft(frame, 4 * window)) ** 2)[:window]
        similar = similar / similar[0] / (1.02 - np.arange(window) / window)
        period = RATE_HZ // 400 + int(np.argmax(similar[RATE_HZ // 400 : RATE_HZ // 60]))
        if similar[period] > 0.5:
            found.append(RATE_HZ / period)
    return float(np.median(found))


def octaves(speech):
    """Share of each octave from 80 Hz in the power, dB."""
    power = np.abs(np.fft.rfft(speech.samples)) ** 2
    frequency = np.fft.rfftfreq(len(speech.samples), 1 / RATE_HZ)
    edges = 80 * 2.0 ** np.arange(8)
    parts = [power[(frequency >= low) & (frequency < 2 * low)].sum() for low in edges]
    return 10 * np.log10(np.array(parts) / power.sum())
