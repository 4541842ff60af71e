"""What we do not draw: rules for prompts, and a classifier for finished pictures where its weights are present.

Rules look at whole words of the text as a reader would see it: look-alike letters, digits for letters, dots between
letters and stretched vowels are undone first. Two words that are harmless alone can be refused together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.engines.weights import Model
from gpu_handlers.failures import JobFailed

CODE = "content_rejected"
ADULT_AGE = 18
NSFW_THRESHOLD = 0.85  # of the classifier; below it too many swimsuits and marble statues are flagged

CLASSIFIER = Model(
    id="nsfw-image-detection",
    repo="Falconsai/nsfw_image_detection",
    revision="main",
    verified=False,
    files=("config.json", "model.safetensors", "preprocessor_config.json"),
    size_mb=343,
    licence="apache-2.0",
    commercial=True,
    vram_gib=0.4,
)

# Harmless uses of words that are in the rules; taken out before the rules look, and before punctuation goes: a comma
# between two of the words means something else.
_HARMLESS = re.compile(
    r"\b(?:nude|naked|bare)[ -]?(?:colou?r(?:ed|s)?|lip\w*|heels?|tones?|toned|make ?up|palette|shades?|pumps?|beige|"
    r"pink|polish|nails?|manicure|fabric|leather|shoes?|eye|mole|truth|flame|bulb|trees?|branch\w*|cakes?|"
    r"metal|wood|wire|walls?)\b|\b(?:colou?r|shade|tone)s? (?:of )?nude\b|\bcum laude\b|"
    r"\brape(?:seed)?[ -]?(?:fields?|flowers?|seeds?|blossoms?|oil|plants?|crops?)\b|\bpussy ?(?:willow|cat|foot)s?\b|"
    r"\bsex(?:ual)? (?:education|equality|discrimination|chromosomes?|health)\b|\bchild ?(?:less|ish|hood)\b|"
    r"\b[a-g](?: flat| sharp)? minor\b|"
    r"\bminor (?:chords?|keys?|scales?|league|thirds?|repairs?|planets?|arcana)\b|"
    r"\bbaby (?:blue|pink|grand|doll dress|shower|boomers?|oil)\b|\bkid(?:skin| leather| gloves?)\b"
)

_MINOR = (
    r"child|children|childs|kid|kids|kiddie|kiddy|toddlers?|bab(?:y|ies)|infants?|newborns?|"
    r"teens?|teenagers?|teenaged?|"
    r"preteens?|tweens?|underaged?|minors?|juveniles?|adolescents?|pubescent|prepubescent|"
    r"school ?(?:girls?|boys?|kids?|child)|"
    r"(?:little|young|small|tiny) (?:girls?|boys?)|kindergart\w*|preschool\w*|first ?graders?|pupils?|highschoolers?|"
    r"kinder|madchen|fillettes?|ninas?|ninos?"
)
_SUGGESTIVE = (
    r"nud(?:e|es|ity|ist)|naked|sex|sexy|sexual\w*|sexi\w+|erotic\w*|sensual\w*|seduc\w+|lingerie|topless|bottomless|"
    r"undress\w*|unclothed|disrob\w+|strip(?:ping|tease|per)|provocativ\w+|lewd|lustful|horny|"
    r"aroused|nsfw|fetish\w*|bdsm|"
    r"nipples?|breasts|shirtless|"
    r"cleavage|thong|g ?string|upskirt|panty|panties|molest\w*|grop(?:e|ed|ing)|intimate pose|onlyfans"
)
_ALWAYS_MINOR = (
    r"loli(?:con|hentai|s)?|lolita ?(?:con|hentai|porn|girl|nude)|shota(?:con)?|jailbait|"
    r"p(?:a|ae)?edo(?:phil\w*|porn)?|csam|child ?porn\w*|kiddie ?porn\w*"
)
_EXPLICIT = (
    r"porn\w*|hentai|rule ?34|blow ?jobs?|hand ?jobs?|rim ?jobs?|foot ?jobs?|cum ?shots?|cumming|"
    r"cum|creampies?|gang ?bangs?|"
    r"bukkake|deep ?throat\w*|masturbat\w*|ejaculat\w*|orgasm\w*|orgy|orgies|cunnilingus|fellatio|"
    r"dildos?|vibrator inserted|"
    r"penis(?:es)?|vagina\w*|vulva|genital\w*|clitoris|testicles|erections?(?! of)|boobs|titties|"
    r"big tits(?! bird)|nsfw|fuck(?:s|ed|ing)?|"
    r"(?:having|have|oral|anal|group|public|rough) sex|"
    r"sex (?:scenes?|acts?|tapes?|positions?|toys?|slaves?|worker posing)|"
    r"sexual (?:intercourse|act|acts|position|penetration)|"
    r"(?:bare|exposed|naked|nude|uncovered) (?:breasts?|chest of a woman|nipples?|buttocks|butt|ass)|"
    r""
    r"(?:fully|completely|totally|full frontal) (?:nude|naked|nudity)|full frontal|"
    r"topless (?:wom[ae]n|girls?|lad(?:y|ies)|models?)|"
    r"xxx (?:videos?|movies?|rated|content|scenes?|pics?|photos?)|pussy"
)
_PERSON = (
    r"wom[ae]n|m[ae]n|girls?|boys?|lad(?:y|ies)|guys?|models?|people|persons?|bod(?:y|ies)|"
    r"couples?|females?|males?|wi(?:fe|ves)|"
    r"frau(?:en)?|femmes?|mujer(?:es)?|chicas?|"
    r"(?:naked|nude)(?:wom[ae]n|girls?|boys?|m[ae]n|lad(?:y|ies)|teens?|child\w*)|"
    r"husbands?|actress(?:es)?|actors?|celebrit(?:y|ies)|influencers?|singers?|nurses?|teachers?|she|her|him|he"
)
_BARE = (
    r"nud(?:e|es|ity)|naked|unclothed|no cloth(?:es|ing)|without (?:any )?cloth(?:es|ing)|wearing nothing|nothing on|"
    r"(?:naked|nude)(?:wom[ae]n|girls?|boys?|m[ae]n|lad(?:y|ies)|teens?|child\w*)|"
    r"nackt\w*|ohne kleid(?:er|ung)|desnud\w*|sin ropa|sans vetements|toute nue"
)
_ABUSE = (
    r"rap(?:e|es|ed|ing|ist)|bestiality|zoophil\w*|necrophil\w*|incest\w*|sexual (?:assault|abuse|violence)|"
    r"non ?consensual|snuff (?:film|video|movie)s?"
)
_UNDRESSING = (
    r"nudif\w*|deep ?nudes?|undress (?:her|him|them|this|the)|(?:remove|removing|take off|taking off|without) (?:all )?"
    r"(?:her|his|their|the) (?:clothes|clothing|dress|shirt|top|bra|underwear)|"
    r"see ?through her (?:clothes|shirt|dress)|"
    r"xray (?:clothes|clothing)|deep ?fake (?:nudes?|porn\w*|sex)"
)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{pattern})\b")


_RULES = {name: _words(pattern) for name, pattern in {
    "minor": _MINOR, "suggestive": _SUGGESTIVE, "always_minor": _ALWAYS_MINOR, "explicit": _EXPLICIT, "person": _PERSON,
    "bare": _BARE, "abuse": _ABUSE, "undressing": _UNDRESSING,
}.items()}  # fmt: skip

_UNWANTED_CLOTHES = re.compile(r"\b(?:clothes|clothing|clothed|dressed|underwear|bras?|swimsuits?|bikinis?)\b")

_AGE = re.compile(
    r"\b(\d{1,2})[\s-]*(?:years?|yrs?|yo|y/o|y\.o\.?)\b(?:[\s-]*olds?)?|\b(?:aged?|age of|turned) (\d{1,2})\b"
)
_AGE_WORDS = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)"
    r"[\s-]*(?:years?|yrs?)[\s-]*olds?\b"
)

# Letters of other scripts that look Latin, and digits and signs that stand for letters.
_LOOKALIKES = str.maketrans("аеорсухіјѕԁɡοαενρτυκιηѵղʀʟıł", "aeopcyxijsdgoaevptukinvnrlil")
_LEET = (str.maketrans("013457@$!|€+", "oieastasilet"), str.maketrans("013457@$!|€+", "oleastasliet"))

_SPACED_OUT = re.compile(r"\b(?:\w[\s._*\-]{1,2}){2,}\w\b")
_INSIDE = re.compile(r"(?<=\w)[._*\-'’]+(?=\w)")
_STRETCHED = re.compile(r"(\w)\1{2,}")


@dataclass(frozen=True, slots=True)
class Flag:
    """What the classifier says of one picture.

    Attributes:
        checked: False where its weights are not on this machine.
        nsfw: probability, 0 … 1; None when not checked.
        blocked: whether the picture may not be delivered.
    """

    checked: bool
    nsfw: float | None
    blocked: bool

    def record(self) -> dict[str, object]:
        """As JSON for the result."""
        return {"checked": self.checked, "nsfw": self.nsfw, "blocked": self.blocked}


def check_prompt(*texts: str, negative: str = "") -> None:
    """Let harmless prompts pass.

    Args:
        negative: what is not wanted; "no clothes" can be said by not wanting clothes.
    Raises:
        JobFailed: ``content_rejected``, with the reason in words.
    """
    reason = refused(" . ".join(texts))
    if reason is None and _UNWANTED_CLOTHES.search(_plain(negative)):
        reason = "Pictures that undress people are not made here."
    if reason:
        raise JobFailed(CODE, reason)


def refused(text: str) -> str | None:
    """Why the text is refused; None when it is not."""
    young = _young(text)
    for reading in _readings(text):
        found = {name for name, rule in _RULES.items() if rule.search(reading)}
        if "always_minor" in found or (
            (young or "minor" in found) and found & {"suggestive", "explicit", "bare", "abuse", "undressing"}
        ):
            return "Sexual content that involves or suggests minors is never made here."
        if "undressing" in found:
            return "Pictures that undress people are not made here."
        if "abuse" in found:
            return "Sexual violence and abuse are not made here."
        if "explicit" in found or {"bare", "person"} <= found:
            return "Explicit sexual content and nudity are not made here. Please change the prompt."
    return None


def _young(text: str) -> bool:
    """Whether an age below 18 is named, before digits are read as letters."""
    plain = _plain(text)
    ages = [int(one or other) for one, other in _AGE.findall(plain)]
    return any(age < ADULT_AGE for age in ages) or bool(_AGE_WORDS.search(plain))


def _readings(text: str) -> Iterator[str]:
    """The text as written in plain letters, and with what people do to hide words undone."""
    plain = _HARMLESS.sub(" ", _plain(text))
    yield _tidy(plain)
    for table in _LEET:
        letters = _translated(plain, table)
        yield _tidy(letters)
        joined = _SPACED_OUT.sub(lambda match: re.sub(r"[\s._*\-]", "", match[0]), letters)
        joined = _INSIDE.sub("", joined)
        yield _tidy(joined)
        yield _tidy(_STRETCHED.sub(r"\1", joined))
        yield _tidy(_STRETCHED.sub(r"\1\1", joined))


def _plain(text: str) -> str:
    """Lower case, compatibility forms and accents undone, invisible characters gone, look-alikes as Latin letters."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LOOKALIKES)
    return "".join(letter for letter in folded if unicodedata.category(letter) not in ("Mn", "Me", "Cf"))


