"""How a written script is laid out: its chapters, paragraphs and lists, without the marks that only serve the layout.

Tags of SSML and HTML are dropped, never obeyed: what is between them is text like any other. So are the cues of a
screenplay that nobody says: names of speakers, and "CUT TO:".
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from itertools import groupby

from gpu_handlers.stages import screenplay

# Only names that exist are tags, so that "x<y and y>z" stays. Inline ones may stand inside a word.
_INLINE = (
    "a|abbr|b|big|code|del|em|emphasis|font|i|ins|kbd|mark|phoneme|prosody|q|s|say-as|small|span|strong|sub|sup|u|w"
)
_BLOCK = (
    "amazon:[a-z-]+|article|audio|blockquote|body|bookmark|br|break|button|center|details|dd|div|dl|dt|embed|footer|form|"
    "google:[a-z-]+|h[1-6]|head|header|hr|html|iframe|img|input|lang|lexicon|li|link|main|media|meta|metadata|mstts:[a-z-]+|"
    "nav|object|ol|p|par|pre|script|section|seq|speak|style|summary|svg|table|tbody|td|template|textarea|tfoot|th|thead|"
    "title|tr|ul|video|voice|xml"
)
# With anything after its name it is a tag only if that is an attribute: "x <b and c> d" is mathematics.
_SWITCHES = "async|autoplay|checked|controls|defer|disabled|hidden|loop|muted|open|required|selected"
_ATTRIBUTES = rf"(?:\s+(?:{_SWITCHES})\b){{0,4}}(?:\s+[\w:-]+\s*=[^<>]*|\s[^<>]*=\s*[\"'][^<>]*)?\s*"
_TAG_INLINE = re.compile(rf"</?(?:{_INLINE}){_ATTRIBUTES}/?>", re.IGNORECASE)
_TAG_BLOCK = re.compile(
    rf"</?(?:{_BLOCK}){_ATTRIBUTES}/?>|<!--[^<]*-->|<!doctype[^<>]*>|<\?[^<>]*\?>", re.IGNORECASE | re.DOTALL
)

_SCENE = re.compile(
    r"^(?P<kind>scene|chapter|part|act|shot|section|szene|kapitel|teil|escena|cap[ií]tulo|parte|sc[eè]ne|chapitre)\s+"
    r"(?P<number>\d{1,3}|[ivxlc]{1,6}|one|two|three|four|five|six|seven|eight|nine|ten)\b\s*(?:[:.)–—-]\s*(?P<rest>.*))?$",
    re.IGNORECASE,
)
_HEADING = re.compile(r"^#{1,6}\s+(?P<name>\S.*)$")
_BULLET = re.compile(r"^\s*[-*+•‣▪–—]\s+(?P<text>\S.*)$")
_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|[a-h]\))\s+(?P<text>\S.*)$")
_RULE = re.compile(r"^\s*(?:[-*_=~#]\s*){3,}$")
_EMPHASIS = re.compile(r"(\*\*|__|~~|`)(?=\S)((?:(?!\1).)+)(?<=\S)\1")  # to the next mark only: linear
_STARRED = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=[^\s*])\*(?![\w*])")
_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\((?:https?:|mailto:|/|#)[^)\s]{0,500}\)")
_HEADING_WORDS = 9  # a longer line after "Scene 3:" is what is said, not what it is called
MAX_TITLE_CHARS = 120  # as customers may order; a longer "heading" is text


@dataclass(slots=True)
class Paragraph:
    """What belongs together.

    Attributes:
        lines: of a list, one each; otherwise a single one. Nothing in them is markup.
        heading: of the part it opens; empty for all others.
        slug: of a screenplay's scene, place and time, such as "Lighthouse - night".
        chapter: whether it opens a part.
        listed: how its lines were marked.
    """

    lines: list[str] = field(default_factory=list)
    heading: str = ""
    slug: str = ""
    chapter: bool = False
    listed: str = ""  # "", "bullets" or "numbers"


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A script laid out.

    Attributes:
        title: what stands above everything; empty when nothing does.
    """

    title: str
    paragraphs: list[Paragraph]


def read(text: str) -> Manuscript:
    """Paragraphs in order; headings stand in the one that follows them, and alone where none does."""
    reader = _Reader()
    lines = _tables(plain(text).split("\n"))
    lines = screenplay.spoken(lines, [_heading(line.strip()) is not None for line in lines])
    for number, line in enumerate(lines):
        reader.take(line, alone=not "".join(lines[number + 1 : number + 2]).strip())
    return reader.done()


