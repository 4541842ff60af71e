"""Which language a text is written in, and how long saying it takes."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import cache
from typing import Any

from gpu_handlers.stages import lore

ENGLISH = "en"
WORDS_A_SECOND = 2.4  # of a calm English narrator, about 145 words a minute
# Where words are not separated, characters a second do: 4.5 syllables of Chinese or Korean, 7 mora of Japanese with its
# many kanji taken into account, 12 letters of Thai.
_CHARS_A_SECOND = {"zh": 4.2, "ja": 6.5, "ko": 4.8, "th": 12.0, "lo": 12.0, "km": 12.0, "my": 12.0}
_LETTERS_A_SECOND = 14.0  # a floor for long words: German says as many letters a second as English

# Writing systems that (nearly) give the language away; the others are told apart by the classifier.
_BY_SCRIPT = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "HANGUL": "ko", "CJK": "zh", "THAI": "th", "LAO": "lo", "KHMER": "km",
    "MYANMAR": "my", "GREEK": "el", "HEBREW": "he", "GEORGIAN": "ka", "ARMENIAN": "hy", "TAMIL": "ta", "TELUGU": "te",
    "KANNADA": "kn", "MALAYALAM": "ml", "GUJARATI": "gu", "GURMUKHI": "pa", "BENGALI": "bn", "SINHALA": "si",
    "ETHIOPIC": "am", "ORIYA": "or",
}  # fmt: skip
# Candidates by writing system, usual first; the first is taken when the text says too little.
_CANDIDATES = {
    "LATIN": ["en", "es", "fr", "de", "it", "pt", "nl", "pl", "sv", "da", "no", "fi", "cs", "sk", "hu", "ro", "tr",
              "vi", "id", "hr", "ca", "is", "cy", "et", "lv", "lt", "sl", "sq", "sw", "tl", "eu", "ga"],
    "CYRILLIC": ["ru", "uk", "bg", "sr", "be", "kk", "mk"],
    "ARABIC": ["ar", "fa", "ur"],
    "DEVANAGARI": ["hi", "mr", "ne"],
}  # fmt: skip
_SURE = 0.5  # probability from which the classifier is believed; English words and names alone stay below it
_SAMPLE_CHARS = 4000
_ENGLISH_SHARE = 0.12  # of all words; other languages share a few of these, never so many


def detect(text: str) -> str:
    """ISO 639-1 code; English where too little is said to tell.

    First by writing system, which is certain; then by py3langid (its model is in the package) among the languages of
    that system. It guesses wildly on a few words, so English needs no proof and the others do.
    """
    sample = text[:_SAMPLE_CHARS]
    scripts = Counter(_script(char) for char in sample if char.isalpha())
    if not scripts:
        return ENGLISH
    if scripts["HIRAGANA"] + scripts["KATAKANA"] and scripts["CJK"]:
        return "ja"
    script = scripts.most_common(1)[0][0]
    if script in _BY_SCRIPT:
        return _BY_SCRIPT[script]
    candidates = _CANDIDATES.get(script)
    if candidates is None:
        return ENGLISH
    words = re.findall(r"[^\W\d_]+", sample.lower())
    if script == "LATIN" and sum(word in lore.listed("english") for word in words) >= _ENGLISH_SHARE * len(words):
        return ENGLISH
    found, sure = _classifier(script).classify(sample)
    return str(found) if sure >= _SURE else candidates[0]


def spoken_seconds(text: str, language: str) -> float:
    """How long saying `text` takes at an ordinary pace, before it is said."""
    if language in _CHARS_A_SECOND:
        wide = sum(char.isalnum() and not char.isascii() for char in text)
        return wide / _CHARS_A_SECOND[language] + len(re.findall(r"[A-Za-z0-9]+", text)) / WORDS_A_SECOND
    words = re.findall(r"\w+(?:['’.,-]\w+)*", text)
    letters = sum(len(word) for word in words)
    return max(len(words) / WORDS_A_SECOND, letters / _LETTERS_A_SECOND)


@cache
def _script(char: str) -> str:
    return unicodedata.name(char, "").split(" ")[0].split("-")[0]


@cache
def _classifier(script: str) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    classifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    classifier.set_languages(_CANDIDATES[script])
    return classifier
