"""A topic without a script: a narration on how to study it.

It says nothing of the world that could be false, because nobody here knows anything about the topic: which question
to ask, what to look up, which terms to collect, how to check what was understood. The texts are our own.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from gpu_handlers.stages import manuscript

WORDS_A_SECOND = 2.3  # with the pauses between scenes, of which an outline has many
MAX_TOPIC_CHARS = 80
SHORTEST_PARAGRAPH_WORDS = 12
LENGTHS = (1, 2, 3, 4)  # of sentences in `outlines.toml`, from the shortest video to the longest


def write(topic: str, subject: str, seconds: float) -> str:
    """The narration, in paragraphs, as long as `seconds` allow. The same arguments give the same text.

    Args:
        topic: the customer's words, any; made one line without markup, and cut at about `MAX_TOPIC_CHARS`.
        subject: ``science``, ``math``, ``history``, ``literature`` or ``technology``.
    Raises:
        KeyError: there is no such subject.
    """
    paragraphs = _paragraphs()[subject]
    named = _named(topic)
    room = seconds * WORDS_A_SECOND
    kept: set[tuple[int, int]] = set()
    for length in LENGTHS:
        for at, sentences in enumerate(paragraphs):
            for number, (level, sentence) in enumerate(sentences):
                words = len(sentence.replace("{topic}", named).split())
                # The shortest outline is always whole: without its end it would be no plan.
                if level == length and (length == LENGTHS[0] or words <= room):
                    kept.add((at, number))
                    room -= words
    texts = [
        " ".join(sentence for number, (_, sentence) in enumerate(sentences) if (at, number) in kept)
        for at, sentences in enumerate(paragraphs)
    ]
    text = "\n\n".join(_merged([text for text in texts if text]))
    return text.replace("{topic}", named).replace("?”.", "?”")


def title(topic: str) -> str:
    """The topic as it can stand on a card: one line, without markup, not too long."""
    return manuscript.title(topic, most=MAX_TOPIC_CHARS)


def _named(topic: str) -> str:
    """The topic within a sentence: quotation marks hold together whatever is no plain noun."""
    line = title(topic).rstrip(".…!") or "this topic"
    whole = len(line) == len(title(topic)) and line.replace(" ", "").replace("-", "").replace("'", "").isalnum()
    bare = line.strip('“”"')
    return line if whole and len(line.split()) <= 4 else f"“{bare}”"


def _merged(texts: list[str]) -> list[str]:
    """Paragraphs of a single short sentence joined to the next: a picture of two seconds is too short to be seen."""
    made: list[str] = []
    for text in texts:
        if made and len(made[-1].split()) < SHORTEST_PARAGRAPH_WORDS:
            made[-1] += f" {text}"
        else:
            made.append(text)
    return made


@cache
def _paragraphs() -> dict[str, list[list[tuple[int, str]]]]:
    table = tomllib.loads(Path(__file__).with_name("outlines.toml").read_text(encoding="utf-8"))
    return {
        subject: [[(int(line[0]), line[2:]) for line in lines] for lines in entry["paragraphs"]]
        for subject, entry in table.items()
    }
