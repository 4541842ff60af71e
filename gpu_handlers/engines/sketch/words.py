"""What a prompt says: subjects with counts, colours and relations; place, time, weather, season and mood.

Meanings come from `lexicon.toml` (our own, curated), the names of the vector set, and the CLDR keywords of
`emojibase-data`, in this order; longer phrases win over shorter ones. Words nobody knows are skipped.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from gpu_handlers.engines.sketch import keywords, subjects

MAX_PROMPT_CHARS = 4000
MAX_PHRASE_WORDS = 4
MAX_SUBJECTS = 12
_LISTED_KINDS = ("time", "weather", "season", "mood", "sky", "place", "trait", "relation", "stance", "size", "tone")
PLURAL_COUNT = 3  # "cats" without a number
_IRREGULAR = {
    "mice": "mouse",
    "geese": "goose",
    "wolves": "wolf",
    "children": "child",
    "men": "man",
    "women": "woman",
    "people": "person",
    "leaves": "leaf",
    "feet": "foot",
    "teeth": "tooth",
    "knives": "knife",
    "oxen": "ox",
    "butterflies": "butterfly",
    "deer": "deer",
    "sheep": "sheep",
    "fish": "fish",
    "cities": "city",
    "elves": "elf",
    "kids": "child",
    "loaves": "loaf",
    "cacti": "cactus",
    "octopi": "octopus",
    "bus": "bus",
    "dwarves": "dwarf",
}
_SEXES = {"woman": "women", "man": "men"}
"""Which words of the lexicon say so before a noun."""
_PRONOUNS = {"woman": ("she", "her", "hers", "herself"), "man": ("he", "him", "his", "himself")}
_WEARING = ("inside", "beside", "on", "hold")
_PAGES = ("page", "pages")
_READERS = ("child", "person", "girl", "woman", "old-woman", "princess")
_PAIRS = {"man": "woman", "boy": "girl", "old-man": "old-woman", "prince": "princess", "man-beard": "woman"}


@dataclass(slots=True)
class Mention:
    """One subject as the prompt names it."""

    subject: str
    count: int = 1
    colour: str | None = None
    size: float = 1.0
    stance: str | None = None
    tone: str | None = None
    role: int | None = None
    """The seed of the role it plays, see `casting`."""


@dataclass(frozen=True, slots=True)
class Relation:
    """`first` stands in `kind` to `second`; both index `Reading.mentions`. `second` None means the place."""

    first: int
    kind: str
    second: int | None


@dataclass(slots=True)
class Reading:
    """Everything understood of one prompt."""

    mentions: list[Mention] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    sky: list[str] = field(default_factory=list)
    moods: list[str] = field(default_factory=list)
    traits: list[str] = field(default_factory=list)
    time: str | None = None
    weather: str | None = None
    season: str | None = None
    concept: str | None = None


@dataclass(frozen=True, slots=True)
class Concept:
    """An idea drawn as a main subject with others around it."""

    main: str
    around: tuple[str, ...]
    place: str
    time: str | None
    flow: bool


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: str
    value: str
    plural: bool = False
    word: str = ""
    """The last word of the phrase it was read from."""


def read(prompt: str, negative: str = "") -> Reading:
    """Understand `prompt`; what `negative` names (or "without …", "no …") is left out."""
    meanings = _personal(_meanings(prompt), set(re.findall(r"[a-z]+", prompt[:MAX_PROMPT_CHARS].lower())))
    unwanted = {m.value for m in _meanings(negative)} | _denied(meanings)
    return _gather([m for m in meanings if m.value not in unwanted])


def concept(name: str) -> Concept:
    """The composition of a concept named by `Reading.concept`."""
    entry = _lexicon()["concept"][name]
    return Concept(entry["main"], tuple(entry["around"]), entry["place"], entry.get("time"), entry["flow"])


def _meanings(text: str) -> list[_Meaning]:
    tokens = _tokens(text)
    phrases = _phrases()
    found: list[_Meaning] = []
    language = keywords.language_of(tokens)
    at = 0
    while at < len(tokens):
        for length in range(min(MAX_PHRASE_WORDS, len(tokens) - at), 0, -1):
            meaning = _look_up(tokens[at : at + length], phrases, language)
            if meaning is not None:
                found.append(meaning if meaning.word else replace(meaning, word=tokens[at + length - 1]))
                at += length
                break
        else:
            at += 1
    return found


def _look_up(words: list[str], phrases: dict[str, _Meaning], language: str) -> _Meaning | None:
    if words[0] in ",.;:!?" and len(words) == 1:
        return _Meaning("break", words[0])
    singular = " ".join([*words[:-1], _singular(words[-1])])
    for form in dict.fromkeys((" ".join(words), singular)):
        meaning = phrases.get(form)
        name = keywords.subject_named(form) if meaning is None and form not in _listed("ignored") else None
        if name is not None:
            meaning = _of_subject(name, phrases)
        if meaning is not None:
            many = form != " ".join(words) and meaning.kind == "subject"
            return replace(meaning, plural=True) if many else meaning
    if len(words) > 1:
        return _sexed(words, phrases, language)
    word = words[0]
    if word in _listed("ignored") or _is_past(word):
        return None
    name = keywords.subject_of_symbol(word) or keywords.subject_tagged(word, language)
    name = name or keywords.subject_tagged(_singular(word), language)
    return None if name is None else _of_subject(name, phrases)


def _sexed(words: list[str], phrases: dict[str, _Meaning], language: str) -> _Meaning | None:
    """The person that "a female wizard" or "a boy king" means: the first word says which of them."""
    sex = next((sex for sex, listed in _SEXES.items() if words[0] in _listed(listed)), None)
    meaning = _look_up(words[1:], phrases, language) if sex is not None else None
    if sex is None or meaning is None or meaning.kind != "subject" or not is_either(meaning.value):
        return None
    return replace(meaning, value=_as(sex, meaning.value), word=" ".join(words))


def base(subject: str) -> str:
    """What a person is, whoever it is: of "woman-mage" and "person-mage" it is "mage"."""
    return subject.removeprefix("man-").removeprefix("woman-").removeprefix("person-")


def is_either(subject: str) -> bool:
    """Whether the set has a woman and a man of this kind."""
    return subject in _PAIRS or subjects.exists(f"woman-{base(subject)}")


def _as(sex: str, subject: str) -> str:
    """`subject` as a woman or a man; as a person, or as it is, where the set has none."""
    if subject in _PAIRS or subject in _PAIRS.values():
        return next((pair[sex == "woman"] for pair in _PAIRS.items() if subject in pair), subject)
    if sex == "man" and subject == "person-mage":
        return subject  # the man is old: he has a white beard
    names = (f"{sex}-{base(subject)}", f"person-{base(subject)}")
    return next((name for name in names if subjects.exists(name)), subject)


def _sex_of(subject: str) -> str | None:
    if subject in _PAIRS.values() or subject.startswith("woman-"):
        return "woman"
    return "man" if subject in _PAIRS or subject.startswith("man-") else None


def _personal(meanings: list[_Meaning], said: set[str]) -> list[_Meaning]:
    """Pronouns mean who was named before: "a wizard … she" is one woman, not an old man and a woman.

    Args:
        said: all words of the text, in lower case.
    """
    known: list[_Meaning] = []
    for meaning in meanings:
        sex = next((sex for sex, pronouns in _PRONOUNS.items() if meaning.word == pronouns[0]), None)
        at = None if sex is None else _meant(sex, known)
        if sex is None or at is None:
            known.append(meaning)
        elif _may_be(known[at]):
            known[at] = replace(known[at], value=_as(sex, known[at].value))
    spoken = [sex for sex, pronouns in _PRONOUNS.items() if said & set(pronouns)]
    open_ones = [at for at, meaning in enumerate(known) if _may_be(meaning)]
    if len(spoken) == 1 and len({base(known[at].value) for at in open_ones}) == 1:
        others = [m for at, m in enumerate(known) if at not in open_ones and m.kind == "subject"]
        if not any(_sex_of(meaning.value) == spoken[0] for meaning in others):
            known[open_ones[0]] = replace(known[open_ones[0]], value=_as(spoken[0], known[open_ones[0]].value))
    first: dict[str, str] = {}
    for at, meaning in enumerate(known):  # "the wizard" later on is the same wizard
        if meaning.kind == "subject" and not meaning.plural and is_either(meaning.value):
            value = first.setdefault(meaning.word.split()[-1], meaning.value)
            known[at] = replace(meaning, value=value) if _may_be(meaning) else meaning
    return known


def _meant(sex: str, known: list[_Meaning]) -> int | None:
    """Whom a pronoun means: the last person that it fits."""
    fits = (
        at
        for at in reversed(range(len(known)))
        if known[at].kind == "subject" and not known[at].plural
        and (_may_be(known[at]) or _sex_of(known[at].value) == sex)
    )  # fmt: skip
    return next(fits, None)


def _may_be(meaning: _Meaning) -> bool:
    """Whether the word leaves open who it is, though the set draws a man or a woman."""
    return meaning.kind == "subject" and not meaning.plural and meaning.word in _listed("either")


def _is_past(word: str) -> bool:
    """Whether a word looks like a verb of a told story; tags would make swords of "crossed"."""
    return len(word) > 4 and word.endswith("ed") and not word.endswith("eed") and word.isascii()


def _of_subject(name: str, phrases: dict[str, _Meaning]) -> _Meaning:
    """The meaning of a vector's name: scenery (a mountain, a sunset) is drawn as terrain, not as a subject."""
    kind, _, value = keywords.SCENERY.get(name, "").partition(":")
    if kind:
        return _Meaning(kind, value)
    known = phrases.get(name.replace("-", " "))
    return known if known is not None else _Meaning("subject", name)