class _Reader:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self._found: list[Paragraph] = []
        self._open = Paragraph()
        self._title = ""
        self._heading: _Heading | None = None

    def take(self, raw: str, *, alone: bool) -> None:
        """The next line; `alone` when none follows it directly."""
        line = raw.strip()
        if not line or _RULE.match(line):
            self._close()
        elif (heading := _heading(line) or self._title_line(line, alone=alone)) is not None:
            self._close()
            first = not self._found and self._heading is None
            self._title = self._title or (heading.name if first and heading.titles else "")
            if heading.name:
                self._tell_heading()
            self._heading = heading if heading.name or self._heading is None else self._heading
            if heading.rest:
                self._open.lines.append(heading.rest)
        elif (item := _BULLET.match(raw) or _NUMBERED.match(raw)) is not None:
            self._item(item["text"], "bullets" if _BULLET.match(raw) else "numbers")
        elif self._open.listed and raw == raw.lstrip():
            self._close()
            self._open.lines.append(_unmarked(line))
        elif self._open.lines:
            self._open.lines[-1] += _gap(self._open.lines[-1], line) + _unmarked(line)
        else:
            self._open.lines.append(_unmarked(line))

    def done(self) -> Manuscript:
        """What has been read; a script of nothing but a heading says that heading."""
        self._close()
        self._tell_heading()
        if self._heading is not None and not self._found:
            self._found.append(Paragraph([self._heading.name]))
        return Manuscript(self._title, self._found)

    def _tell_heading(self) -> None:
        """A heading with nothing below it is text, except the title and a mere number or place."""
        heading = self._heading
        if heading is None or heading.label or (not self._found and heading.name == self._title):
            return
        self._found.append(Paragraph([heading.name], heading=heading.name, chapter=True))
        self._heading = None

    def _item(self, text: str, kind: str) -> None:
        if self._open.lines and not self._open.listed and not self._open.lines[-1].endswith((":", "：")):
            self._close()
        self._open.listed = self._open.listed or kind
        self._open.lines.append(_unmarked(text))

    def _title_line(self, line: str, *, alone: bool) -> _Heading | None:
        """A first line such as "The Fox and the Lantern" with nothing directly below it."""
        first = not (self._found or self._open.lines or self._title or self._heading)
        words = line.split()
        long = [word for word in words if len(word) > 3]
        capitals = long and all(word[0].isupper() for word in long)
        titled = first and alone and 2 <= len(words) <= _HEADING_WORDS and capitals and line[-1].isalnum()
        titled = titled and len(line) <= MAX_TITLE_CHARS
        return _Heading(_unmarked(line), titles=True) if titled else None

    def _close(self) -> None:
        if self._open.lines:
            if self._heading is not None:
                self._open.chapter = True
                self._open.heading, self._open.slug = self._heading.name, self._heading.slug
                self._heading = None
            self._found.append(self._open)
        self._open = Paragraph()


@dataclass(frozen=True, slots=True)
class _Heading:
    name: str
    rest: str = ""
    slug: str = ""
    titles: bool = False
    label: bool = False  # "Scene 4", or a place


def title(text: str, *, most: int = MAX_TITLE_CHARS) -> str:
    """A title as it can stand on a card and in a file: one line, without markup, `most` characters and "…" at most."""
    line = " ".join(plain(text).split()).strip("#*_`>-•–— ")
    if len(line) <= most:
        return line
    words = line[:most].rsplit(" ", 1)[0]
    head = words if 2 * len(words) > most else line[:most]
    return head.rstrip(" ,;:–—-") + "…"


def plain(text: str) -> str:
    """`text` without tags, control characters and odd line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = _TAG_BLOCK.sub(" ", _TAG_INLINE.sub("", text))
    return "".join(
        char
        if char in "\n\u200c\u200d" or unicodedata.category(char) not in ("Cc", "Cs", "Co", "Cn", "Cf")
        else " " * (char == "\t")
        for char in text
    )


def _heading(line: str) -> _Heading | None:
    """What the line announces; None for ordinary lines, and the line itself as text when it is too long to announce."""
    heading = _announced(" ".join(line.split()))
    if heading is None or len(heading.name) <= MAX_TITLE_CHARS:
        return heading
    return _Heading("", heading.name)


def _announced(line: str) -> _Heading | None:
    if (match := _HEADING.match(line)) is not None:
        name, _, end = match["name"].rpartition(" ")
        name = _unmarked(match["name"] if end.strip("#") or not name else name)
        inner = _SCENE.match(name)
        return (
            _Heading(name, titles=True) if inner is None else _Heading(inner["rest"] or name, label=not inner["rest"])
        )
    bare = _unmarked(line)
    if (match := screenplay.SLUG.match(bare)) is not None:
        slug = _sentence_case(match["name"])
        return _Heading(re.split(r" [-–—] ", slug)[0], slug=re.sub(r" [–—] ", " - ", slug), label=True)
    if (match := _SCENE.match(bare)) is None:
        return None
    rest = (match["rest"] or "").strip()
    if not rest:
        return _Heading(bare.rstrip(":.-–— ").strip(), label=True)
    if len(rest.split()) <= _HEADING_WORDS and not rest.endswith((".", "!", "?", "。", "…", '"', "”")):
        return _Heading(rest)
    return _Heading("", rest)


def _tables(lines: list[str]) -> list[str]:
    """The lines with tables of Markdown as lists: a row is an item, its cells joined by commas."""
    made: list[str] = []
    for piped, group in groupby(lines, key=lambda line: "|" in line):
        block = list(group)
        rules = [piped and "-" in line and set(line) <= set("|-: \t") for line in block]
        for line, rule in zip(block, rules, strict=True):
            row = line.strip()
            framed = row.startswith("| ") and row.endswith("|") and row.count("|") > 2
            if not piped or not (any(rules) or framed):
                made.append(line)
            elif not rule:
                cells = (cell.replace("\\|", "|").strip() for cell in re.split(r"(?<!\\)\|", row))
                said = ", ".join(cell for cell in cells if cell)
                made.append(f"- {said}" if said else "")
    return made


def _unmarked(line: str) -> str:
    """Without the stars, backticks and link targets of Markdown."""
    line = _LINK.sub(r"\1", _LINK.sub(r"\1", line.strip()))  # twice: a picture may be linked
    line = _STARRED.sub(r"\1", _EMPHASIS.sub(r"\2", line))
    return re.sub(r"^>\s+", "", line).strip()


def _gap(before: str, after: str) -> str:
    """What a line end stands for: a space, or nothing between characters of scripts without spaces."""
    wide = all(unicodedata.east_asian_width(char) in "WF" for char in (before[-1:] or "a", after[:1] or "a"))
    return "" if wide and not ("\uac00" <= after[0] <= "\ud7a3") else " "


def _sentence_case(name: str) -> str:
    return name.capitalize() if name.isupper() else name
