"""Names and keywords of the vector set: word → subject, symbol → subject, in English and the languages of CLDR.

The keywords are those of Unicode CLDR as packaged by npm `emojibase-data` (MIT; data under the Unicode licence).
They are optional: without the package only English names and `lexicon.toml` are understood.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from gpu_handlers.engines.sketch import subjects

SCENERY = {
    "mountain": "place:mountains",
    "snow-capped-mountain": "trait:snowcaps",
    "mount-fuji": "place:mountains",
    "national-park": "place:forest",
    "desert": "place:desert",
    "beach-with-umbrella": "place:beach",
    "cityscape": "place:city",
    "cityscape-at-dusk": "place:city",
    "night-with-stars": "time:night",
    "sunset": "time:sunset",
    "sunrise": "time:dawn",
    "sunrise-over-mountains": "time:dawn",
    "foggy": "weather:fog",
    "fog": "weather:fog",
    "cloud-with-rain": "weather:rain",
    "cloud-with-snow": "weather:snow",
    "cloud-with-lightning": "weather:storm",
    "cloud-with-lightning-and-rain": "weather:storm",
    "sun": "sky:sun",
    "sun-with-face": "sky:sun",
    "crescent-moon": "sky:moon",
    "full-moon": "sky:moon",
    "new-moon": "sky:moon",
    "full-moon-face": "sky:moon",
    "first-quarter-moon": "sky:moon",
    "last-quarter-moon": "sky:moon",
    "last-quarter-moon-face": "sky:moon",
    "first-quarter-moon-face": "sky:moon",
    "new-moon-face": "sky:moon",
    "milky-way": "place:space",
    "shooting-star": "sky:stars",
    "glowing-star": "sky:stars",
    "star": "sky:stars",
    "rainbow": "sky:rainbow",
    "cloud": "sky:clouds",
    "sun-behind-cloud": "sky:clouds",
    "water-wave": "place:sea",
    "sun-behind-rain-cloud": "weather:rain",
    "motorway": "place:road",
    "railway-track": "place:road",
    "sunflower-field": "place:hills",
    "fireworks": "sky:fireworks",
    "snowflake": "weather:snow",
    "bridge-at-night": "subject:bridge",
    "umbrella-with-rain-drops": "weather:rain",
    "stadium": "place:stadium",
    "houses": "place:village",
    "wind-face": "weather:wind",
    "robot": "subject:robot-figure",
    "astronaut": "subject:astronaut-figure",
    "dragon": "subject:dragon-flying",
    "beer-mugs": "subject:beer-mug",
}
"""Vectors that are a picture of a place or a sky: drawn as terrain or sky instead."""

_LANGUAGES = frozenset(
    "de es fr it pt nl pl sv da nb fi hu ru uk hi bn th vi ms lt et ja ko zh".split()  # noqa: SIM905
)
_FUNCTION_WORDS = {
    "de": "der die das ein eine einen und im am bei unter über mit auf vor nacht ist dem den zwei drei",
    "es": "el la los las un una y en con sobre del bajo por al de tres dos gatos",
    "fr": "le la les un une et dans avec sur des du sous au aux de trois deux",
    "it": "il lo la gli un una e nel con sul di della sotto al tre due dei sulla",
    "pt": "o a os as um uma e no na com sobre do da sob em dois tres três ao",
    "nl": "de het een en in met op onder bij van drie twee",
    "pl": "i w na z pod nad przy trzy dwa oraz",
    "sv": "en ett och i med på under vid den det tre två",
    "da": "en et og i med på under ved den det tre to",
    "nb": "en et og i med på under ved den det tre to",
    "fi": "ja ssa on alla kolme kaksi yli",
    "hu": "egy és a az alatt fölött három két",
    "vi": "một và trong dưới trên với ba hai con",
    "ms": "dan di dengan bawah atas tiga dua sebuah seekor",
    "lt": "ir su po ant trys du prie",
    "et": "ja all peal kolm kaks",
    "en": "a an the and of on in with at over under by is are two three",
}
_SCRIPTS = (
    ("ja", "぀", "ヿ"),
    ("ko", "가", "힯"),
    ("zh", "一", "鿿"),
    ("ru", "Ѐ", "ӿ"),
    ("hi", "ऀ", "ॿ"),
    ("bn", "ঀ", "৿"),
    ("th", "฀", "๿"),
)
_PEOPLE_GROUP, _SYMBOL_GROUPS = 1, frozenset({0, 2, 8, 9})  # faces, components, symbols, flags say little in a scene


def language_of(tokens: list[str]) -> str:
    """The CLDR language these words are most likely written in; ``en`` when unsure."""
    text = "".join(tokens)
    for language, first, last in _SCRIPTS:
        if any(first <= char <= last for char in text):
            return language
    known = {lang: len(set(words.split()) & set(tokens)) for lang, words in _FUNCTION_WORDS.items()}
    best = max(known, key=lambda lang: (known[lang], lang == "en"))
    return best if known[best] > known["en"] else "en"


def subject_named(phrase: str) -> str | None:
    """The vector whose name is exactly `phrase`."""
    name = re.sub(r"\s+", "-", phrase)
    return name if subjects.exists(name) else None


def subject_of_symbol(symbol: str) -> str | None:
    """The vector of an emoji character (sequence)."""
    if symbol.isascii() or symbol[0].isalnum():
        return None
    codes = [f"{ord(char):x}" for char in symbol]
    for wanted in (codes, [c for c in codes if c != "fe0f"], codes[:1]):
        name = subjects.named_by_code("-".join(wanted))
        if name is not None:
            return name
    return None


def subject_tagged(word: str, language: str) -> str | None:
    """The vector that `word` is a keyword of in `language`, the most specific one."""
    if len(word) < 3 and word.isascii():
        return None
    return _tagged(language).get(word) or (_tagged("en").get(word) if language != "en" else None)


def is_unspaced(token: str) -> bool:
    """Whether `token` is written in a script without spaces between words."""
    return any("぀" <= char <= "鿿" or "฀" <= char <= "๿" for char in token)


def split_unspaced(token: str) -> list[str]:
    """Words of an unspaced script by longest match in the keywords."""
    known = _tagged(language_of([token]))
    words: list[str] = []
    at = 0
    while at < len(token):
        length = next((n for n in range(min(6, len(token) - at), 0, -1) if token[at : at + n] in known), 1)
        words.append(token[at : at + length])
        at += length
    return words


@cache
def _tagged(language: str) -> dict[str, str]:
    """Keyword → vector name. A label beats a tag, an early tag a late one, a plain subject a person."""
    path = _package() / language / "compact.json"
    if language not in _LANGUAGES | {"en"} or not path.is_file():
        return {}
    ranked: dict[str, tuple[int, str]] = {}
    for entry in json.loads(path.read_text(encoding="utf-8")):
        group = entry.get("group")
        if group is None or group in _SYMBOL_GROUPS:
            continue
        name = subjects.named_by_code(entry["hexcode"].lower())
        if name is None:
            continue
        label = entry["label"].lower()
        penalty = 40 if group == _PEOPLE_GROUP else 0
        words = [(label, penalty)]
        words += [(part, 20 + penalty + len(label.split())) for part in label.split()]
        words += [(tag, 30 + penalty + place) for place, tag in enumerate(entry.get("tags", []))]
        for word, rank in words:
            if rank < ranked.get(word, (10_000, ""))[0]:
                ranked[word] = (rank, name)
    return {word: name for word, (_, name) in ranked.items()}


def _package() -> Path:
    return subjects.directory().parent.parent / "emojibase-data"