def _gather(meanings: list[_Meaning]) -> Reading:
    """Tie numbers, colours and sizes to the next subject, stances to the last, relations to both sides."""
    reading = Reading()
    heard: dict[str, str] = {}  # what waits for the next subject: number, colour, size, tone, stance, relation
    for meaning in meanings:
        match meaning.kind:
            case "number":
                heard["number"] = str(max(int(meaning.value), int(heard.get("number", "1"))))
            case "colour" | "size" | "relation":
                heard[meaning.kind] = meaning.value
            case "tone" | "stance":
                _describe(reading, meaning, heard)
            case "subject":
                _mention(reading, meaning, heard)
            case "concept":
                reading.concept = reading.concept or meaning.value
            case "break":
                _late_colour(reading, heard)  # "a car, red" colours the car; the next clause starts afresh
                heard.pop("relation", None)
            case _:
                _note_scenery(reading, meaning.kind, meaning.value, heard.get("relation"))
                if meaning.kind in ("place", "sky"):
                    heard.clear()
    _late_colour(reading, heard)
    return reading


def _describe(reading: Reading, meaning: _Meaning, heard: dict[str, str]) -> None:
    """Skin tones and stances may stand before their noun or after it."""
    if not reading.mentions:
        heard[meaning.kind] = meaning.value
    elif meaning.kind == "stance":
        reading.mentions[-1].stance = meaning.value
    else:
        reading.mentions[-1].tone = reading.mentions[-1].tone or meaning.value
        heard["tone"] = meaning.value


