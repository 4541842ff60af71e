"""The voices a customer can choose, and what each is on either engine.

A style is a gender and a tone. On Polly it is one of the language's voices and a rate; neural voices take no pitch. On
eSpeak NG it is one of its variants, tuned by pitch, range, rate and tone control until its average spectrum comes close
to that of people (Byrne et al., J. Acoust. Soc. Am. 96, 1994).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

VoiceStyle = Literal[
    "male-warm",
    "male-deep",
    "male-dramatic",
    "male-calm",
    "female-warm",
    "female-soft",
    "female-bright",
    "female-calm",
]
"""What `studio.catalog` offers; a test keeps the two lists the same."""

STYLES: tuple[VoiceStyle, ...] = get_args(VoiceStyle)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who speaks a language on Polly.

    Attributes:
        code: Polly's code of the language; voices of two languages must be told which.
        male: for the tones warm, deep, dramatic, calm in this order; empty where Polly has no male voice.
        female: for warm, soft, bright, calm.
    """

    code: str
    male: tuple[str, ...]
    female: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PollyVoice:
    """One voice of Amazon Polly.

    Attributes:
        neural: id of the neural voice.
        standard: id of the voice to use in regions without neural ones; None where there is none.
        rate: share of the voice's own speed.
        other_gender: whether the language has no voice of the gender that was asked for.
    """

    code: str
    neural: str
    standard: str | None
    rate: float
    other_gender: bool


@dataclass(frozen=True, slots=True)
class EspeakVoice:
    """One voice of eSpeak NG.

    Attributes:
        name: language and variant, as the library wants it.
        rate: its own scale, near words a minute for English.
        pitch, range: 0 … 99, 50 being the variant's own.
        gap: pause between words in its unit of 10 ms.
        warmth_db, presence_db, air_db: see `sound.coloured`.
    """

    name: str
    rate: int
    pitch: int
    range: int
    gap: int
    warmth_db: float
    presence_db: float
    air_db: float


@dataclass(frozen=True, slots=True)
class _Tone:
    """A style without its language: what `EspeakVoice` has, with a speed instead of the rate, and Polly's rate."""

    variant: str
    speed: float
    pitch: int
    range: int
    gap: int
    warmth_db: float
    presence_db: float
    air_db: float
    polly_rate: float


_TONES: dict[VoiceStyle, _Tone] = {
    "male-warm": _Tone("benjamin", 1.0, 54, 62, 0, 0.0, 1.0, 0.0, 0.98),
    "male-deep": _Tone("Reed", 0.95, 16, 50, 0, 1.0, 4.0, 1.0, 0.93),
    "male-dramatic": _Tone("edward2", 0.97, 42, 95, 1, 1.5, 2.0, 0.0, 0.9),
    "male-calm": _Tone("michel", 0.93, 47, 32, 0, 1.0, 3.0, 1.0, 0.92),
    "female-warm": _Tone("f2", 1.02, 42, 60, 0, 3.0, -5.0, -3.0, 0.98),
    "female-soft": _Tone("f5", 0.96, 46, 45, 0, 3.0, -7.0, -8.0, 0.93),
    "female-bright": _Tone("Annie", 1.05, 44, 58, 0, 3.0, -6.0, -3.0, 1.04),
    "female-calm": _Tone("f4", 0.92, 44, 34, 0, 3.0, -5.0, -3.0, 0.9),
}

# From Polly's list of voices; neural each. One accent per language, so tones of a language with few voices differ by
# rate alone.
_CASTS: dict[str, Cast] = {
    "en": Cast("en-US", ("Matthew", "Gregory", "Stephen", "Joey"), ("Joanna", "Danielle", "Salli", "Ruth")),
    "es": Cast("es-ES", ("Sergio",) * 4, ("Lucia",) * 4),
    "fr": Cast("fr-FR", ("Remi",) * 4, ("Lea",) * 4),
    "de": Cast("de-DE", ("Daniel",) * 4, ("Vicki",) * 4),
    "it": Cast("it-IT", ("Adriano",) * 4, ("Bianca",) * 4),
    "pt": Cast("pt-BR", ("Thiago",) * 4, ("Camila", "Camila", "Vitoria", "Vitoria")),
    "hi": Cast("hi-IN", (), ("Kajal",) * 4),
    "ja": Cast("ja-JP", ("Takumi",) * 4, ("Kazuha", "Kazuha", "Tomoko", "Tomoko")),
    "zh": Cast("cmn-CN", (), ("Zhiyu",) * 4),
    "ar": Cast("arb", ("Zayd",) * 4, ("Hala",) * 4),
}

# Voices that exist as neural ones only, and the standard voice nearest to each. All others have both kinds.
_STANDARD: dict[str, str | None] = {
    "Gregory": "Matthew",
    "Stephen": "Matthew",
    "Danielle": "Kendra",
    "Ruth": "Joanna",
    "Sergio": "Enrique",
    "Remi": "Mathieu",
    "Daniel": "Hans",
    "Adriano": "Giorgio",
    "Thiago": "Ricardo",
    "Kajal": "Aditi",
    "Kazuha": "Mizuki",
    "Tomoko": "Mizuki",
    "Zayd": None,
    "Hala": "Zeina",
}

# Which of eSpeak NG's voices speaks a language whose code is not that voice's name.
_ESPEAK_NAMES = {"en": "en-us", "pt": "pt-br", "zh": "cmn", "no": "nb", "tl": "en-us", "iw": "he"}

# eSpeak NG's rate for a speed of 1, measured on plain prose: 150 words a minute in English, and
# elsewhere about what narrators speak (Mandarin 220 characters, Japanese 350 kana, Arabic 105 words).
_ESPEAK_RATE = 122
_ESPEAK_RATES = {"es": 133, "fr": 126, "it": 136, "pt": 136, "ja": 140, "zh": 162, "ar": 144}


def polly_voice(style: VoiceStyle, language: str) -> PollyVoice | None:
    """The voice of `style` on Polly, None where no voice of ours there speaks `language` (ISO 639-1)."""
    cast = _CASTS.get(language)
    if cast is None:
        return None
    male = style.startswith("male-")
    place = [each for each in STYLES if each.startswith("male-") == male].index(style)
    voices, others = (cast.male, cast.female) if male else (cast.female, cast.male)
    voice = (voices or others)[place]
    return PollyVoice(cast.code, voice, _STANDARD.get(voice, voice), _TONES[style].polly_rate, not voices)


def espeak_voice(style: VoiceStyle, language: str) -> EspeakVoice:
    """The voice of `style` on eSpeak NG, whose library alone knows whether it speaks `language`."""
    tone = _TONES[style]
    return EspeakVoice(
        name=f"{_ESPEAK_NAMES.get(language, language)}+{tone.variant}",
        rate=round(_ESPEAK_RATES.get(language, _ESPEAK_RATE) * tone.speed),
        pitch=tone.pitch,
        range=tone.range,
        gap=tone.gap,
        warmth_db=tone.warmth_db,
        presence_db=tone.presence_db,
        air_db=tone.air_db,
    )
