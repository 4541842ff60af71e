"""What we do not draw: rules for prompts, and a classifier for finished pictures where its weights are present.

Rules look at whole words of the text as a reader would see it: look-alike letters, digits for letters, dots between
letters and stretched vowels are undone first. Two words that are harmless alone can be refused together: anywhere in a
prompt, and in a script, which tells of many things, where they are near each other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from gpu_handlers.engines import weights
from gpu_handlers.engines.illustrator import Rgb
from gpu_handlers.failures import JobFailed

CODE = "content_rejected"
ADULT_AGE = 18
NSFW_THRESHOLD = 0.85  # of the classifier; below it too many swimsuits and marble statues are flagged

CLASSIFIER = "nsfw-image-detection"  # its id in models.toml; part of every profile with weights

# Harmless uses of words that are in the rules; taken out before the rules look, and before punctuation goes: a comma
# between two of the words means something else.
_HARMLESS = re.compile(
    r"\b(?:nude|naked|bare)[ -]?(?:colou?r(?:ed|s)?|lip\w*|heels?|tones?|toned|make ?up|palette|shades?|pumps?|beige|"
    r"pink|polish|nails?|manicure|fabric|leather|shoes?|eye|mole|truth|flame|bulb|trees?|branch\w*|cakes?|"
    r"metal|wood|wire|walls?)\b|\b(?:colou?r|shade|tone)s? (?:of )?nude\b|\bcum laude\b|"
    r"\brape(?:seed)?[ -]?(?:fields?|flowers?|seeds?|blossoms?|oil|plants?|crops?)\b|\bpussy ?(?:willow|cat|foot)s?\b|"
    r"\bsex(?:ual)? (?:education|equality|discrimination|chromosomes?|health|cells?|hormones?|organs? of|linked|"
    r"ratios?|differences?|determination|dimorphism|selection|maturity|reproduct\w+|orientation)\b|"
    r"\breproduc\w+ sexually\b|\bsexually reproduc\w+|\b(?:opposite|same|both|either|fairer|biological) sex(?:es)?\b|"
    r"\bsexual or asexual\b|\bsexual and asexual\b|\bchild ?(?:less|ish|hood)\b|"
    # Works and events that are called so.
    r"\brape of (?:the )?(?:nanking|nanjing|belgium|sabines?|sabine women|lock|lucrece|lucretia|europa|proserpina|"
    r"persephone)\b|\bcum grano\b|\b(?:red|robin['’]?s|chicken|turkey|duck|bird['’]?s) breasts\b|"
    r"\bundress(?:es|ed|ing)? (?:(?:and|then) (?:went|goes|go|got|climbed) (?:in)?to bed|for bed)\b|"
    r"\b[a-g](?: flat| sharp)? minor\b|"
    r"\bminor (?:chords?|keys?|scales?|league|thirds?|repairs?|planets?|arcana)\b|"
    r"\bbaby (?:blue|pink|grand|doll dress|shower|boomers?|oil)\b|\bkid(?:skin| leather| gloves?)\b"
)

# Animals are born without feathers and fur. What follows must not be a person: "a rat and naked girls".
_ANIMALS = (
    r"(?:birds?|mouse|mice|rats?|rabbits?|hares?|squirrels?|bats?|pandas?|cubs?|joeys?|kangaroos?|hamsters?|owls?|"
    r"sparrows?|pigeons?|nestlings?|hatchlings?|opossums?|snails?|slugs?|seeds?|animals?)"
)
_NAKED_ANIMAL = re.compile(
    rf"\b(?:(?:bab(?:y|ies)|newborn|young|little|tiny) ){{0,3}}{_ANIMALS} "
    r"(?:(?:is|are|was|were|still|almost|quite|born|blind|"
    r"tiny|pink|small|completely|and|hatch(?:es|ed)?) ){1,6}"
    r"naked\b(?! (?:\w+ ){0,2}(?:girl|boy|wom|m[ae]n\b|lad|child|kid|teen))|"
    rf"\bnaked (?:(?:pink|blind|tiny|little|helpless|newborn|young|baby) ){{0,3}}{_ANIMALS}\b|"
    r"\bbaby (?:birds?|mice|mouse|rats?|rabbits?|owls?|animals?|kangaroos?|hedgehogs?|elephants?|dragons?)\b"
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
    r"(?:(?:her|his|their|the) (?:clothes|clothing|dress|shirt|bra|underwear)|(?:her|his|their) top)|"
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

SHORT_SENTENCE_CHARS = 60  # three of them are about a scene
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"'”’»)]*\s+|\n+|(?<=[。！？])|(?<=[؟।])")

# "But he has nothing on!" cried a little child: the one sentence about bareness that every child knows.
_SPEAKING_CHILD = re.compile(
    r"[\s\"'“”‘’»,.!]{0,6}\b(?:cried|said|says|shouted|called|exclaimed|whispered|laughed|asked) (?:out )?(?:a|the|one)"
    r" (?:(?:little|small|young) )*(?:child|boy|girl)\b|"
    r"\b(?:a|the|one) (?:(?:little|small|young) )*(?:child|boy|girl) (?:in the crowd )?(?:had )?"
    r"(?:cried|said|says|shouted|called|exclaimed|whispered|laughed|asked)\b"
)
_EMPEROR = re.compile(
    r"\b(?:he|(?P<emperor>(?:the |our )?(?:emperor|king|majesty|ruler)))(?: (?:himself|really|truly))?"
    r" (?:has|had|is wearing|was wearing|wears|wore|hasn['’]?t got|got)"
    r" (?:got )?(?:no clothes|nothing|nothing on|any clothes)(?: on)?(?: at all)?\b"
)
_ONE = re.compile(
    r"\b(?:(?<!boy )(?<!child )(?<!young )(?<!little )(?P<emperor>emperor|king|majesty|ruler)(?:['’]s)?|"
    r"man|woman|girl|boy|child|kid|toddler|baby|infant|teen\w*|"
    r"son|daughter|prince|princess|pupil|student|schoolboy|schoolgirl|minor|youth|lad|model|guy)\b"
)

_SPACED_OUT = re.compile(r"\b(?:\w[\s._*\-]{1,2}){2,}\w\b")
_INSIDE = re.compile(r"(?<=\w)[._*\-'’\[\](){}]+(?=\w)")
_LETTER = re.compile(r"[^\W\d_]")
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


def check_script(*texts: str) -> None:
    """Let harmless scripts pass: what is wrong alone is refused anywhere, what is wrong together where it is near.

    Args:
        texts: of one film, such as title and script, in the order of telling.
    Raises:
        JobFailed: ``content_rejected``, with the reason in words.
    """
    whole = _without_harmless(_plain("\n".join(text for text in texts if text)))
    whole = _EMPEROR.sub(lambda match: " " if _of_emperor(whole, match) else match[0], whole)
    reason = _reason(whole, pairs=False) or (refused(whole) and next(filter(None, map(refused, _windows(whole))), None))
    if reason:
        raise JobFailed(CODE, reason)


def refused(text: str) -> str | None:
    """Why the text is refused; None when it is not."""
    return _reason(_without_harmless(_plain(text)), pairs=True)


def _reason(plain: str, *, pairs: bool) -> str | None:
    young = pairs and _young(plain)
    for reading in _readings(plain):
        found = {name for name, rule in _RULES.items() if rule.search(reading)}
        if "always_minor" in found or (
            pairs and (young or "minor" in found) and found & {"suggestive", "explicit", "bare", "abuse", "undressing"}
        ):
            return "Sexual content that involves or suggests minors is never made here."
        if "undressing" in found:
            return "Pictures that undress people are not made here."
        if "abuse" in found:
            return "Sexual violence and abuse are not made here."
        if "explicit" in found or (pairs and {"bare", "person"} <= found):
            return "Explicit sexual content and nudity are not made here. Please change the prompt."
    return None


def _windows(plain: str) -> Iterator[str]:
    """Every three neighbouring sentences. Short ones count as one, so that full stops hide nothing."""
    pieces: list[str] = []
    for sentence in filter(str.strip, _SENTENCE_END.split(plain)):
        if pieces and len(pieces[-1]) < SHORT_SENTENCE_CHARS:
            pieces[-1] += f"\n{sentence}"
        else:
            pieces.append(sentence)
    for at in range(max(1, len(pieces) - 2)):
        yield "\n".join(pieces[at : at + 3])


def _of_emperor(text: str, match: re.Match[str]) -> bool:
    """Whether "he has no clothes" is said of the emperor of the tale, and not of a child or anybody else."""
    before = [*_ONE.finditer(_SPEAKING_CHILD.sub("", text[max(0, match.start() - 1000) : match.start()]))]
    if before:
        return before[-1]["emperor"] is not None
    return match["emperor"] is not None or _SPEAKING_CHILD.match(text, match.end()) is not None


def _young(plain: str) -> bool:
    """Whether an age below 18 is named, before digits are read as letters."""
    ages = [int(one or other) for one, other in _AGE.findall(plain)]
    return any(age < ADULT_AGE for age in ages) or bool(_AGE_WORDS.search(plain))


def _readings(plain: str) -> Iterator[str]:
    """The text as written in plain letters, and with what people do to hide words undone."""
    yield _tidy(plain)
    for table in _LEET:
        letters = _translated(plain, table)
        yield _tidy(letters)
        joined = _SPACED_OUT.sub(lambda match: re.sub(r"[\s._*\-]", "", match[0]), letters)
        joined = _INSIDE.sub("", joined)
        yield _tidy(joined)
        yield _tidy(_STRETCHED.sub(r"\1", joined))
        yield _tidy(_STRETCHED.sub(r"\1\1", joined))


def _without_harmless(plain: str) -> str:
    return _NAKED_ANIMAL.sub(" ", _HARMLESS.sub(" ", plain))


def _plain(text: str) -> str:
    """Lower case, compatibility forms and accents undone, invisible characters gone, look-alikes as Latin letters."""
    folded = unicodedata.normalize("NFKD", text).casefold().translate(_LOOKALIKES)
    unseen = ("Mn", "Me", "Cf", "Co", "Cn", "Cs")
    return "".join(
        letter for letter in folded if letter.isspace() or unicodedata.category(letter) not in (*unseen, "Cc")
    )


def _translated(text: str, table: dict[int, int]) -> str:
    """Digits and signs read as letters, in words that have letters: 1999 and 50 % stay numbers."""
    return re.sub(r"\S+", lambda match: match[0].translate(table) if _LETTER.search(match[0]) else match[0], text)


def _tidy(text: str) -> str:
    return " ".join(re.sub(r"[^\w']+", " ", text).replace("_", " ").split())


def check_pictures(images: Sequence[Rgb]) -> list[Flag]:
    """A flag for every picture; all unchecked where the classifier's weights are not on this machine."""
    folder = weights.table().models[CLASSIFIER].folder
    if folder is None:
        return [Flag(checked=False, nsfw=None, blocked=False) for _ in images]
    scores = _scores(images, str(folder))
    return [Flag(checked=True, nsfw=round(score, 4), blocked=score >= NSFW_THRESHOLD) for score in scores]


def _scores(images: Sequence[Rgb], folder: str) -> list[float]:
    import torch
    from PIL import Image

    processor, model, index = _classifier(folder)
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