def _mention(reading: Reading, meaning: _Meaning, heard: dict[str, str]) -> None:
    if len(reading.mentions) >= MAX_SUBJECTS:
        return
    if meaning.word in _PAGES:
        if meaning.value in {mention.subject for mention in reading.mentions}:
            return  # "a book … its pages": they are the book's
        if heard.get("relation") == "inside":
            heard.pop("relation")  # "light rose from its pages": nobody is in there, somebody holds it
            readers = [at for at, m in enumerate(reading.mentions) if is_either(m.subject) or m.subject in _READERS]
            reading.relations += [Relation(at, "hold", len(reading.mentions)) for at in readers[-1:]]
    if reading.mentions and meaning.value in _listed("clothes") and heard.get("relation") in _WEARING:
        reading.mentions[-1].colour = heard.pop("colour", reading.mentions[-1].colour)
        heard.pop("relation")
        return  # "a man in a red coat": the man wears it
    number = int(heard.get("number", "1"))
    if meaning.plural and number == 1 and meaning.value not in _listed("many_already"):
        number = PLURAL_COUNT
    reading.mentions.append(
        Mention(
            meaning.value,
            number,
            heard.get("colour"),
            float(heard.get("size", "1")),
            heard.get("stance"),
            heard.get("tone"),
        )
    )
    if "relation" in heard and len(reading.mentions) > 1:
        reading.relations.append(Relation(len(reading.mentions) - 2, heard["relation"], len(reading.mentions) - 1))
    heard.clear()


