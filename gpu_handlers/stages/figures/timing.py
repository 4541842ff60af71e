"""When things are said: words, items of a figure, and the phrases that a narration falls into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from gpu_handlers.engines.speech.speech import Word
from gpu_handlers.stages.timeline import Beat

PAUSE_SECONDS = 0.22  # silence between two words that a listener hears as a break
LONG = 30  # characters that a phrase on the screen should not have more of
LITTLE = 3  # letters of words that are mostly articles, prepositions and conjunctions
_CLAUSE_END = re.compile(r"[,;:.!?…—–。、，！？；：।؟،]")
_SENTENCE_END = re.compile(r"[.!?…。！？।؟]")
_LOOSE = ".,;:…—–-。、，；：।،"  # marks that mean nothing where a phrase stands alone
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A few words that belong together.

    Attributes:
        text: as it stands in the narration, without the marks around it.
        words: one at least.
        closes: whether a sentence ends here.
    """

    text: str
    words: tuple[Word, ...]
    closes: bool

    @property
    def spaced(self) -> bool:
        """Whether there is space between its words; not so in Chinese, Japanese and Thai."""
        return len(self.text.split()) > 1 or len(self.words) == 1

    @property
    def start(self) -> float:
        """When its first word begins, seconds from the start of the beat."""
        return self.words[0].start

    @property
    def end(self) -> float:
        """When its last word ends."""
        return self.words[-1].end


def words(beat: Beat) -> tuple[Word, ...]:
    """The words with their times; spread evenly over the beat by their length where the voice told none."""
    text = beat.scene.narration
    if beat.words:
        return tuple(word for word in beat.words if 0 <= word.at < max(1, len(text)))
    found = list(_WORD.finditer(text))
    if not found:
        return ()
    total = sum(len(match[0]) + 1 for match in found)
    seconds = max(0.1, beat.seconds - beat.speech_at - 0.4)
    made, now = list[Word](), beat.speech_at
    for match in found:
        lasts = seconds * (len(match[0]) + 1) / total
        made.append(Word(match[0], match.start(), now, now + lasts))
        now += lasts
    return tuple(made)


def said(beat: Beat, at: int) -> float:
    """When the character `at` of the narration is said, seconds from the start of the beat."""
    spoken = words(beat)
    for word in spoken:
        if word.at + len(word.text) > at:
            return word.start
    return spoken[-1].end if spoken else beat.speech_at


def items(beat: Beat) -> tuple[float, ...]:
    """When each item of the scene's figure is said; empty without a figure. Never earlier than the item before."""
    figure = beat.scene.figure
    if figure is None:
        return ()
    times, latest = list[float](), 0.0
    for number, _ in enumerate(figure.items):
        at = figure.at[number] if number < len(figure.at) else len(beat.scene.narration)
        latest = max(latest, said(beat, at))
        times.append(latest)
    return tuple(times)


def phrases(beat: Beat, *, least: int = 2, most: int = 6) -> tuple[Phrase, ...]:
    """The narration in phrases of `least` to `most` words, broken where it breathes.

    Between marks and pauses, the breaks are those of least cost: even lengths, no little word left behind at an end.
    """
    spoken = words(beat)
    made = list[Phrase]()
    run = list[Word]()
    text = beat.scene.narration
    for word, following in [*pairwise(spoken), *((word, None) for word in spoken[-1:])]:
        run.append(word)
        end = len(text) if following is None else following.at
        between = text[word.at + len(stripped(word.text)) : end]
        paused = following is not None and following.start - word.end > PAUSE_SECONDS
        if following is None or _CLAUSE_END.search(between) or (paused and len(run) >= least):
            closes = following is None or bool(_SENTENCE_END.search(between))
            made += _divided(text, run, closes, most)
            run = []
    return _joined(text, made, least, most)


def leaving(beat: Beat, seconds: float, lasts: float, settled: float) -> float:
    """When a scene of `seconds` begins to leave the screen, over `lasts` seconds.

    At the end; later, or never, when the last item would not have been seen for `settled` seconds.
    """
    return max(seconds - lasts, max(items(beat), default=0.0) + settled)


def stripped(word: str) -> str:
    """A word without the marks around it."""
    return word.strip(_LOOSE + "!?！？؟\"'“”«»()")


def _divided(text: str, run: list[Word], closes: bool, most: int) -> list[Phrase]:
    """A run between two breaths as phrases: the cheapest way to break it, found from its end."""
    best: list[tuple[float, int]] = [(0.0, 0)] * (len(run) + 1)
    for start in reversed(range(len(run))):
        choices = [
            (_cost(run[start:end], run[end] if end < len(run) else None) + best[end][0], end)
            for end in range(start + 1, min(len(run), start + most) + 1)
        ]
        best[start] = min(choices)
    made, start = list[Phrase](), 0
    while start < len(run):
        end = best[start][1]
        made.append(_phrase(text, run[start:end], closes and end == len(run)))
        start = end
    return made


def _cost(part: list[Word], following: Word | None) -> float:
    letters = part[-1].at + len(part[-1].text) - part[0].at
    cost = 1.0 + abs(len(part) - 4) ** 2 * 0.25 + max(0, letters - LONG) * 0.25
    if len(part) == 1 and letters < LONG // 2:
        cost += 2
    if following is None:
        return cost
    # Little words (of, the, and) lean on what follows, in most languages written with spaces.
    if len(stripped(part[-1].text)) <= LITTLE:
        cost += 2.5
    return cost - 1.2 if len(stripped(following.text)) <= LITTLE else cost


def _joined(text: str, made: list[Phrase], least: int, most: int) -> tuple[Phrase, ...]:
    """Too short phrases with the one before in the same sentence, where both together are not too long."""
    out = list[Phrase]()
    for phrase in made:
        before = out[-1] if out else None
        if (
            before is not None
            and not before.closes
            and min(len(before.words), len(phrase.words)) < least
            and len(before.words) + len(phrase.words) <= most
            and len(before.text) + len(phrase.text) <= LONG
        ):
            out[-1] = _phrase(text, [*before.words, *phrase.words], phrase.closes)
        else:
            out.append(phrase)
    return tuple(out)


def _phrase(text: str, part: list[Word], closes: bool) -> Phrase:
    start, end = part[0].at, part[-1].at + len(part[-1].text)
    while start > 0 and not text[start - 1].isspace() and text[start - 1] not in _LOOSE and end - start < LONG:
        start -= 1
    while end < len(text) and text[end] in "!?！？؟%”»」)":
        end += 1
    return Phrase(" ".join(text[start:end].split()).strip(_LOOSE + " "), tuple(part), closes)