def _translated(text: str, table: dict[int, int]) -> str:
    """Digits and signs read as letters, in words that have letters: 1999 and 50 % stay numbers."""
    return re.sub(r"\S*[^\W\d_]\S*", lambda match: match[0].translate(table), text)


def _tidy(text: str) -> str:
    return " ".join(re.sub(r"[^\w']+", " ", text).replace("_", " ").split())


def check_pictures(images: Sequence[Rgb]) -> list[Flag]:
    """A flag for every picture; all unchecked where the classifier's weights are not on this machine."""
    if CLASSIFIER.folder is None:
        return [Flag(checked=False, nsfw=None, blocked=False) for _ in images]
    return [Flag(checked=True, nsfw=round(score, 4), blocked=score >= NSFW_THRESHOLD) for score in _scores(images)]


def _scores(images: Sequence[Rgb]) -> list[float]:
    import torch
    from PIL import Image

    processor, model, index = _classifier(str(CLASSIFIER.folder))
    with torch.inference_mode():
        batch = processor(images=[Image.fromarray(image) for image in images], return_tensors="pt")
        shares = model(**batch).logits.softmax(dim=-1)
    return [float(share) for share in shares[:, index]]


@cache
def _classifier(folder: str) -> tuple[Any, Any, int]:
    """Processor, model and the index of its "nsfw" label; on CPU, so that it takes nothing from the engines."""
    from transformers import AutoModelForImageClassification, ViTImageProcessor

    model = AutoModelForImageClassification.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    processor = ViTImageProcessor.from_pretrained(folder, local_files_only=True)
    labels = {str(name).lower(): int(index) for index, name in model.config.id2label.items()}
    return processor, model.eval(), labels["nsfw"]