def _late_colour(reading: Reading, heard: dict[str, str]) -> None:
    colour = heard.pop("colour", None)
    if colour is not None and reading.mentions and reading.mentions[-1].colour is None:
        reading.mentions[-1].colour = colour


def _note_scenery(reading: Reading, kind: str, value: str, relation: str | None) -> None:
    if kind == "place":
        if relation is not None and reading.mentions:
            reading.relations.append(Relation(len(reading.mentions) - 1, relation, None))
        if value not in reading.places:
            reading.places.append(value)
    elif kind in ("sky", "mood", "trait"):
        known = {"sky": reading.sky, "mood": reading.moods, "trait": reading.traits}[kind]
        if value not in known:
            known.append(value)
        if value == "snowcaps" and "mountains" not in reading.places:
            _note_scenery(reading, "place", "mountains", relation)  # nothing else is said to be snow-capped
    elif kind in ("time", "weather", "season") and getattr(reading, kind) in (None, "noon"):
        # "A sunny morning": the first precise word stands, a vague "noon" gives way.
        setattr(reading, kind, value)


def _denied(meanings: list[_Meaning]) -> set[str]:
    """What stands after "no" or "without"; "without a red cat" denies the cat."""
    denied: set[str] = set()
    denying = False
    for meaning in meanings:
        if meaning.kind == "denial":
            denying = True
        elif denying and meaning.kind not in ("number", "colour", "size"):
            denied.add(meaning.value)
            denying = False
    return denied


_NAME = re.compile(r"\b(?:named|called)\s+[^\W\d_][\w’'-]*")  # "a girl named Rose" is no flower
_BODY_PART = re.compile(  # "the fox opened its bright eyes" shows no pair of eyes
    r"\b(?:his|her|its|their|my|your|our)\s+(?:[a-z]+\s+)?"
    r"(?:eyes?|hands?|head|face|hearts?|ears?|arms?|foot|feet|legs?|mouth|nose|tongue|teeth|hair|tail|mind|voice|breath)\b"
)
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[,.;:!?]|[^\s\w]️?(?:‍[^\s\w]️?)*", re.UNICODE)


def _tokens(text: str) -> list[str]:
    text = _BODY_PART.sub("", _NAME.sub("", unicodedata.normalize("NFKC", text[:MAX_PROMPT_CHARS]).lower()))
    tokens: list[str] = []
    for token in _TOKEN.findall(text):
        if "-" in token and token not in _phrases() and token.replace("-", " ") in _phrases():
            tokens.extend(token.split("-"))
        elif token[0].isalnum() and not token.isascii() and keywords.is_unspaced(token):
            tokens.extend(keywords.split_unspaced(token))
        else:
            tokens.append(token.removesuffix("'s").removesuffix("’s"))
    return tokens


def _singular(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ches", "shes", "sses", "xes", "oes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


@cache
def _lexicon() -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text(encoding="utf-8"))


@cache
def _listed(name: str) -> frozenset[str]:
    return frozenset(_lexicon()["words"][name].split())


@cache
def _phrases() -> dict[str, _Meaning]:
    lexicon = _lexicon()
    phrases: dict[str, _Meaning] = {}

    def learn(kind: str, value: str, words: str) -> None:
        for phrase in words.split(","):
            phrases.setdefault(phrase.strip(), _Meaning(kind, value))

    for name, entry in lexicon["concept"].items():
        learn("concept", name, entry["words"])
    for kind in (*_LISTED_KINDS, "number", "colour"):
        for value, words in lexicon[kind].items():
            learn(kind, value, words)
    for subject, words in lexicon["synonym"].items():
        learn("subject", subject, words)
        phrases.setdefault(subject.replace("-", " "), _Meaning("subject", subject))
    learn("denial", "denial", "no, without, not, never")
    return phrases
